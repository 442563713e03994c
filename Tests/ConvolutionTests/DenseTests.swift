import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// The dense direct method at the sizes where its vectors, blocks and tiles end: small integers, so every bit is known.
@Suite struct DenseTests {
  static let cases: [ExactCase] = [
    // A vector of lanes, and one more or less; blocks of one to four vectors and what is left; few lanes.
    ExactCase(input: [1, 16, 7, 9], outputs: 15), ExactCase(input: [2, 17, 5, 6], outputs: 16),
    ExactCase(input: [1, 6, 4, 31], outputs: 33),
    ExactCase(input: [1, 3, 9, 23], outputs: 64), ExactCase(input: [1, 70, 6, 5], outputs: 70),
    ExactCase(input: [3, 20, 8, 8], outputs: 1),
    ExactCase(input: [1, 1, 28, 28], outputs: 6, kernel: 5), ExactCase(input: [2, 2, 30, 11], outputs: 13),
    // Runs of positions that end within a row; images of one row, column or pixel.
    ExactCase(input: [1, 5, 27, 27], outputs: 40, kernel: 5),
    ExactCase(input: [1, 9, 1, 200], outputs: 20, kernel: [1, 4]),
    ExactCase(input: [1, 9, 200, 1], outputs: 20, kernel: [4, 1]),
    ExactCase(input: [4, 40, 1, 1], outputs: 24, kernel: 1),
    // Tiles that do not span the width.
    ExactCase(input: [1, 64, 4, 900], outputs: 17, kernel: [2, 3]),
    ExactCase(input: [1, 17, 4, 2500], outputs: 3, kernel: [3, 1]),
    // Sums so long that they are taken in pieces.
    ExactCase(input: [1, 130, 6, 6], outputs: 35), ExactCase(input: [1, 130, 6, 20], outputs: 2),
    // Windows that overlap, touch, and leave gaps; all boundaries.
    ExactCase(input: [2, 18, 13, 12], outputs: 20, stride: 2, boundary: .reflect),
    ExactCase(input: [1, 18, 13, 12], outputs: 20, stride: [3, 2], boundary: .circular),
    ExactCase(input: [1, 20, 17, 16], outputs: 18, kernel: 2, stride: 4, padding: .pixels(3), boundary: .mirror),
    ExactCase(input: [1, 20, 17, 16], outputs: 18, kernel: 1, stride: 2),
    ExactCase(
      input: [1, 17, 19, 21], outputs: 34, kernel: [2, 3], stride: 2,
      dilation: [3, 2], padding: .full),
    ExactCase(input: [2, 34, 10, 10], outputs: 36, dilation: 2, padding: .pixels(5), groups: 2, boundary: .replicate),
    ExactCase(input: [1, 48, 12, 40], outputs: 6, padding: .full, groups: 3),
    ExactCase(input: [1, 8, 9, 9], outputs: 20, padding: .valid),
    // Vectors across the images: whole ones, pairs, and one that is cut short; every number of sums beside each other.
    ExactCase(input: [16, 6, 14, 14], outputs: 16, kernel: 5), ExactCase(input: [64, 2, 9, 12], outputs: 3, kernel: 5),
    ExactCase(input: [79, 1, 11, 8], outputs: 7), ExactCase(input: [31, 4, 6, 7], outputs: 5),
    ExactCase(input: [8, 13, 5, 6], outputs: 9), ExactCase(input: [40, 3, 7, 7], outputs: 2, boundary: .circular),
    ExactCase(input: [32, 5, 10, 9], outputs: 8, stride: 2, padding: .pixels(2), boundary: .reflect),
    ExactCase(input: [16, 8, 9, 11], outputs: 11, kernel: 2, stride: 4, groups: 1),
    ExactCase(
      input: [48, 6, 12, 10], outputs: 12, kernel: [3, 4],
      stride: [1, 3], dilation: [2, 1], padding: .full, groups: 2),
    ExactCase(input: [16, 70, 3, 4], outputs: 4), ExactCase(input: [64, 3, 40, 6], outputs: 10, kernel: 1),
  ]

  @Test(arguments: cases)
  func everyPassIsExact(one: ExactCase) throws {
    try one.check(Float.self)
    try one.check(Double.self)
  }

  @Test(arguments: cases)
  func everyPassIsExactInHalfTheMemory(one: ExactCase) throws { try one.checkInHalfTheMemory() }
}

import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct MaskTests {
  /// A mask as large as the transform has a pixel for each frequency.
  @Test(arguments: [(6, 8), (7, 5), (5, 8), (6, 9), (1, 6), (3, 1)]) func pixelsAreFrequencies(height: Int, width: Int)
    throws
  {
    var random = RandomGenerator(seed: 3)
    // Symmetric: the mean of noise and its mirror image through (h/2, w/2), on the circle.
    let noise = Tensor<Double>.uniform([height, width], in: 0..<1, using: &random)
    var symmetric = noise
    for y in 0..<height {
      for x in 0..<width {
        let (v, u) = ((2 * (height / 2) - y + height) % height, (2 * (width / 2) - x + width) % width)
        symmetric[y, x] = (noise[y, x] + noise[v, u]) / 2
      }
    }
    let (mask, skew) = (try FilterMask(symmetric), try FilterMask(noise))
    #expect(mask.asymmetry == 0)
    for filter in [FrequencyFilter.mask(mask), .mask(skew)] {
      #expect(largestDifference(filter.response(height: height, width: width).centred, symmetric) < 1e-15)
    }
    if height * width > 3 { #expect(skew.asymmetry > 0) }
  }

  @Test func betweenPixelsItIsLinear() throws {
    // Along x: -1/2 -> 4, -1/4 -> 2, 0 -> 1, 1/4 -> 2, and 1/2 is -1/2 again.
    let filter = FrequencyFilter.mask(try FilterMask(Tensor<Float>([1, 4], [4, 2, 1, 2])))
    for (fx, value) in [(0, 1), (0.125, 1.5), (0.25, 2), (0.375, 3), (0.5, 4), (-0.375, 3)] {
      #expect(filter(fx, 0.3) == value, "\(fx)")
    }
    #expect(filter.response(height: 1, width: 8).values.elements == [1, 1.5, 2, 3, 4])
  }

  @Test func whatIsNoMaskIsRefused() {
    #expect(throws: FrequencyFilterError.self) { try FilterMask(Tensor<Float>.zeros([3, 4, 4])) }
    #expect(throws: FrequencyFilterError.self) { try FilterMask(Tensor<Float>.zeros([4])) }
    #expect(throws: FrequencyFilterError.self) { try FilterMask(Tensor<Float>.zeros([0, 4])) }
    #expect(throws: FrequencyFilterError.self) { try FilterMask(Tensor<Float>([1, 2], [1, .nan])) }
  }
}

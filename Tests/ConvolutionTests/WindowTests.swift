import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// The direct method over single planes at the sizes where its vectors, blocks and bands end.
@Suite struct WindowTests {
  private static func depthwise(
    _ batch: Int, _ channels: Int, _ height: Int, _ width: Int, kernel: AxisValues = 3, stride: AxisValues = 1,
    dilation: AxisValues = 1, padding: Padding = .same, boundary: Boundary = .zero, outputs: Int = 1
  ) -> ExactCase {
    ExactCase(
      input: [batch, channels, height, width], outputs: outputs * channels, kernel: kernel, stride: stride,
      dilation: dilation, padding: padding, groups: channels, boundary: boundary)
  }

  static let cases: [ExactCase] = [
    // Planes side by side, a vector's number of them, and one more or less; rows shorter than a vector.
    depthwise(1, 16, 7, 7, kernel: 7), depthwise(2, 17, 14, 14, kernel: 5), depthwise(1, 15, 9, 3),
    depthwise(3, 33, 5, 1, kernel: [4, 1]), depthwise(2, 40, 1, 1, kernel: 1),
    depthwise(2, 20, 10, 11, kernel: 13), depthwise(1, 24, 12, 13, kernel: 4, padding: .full),
    // Rows of whole vectors, and a column more or less; one to five vectors of columns.
    depthwise(1, 3, 20, 32, kernel: 7), depthwise(1, 2, 13, 31, kernel: 5), depthwise(2, 1, 12, 33),
    depthwise(1, 1, 30, 79, kernel: 11, padding: .valid), depthwise(1, 1, 9, 64, kernel: 2),
    depthwise(1, 3, 8, 1), depthwise(1, 1, 1, 150, kernel: [1, 9]),
    // As many taps as a block holds, fewer, and many blocks of them.
    depthwise(1, 2, 29, 40, kernel: [6, 4]), depthwise(1, 1, 26, 50, kernel: 19),
    depthwise(1, 18, 16, 17, kernel: [12, 9]),
    // Bands of some rows, and parts of images whose sums meet at the end.
    depthwise(1, 1, 700, 300, kernel: 5), depthwise(2, 1, 130, 1000, boundary: .mirror),
    depthwise(1, 16, 150, 140, kernel: 5, boundary: .reflect), depthwise(5, 1, 40, 30, kernel: 7),
    // Windows that overlap, touch and leave gaps; all boundaries.
    depthwise(2, 16, 15, 14, kernel: 5, stride: 2), depthwise(1, 2, 15, 40, kernel: 5, stride: 2),
    depthwise(1, 17, 14, 15, kernel: 2, stride: 4, padding: .pixels(3), boundary: .mirror),
    depthwise(1, 2, 24, 75, kernel: 2, stride: 3, padding: .pixels(1), boundary: .circular),
    depthwise(1, 16, 13, 12, stride: [3, 2], boundary: .circular),
    depthwise(2, 3, 21, 45, stride: [2, 3], boundary: .reflect),
    depthwise(1, 19, 12, 12, kernel: 3, dilation: 2, padding: .pixels(5), boundary: .replicate),
    depthwise(1, 1, 33, 39, kernel: [3, 4], dilation: 3, boundary: .replicate),
    depthwise(
      1, 16, 19, 21, kernel: [2, 3], stride: 2, dilation: [3, 2],
      padding: .full),
    depthwise(
      1, 2, 23, 50, kernel: [5, 3], stride: [4, 2],
      dilation: [6, 3], padding: .pixels(9)),
    // A few channels and outputs in a group.
    depthwise(1, 16, 9, 10, outputs: 3), depthwise(1, 2, 18, 34, kernel: 5, outputs: 5),
    ExactCase(input: [2, 4, 17, 23], outputs: 1, kernel: 5), ExactCase(input: [1, 2, 20, 50], outputs: 2, kernel: 7),
    ExactCase(input: [1, 40, 11, 9], outputs: 40, kernel: 4, stride: 2, groups: 20, boundary: .reflect),
    // Tall planes, whose bands share tables of steps: those inside, at either end, and in padding that holds whole bands.
    depthwise(1, 1, 9000, 2, kernel: [25, 3]),
    depthwise(
      1, 1, 3000, 2, kernel: [9, 1], padding: .explicit(top: 3000, bottom: 5000, left: 0, right: 0)
    ),
    depthwise(1, 1, 6000, 3, kernel: [7, 3], stride: 3, boundary: .reflect),
    depthwise(
      1, 1, 5000, 3, kernel: [5, 3], stride: [2, 1],
      dilation: [3, 1]),
    depthwise(1, 1, 9001, 2, kernel: 2, stride: 5, padding: .pixels(1)),
    // Windows that see nothing of the image.
    depthwise(1, 16, 6, 6, padding: .pixels(9)), depthwise(1, 1, 6, 30, padding: .pixels(5)),
  ]

  @Test func bandsOfATallPlaneShareTheirSteps() throws {
    let problem = try ConvolutionProblem(
      ConvolutionGeometry(padding: .same, boundary: .reflect), input: [1, 1, 1 << 20, 1],
      filter: [1, 1, 25, 1])
    // Four bytes a row for where it comes from; steps of all bands would be ten times that.
    #expect(try SpatialConvolution<Float>().workingMemory(.forward, problem) < 16 << 20)
  }

  @Test(arguments: cases)
  func everyPassIsExact(one: ExactCase) throws {
    try one.check(Float.self)
    try one.check(Double.self)
  }

  @Test(arguments: cases)
  func everyPassIsExactInHalfTheMemory(one: ExactCase) throws { try one.checkInHalfTheMemory() }

  /// Zeros, or what stands behind the end of a row, times NaN would be NaN.
  @Test(arguments: [(1, 1, 40), (2, 16, 9)], [Float.nan, .infinity])
  func aStrangePixelSpoilsTheTapsThatSeeIt(sizes: (Int, Int, Int), value: Float) throws {
    let (batch, channels, side) = sizes
    let problem = try Self.depthwise(batch, channels, side, side, kernel: 5, padding: .valid).problem()
    var random = RandomGenerator(seed: 7)
    var x = Tensor<Float>.normal(problem.inputShape, using: &random)
    let g = Tensor<Float>.normal(problem.outputShape, using: &random)
    // The last pixel is seen by the last tap alone, the first by the first.
    x.withUnsafeMutableElements { ($0[0], $0[$0.count - 1]) = (value, value) }
    let dw = SpatialConvolution<Float>().filterGradient(g, x, problem)
    let strange = dw.elements.indices.filter { !dw.elements[$0].isFinite }
    #expect(strange == [0, channels * 25 - 1])
  }
}

import Layers
import SpatialConvolution
import Tensors
import TestSupport
import Testing

/// The dense direct method at the sizes where its vectors, blocks and tiles end: small integers, so every bit is known.
@Suite struct DenseTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var input: [Int]
    var outputs: Int
    var kernel: Extent = 3
    var stride: Extent = 1
    var dilation: Extent = 1
    var padding: Padding = .same
    var groups = 1
    var boundary = Boundary.zero
    var testDescription: String {
      "\(input) to \(outputs), \(kernel) by \(stride), dilation \(dilation), \(padding), \(boundary), \(groups) groups"
    }

    func problem() throws -> ConvolutionProblem {
      try ConvolutionProblem(
        ConvolutionGeometry(
          kernel: kernel, stride: stride, dilation: dilation, padding: padding, groups: groups, boundary: boundary),
        input: Shape(input), filter: [outputs, input[1] / groups, kernel.height, kernel.width])
    }
  }

  static let cases: [Case] = [
    // A vector of lanes, and one more or less; blocks of one to four vectors and what is left; few lanes.
    Case(input: [1, 16, 7, 9], outputs: 15), Case(input: [2, 17, 5, 6], outputs: 16),
    Case(input: [1, 6, 4, 31], outputs: 33),
    Case(input: [1, 3, 9, 23], outputs: 64), Case(input: [1, 70, 6, 5], outputs: 70),
    Case(input: [3, 20, 8, 8], outputs: 1),
    Case(input: [1, 1, 28, 28], outputs: 6, kernel: 5), Case(input: [2, 2, 30, 11], outputs: 13),
    // Runs of positions that end within a row; images of one row, column or pixel.
    Case(input: [1, 5, 27, 27], outputs: 40, kernel: 5),
    Case(input: [1, 9, 1, 200], outputs: 20, kernel: Extent(height: 1, width: 4)),
    Case(input: [1, 9, 200, 1], outputs: 20, kernel: Extent(height: 4, width: 1)),
    Case(input: [4, 40, 1, 1], outputs: 24, kernel: 1),
    // Tiles that do not span the width.
    Case(input: [1, 64, 4, 900], outputs: 17, kernel: Extent(height: 2, width: 3)),
    Case(input: [1, 17, 4, 2500], outputs: 3, kernel: Extent(height: 3, width: 1)),
    // Sums so long that they are taken in pieces.
    Case(input: [1, 130, 6, 6], outputs: 35), Case(input: [1, 130, 6, 20], outputs: 2),
    // Windows that overlap, touch, and leave gaps; all boundaries.
    Case(input: [2, 18, 13, 12], outputs: 20, stride: 2, boundary: .reflect),
    Case(input: [1, 18, 13, 12], outputs: 20, stride: Extent(height: 3, width: 2), boundary: .circular),
    Case(input: [1, 20, 17, 16], outputs: 18, kernel: 2, stride: 4, padding: .pixels(3), boundary: .mirror),
    Case(input: [1, 20, 17, 16], outputs: 18, kernel: 1, stride: 2),
    Case(
      input: [1, 17, 19, 21], outputs: 34, kernel: Extent(height: 2, width: 3), stride: 2,
      dilation: Extent(height: 3, width: 2), padding: .full),
    Case(input: [2, 34, 10, 10], outputs: 36, dilation: 2, padding: .pixels(5), groups: 2, boundary: .replicate),
    Case(input: [1, 48, 12, 40], outputs: 6, padding: .full, groups: 3),
    Case(input: [1, 8, 9, 9], outputs: 20, padding: .valid),
    // Vectors across the images: whole ones, pairs, and one that is cut short; every number of sums beside each other.
    Case(input: [16, 6, 14, 14], outputs: 16, kernel: 5), Case(input: [64, 2, 9, 12], outputs: 3, kernel: 5),
    Case(input: [79, 1, 11, 8], outputs: 7), Case(input: [31, 4, 6, 7], outputs: 5),
    Case(input: [8, 13, 5, 6], outputs: 9), Case(input: [40, 3, 7, 7], outputs: 2, boundary: .circular),
    Case(input: [32, 5, 10, 9], outputs: 8, stride: 2, padding: .pixels(2), boundary: .reflect),
    Case(input: [16, 8, 9, 11], outputs: 11, kernel: 2, stride: 4, groups: 1),
    Case(
      input: [48, 6, 12, 10], outputs: 12, kernel: Extent(height: 3, width: 4),
      stride: Extent(height: 1, width: 3), dilation: Extent(height: 2, width: 1), padding: .full, groups: 2),
    Case(input: [16, 70, 3, 4], outputs: 4), Case(input: [64, 3, 40, 6], outputs: 10, kernel: 1),
  ]

  private func check<Scalar: RowScalar>(_ one: Case, _: Scalar.Type, memoryLimit: (ConvolutionPass) -> Int?) throws {
    let problem = try one.problem()
    var random = RandomGenerator(seed: 1)
    func integers(_ shape: Shape) -> Tensor<Double> {
      Tensor<Double>.uniform(shape, in: -4..<5, using: &random).map { $0.rounded(.down) }
    }
    let (x, w, g) = (integers(problem.inputShape), integers(problem.filterShape), integers(problem.outputShape))
    let bias = integers([one.outputs])
    func method(_ pass: ConvolutionPass) throws -> SpatialConvolution<Scalar> {
      let method = SpatialConvolution<Scalar>(memoryLimit: memoryLimit(pass))
      let bytes = try method.workingMemory(pass, problem)
      if let limit = method.memoryLimit { #expect(bytes <= limit) }
      return method
    }
    func same(_ name: String, _ found: Tensor<Scalar>, _ expected: Tensor<Double>) {
      #expect(found.converted(to: Double.self) == expected, "\(name), \(Scalar.self), \(one.testDescription)")
    }
    let reference = ReferenceConvolution()
    func converted(_ tensor: Tensor<Double>) -> Tensor<Scalar> { tensor.converted() }
    same(
      "forward",
      try method(.forward).forward(converted(x), converted(w), bias: converted(bias), problem),
      reference.forward(x, w, bias: bias, problem))
    same(
      "input gradient", try method(.inputGradient).inputGradient(converted(g), converted(w), problem),
      reference.inputGradient(g, w, problem))
    same(
      "filter gradient", try method(.filterGradient).filterGradient(converted(g), converted(x), problem),
      reference.filterGradient(g, x, problem))
  }

  @Test(arguments: cases)
  func everyPassIsExact(one: Case) throws {
    try check(one, Float.self) { _ in nil }
    try check(one, Double.self) { _ in nil }
  }

  @Test(arguments: cases)
  func everyPassIsExactInHalfTheMemory(one: Case) throws {
    let problem = try one.problem()
    let whole = SpatialConvolution<Float>()
    try withThreads(1) {
      try check(one, Float.self) { pass in (try? whole.workingMemory(pass, problem)).map { max($0 / 2, 64 << 10) } }
    }
  }
}

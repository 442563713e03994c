import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// A convolution of small integers, so every bit of its results is known.
struct ExactCase: CustomTestStringConvertible, Sendable {
  var input: [Int]
  var outputs: Int
  var kernel: AxisValues = 3
  var stride: AxisValues = 1
  var dilation: AxisValues = 1
  var padding: Padding = .same
  var groups = 1
  var boundary = Boundary.zero
  var testDescription: String {
    "\(input) to \(outputs), \(kernel) by \(stride), dilation \(dilation), \(padding), \(boundary), \(groups) groups"
  }

  func problem() throws -> ConvolutionProblem {
    try ConvolutionProblem(
      ConvolutionGeometry(stride: stride, dilation: dilation, padding: padding, groups: groups, boundary: boundary),
      input: TensorShape(input),
      filter: TensorShape([outputs, input[1] / groups] + kernel.expanded(rank: input.count - 2)))
  }

  /// Compares every pass of the direct method with the definition, bit by bit.
  func check<Scalar: TensorScalar>(
    _: Scalar.Type, memoryLimit: (ConvolutionPass) -> Int? = { _ in nil }
  ) throws {
    let problem = try problem()
    var random = RandomGenerator(seed: 1)
    func integers(_ shape: TensorShape) -> Tensor<Double> {
      Tensor<Double>.uniform(shape, in: -4..<5, using: &random).map { $0.rounded(.down) }
    }
    let (x, w, g) = (integers(problem.inputShape), integers(problem.filterShape), integers(problem.outputShape))
    let bias = integers([outputs])
    func method(_ pass: ConvolutionPass) throws -> SpatialConvolution<Scalar> {
      let method = SpatialConvolution<Scalar>(memoryLimit: memoryLimit(pass))
      let bytes = try method.workingMemory(pass, problem)
      if let limit = method.memoryLimit { #expect(bytes <= limit) }
      return method
    }
    func same(_ name: String, _ found: Tensor<Scalar>, _ expected: Tensor<Double>) {
      #expect(found.converted(to: Double.self) == expected, "\(name), \(Scalar.self), \(testDescription)")
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

  /// The same with half the memory that every pass would take.
  func checkInHalfTheMemory() throws {
    let problem = try problem()
    let whole = SpatialConvolution<Float>()
    try withThreads(1) {
      try check(Float.self) { pass in (try? whole.workingMemory(pass, problem)).map { max($0 / 2, 64 << 10) } }
    }
  }
}

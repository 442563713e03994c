import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// The yardstick itself: cases small enough for paper.
@Suite struct ReferenceConvolutionTests {
  let method = ReferenceConvolution()

  @Test func correlationOfThreeByThreeByHand() throws {
    let image = Tensor<Double>([1, 1, 3, 3], (1...9).map(Double.init))
    let filter = Tensor<Double>([1, 1, 2, 2], [1, 2, 3, 4])
    // 1·1 + 2·2 + 4·3 + 5·4 = 37, and so on along the windows.
    #expect(try method(image, filter) == Tensor([1, 1, 2, 2], [37, 47, 67, 77]))
    let flipped = ConvolutionGeometry(operation: .convolution)
    // 1·4 + 2·3 + 4·2 + 5·1 = 23.
    #expect(try method(image, filter, flipped) == Tensor([1, 1, 2, 2], [23, 33, 53, 63]))
  }

  @Test func anImpulseGivesTheKernelBackUnderTrueConvolution() throws {
    var impulse = Tensor<Double>.zeros([1, 1, 5, 5])
    impulse[0, 0, 2, 2] = 1
    let filter = Tensor<Double>([1, 1, 3, 3], (1...9).map(Double.init))
    let geometry = ConvolutionGeometry(operation: .convolution)
    #expect(try method(impulse, filter, geometry) == filter)
  }

  @Test(arguments: [
    (Boundary.zero, [0.0, 0, 1, 2, 3, 0, 0]), (.reflect, [2, 1, 1, 2, 3, 3, 2]), (.mirror, [3, 2, 1, 2, 3, 2, 1]),
    (.replicate, [1, 1, 1, 2, 3, 3, 3]), (.circular, [2, 3, 1, 2, 3, 1, 2]),
  ])
  func boundariesContinueTheImage(boundary: Boundary, expected: [Double]) throws {
    let geometry = ConvolutionGeometry(padding: .explicit(top: 0, bottom: 0, left: 2, right: 2), boundary: boundary)
    let row = Tensor<Double>([1, 1, 1, 3], [1, 2, 3])
    #expect(try method(row, Tensor([1, 1, 1, 1], [1]), geometry).elements == expected)
  }

  /// <g, K(x, w)> is linear in each of the three, so each pass must reproduce it.
  @Test(arguments: Boundary.allCases, ConvolutionOperation.allCases)
  func thePassesAreOneTrilinearForm(boundary: Boundary, operation: ConvolutionOperation) throws {
    var random = RandomGenerator(seed: 5)
    let geometry = ConvolutionGeometry(
      stride: [2, 1], dilation: [1, 3],
      padding: .explicit(top: 1, bottom: 4, left: 0, right: 9), groups: 2, boundary: boundary, operation: operation)
    let problem = try ConvolutionProblem(geometry, input: [2, 4, 5, 6], filter: [6, 2, 3, 2])
    let x = Tensor<Double>.normal(problem.inputShape, using: &random)
    let w = Tensor<Double>.normal(problem.filterShape, using: &random)
    let g = Tensor<Double>.normal(problem.outputShape, using: &random)
    let form = g.dot(method.forward(x, w, bias: nil, problem))
    let scale = g.norm * x.norm * w.norm
    #expect(abs(x.dot(method.inputGradient(g, w, problem)) - form) <= 1e-12 * scale)
    #expect(abs(w.dot(method.filterGradient(g, x, problem)) - form) <= 1e-12 * scale)
  }
}

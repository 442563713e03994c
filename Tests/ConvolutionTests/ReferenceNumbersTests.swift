import AutomaticConvolution
import FourierConvolution
import Foundation
import SpatialConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms
import TestSupport
import Testing

/// Every solver against numbers that SciPy computed (Fixtures/scipy_convolution.py), in one, two and three dimensions.
@Suite struct ReferenceNumbersTests {
  private struct Numbers: Decodable {
    let shape: [Int]
    let values: [Double]
    /// One array of one channel.
    var tensor: Tensor<Double> { Tensor(TensorShape([1, 1] + shape), values) }
  }

  private struct Case: Decodable {
    let name: String
    let x, w, y: Numbers
    let padding, boundary, operation: String
  }

  private static let cases: [Case] = {
    let file = fixtures(of: #filePath).appendingPathComponent("scipy_convolution.json")
    return try! JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }()

  private static var methods: [any ConvolutionMethod<Double>] {
    SpatialConvolution<Double>.solvers.map { try! SpatialConvolution<Double>(solver: $0.name) }
      + FourierSolver.allCases.map { FourierConvolution<Double>(rigor: .estimate, solver: $0) }
      + [SpatialConvolution<Double>(), FourierConvolution<Double>(rigor: .estimate), AutomaticConvolution<Double>()]
  }

  @Test(arguments: cases.indices) func agrees(_ index: Int) throws {
    let one = Self.cases[index]
    let padding: Padding = try #require(["same": .same, "full": .full, "valid": .valid][one.padding])
    let geometry = ConvolutionGeometry(
      padding: padding, boundary: try #require(Boundary(rawValue: one.boundary)),
      operation: try #require(ConvolutionOperation(rawValue: one.operation)))
    let (x, w, y) = (one.x.tensor, one.w.tensor, one.y.tensor)
    let problem = try ConvolutionProblem(geometry, input: x.shape, filter: w.shape)
    try #require(problem.outputShape == y.shape, "\(one.name)")
    let points = problem.axes.reduce(1) { $0 * FastSize.next($1.padded) }
    // SciPy's sums have rounding errors of their own, within the same bound.
    let bound = 2 * PassBounds(problem, x: x, w: w, g: y, points: points).forward
    var computed = 0
    for method in Self.methods {
      // A solver may refuse a problem; then it says why.
      guard (try? method.workingMemory(.forward, problem)) != nil else { continue }
      #expect(largestDifference(method.forward(x, w, bias: nil, problem), y) <= bound, "\(one.name) by \(method.name)")
      computed += 1
    }
    #expect(computed >= 6, "\(one.name): only \(computed) solvers")
  }
}

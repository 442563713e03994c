import AutomaticConvolution
import FourierConvolution
import Foundation
import SpatialConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms
import TestSupport
import Testing

/// Every solver against numbers that SciPy and PyTorch computed (scripts in Fixtures), in one, two and three dimensions.
@Suite struct ReferenceNumbersTests {
  private struct Numbers: Decodable {
    let shape: [Int]
    let values: [Double]
    var tensor: Tensor<Double> { Tensor(TensorShape(shape), values) }
    /// One array of one channel.
    var batch: Tensor<Double> { Tensor(TensorShape([1, 1] + shape), values) }
  }

  private struct Case: Decodable {
    let name: String
    let x, w, y: Numbers
    let padding, boundary, operation: String
  }

  private struct LayerCase: Decodable {
    let name: String
    let stride, dilation, padding: [Int]
    let groups: Int
    let x, w, b, g, y, dx, dw: Numbers
  }

  private static func read<Element: Decodable>(_ name: String) -> [Element] {
    let file = fixtures(of: #filePath).appendingPathComponent(name)
    return try! JSONDecoder().decode([Element].self, from: Data(contentsOf: file))
  }

  private static let cases: [Case] = read("scipy_convolution.json")
  private static let layers: [LayerCase] = read("torch_convolution.json")

  private static var methods: [any ConvolutionMethod<Double>] {
    SpatialConvolution<Double>.solvers.map { try! SpatialConvolution<Double>(solver: $0.name) }
      + FourierSolver.allCases.map { FourierConvolution<Double>(rigor: .estimate, solver: $0) }
      + [TransformProvider.builtIn, .fftw].map {
        FourierConvolution<Double>(transforms: $0, rigor: .estimate, solver: .tiles)
      }
      + [SpatialConvolution<Double>(), FourierConvolution<Double>(rigor: .estimate), AutomaticConvolution<Double>()]
  }

  @Test(arguments: cases.indices) func agrees(_ index: Int) throws {
    let one = Self.cases[index]
    let padding: Padding = try #require(["same": .same, "full": .full, "valid": .valid][one.padding])
    let geometry = ConvolutionGeometry(
      padding: padding, boundary: try #require(Boundary(rawValue: one.boundary)),
      operation: try #require(ConvolutionOperation(rawValue: one.operation)))
    let (x, w, y) = (one.x.batch, one.w.batch, one.y.batch)
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
    #expect(computed >= 8, "\(one.name): only \(computed) solvers")
  }

  @Test(arguments: layers.indices) func passesAgreeWithPyTorch(_ index: Int) throws {
    let one = Self.layers[index]
    let geometry = ConvolutionGeometry(
      stride: AxisValues(one.stride), dilation: AxisValues(one.dilation), padding: .symmetric(AxisValues(one.padding)),
      groups: one.groups)
    let (x, w, b, g) = (one.x.tensor, one.w.tensor, one.b.tensor, one.g.tensor)
    let problem = try ConvolutionProblem(geometry, input: x.shape, filter: w.shape)
    let points = problem.axes.reduce(1) { $0 * FastSize.next($1.padded) }
    let bounds = PassBounds(problem, x: x, w: w, g: g, points: points)
    var computed = 0
    for method in Self.methods {
      let name = "\(one.name) by \(method.name)"
      func check(_ pass: ConvolutionPass, _ expected: Numbers, _ bound: Double, _ run: () -> Tensor<Double>) {
        guard (try? method.workingMemory(pass, problem)) != nil else { return }
        #expect(largestDifference(run(), expected.tensor) <= 2 * bound, "\(name), \(pass)")
        computed += 1
      }
      check(.forward, one.y, bounds.forward) { method.forward(x, w, bias: b, problem) }
      check(.inputGradient, one.dx, bounds.inputGradient) { method.inputGradient(g, w, problem) }
      check(.filterGradient, one.dw, bounds.filterGradient) { method.filterGradient(g, x, problem) }
    }
    #expect(computed >= 24, "\(one.name): only \(computed) passes")
  }
}

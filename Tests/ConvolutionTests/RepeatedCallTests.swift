import AutomaticConvolution
import Foundation
import FourierConvolution
import SpatialConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms
import Testing

/// A call that is repeated with the same shapes has its plans and its memory already. Counted for the whole process, so in
/// a process of its own.
@Suite struct RepeatedCallTests {
  @Test func nothingIsPlannedOrAllocatedAgain() async {
    await #expect(processExitsWith: .success) {
      // So that what was freed is found again: whoever comes first takes a block of its own.
      Parallel.threads = 1
      // Under the address sanitizer nothing is kept, so that it sees every use of memory after its end.
      MemoryPool.limit = 1 << 30
      for shapes in shapes {
        let problem = try ConvolutionProblem(
          ConvolutionGeometry(padding: .same), input: shapes.input, filter: shapes.filter)
        for method in methods where (try? method.trainingMemory(problem)) != nil { check(method, problem) }
      }
    }
  }
}

private let shapes: [(input: TensorShape, filter: TensorShape)] = [
  ([2, 4, 900], [4, 4, 65]), ([2, 8, 40, 40], [8, 8, 7, 7]), ([1, 1, 300, 200], [1, 1, 31, 31]),
  ([1, 2, 12, 20, 20], [2, 2, 5, 5, 5]),
]

private var methods: [any ConvolutionMethod<Float>] {
  TransformProvider.allCases.map { FourierConvolution<Float>(transforms: $0) as any ConvolutionMethod<Float> }
    + [FourierConvolution<Float>(solver: .whole), SpatialConvolution<Float>(), AutomaticConvolution<Float>()]
}

private func check(_ method: any ConvolutionMethod<Float>, _ problem: ConvolutionProblem) {
  var random = RandomGenerator(seed: 1)
  let (x, w, g) = (
    Tensor<Float>.normal(problem.inputShape, using: &random), Tensor<Float>.normal(problem.filterShape, using: &random),
    Tensor<Float>.normal(problem.outputShape, using: &random)
  )
  func run() {
    _ = method.forward(x, w, bias: nil, problem)
    let (_, tape) = method.record(x, w, bias: nil, problem)
    _ = method.gradients(g, tape, wantsInput: true)
  }
  for _ in 0..<2 { run() }
  let (plans, misses) = (TransformPlans.count, MemoryPool.misses)
  for _ in 0..<3 { run() }
  precondition(TransformPlans.count == plans, "\(method.name) makes plans again for \(problem)")
  precondition(MemoryPool.misses == misses, "\(method.name) allocates again for \(problem)")
}

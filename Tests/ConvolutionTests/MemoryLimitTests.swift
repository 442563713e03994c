import AutomaticConvolution
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// Counted by the pool of all memory, in processes of their own, since others would count too.
@Suite struct MemoryLimitTests {
  @Test func theFourierMethodKeepsItsLimit() async {
    await #expect(processExitsWith: .success) {
      for problem in try problems() {
        try check(problem, Float.self) { FourierConvolution(memoryLimit: $0, rigor: .estimate) }
      }
      try check(problems()[0], Double.self) { FourierConvolution(memoryLimit: $0, rigor: .estimate) }
    }
  }

  @Test func theDirectMethodKeepsItsLimit() async {
    await #expect(processExitsWith: .success) {
      for problem in try problems() {
        try check(problem, Float.self) { SpatialConvolution(memoryLimit: $0) }
      }
      try check(problems()[0], Double.self) { SpatialConvolution(memoryLimit: $0) }
    }
  }

  @Test func theAutomaticChoiceKeepsItsLimit() async {
    await #expect(processExitsWith: .success) {
      for problem in try problems() {
        try check(problem, Float.self) {
          AutomaticConvolution(
            direct: SpatialConvolution(memoryLimit: $0), fourier: FourierConvolution(memoryLimit: $0, rigor: .estimate))
        }
      }
    }
  }

  @Test func measuringKeepsTheLimitToo() async {
    await #expect(processExitsWith: .success) {
      let problem = try problems()[0]
      let limit = 8 << 20
      let book = PlanBook(nil)
      let automatic = AutomaticConvolution<Float>(
        direct: SpatialConvolution(memoryLimit: limit),
        fourier: FourierConvolution(memoryLimit: limit, rigor: .estimate),
        planning: .measured, book: book)
      let peak = MemoryPool.peak { _ = automatic.plan(problem, .filterGradient) }
      #expect(peak <= limit)
      // It was no estimate: arrays were made and convolved.
      #expect(peak > Scratch<Float>.byteCount(problem.inputShape.count))
    }
  }

  @Test func aRefusalSaysWhatWouldDo() throws {
    let problem = try problems()[0]
    for method in [
      FourierConvolution<Float>(memoryLimit: 100) as any ConvolutionMethod<Float>,
      SpatialConvolution<Float>(memoryLimit: 100),
      AutomaticConvolution(
        direct: SpatialConvolution<Float>(memoryLimit: 100), fourier: FourierConvolution<Float>(memoryLimit: 100)),
    ] {
      let error = try #require(throws: ConvolutionError.self) { try method.trainingMemory(problem) }
      #expect(error.description.contains("needs about") && error.description.contains("the limit is 100 bytes: raise"))
      #expect(error.neededBytes! > 100)
    }
  }

  @Test func filtersAreKeptAsLongAsSomebodyHoldsThem() {
    let kept = FilterCache<Float>()
    var made: [String] = []
    func value(_ filter: Tensor<Float>, _ key: Int = 0, bytes: Int = 10, budget: Int = 100, named name: String)
      -> String
    {
      kept.value(filter, key, bytes: bytes, budget: budget) {
        made.append(name)
        return name
      }
    }
    var a = Tensor<Float>([2], [1, 2])
    #expect(value(a, named: "a") == "a" && value(a, named: "again") == "a")
    #expect(value(a, 1, named: "with another key") == "with another key")
    let old = a
    a *= 2
    #expect(value(a, named: "changed") == "changed" && value(old, named: "again") == "a")
    do {
      let passing = Tensor<Float>([1], [3])
      _ = value(passing, named: "passing")
      #expect(kept.byteCount == 40)
    }
    _ = value(a, named: "again")
    #expect(kept.byteCount == 30)
    // Room is made for new ones, and by the budget of whoever asks.
    let b = Tensor<Float>([1], [4])
    #expect(value(b, bytes: 95, named: "b") == "b" && kept.byteCount == 95)
    #expect(value(b, bytes: 95, budget: 1, named: "again") == "b")
    #expect(value(a, named: "once more") == "once more" && kept.byteCount == 10)
    #expect(made == ["a", "with another key", "changed", "passing", "b", "once more"])
  }
}

/// Every arrangement of lanes, and what else changes what is held.
private func problems() throws -> [ConvolutionProblem] {
  func problem(_ input: TensorShape, outputs: Int, _ geometry: KernelGeometry) throws -> ConvolutionProblem {
    try geometry.problem(input, outputs: outputs)
  }
  return [
    try problem([3, 24, 20, 18], outputs: 20, KernelGeometry(kernel: 5, padding: .same)),
    try problem([32, 6, 14, 14], outputs: 16, KernelGeometry(kernel: 5)),
    try problem([2, 3, 40, 37], outputs: 4, KernelGeometry(kernel: 7, padding: .same, operation: .convolution)),
    try problem([2, 40, 30, 31], outputs: 40, KernelGeometry(kernel: 9, padding: .same, groups: 40)),
    try problem([1, 1, 160, 150], outputs: 1, KernelGeometry(kernel: 15, padding: .same, boundary: .reflect)),
    try problem([1, 1, 20000, 2], outputs: 1, KernelGeometry(kernel: [25, 1], padding: .same)),
    try problem([2, 8, 33, 30], outputs: 36, KernelGeometry(kernel: 3, stride: 2, groups: 2)),
    try problem([1, 10, 40, 41], outputs: 12, KernelGeometry(kernel: 5, dilation: 2, operation: .convolution)),
    try problem([2, 20, 9, 12, 13], outputs: 24, KernelGeometry(kernel: 3, padding: .same)),
    try problem([1, 1, 24, 30, 27], outputs: 1, KernelGeometry(kernel: 7, padding: .same, boundary: .mirror)),
    try problem([2, 20, 8, 16, 15], outputs: 20, KernelGeometry(kernel: [3, 5, 5], stride: [2, 1, 1], groups: 20)),
    try problem([1, 2, 16, 15, 14], outputs: 3, KernelGeometry(kernel: [5, 3, 3], dilation: [2, 1, 1])),
  ]
}

/// Runs every pass under several limits: no more is ever held than was estimated, and results are those that the method
/// gives without a limit, to the promise.
private func check<Scalar: AnyMethodScalar, Method: ConvolutionMethod<Scalar>>(
  _ problem: ConvolutionProblem, _: Scalar.Type, _ make: (Int?) -> Method
) throws {
  var random = RandomGenerator(seed: 1)
  // Small integers: the direct method is exact.
  func integers(_ shape: TensorShape) -> Tensor<Scalar> {
    Tensor.uniform(shape, in: -4..<5, using: &random).map { $0.rounded(.down) }
  }
  let (x, w, g) = (integers(problem.inputShape), integers(problem.filterShape), integers(problem.outputShape))
  let other = w.map { -$0 }
  let free = make(nil)
  let expected = Results(free, x, w, g, problem)
  // No tile is larger than the padded image, but for the next fast size, which is below twice as much.
  let points = problem.axes.reduce(1) { $0 * 2 * ($1.padded + 1) }
  let bounds = PassBounds(problem, x: x, w: w, g: g, points: points)
  func bytes(_ tensors: [Tensor<Scalar>]) -> Int { tensors.reduce(0) { $0 + Scratch<Scalar>.byteCount($1.count) } }

  func check(
    _ name: String, _ memory: (Method) throws -> Int, _ run: (Method) -> Results<Scalar>
  ) throws {
    let least = try #require(#expect(throws: ConvolutionError.self) { try memory(make(1)) }?.neededBytes)
    #expect(throws: ConvolutionError.self) { try memory(make(least - 1)) }
    for factor in [1, 1.5, 3, 10] {
      let limit = Int(Double(least) * factor)
      for threads in [1, 3] {
        Parallel.threads = threads
        let method = make(limit)
        let estimate = try memory(method)
        #expect(estimate <= limit)
        var results = Results<Scalar>()
        let peak = MemoryPool.peak { results = run(method) } - bytes(results.all)
        let what = "\(name) by \(method.name), limit \(limit), \(threads) threads, \(problem)"
        #expect(peak <= estimate, "\(peak) > \(estimate), \(what)")
        results.expectClose(to: expected, bounds, what)
      }
    }
    Parallel.threads = 3
    // Without a limit the estimate is what is taken, too.
    let method = make(nil)
    var results = Results<Scalar>()
    let peak = MemoryPool.peak { results = run(method) } - bytes(results.all)
    #expect(peak <= (try memory(method)), "\(name) by \(method.name), \(problem)")
  }

  try check("forward", { try $0.workingMemory(.forward, problem) }) {
    Results(y: $0.forward(x, w, bias: nil, problem))
  }
  // What is kept of several filters keeps to the limit as well.
  for factor in [1, 2, 2.5, 4] {
    let least = try #require(
      #expect(throws: ConvolutionError.self) { try make(1).workingMemory(.forward, problem) }?.neededBytes)
    let limit = Int(Double(least) * factor)
    let method = make(limit)
    let peak = MemoryPool.peak {
      for filter in [other, w, other] { _ = method.forward(x, filter, bias: nil, problem) }
    }
    #expect(peak - Scratch<Scalar>.byteCount(problem.outputShape.count) <= limit)
  }
  try check("input gradient", { try $0.workingMemory(.inputGradient, problem) }) {
    Results(dx: $0.inputGradient(g, w, problem))
  }
  try check("filter gradient", { try $0.workingMemory(.filterGradient, problem) }) {
    Results(dw: $0.filterGradient(g, x, problem))
  }
  try check("step", { try $0.trainingMemory(problem) }) {
    let (y, tape) = $0.record(x, w, bias: nil, problem)
    let (dx, dw) = $0.gradients(g, tape, wantsInput: true)
    return Results(y: y, dx: dx, dw: dw)
  }
}

/// What some passes gave.
private struct Results<Scalar: AnyMethodScalar> {
  var y: Tensor<Scalar>?
  var dx: Tensor<Scalar>?
  var dw: Tensor<Scalar>?
  var all: [Tensor<Scalar>] { [y, dx, dw].compactMap { $0 } }

  init(y: Tensor<Scalar>? = nil, dx: Tensor<Scalar>? = nil, dw: Tensor<Scalar>? = nil) {
    (self.y, self.dx, self.dw) = (y, dx, dw)
  }

  init(
    _ method: some ConvolutionMethod<Scalar>, _ x: Tensor<Scalar>, _ w: Tensor<Scalar>, _ g: Tensor<Scalar>,
    _ problem: ConvolutionProblem
  ) {
    let (y, tape) = method.record(x, w, bias: nil, problem)
    let (dx, dw) = method.gradients(g, tape, wantsInput: true)
    self.init(y: y, dx: dx, dw: dw)
  }

  /// Both results are within the bounds of the truth.
  func expectClose(to expected: Self, _ bounds: PassBounds, _ what: String) {
    for (name, found, right, bound) in [
      ("y", y, expected.y, bounds.forward), ("dx", dx, expected.dx, bounds.inputGradient),
      ("dw", dw, expected.dw, bounds.filterGradient),
    ] {
      guard let found else { continue }
      #expect(largestDifference(found, right!) <= 2 * bound, "\(name), \(what)")
    }
  }
}

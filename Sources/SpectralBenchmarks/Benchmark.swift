import AutomaticConvolution
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import SpectralTransforms

/// What one case took.
public struct BenchmarkResult: Codable, Sendable {
  /// The case.
  public var name: String
  /// `forward` or `training`.
  public var pass: String
  /// The method that ran, with its tile.
  public var method: String
  /// The middle of the timings, in seconds.
  public var medianSeconds: Double
  /// The fastest run, in seconds.
  public var minimumSeconds: Double
  /// How many runs were timed.
  public var samples: Int
  /// The most memory that the process has held, in MiB.
  public var peakMebibytes: Double
  /// The relative L2 distance from the float64 sum, on a sample of the results.
  public var relativeError: Double?

  enum CodingKeys: String, CodingKey {
    case name, pass, method, samples
    case medianSeconds = "median_s"
    case minimumSeconds = "min_s"
    case peakMebibytes = "peak_mib"
    case relativeError = "relative_error"
  }
}

/// How cases are timed.
public struct BenchmarkSettings: Sendable {
  /// What is timed.
  public var pass = BenchmarkPass.forward
  /// How it is computed.
  public var method = ConvolutionChoice.automatic
  /// Who transforms tiles.
  public var transforms = TransformProvider.fastest
  /// The only solver that may be taken, in place of a method.
  public var solver: String?
  /// How methods and tiles are chosen.
  public var planning = ConvolutionPlanning.estimated
  /// The same bits on every run.
  public var deterministic = false
  /// The most working memory of a pass, in bytes.
  public var memoryLimit: Int?
  /// Seconds for the repetitions of a case.
  public var budget = 1.2

  /// Inference by the automatic choice.
  public init() {}

  /// The Fourier method.
  func fourier<Scalar: AnyMethodScalar>(_: Scalar.Type = Scalar.self) -> FourierConvolution<Scalar> {
    FourierConvolution(
      memoryLimit: memoryLimit, transforms: transforms, rigor: deterministic ? .estimate : .measure)
  }

  /// The method.
  ///
  /// - Throws: If there is no solver of the name.
  public func convolution<Scalar: AnyMethodScalar>(
    _: Scalar.Type = Scalar.self
  ) throws(ConvolutionError) -> any ConvolutionMethod<Scalar> {
    if let solver {
      return try ConvolutionSolvers.method(named: solver, memoryLimit: memoryLimit, transforms: transforms)
    }
    return method.method(
      deterministic: deterministic, memoryLimit: memoryLimit, transforms: transforms, planning: planning)
  }
}

/// Times cases.
public enum Benchmark {
  /// Times one case.
  ///
  /// - Throws: If the case's sizes do not fit each other, or the memory limit cannot be kept.
  public static func run(
    _ benchmark: BenchmarkCase, _ settings: BenchmarkSettings
  ) throws(ConvolutionError) -> BenchmarkResult {
    switch benchmark.precision ?? .single {
    case .single: try run(benchmark, settings, try settings.convolution(Float.self))
    case .double: try run(benchmark, settings, try settings.convolution(Double.self))
    }
  }

  /// Checks that a case can be, and that this machine has the memory to run it.
  ///
  /// - Throws: What ``run(_:_:)`` would throw.
  public static func check(_ benchmark: BenchmarkCase, _ settings: BenchmarkSettings) throws(ConvolutionError) {
    let problem = try benchmark.problem()
    switch benchmark.precision ?? .single {
    case .single: try benchmark.checkMemory(problem, settings.pass, try settings.convolution(Float.self))
    case .double: try benchmark.checkMemory(problem, settings.pass, try settings.convolution(Double.self))
    }
  }

  private static func run<Scalar: AnyMethodScalar>(
    _ benchmark: BenchmarkCase, _ settings: BenchmarkSettings, _ method: any ConvolutionMethod<Scalar>
  ) throws(ConvolutionError) -> BenchmarkResult {
    let problem = try benchmark.problem()
    try benchmark.checkMemory(problem, settings.pass, method)
    let operands = BenchmarkOperands<Scalar>(benchmark, problem, settings.pass)
    let (x, w) = (operands.x, operands.w)
    let check = SampledCheck(problem, x, w)
    let timings: Timings
    let error: Double
    switch settings.pass {
    case .forward:
      error = check.forward(method.forward(x, w, bias: nil, problem))
    case .training:
      let g = operands.g
      let (y, tape) = method.record(x, w, bias: nil, problem)
      let step = method.gradients(g, tape, wantsInput: true)
      error = max(check.forward(y), check.inputGradient(step.input!, g), check.filterGradient(step.filter, g))
    }
    timings = Timings.measure(budget: settings.budget) { operands.run(method, settings.pass) }
    return BenchmarkResult(
      name: benchmark.name, pass: settings.pass.rawValue, method: describe(method, problem, settings.pass),
      medianSeconds: timings.median, minimumSeconds: timings.minimum, samples: timings.samples.count,
      peakMebibytes: Double(ResidentMemory.peak) / 0x1p20, relativeError: error)
  }

  /// The method that runs, with its tile.
  static func describe<Scalar: AnyMethodScalar>(
    _ method: any ConvolutionMethod<Scalar>, _ problem: ConvolutionProblem, _ pass: BenchmarkPass
  ) -> String {
    switch method {
    case let fourier as FourierConvolution<Scalar>: fourier.way(for: problem, training: pass == .training)
    case let automatic as AutomaticConvolution<Scalar>:
      describe(automatic.choice(problem, pass.longest), problem, pass)
    default: method.name
    }
  }
}

/// What a case convolves: random images, filters and output gradient.
struct BenchmarkOperands<Scalar: AnyMethodScalar> {
  let problem: ConvolutionProblem
  let x: Tensor<Scalar>
  let w: Tensor<Scalar>
  let g: Tensor<Scalar>
  /// An image's kernel is new each time; a layer's filters stay.
  private let hasNewKernels: Bool

  init(_ benchmark: BenchmarkCase, _ problem: ConvolutionProblem, _ pass: BenchmarkPass) {
    self.problem = problem
    hasNewKernels = benchmark.kind == .array
    var random = RandomGenerator(seed: 1)
    x = .normal(problem.inputShape, using: &random)
    w = .normal(problem.filterShape, deviation: 1 / Double(benchmark.kernel), using: &random)
    // It would only weigh on the memory of inference.
    g = pass == .training ? .normal(problem.outputShape, using: &random) : .zeros([0])
  }

  /// One run of what is timed.
  func run(_ method: any ConvolutionMethod<Scalar>, _ pass: BenchmarkPass) {
    switch pass {
    case .forward: _ = method.forward(x, hasNewKernels ? w.map { $0 } : w, bias: nil, problem)
    case .training:
      let (_, tape) = method.record(x, w, bias: nil, problem)
      _ = method.gradients(g, tape, wantsInput: true)
    }
  }
}

import AutomaticConvolution
import Dispatch
import FourierConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// What the stages of the Fourier method take in one case.
public struct StageBenchmark: Sendable {
  /// The case.
  public let benchmark: BenchmarkCase
  /// What was run.
  public let pass: BenchmarkPass
  /// The tile.
  public let tile: Extent
  /// Seconds of the fastest run.
  public let seconds: Double
  /// Its stages; their seconds are those of all threads together.
  public let stages: [StageTime]
  /// Seconds of all threads together in which no stage ran: making arrays, handing out work, waiting for each other.
  public var otherSeconds: Double {
    max(0, seconds * Double(Parallel.threads) - stages.map(\.seconds).reduce(0, +))
  }

  /// Runs a case by the Fourier method.
  ///
  /// - Throws: If the case's sizes do not fit each other, or the memory limit cannot be kept.
  public static func measure(
    _ benchmark: BenchmarkCase, _ settings: BenchmarkSettings
  ) throws(ConvolutionError) -> StageBenchmark {
    switch benchmark.precision ?? .single {
    case .single: try measure(Float.self, benchmark, settings)
    case .double: try measure(Double.self, benchmark, settings)
    }
  }

  private static func measure<Scalar: AnyMethodScalar>(
    _: Scalar.Type, _ benchmark: BenchmarkCase, _ settings: BenchmarkSettings
  ) throws(ConvolutionError) -> StageBenchmark {
    let problem = try benchmark.problem()
    guard problem.rank < 3 else {
      throw ConvolutionError("case \(benchmark.name): stages are those of tiles, and volumes have none of their own")
    }
    var fourier = settings.fourier(Scalar.self)
    try benchmark.checkMemory(problem, settings.pass, fourier)
    let planned = AutomaticConvolution(direct: nil, fourier: fourier, planning: settings.planning)
    if case .fourier(let tile) = planned.plan(problem, settings.pass.longest) { fourier.tile = tile }
    let operands = BenchmarkOperands<Scalar>(benchmark, problem, settings.pass)
    let (method, isTraining) = (fourier, settings.pass == .training)
    // The first run makes plans, and keeps the spectra of filters.
    operands.run(method, settings.pass)
    var best: (seconds: Double, stages: [StageTime]) = (.infinity, [])
    let start = DispatchTime.now().uptimeNanoseconds
    var runs = 0
    while runs < 3 || (runs < 50 && Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 < settings.budget) {
      var seconds = 0.0
      let stages = method.stageTimes(problem, training: isTraining) {
        let start = DispatchTime.now().uptimeNanoseconds
        operands.run(method, settings.pass)
        seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
      }
      if seconds < best.seconds { best = (seconds, stages) }
      runs += 1
    }
    return StageBenchmark(
      benchmark: benchmark, pass: settings.pass, tile: method.tile(for: problem, training: isTraining),
      seconds: best.seconds, stages: best.stages)
  }
}

import AutomaticConvolution
import FourierConvolution
import Layers
import SpatialConvolution
import Tensors

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

/// Times cases in Float.
public enum Benchmark {
  /// Times one case.
  ///
  /// - Throws: If the case's sizes do not fit each other.
  public static func run(
    _ benchmark: BenchmarkCase, pass: BenchmarkPass, method: any ConvolutionMethod<Float>
  ) throws(ConvolutionError) -> BenchmarkResult {
    let problem = try benchmark.problem()
    var random = RandomGenerator(seed: 1)
    let x = Tensor<Float>.normal(problem.inputShape, using: &random)
    let spread = 1 / Double(benchmark.kernel)
    let w = Tensor<Float>.normal(problem.filterShape, deviation: spread, using: &random)
    let check = SampledCheck(problem, x, w)
    let timings: Timings
    let error: Double
    switch pass {
    case .forward:
      // An image's kernel is new each time; a layer's filters stay.
      let kernels = (0..<2).map { _ in w.map { $0 } }
      var turn = 0
      error = check.forward(method.forward(x, w, bias: nil, problem))
      timings = Timings.measure {
        turn += 1
        let kernel = benchmark.kind == .image ? kernels[turn % 2].map { $0 } : w
        _ = method.forward(x, kernel, bias: nil, problem)
      }
    case .training:
      let g = Tensor<Float>.normal(problem.outputShape, using: &random)
      let (y, tape) = method.record(x, w, bias: nil, problem)
      let step = method.gradients(g, tape, wantsInput: true)
      error = max(check.forward(y), check.inputGradient(step.input!, g), check.filterGradient(step.filter, g))
      timings = Timings.measure {
        let (_, tape) = method.record(x, w, bias: nil, problem)
        _ = method.gradients(g, tape, wantsInput: true)
      }
    }
    return BenchmarkResult(
      name: benchmark.name, pass: pass.rawValue, method: describe(method, problem, pass), medianSeconds: timings.median,
      minimumSeconds: timings.minimum, samples: timings.samples.count,
      peakMebibytes: Double(peakResidentBytes()) / 0x1p20,
      relativeError: error)
  }

  /// The method that runs, with its tile.
  static func describe(
    _ method: any ConvolutionMethod<Float>, _ problem: ConvolutionProblem, _ pass: BenchmarkPass
  ) -> String {
    switch method {
    case let fourier as FourierConvolution<Float>:
      "fft \(fourier.tile(for: problem, training: pass == .training))"
    case let automatic as AutomaticConvolution<Float>:
      describe(automatic.choice(problem, pass == .forward ? .forward : .filterGradient), problem, pass)
    default: method.name
    }
  }
}

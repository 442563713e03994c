import AutomaticConvolution
import SpectralConvolution

/// A shape timed with one kernel size after the other, by each method: where does it pay to go by spectra?
public struct KernelSweep: Sendable {
  /// The figures of one kernel size.
  public struct Point: Sendable {
    /// Rows and columns of the kernel.
    public let kernel: Int
    /// By method; a method that has become far too slow is left out.
    public let results: [ConvolutionChoice: BenchmarkResult]
  }

  /// The shape; its own kernel size plays no part.
  public let shape: BenchmarkCase
  /// From the smallest kernel to the largest.
  public let points: [Point]

  /// The kernel sizes of a sweep.
  public static func kernels(for shape: BenchmarkCase) -> [Int] {
    let sizes = [3, 5, 7, 9, 11, 15, 21, 31, 47, 63, 127, 255]
    return sizes.filter { $0 <= max(3, shape.side) }
  }

  /// A run of a method that would take longer than so many seconds is left out, and all that follow.
  private static let patience = 2.0

  /// Times a shape.
  ///
  /// - Parameter progress: Is told what has been timed.
  /// - Throws: If the shape's sizes do not fit each other, or the memory limit cannot be kept.
  public static func run(
    _ shape: BenchmarkCase, _ settings: BenchmarkSettings, progress: (BenchmarkResult) -> Void
  ) throws(ConvolutionError) -> KernelSweep {
    var points: [Point] = []
    // The last timing of each method, with the taps of its kernel.
    var last: [ConvolutionChoice: (taps: Double, seconds: Double)] = [:]
    for kernel in kernels(for: shape) {
      var benchmark = shape
      benchmark.kernel = kernel
      benchmark.name = "\(shape.name), kernel \(kernel)"
      var results: [ConvolutionChoice: BenchmarkResult] = [:]
      let taps = Double(kernel * kernel)
      for method in ConvolutionChoice.allCases {
        // Only the definition takes time in proportion to the taps.
        if method == .direct, let last = last[method], last.seconds * taps / last.taps > patience { continue }
        var settings = settings
        settings.method = method
        let result = try Benchmark.run(benchmark, settings)
        results[method] = result
        last[method] = (taps, result.medianSeconds)
        progress(result)
      }
      points.append(Point(kernel: kernel, results: results))
    }
    return KernelSweep(shape: shape, points: points)
  }

  /// The kernel sizes at which the order of the two methods changes; the first is the Fourier method.
  public var crossings: [Crossing] {
    let both = points.compactMap { point -> (Double, Double, Double)? in
      guard let fourier = point.results[.fft], let direct = point.results[.direct] else { return nil }
      return (Double(point.kernel), fourier.medianSeconds, direct.medianSeconds)
    }
    return Crossing.between(places: both.map(\.0), first: both.map(\.1), second: both.map(\.2))
  }
}

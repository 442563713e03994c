import AutomaticConvolution
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore

/// A shape whose kernel grows, timed by each method.
package struct MethodCurves: Sendable {
  package let name: String
  package let kernels: [Int]
  /// Seconds; the direct method ends where it becomes too slow.
  package let direct, fourier: [Double]
  /// Where the Fourier method becomes the faster one, in taps along each axis, by interpolation; nil if nowhere.
  package let crossing: Double?

  /// Times both methods.
  ///
  /// - Parameters:
  ///   - shape: Its own kernel size plays no part.
  ///   - kernels: Rows and columns of the kernels, ascending; those larger than the image are left out.
  ///   - budget: Seconds to spend on each kernel and method.
  ///   - patience: The seconds that a call of the direct method may take; what would take longer is left out.
  ///   - next: Hears of each before it is timed, and ends the measurement by an error.
  package init(
    _ shape: BenchmarkCase, kernels: [Int], budget: Double = 0.1, patience: Double = 0.4,
    next: (_ kernel: Int, _ method: String) throws -> Void
  ) throws {
    func seconds(_ method: any ConvolutionMethod<Float>, patience: Double) throws -> [Double] {
      var times: [Double] = []
      for kernel in kernels where kernel <= shape.side {
        try next(kernel, method.name)
        // The definition's time grows with the taps.
        if let last = times.last {
          let before = kernels[times.count - 1]
          guard last * Double(kernel * kernel) / Double(before * before) < patience else { break }
        }
        var sized = shape
        sized.kernel = kernel
        let problem = try sized.problem()
        var random = RandomGenerator(seed: 3)
        let x = Tensor<Float>.normal(problem.inputShape, using: &random)
        let w = Tensor<Float>.normal(problem.filterShape, deviation: 1 / Double(kernel), using: &random)
        times.append(Timings.measure(budget: budget, most: 7) { _ = method.forward(x, w, bias: nil, problem) }.median)
      }
      return times
    }
    direct = try seconds(SpatialConvolution(), patience: patience)
    fourier = try seconds(FourierConvolution(), patience: .infinity)
    (name, self.kernels) = (shape.name, kernels)
    let both = min(direct.count, fourier.count)
    let crossings = Crossing.between(
      places: kernels.prefix(both).map(Double.init), first: Array(fourier.prefix(both)),
      second: Array(direct.prefix(both)))
    crossing = crossings.last { $0.firstIsLowerBeyond }?.place
  }
}

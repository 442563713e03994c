import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// A kernel of a given size made from a desired frequency response, and how well it meets it.
///
/// ```swift
/// let design = KernelDesign(extent: 15, method: .windowed(.hamming)) { fx, fy in hypot(fx, fy) <= 0.2 ? 1 : 0 }
/// print(design.kernel.taps, design.largestDeviation, design.rootMeanSquareDeviation)
/// ```
/// See Lim, "Two-dimensional signal and image processing" (1990), sections 4.3 and 4.4, on both methods.
public struct KernelDesign: Sendable {
  /// The way from a response to taps.
  public enum Method: Hashable, Sendable {
    /// The kernel whose response is the desired one exactly at the frequencies u / kH and v / kW; in between it may swing.
    case frequencySampling
    /// The kernel of all sizes that has the response, cut off at the size and multiplied by a window along each axis.
    case windowed(DesignWindow)

    /// The way that goes by a name: `sampling`, `rectangular`, `hann`, `hamming`, `blackman`, or `kaiser:BETA` with BETA
    /// from 0 to 700; nil for another.
    public init?(named name: String) {
      switch name {
      case "sampling": self = .frequencySampling
      case "rectangular": self = .windowed(.rectangular)
      case "hann": self = .windowed(.hann)
      case "hamming": self = .windowed(.hamming)
      case "blackman": self = .windowed(.blackman)
      default:
        guard name.hasPrefix("kaiser:"), let beta = Double(name.dropFirst(7)), (0...700).contains(beta) else {
          return nil
        }
        self = .windowed(.kaiser(beta: beta))
      }
    }
  }

  /// The kernel.
  public let kernel: Kernel
  /// The largest magnitude of the difference between the kernel's response and the desired one, on a grid of frequencies
  /// at least four times as fine as the kernel's own.
  public let largestDeviation: Double
  /// The frequency of the largest deviation, in cycles per pixel.
  public let frequencyOfLargest: (fx: Double, fy: Double)
  /// The root of the mean square of that difference over all frequencies.
  public let rootMeanSquareDeviation: Double

  /// A kernel from a response of which only the size matters, as for most filters: it is even, and moves nothing.
  ///
  /// - Parameters:
  ///   - extent: The size of the kernel. Both sides are odd, so that it has a middle.
  ///   - response: What waves of (fx, fy) cycles per pixel are to be multiplied by, each from -0.5 to 0.5. The same at
  ///     (-fx, -fy): what is not is replaced by the mean of both.
  /// - Precondition: ``check(extent:within:)`` throws nothing, and responses are finite.
  public init(extent: Extent, method: Method, response: (_ fx: Double, _ fy: Double) -> Double) {
    self.init(extent: extent, method: method, complexResponse: { ComplexNumber(response($0, $1)) })
  }

  /// A kernel from any response.
  ///
  /// - Parameter complexResponse: At (-fx, -fy) the conjugate of that at (fx, fy), since taps are real: what is not is
  ///   replaced by the mean of one and the conjugate of the other.
  /// - Precondition: as for ``init(extent:method:response:)``.
  public init(
    extent: Extent, method: Method, complexResponse: (_ fx: Double, _ fy: Double) -> ComplexNumber<Double>
  ) {
    do { try Self.check(extent: extent, within: .machine) } catch { preconditionFailure("\(error)") }
    func hermitian(_ fx: Double, _ fy: Double) -> ComplexNumber<Double> {
      0.5 * (complexResponse(fx, fy) + complexResponse(-fx, -fy).conjugate)
    }
    let desired = Self.sampled(Self.grid(extent), hermitian)
    switch method {
    case .frequencySampling: kernel = Self.taps(Self.sampled(extent, hermitian), extent)
    case .windowed(let window):
      let (down, across) = (window.weights(extent.height), window.weights(extent.width))
      var taps = Self.taps(desired, extent).taps
      taps.withUnsafeMutableElements { taps in
        for i in taps.indices { taps[i] *= down[i / extent.width] * across[i % extent.width] }
      }
      kernel = Kernel(taps)
    }
    (largestDeviation, frequencyOfLargest, rootMeanSquareDeviation) = Self.deviation(kernel, desired)
  }

  /// Whether a kernel of this size can be designed.
  ///
  /// - Parameter budget: What the design may take; 1 GiB unless told otherwise.
  /// - Throws: ``KernelError`` or `MemoryError` with the remedy.
  public static func check(extent: Extent, within budget: MemoryBudget = MemoryBudget(fixed: 1 << 30)) throws {
    guard extent.height > 0, extent.width > 0, extent.height % 2 == 1, extent.width % 2 == 1 else {
      throw KernelError("a designed kernel has a middle, so its sides are odd, as in 15 x 15: not \(extent)")
    }
    // Two half spectra and two images of doubles, on a grid of some four times the size.
    func points(_ taps: Int) -> Int { taps < 1 << 60 ? 4 * taps + 256 : .max }
    try budget.require(
      MemoryEstimate([points(extent.height), points(extent.width)], scalarBytes: 32),
      for: "designing a kernel of \(extent) taps", remedy: "take a smaller one")
  }

  /// The frequencies on which the desired response is taken: odd numbers of them, so that none is Nyquist's, where the
  /// response of a kernel is real and the desired one may jump.
  private static func grid(_ extent: Extent) -> Extent {
    func points(_ taps: Int) -> Int {
      var count = max(243, 4 * taps + 1)
      while count % 2 == 0 || !FastSize.isSmooth(count) { count += 1 }
      return count
    }
    return Extent(height: points(extent.height), width: points(extent.width))
  }

  /// The frequency of a place in a transform of so many points, in cycles per pixel.
  private static func frequency(_ place: Int, _ count: Int) -> Double {
    Double(2 * place > count ? place - count : place) / Double(count)
  }

  private static func sampled(
    _ grid: Extent, _ response: (Double, Double) -> ComplexNumber<Double>
  ) -> Spectrum<Double> {
    let half = grid.width / 2 + 1
    let values = Tensor<Double>([grid.height, half, 2]) { values in
      for place in 0..<grid.height * half {
        let value = response(frequency(place % half, grid.width), frequency(place / half, grid.height))
        precondition(
          value.real.isFinite && value.imaginary.isFinite, "a desired response is a number everywhere, not \(value)")
        (values[2 * place], values[2 * place + 1]) = (value.real, value.imaginary)
      }
    }
    return Spectrum(height: grid.height, width: grid.width, values: values)
  }

  /// The middle of the image that has this spectrum, around pixel (0, 0).
  private static func taps(_ spectrum: Spectrum<Double>, _ extent: Extent) -> Kernel {
    let (rows, columns) = (spectrum.height, spectrum.width)
    let image = RealTransform2D<Double>(height: rows, width: columns).inverse(spectrum)
    return image.withUnsafeElements { image in
      Kernel(
        Tensor([extent.height, extent.width]) { taps in
          for i in taps.indices {
            let row = (i / extent.width - extent.height / 2 + rows) % rows
            let column = (i % extent.width - extent.width / 2 + columns) % columns
            taps[i] = image[row * columns + column]
          }
        })
    }
  }

  private static func deviation(
    _ kernel: Kernel, _ desired: Spectrum<Double>
  ) -> (largest: Double, at: (fx: Double, fy: Double), rms: Double) {
    let reached = kernel.response(height: desired.height, width: desired.width)
    let half = desired.width / 2 + 1
    var (largest, place, energy) = (-1.0, 0, 0.0)
    reached.values.withUnsafeElements { a in
      desired.values.withUnsafeElements { b in
        for i in 0..<desired.height * half {
          let (x, y) = (a[2 * i] - b[2 * i], a[2 * i + 1] - b[2 * i + 1])
          let square = x * x + y * y
          // The columns after the first stand for their mirror images too.
          energy += i % half == 0 ? square : 2 * square
          if square > largest { (largest, place) = (square, i) }
        }
      }
    }
    let at = (frequency(place % half, desired.width), frequency(place / half, desired.height))
    return (largest.squareRoot(), at, (energy / Double(desired.height * desired.width)).squareRoot())
  }
}

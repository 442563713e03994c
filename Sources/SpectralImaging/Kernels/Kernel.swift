import SpectralConvolution
import SpectralCore

/// A small picture of weights, and what a convolution makes of a single bright pixel: its impulse response.
///
/// Convolution, `y[i] = Σ k[t] x[i - (t - c)]` with the centre c, does to an image what the kernel's name says. A
/// correlation with the same taps does so with the kernel turned by 180 degrees, which is another thing only where the
/// kernel is not symmetric: the slopes of Sobel change their sign.
///
/// ```swift
/// let kernel = Kernel(.motion(length: 21, angle: 30))
/// let response = kernel.response(fx: 0.02, fy: 0)          // at 0.02 cycles per pixel
/// ```
public struct Kernel: Sendable, Equatable {
  /// The weights, `[kH, kW]`, rows from top to bottom.
  public let taps: Tensor<Double>

  /// A kernel of these weights.
  ///
  /// - Precondition: `taps` has shape `[kH, kW]`, neither zero.
  public init(_ taps: Tensor<Double>) {
    precondition(
      taps.shape.rank == 2 && taps.count > 0, "a kernel has the shape kH x kW, and is not empty: not \(taps.shape)")
    self.taps = taps
  }

  /// A kernel of these rows of weights.
  ///
  /// - Precondition: there is at least one weight, and rows are equally long.
  public init(rows: [[Double]]) {
    precondition(
      rows.allSatisfy { $0.count == rows[0].count }, "the rows of a kernel are equally long, not \(rows.map(\.count))")
    self.init(Tensor([rows.count, rows.first?.count ?? 0], rows.flatMap { $0 }))
  }

  /// A kernel of the library.
  ///
  /// - Precondition: ``KernelShape/check()`` throws nothing.
  public init(_ shape: KernelShape) {
    do { try shape.check() } catch { preconditionFailure("\(error)") }
    self = shape.kernel
  }

  /// The rows of taps.
  public var height: Int { taps.shape[0] }
  /// The columns of taps.
  public var width: Int { taps.shape[1] }
  /// Rows and columns.
  public var extent: Extent { Extent(height: height, width: width) }

  /// The tap that lies on the pixel whose value is computed: kH / 2 and kW / 2, rounded down.
  ///
  /// That is where ``Padding/same`` has it in a true convolution. For an odd size it is the middle; for an even one it is
  /// half a pixel behind the middle.
  public var center: (row: Int, column: Int) { (height / 2, width / 2) }

  /// The sum of the taps, by which a constant image is multiplied: the response at frequency 0.
  public var sum: Double { taps.sum }
  /// The sum of the taps' magnitudes: no response is larger, and no result larger than this times the largest pixel.
  public var magnitudeSum: Double { taps.withUnsafeElements { $0.reduce(0) { $0 + abs($1) } } }

  /// Whether the taps all but cancel: what slopes and waves leave of a picture is around zero.
  public var leavesDifferences: Bool { abs(sum) < 0.01 * magnitudeSum }

  /// What an image's mean is multiplied by: the sum of the taps, or 0 for kernels that leave differences.
  public var meanGain: Double { leavesDifferences ? 0 : sum }

  /// What the kernel makes of a ramp that rises by 1 per pixel to the right, or downwards, where the ramp is 0.
  ///
  /// The gain of a kernel of slopes, e.g. 8 along x for Sobel; 0 for every kernel that is even about its centre.
  public var slopeGain: (x: Double, y: Double) {
    let center = center
    var gain = (x: 0.0, y: 0.0)
    taps.withUnsafeElements { taps in
      for (place, tap) in taps.enumerated() {
        gain.x -= tap * Double(place % width - center.column)
        gain.y -= tap * Double(place / width - center.row)
      }
    }
    return gain
  }
}

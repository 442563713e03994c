import SpectralConvolution
import SpectralCore

/// What a blur makes of a single point of light: a point-spread function (PSF).
///
/// A blurred image is the true convolution of the scene with it, b = h * s. A blur passes light on and makes none, so the
/// kernel is scaled to sum 1. Its centre is the tap `[kH / 2, kW / 2]`, rounded down, as in ``ConvolutionGeometry`` with
/// padding `same` and operation `convolution`.
public struct PointSpread<Scalar: TensorScalar>: Sendable {
  /// The taps, `[kH, kW]`; they sum to 1.
  public let kernel: Tensor<Scalar>

  /// The blur with a kernel, which is scaled to sum 1.
  ///
  /// - Parameter kernel: `[kH, kW]`.
  /// - Throws: If the kernel is empty, is not finite, or sums to zero.
  public init(_ kernel: Tensor<Scalar>) throws(RestorationError) {
    guard kernel.shape.rank == 2, kernel.count > 0 else {
      throw RestorationError("a PSF of shape \(kernel.shape) is none: it must be kH x kW, and not empty")
    }
    guard kernel.isFinite else {
      throw RestorationError("the PSF holds NaN or infinity: mend it first")
    }
    let sum = kernel.sum
    // What is left of terms that cancel may be rounding only.
    let magnitude = kernel.elements.reduce(0) { $0 + abs(Double($1)) }
    guard abs(sum) > Double(kernel.count) * Scalar.unitRoundoff * magnitude else {
      throw RestorationError(
        "the PSF sums to zero, so it passes no light on: take one that blurs, such as the image of a single bright point"
      )
    }
    self.kernel = kernel.map { Scalar(Double($0) / sum) }
  }

  /// Its size in pixels.
  public var extent: Extent { Extent(height: kernel.shape[0], width: kernel.shape[1]) }

  /// Whether no tap is negative.
  public var isNonNegative: Bool { kernel.elements.allSatisfy { $0 >= 0 } }
}

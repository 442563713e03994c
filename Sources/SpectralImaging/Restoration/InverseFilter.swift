import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// Divides by the blur's frequency response H: what restores a noiseless image, and drowns any other in its noise.
///
/// Where a blur leaves nothing of a frequency, there is nothing to divide by. So the magnitude of H is taken to be at
/// least ``floor``: the gain is
///
///     G = conj H / (|H| max(|H|, floor))
///
/// which is 1 / H where |H| >= floor, and never more than 1 / floor. Where H is exactly zero, so is G.
///
/// The image is extended by the boundary and tapered: towards the end of the extension it turns into its own blur, so
/// that nothing jumps where the transform wraps around.
public struct InverseFilter<Scalar: FourierScalar>: Deconvolution {
  public let pointSpread: PointSpread<Scalar>
  /// The least magnitude of H that is divided by, from just above 0 to 1.
  public let floor: Double
  public let boundary: Boundary
  public let memoryLimit: Int?

  /// The inverse filter of a blur.
  ///
  /// - Parameter floor: Above 0, at most 1; gains are at most 1 / `floor`.
  /// - Throws: ``RestorationError`` for another floor.
  public init(
    _ pointSpread: PointSpread<Scalar>, floor: Double = 0.05, boundary: Boundary = .reflect, memoryLimit: Int? = nil
  ) throws(RestorationError) {
    guard floor > 0, floor <= 1 else {
      throw RestorationError("the floor of an inverse filter must be above 0 and at most 1, not \(floor): e.g. 0.05")
    }
    (self.pointSpread, self.floor, self.boundary, self.memoryLimit) = (pointSpread, floor, boundary, memoryLimit)
  }

  /// Frames: the image, its spectrum and a copy, the blurred one of the taper, H and G.
  public func estimatedBytes(image: Extent) -> Int { bytes(frame(image), planes: 6) }

  public func callAsFunction(_ images: Tensor<Scalar>, onProgress: (RestorationProgress) throws -> Void) throws
    -> Tensor<Scalar>
  {
    var gain: Spectrum<Scalar>?
    return try forEachPlane(images, onProgress: onProgress) { blur, plane, target, index, count in
      let filter = gain ?? inverted(blur.response)
      gain = filter
      let mean = meanOf(plane, blur.frame)
      var x = blur.frame.extended(plane, minus: mean)
      blur.taper(&x)
      blur.frame.crop(blur.filtered(x, by: filter), plus: mean, to: target)
      try onProgress(RestorationProgress(plane: index, planes: count, step: 1, steps: 1, residual: nil))
    }
  }

  private func inverted(_ response: Spectrum<Scalar>) -> Spectrum<Scalar> {
    var gain = response
    gain.values.withUnsafeMutableElements { invert($0, floor: Scalar(floor)) }
    return gain
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func invert<Scalar: TensorScalar>(_ h: UnsafeMutableBufferPointer<Scalar>, floor: Scalar) {
  for i in stride(from: 0, to: h.count, by: 2) {
    let magnitude = (h[i] * h[i] + h[i + 1] * h[i + 1]).squareRoot()
    let divisor = magnitude * max(magnitude, floor)
    let factor = divisor > 0 ? 1 / divisor : 0
    h[i] *= factor
    h[i + 1] *= -factor
  }
}

/// The mean of an image's plane. Without it there is less for rounding errors to be relative to.
func meanOf<Scalar: TensorScalar>(_ plane: UnsafePointer<Scalar>, _ frame: PaddedFrame) -> Scalar {
  let width = frame.image.width
  nonisolated(unsafe) let plane = plane
  let sum = sumOverRows(frame.image.height, grain: frame.grain) { rowSum(plane + $0 * width, width) }
  return Scalar(sum / Double(frame.image.height * width))
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func rowSum<Scalar: TensorScalar>(_ row: UnsafePointer<Scalar>, _ count: Int) -> Double {
  var sum = 0.0
  for i in 0..<count { sum += Double(row[i]) }
  return sum
}

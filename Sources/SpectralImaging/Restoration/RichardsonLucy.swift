import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// The most likely scene for counts of light, found by multiplying: no pixel ever gets below zero.
///
/// W. H. Richardson, "Bayesian-based iterative method of image restoration", Journal of the Optical Society of America 62,
/// 1972; L. B. Lucy, "An iterative technique for the rectification of observed distributions", Astronomical Journal 79, 1974.
/// From an even grey, each iteration blurs the estimate x, compares it with the image y, and lets the blur's adjoint hand
/// the ratio back:
///
///     x ← x / (hᵀ m) · hᵀ (m y / (h x))
///
/// Early iterations bring out what is large, late ones what is fine, and the noise: 10 to 50 are usual.
///
/// *The border.* m is 1 where the image has pixels and 0 beyond, so the scene there is estimated along, as far as its
/// light reaches the picture, and nothing is assumed about what the camera did not see (M. Bertero and P. Boccacci, "A
/// simple method for the reduction of boundary effects in the Richardson-Lucy approach to image deconvolution", Astronomy
/// & Astrophysics 437, 2005). With the boundary `zero` it is known to be dark, and stays so; `circular` wraps around;
/// `reflect`, `mirror` and `replicate` are all the same here, since nothing is extended.
///
/// *Damping.* With a damping of d, what differs from the image by less than d counts as noise and is changed less, by
/// ratio 1 + U⁹ (10 - 9 U) (y - h x) / (h x) with U = min(1, (y - h x)² / d²) in place of y / (h x). (R. L. White, "Image
/// restoration using the damped Richardson-Lucy method", Proceedings of SPIE 2198, 1994; his U is for counts, this one
/// for noise of the same deviation everywhere.)
public struct RichardsonLucy<Scalar: FourierScalar>: Deconvolution {
  public let pointSpread: PointSpread<Scalar>
  /// How often the estimate is improved.
  public let iterations: Int
  /// The deviation of the noise in the units of pixels; nil for no damping.
  public let damping: Double?
  public let boundary: Boundary
  public let memoryLimit: Int?

  /// The method for a blur.
  ///
  /// - Throws: ``RestorationError`` if there are no iterations, the damping is not above 0, or the PSF has negative taps.
  public init(
    _ pointSpread: PointSpread<Scalar>, iterations: Int = 30, damping: Double? = nil, boundary: Boundary = .reflect,
    memoryLimit: Int? = nil
  ) throws(RestorationError) {
    guard iterations >= 1 else {
      throw RestorationError("Richardson-Lucy takes at least 1 iteration, not \(iterations): e.g. 30")
    }
    if let damping, !(damping > 0 && damping.isFinite) {
      throw RestorationError("the damping must be above 0, not \(damping): e.g. the noise's deviation, 0.01")
    }
    guard pointSpread.isNonNegative else {
      throw RestorationError(
        "Richardson-Lucy is for light, and the PSF has negative taps: take one without, or the Wiener filter")
    }
    (self.pointSpread, self.iterations, self.damping) = (pointSpread, iterations, damping)
    (self.boundary, self.memoryLimit) = (boundary, memoryLimit)
  }

  /// Frames: the estimate, the blurred one, the weights, what comes back, a spectrum and its copy, H, and the image.
  public func estimatedBytes(image: Extent) -> Int { bytes(frame(image), planes: 8) }

  /// Undoes the blur. Negative pixels count as zero.
  public func callAsFunction(_ images: Tensor<Scalar>, onProgress: (RestorationProgress) throws -> Void) throws
    -> Tensor<Scalar>
  {
    try forEachPlane(images, onProgress: onProgress) { blur, plane, target, index, count in
      let frame = blur.frame
      // The mean of the image's light; where there is none at all, none is found.
      let level = max(meanOf(plane, frame), 0)
      var estimate = start(frame, level)
      let weights = weights(blur)
      // Below this a blurred estimate is rounding only.
      let least = max(level * Scalar(8 * Scalar.unitRoundoff), .leastNormalMagnitude)
      for iteration in 1...iterations {
        var ratio = blur(estimate)
        let residual = compare(
          &ratio, with: plane, frame, least: least, damping: damping.map { Scalar($0) })
        update(&estimate, by: blur.adjoint(ratio), weights, frame)
        try onProgress(
          RestorationProgress(plane: index, planes: count, step: iteration, steps: iterations, residual: residual))
      }
      frame.crop(estimate, plus: 0, to: target)
    }
  }

  /// The same grey wherever light may come from.
  private func start(_ frame: PaddedFrame, _ level: Scalar) -> Tensor<Scalar> {
    guard boundary == .zero else { return Tensor([frame.size.height, frame.size.width], repeating: level) }
    return inside(frame, level)
  }

  /// hᵀ m: how much of the light of each point of the scene the image has caught.
  private func weights(_ blur: BlurOperator<Scalar>) -> Tensor<Scalar> { blur.adjoint(inside(blur.frame, 1)) }

  /// A value where the image is, and 0 around it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func inside(_ frame: PaddedFrame, _ value: Scalar) -> Tensor<Scalar> {
    var result = Tensor<Scalar>.zeros([frame.size.height, frame.size.width])
    result.withUnsafeMutableElements { result in
      for row in frame.rows { for column in frame.columns { result[row * frame.size.width + column] = value } }
    }
    return result
  }
}

/// Turns a blurred estimate e into the ratio y / e, with 0 where there is no image.
///
/// - Returns: The root mean square of y - e.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func compare<Scalar: TensorScalar>(
  _ estimate: inout Tensor<Scalar>, with plane: UnsafePointer<Scalar>, _ frame: PaddedFrame, least: Scalar,
  damping: Scalar?
) -> Double {
  let (width, image) = (frame.size.width, frame.image)
  nonisolated(unsafe) let plane = plane
  let sum = estimate.withUnsafeMutableElements { e in
    nonisolated(unsafe) let e = e.baseAddress!
    return sumOverRows(frame.size.height, grain: frame.grain) { row in
      let e = e + row * width
      guard frame.rows.contains(row) else {
        for i in 0..<width { e[i] = 0 }
        return 0
      }
      for i in 0..<frame.columns.lowerBound { e[i] = 0 }
      for i in frame.columns.upperBound..<width { e[i] = 0 }
      let (y, inside) = (plane + (row - frame.origin.height) * image.width, e + frame.origin.width)
      var squares = 0.0
      for i in 0..<image.width {
        let blurred = max(inside[i], least)
        let difference = max(y[i], 0) - blurred
        squares += Double(difference) * Double(difference)
        inside[i] = 1 + dampingFactor(difference, damping) * difference / blurred
      }
      return squares
    }
  }
  return (sum / Double(image.height * image.width)).squareRoot()
}

/// How much of a difference counts: U⁹ (10 - 9 U).
@inline(__always)
private func dampingFactor<Scalar: TensorScalar>(_ difference: Scalar, _ damping: Scalar?) -> Scalar {
  guard let damping else { return 1 }
  let u = min(1, difference * difference / (damping * damping))
  let u3 = u * u * u
  return u3 * u3 * u3 * (10 - 9 * u)
}

/// Multiplies the estimate by what came back, over the weights.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func update<Scalar: TensorScalar>(
  _ estimate: inout Tensor<Scalar>, by correction: Tensor<Scalar>, _ weights: Tensor<Scalar>, _ frame: PaddedFrame
) {
  let width = frame.size.width
  // Of a point whose light has hardly reached the image nothing is known; it stays as it is.
  let least: Scalar = 0.01
  estimate.withUnsafeMutableElements { x in
    nonisolated(unsafe) let x = x.baseAddress!
    correction.withUnsafeElements { c in
      nonisolated(unsafe) let c = c.baseAddress!
      weights.withUnsafeElements { w in
        nonisolated(unsafe) let w = w.baseAddress!
        Parallel.forEach(frame.size.height, grain: frame.grain) { row in
          for i in row * width..<(row + 1) * width where w[i] > least {
            // A transform's rounding may take a zero below zero.
            x[i] *= max(c[i], 0) / w[i]
          }
        }
      }
    }
  }
}

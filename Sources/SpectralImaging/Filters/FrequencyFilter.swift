import Foundation
import SpectralCore

/// A filter by frequencies: a real response H(fx, fy), by which each wave of an image is multiplied.
///
/// ```swift
/// let soft = FrequencyFilter.lowPass(.gaussian, cutoff: 0.08)
/// let edges = 1 - soft
/// let clean = edges * .notch(.gaussian, x: 0.25, y: 0, radius: 0.02)
/// let filtered = try clean.apply(to: planes)        // [..., H, W]
/// ```
/// Frequencies are in cycles per pixel, fx to the right and fy down the rows; Nyquist is 0.5 along each axis. A filter is
/// a value that knows nothing of sizes. Filters compose: `*` one after the other, `+` side by side, `1 - filter` what it
/// leaves out.
public struct FrequencyFilter: Sendable {
  let expression: FilterExpression

  init(_ expression: FilterExpression) { self.expression = expression }

  /// A filter with any response, given in cycles per pixel.
  ///
  /// The output is real whatever it is: the response is averaged over (fx, fy) and (-fx, -fy), which is all of it that a
  /// real image can show.
  public init(response: @escaping @Sendable (_ fx: Double, _ fy: Double) -> Double) { self.init(.function(response)) }

  /// The response at a frequency in cycles per pixel.
  public func callAsFunction(_ fx: Double, _ fy: Double) -> Double { expression.value(fx, fy) }

  /// What an image's mean is multiplied by: the response at frequency 0, and exactly 0 where that is rounding only.
  public var meanGain: Double {
    let gain = self(0, 0)
    return abs(gain) < 1e-12 ? 0 : gain
  }

  // MARK: The family

  /// Leaves every wave as it is.
  public static let identity = FrequencyFilter(.constant(1))

  /// Passes what is slower than a cut-off.
  ///
  /// - Precondition: the cut-off is above 0 and at most Nyquist.
  public static func lowPass(_ shape: FilterShape, cutoff: Frequency) -> FrequencyFilter {
    FrequencyFilter(.lowPass(CentredLowPass(shape, cutoff: cutoff)))
  }

  /// Passes what is faster than a cut-off: 1 - low-pass.
  ///
  /// - Precondition: the cut-off is above 0 and at most Nyquist.
  public static func highPass(_ shape: FilterShape, cutoff: Frequency) -> FrequencyFilter {
    1 - lowPass(shape, cutoff: cutoff)
  }

  /// Passes what is between two cut-offs: high-pass of the first times low-pass of the second.
  ///
  /// - Precondition: the cut-offs are above 0, at most Nyquist, and in this order.
  public static func bandPass(_ shape: FilterShape, from low: Frequency, to high: Frequency) -> FrequencyFilter {
    precondition(low < high, "a band from \(low) to \(high) is empty")
    return highPass(shape, cutoff: low) * lowPass(shape, cutoff: high)
  }

  /// Removes what is between two cut-offs: 1 - band-pass.
  ///
  /// - Precondition: the cut-offs are above 0, at most Nyquist, and in this order.
  public static func bandStop(_ shape: FilterShape, from low: Frequency, to high: Frequency) -> FrequencyFilter {
    1 - bandPass(shape, from: low, to: high)
  }

  /// Removes one wave and its neighbours: the product of the high-passes centred on (x, y) and on (-x, -y).
  ///
  /// - Parameters:
  ///   - x: Along the rows; negative for a wave that falls the other way.
  ///   - y: Down the columns.
  ///   - radius: The cut-off of the high-passes.
  /// - Precondition: no frequency is beyond Nyquist, and the radius is above 0.
  public static func notch(_ shape: FilterShape, x: Frequency, y: Frequency, radius: Frequency) -> FrequencyFilter {
    FrequencyFilter(.notch(CentredLowPass(shape, cutoff: radius, x: x.cyclesPerPixel, y: y.cyclesPerPixel)))
  }

  /// Passes waves that run in some directions, a fan: the shape with the angle from an axis in place of the distance, and
  /// half the fan's width in place of the cut-off. The mean brightness, which has no direction, passes.
  ///
  /// - Parameters:
  ///   - angle: The direction in which brightness varies, in degrees, counter-clockwise from the rows as one sees the
  ///     picture: 0 for upright stripes, 90 for level ones.
  ///   - halfWidth: In degrees, up to 90.
  public static func directional(_ shape: FilterShape, angle: Double, halfWidth: Double) -> FrequencyFilter {
    precondition(angle.isFinite, "\(angle) degrees is no direction")
    precondition(halfWidth > 0 && halfWidth <= 90, "half a fan has up to 90 degrees, not \(halfWidth)")
    return FrequencyFilter(.directional(DirectionalPass(shape, angle: angle, halfWidth: halfWidth)))
  }

  /// Removes waves that run in some directions, as uneven rows and the stripes of a scanner do: 1 - directional times
  /// high-pass. Slow waves pass, since a picture has most of its own brightness there.
  ///
  /// - Parameters:
  ///   - angle: As in ``directional(_:angle:halfWidth:)``: 90 for level stripes, 0 for upright ones.
  ///   - halfWidth: In degrees, up to 90; below 1 for stripes that run straight through the picture.
  ///   - cutoff: What is slower passes.
  /// - Precondition: the cut-off is above 0 and at most Nyquist.
  public static func removingDirection(
    _ shape: FilterShape, angle: Double, halfWidth: Double, cutoff: Frequency
  ) -> FrequencyFilter {
    1 - directional(shape, angle: angle, halfWidth: halfWidth) * highPass(shape, cutoff: cutoff)
  }

  /// The Laplacian ∂²/∂x² + ∂²/∂y², exactly: -4π² D². Signed; in values per square pixel.
  public static let laplacian = FrequencyFilter(.laplacian)

  /// Sharpens by adding so many times what a low-pass takes away: 1 + amount (1 - low-pass).
  public static func unsharp(_ shape: FilterShape, cutoff: Frequency, amount: Double) -> FrequencyFilter {
    1 + amount * highPass(shape, cutoff: cutoff)
  }

  /// So many times the image less its low-pass: boost - low-pass, that is (boost - 1) + high-pass.
  ///
  /// Source: Gonzalez and Woods, "Digital Image Processing", 2nd edition, section 4.4.3.
  public static func highBoost(_ shape: FilterShape, cutoff: Frequency, boost: Double) -> FrequencyFilter {
    (boost - 1) + highPass(shape, cutoff: cutoff)
  }

  /// One gain for slow waves and another for fast ones: low + (high - low) (1 - low-pass).
  public static func emphasis(
    _ shape: FilterShape, cutoff: Frequency, low: Double, high: Double
  ) -> FrequencyFilter {
    low + (high - low) * highPass(shape, cutoff: cutoff)
  }

  /// A response drawn as a picture, as spectra are shown: frequency 0 in the middle, at row h/2 and column w/2, the whole
  /// picture one cycle per pixel wide and high. Between its pixels the response is interpolated linearly.
  ///
  /// The output is real whatever is drawn: see ``init(response:)``, and ``FilterMask/asymmetry`` for how much that changes.
  public static func mask(_ mask: FilterMask) -> FrequencyFilter { FrequencyFilter(.mask(mask)) }
}

// MARK: Composition

extension FrequencyFilter {
  /// One after the other: the product of the responses.
  public static func * (a: Self, b: Self) -> Self { Self(.product(a.expression, b.expression)) }
  /// Side by side: the sum of the responses.
  public static func + (a: Self, b: Self) -> Self { Self(.sum(a.expression, b.expression)) }
  /// The difference of the responses.
  public static func - (a: Self, b: Self) -> Self { a + -1 * b }
  /// So many times the filter.
  public static func * (a: Double, b: Self) -> Self { Self(b.expression.affine(factor: a, plus: 0)) }
  /// So many times the image, and the filter.
  public static func + (a: Double, b: Self) -> Self { Self(b.expression.affine(factor: 1, plus: a)) }
  /// So many times the image, less the filter; `1 - filter` is what a filter leaves out.
  public static func - (a: Double, b: Self) -> Self { Self(b.expression.affine(factor: -1, plus: a)) }
}

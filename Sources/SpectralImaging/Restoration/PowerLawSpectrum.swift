import Foundation

/// How the power of a picture falls with frequency, and how that depends on the direction:
///
///     S(f, θ) = amplitude f^-exponent exp(d₁ cos 2θ + d₂ sin 2θ + d₃ cos 4θ + d₄ sin 4θ)
///
/// Pictures of the world have such spectra, with exponents around 2 (D. J. Field, "Relations between the statistics of
/// natural images and the response properties of cortical cells", Journal of the Optical Society of America A 4, 1987);
/// walls, text and horizons give them directions (A. Torralba and A. Oliva, "Statistics of natural image categories",
/// Network: Computation in Neural Systems 14, 2003). S is a density: for white noise of variance σ² it is σ² at every
/// frequency. f is in cycles per pixel, θ the angle from the rows.
public struct PowerLawSpectrum: Hashable, Sendable {
  /// S at 1 cycle per pixel, averaged over the directions by logarithm, in squared units of pixels.
  public var amplitude: Double
  /// How fast it falls.
  public var exponent: Double
  /// d₁ to d₄.
  public var directions: SIMD4<Double>

  /// A spectrum.
  public init(amplitude: Double, exponent: Double, directions: SIMD4<Double> = .zero) {
    (self.amplitude, self.exponent, self.directions) = (amplitude, exponent, directions)
  }

  /// The density at a frequency in cycles per pixel, infinite at zero.
  public func power(fx: Double, fy: Double) -> Double {
    let square = fx * fx + fy * fy
    guard square > 0 else { return .infinity }
    let angular = Self.harmonics(fx, fy, square) * directions
    return amplitude * exp(angular.sum() - 0.5 * exponent * log(square))
  }

  /// cos 2θ, sin 2θ, cos 4θ and sin 4θ of a frequency other than zero.
  @inline(__always)
  static func harmonics(_ fx: Double, _ fy: Double, _ square: Double) -> SIMD4<Double> {
    let (c, s) = ((fx * fx - fy * fy) / square, 2 * fx * fy / square)
    return SIMD4(c, s, 2 * c * c - 1, 2 * s * c)
  }
}

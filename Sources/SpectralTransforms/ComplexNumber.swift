import SpectralCore

/// A complex number, laid out as FFTW does: real part, imaginary part.
public struct ComplexNumber<Scalar: TensorScalar>: Hashable, Sendable, BitwiseCopyable {
  /// The real part.
  public var real: Scalar
  /// The imaginary part.
  public var imaginary: Scalar

  /// `real + i imaginary`.
  @inlinable
  public init(_ real: Scalar, _ imaginary: Scalar = 0) {
    self.real = real
    self.imaginary = imaginary
  }

  /// The mirror image across the real axis.
  @inlinable public var conjugate: ComplexNumber { ComplexNumber(real, -imaginary) }
  /// The square of the distance from 0.
  @inlinable public var squaredMagnitude: Scalar { real * real + imaginary * imaginary }
  /// The distance from 0.
  @inlinable public var magnitude: Scalar { squaredMagnitude.squareRoot() }

  /// The sum.
  @inlinable public static func + (a: Self, b: Self) -> Self { Self(a.real + b.real, a.imaginary + b.imaginary) }
  /// The difference.
  @inlinable public static func - (a: Self, b: Self) -> Self { Self(a.real - b.real, a.imaginary - b.imaginary) }
  /// The product.
  @inlinable public static func * (a: Self, b: Self) -> Self {
    Self(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }
  /// A multiple.
  @inlinable public static func * (a: Scalar, b: Self) -> Self { Self(a * b.real, a * b.imaginary) }
}

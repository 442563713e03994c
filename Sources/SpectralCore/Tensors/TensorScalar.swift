import CKernels

/// The numbers a tensor may hold: `Float`, for speed, and `Double`, for gradient checks and scientific images.
public protocol TensorScalar: BinaryFloatingPoint, LosslessStringConvertible, BitwiseCopyable, Sendable {
  /// The unit round-off u: 2^-24 for `Float`, 2^-53 for `Double`. Every error bound is a multiple of it.
  static var unitRoundoff: Double { get }
  /// The loops in C for numbers of this type, as this processor runs them fastest: `kernels.h` says what each does.
  ///
  /// One table serves both types, so its functions take the addresses of numbers as raw pointers: that they point to
  /// numbers of this type is the caller's promise. Single numbers go in and out as `Double`, which loses nothing.
  static var kernels: UnsafePointer<sk_kernels> { get }
}

extension TensorScalar {
  /// The numbers of a vector on this processor.
  @inlinable @inline(__always)
  package static var vectorWidth: Int { kernels.pointee.vector_width }
  /// The vectors of a row, or of taps, that the loops over windows sum together.
  @inlinable @inline(__always)
  package static var windowVectors: Int { kernels.pointee.window_vectors }
}

extension Float: TensorScalar {
  public static var unitRoundoff: Double { 0x1p-24 }
  @inlinable @inline(__always)
  public static var kernels: UnsafePointer<sk_kernels> { sk_kernels_f32() }
}

extension Double: TensorScalar {
  public static var unitRoundoff: Double { 0x1p-53 }
  @inlinable @inline(__always)
  public static var kernels: UnsafePointer<sk_kernels> { sk_kernels_f64() }
}

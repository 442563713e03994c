/// The numbers a tensor may hold: `Float`, for speed, and `Double`, for gradient checks and scientific images.
public protocol TensorScalar: BinaryFloatingPoint, LosslessStringConvertible, BitwiseCopyable, Sendable {
  /// The unit round-off u: 2^-24 for `Float`, 2^-53 for `Double`. Every error bound is a multiple of it.
  static var unitRoundoff: Double { get }
}

extension Float: TensorScalar {
  public static var unitRoundoff: Double { 0x1p-24 }
}

extension Double: TensorScalar {
  public static var unitRoundoff: Double { 0x1p-53 }
}

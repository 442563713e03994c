import CBLAS

/// The numbers a tensor may hold: `Float`, for speed, and `Double`, for gradient checks and scientific images.
///
/// The static functions are hooks to the C routine of each type, so that generic code reaches the fast routine
/// without a cast and without depending on the optimiser to specialise it.
public protocol TensorScalar: BinaryFloatingPoint, LosslessStringConvertible, BitwiseCopyable, Sendable {
  /// The unit round-off u: 2^-24 for `Float`, 2^-53 for `Double`. Every error bound is a multiple of it.
  static var unitRoundoff: Double { get }

  /// `c = alpha * op(a) * op(b) + beta * c`, row-major, single-threaded. See `matrixProduct`.
  static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Self,
    _ a: UnsafePointer<Self>, _ lda: Int, _ b: UnsafePointer<Self>, _ ldb: Int,
    _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int)
}

extension Float: TensorScalar {
  public static var unitRoundoff: Double { 0x1p-24 }

  public static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
    _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    BLAS.prepare()
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      numericCast(m), numericCast(n), numericCast(k), alpha, a, numericCast(lda), b, numericCast(ldb),
      beta, c, numericCast(ldc))
  }
}

extension Double: TensorScalar {
  public static var unitRoundoff: Double { 0x1p-53 }

  public static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Double,
    _ a: UnsafePointer<Double>, _ lda: Int, _ b: UnsafePointer<Double>, _ ldb: Int,
    _ beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int
  ) {
    BLAS.prepare()
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      numericCast(m), numericCast(n), numericCast(k), alpha, a, numericCast(lda), b, numericCast(ldb),
      beta, c, numericCast(ldc))
  }
}

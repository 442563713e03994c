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

  /// The same on complex matrices, stored as interleaved pairs (real, imaginary); sizes and strides count complex
  /// numbers, and alpha is 1.
  static func complexGEMM(
    _ a: UnsafePointer<Self>, _ opA: ComplexOperation, _ lda: Int,
    _ b: UnsafePointer<Self>, _ opB: ComplexOperation, _ ldb: Int,
    _ c: UnsafeMutablePointer<Self>, _ ldc: Int, _ m: Int, _ n: Int, _ k: Int, accumulate: Bool)
}

/// What BLAS does to a complex operand before it multiplies.
public enum ComplexOperation: Sendable {
  /// The matrix as it is.
  case identity
  /// Its transpose.
  case transpose
  /// Its conjugate transpose.
  case adjoint

  var cblas: CBLAS_TRANSPOSE {
    switch self {
    case .identity: CblasNoTrans
    case .transpose: CblasTrans
    case .adjoint: CblasConjTrans
    }
  }
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

  public static func complexGEMM(
    _ a: UnsafePointer<Float>, _ opA: ComplexOperation, _ lda: Int,
    _ b: UnsafePointer<Float>, _ opB: ComplexOperation, _ ldb: Int,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ m: Int, _ n: Int, _ k: Int, accumulate: Bool
  ) {
    BLAS.prepare()
    let one: SIMD2<Float> = [1, 0]
    let beta: SIMD2<Float> = accumulate ? [1, 0] : [0, 0]
    withUnsafePointer(to: one) { one in
      withUnsafePointer(to: beta) { beta in
        cblas_cgemm(
          CblasRowMajor, opA.cblas, opB.cblas, numericCast(m), numericCast(n), numericCast(k),
          BLAS.complex(one), BLAS.complex(a), numericCast(lda), BLAS.complex(b), numericCast(ldb),
          BLAS.complex(beta), BLAS.complex(c), numericCast(ldc))
      }
    }
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

  public static func complexGEMM(
    _ a: UnsafePointer<Double>, _ opA: ComplexOperation, _ lda: Int,
    _ b: UnsafePointer<Double>, _ opB: ComplexOperation, _ ldb: Int,
    _ c: UnsafeMutablePointer<Double>, _ ldc: Int, _ m: Int, _ n: Int, _ k: Int, accumulate: Bool
  ) {
    BLAS.prepare()
    let one: SIMD2<Double> = [1, 0]
    let beta: SIMD2<Double> = accumulate ? [1, 0] : [0, 0]
    withUnsafePointer(to: one) { one in
      withUnsafePointer(to: beta) { beta in
        cblas_zgemm(
          CblasRowMajor, opA.cblas, opB.cblas, numericCast(m), numericCast(n), numericCast(k),
          BLAS.complex(one), BLAS.complex(a), numericCast(lda), BLAS.complex(b), numericCast(ldb),
          BLAS.complex(beta), BLAS.complex(c), numericCast(ldc))
      }
    }
  }
}

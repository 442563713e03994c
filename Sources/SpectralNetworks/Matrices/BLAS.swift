import CBLAS
import CKernels
import Foundation
import SpectralCore

/// Where OpenBLAS and Accelerate differ.
enum BLAS {
  #if canImport(Darwin)
    /// Accelerate looks after itself; nothing to say.
    static func prepare() {}

  #else
    private static let prepared: Void = {
      useKernelsOfThisProcessor()
      // Our loops are parallel around BLAS calls, so BLAS itself must not start threads.
      openblas_set_num_threads(1)
    }()

    /// Sets OpenBLAS up; the first call does, the others cost a load.
    @inline(__always) static func prepare() { _ = prepared }

    /// OpenBLAS knows processors by their model numbers, and takes one that is newer than itself for a Pentium 4: five
    /// times slower. Where that happened, this asks it again with the name of a processor that has the same
    /// instructions. It leaves a choice alone that the user made with `OPENBLAS_CORETYPE`.
    private static func useKernelsOfThisProcessor() {
      let beforeAVX2: Set = [
        "Prescott", "Katmai", "Coppermine", "Northwood", "Banias", "Atom", "Core2", "Penryn", "Dunnington", "Nehalem",
        "Sandybridge",
      ]
      let level = sk_processor_level()
      guard level >= 3, getenv("OPENBLAS_CORETYPE") == nil,
        let name = openblas_get_corename(), beforeAVX2.contains(String(cString: name))
      else { return }
      // Only a build for many processors has these two.
      let library = dlopen(nil, RTLD_NOW)
      defer { if let library { dlclose(library) } }
      guard let quit = dlsym(library, "gotoblas_dynamic_quit"), let start = dlsym(library, "gotoblas_dynamic_init")
      else { return }
      typealias Call = @convention(c) () -> Void
      setenv("OPENBLAS_CORETYPE", level >= 4 ? "SkylakeX" : "Haswell", 1)
      unsafeBitCast(quit, to: Call.self)()
      unsafeBitCast(start, to: Call.self)()
      unsetenv("OPENBLAS_CORETYPE")
    }
  #endif
}

/// `c = alpha * op(a) * op(b) + beta * c`, row-major, on this thread alone.
///
/// - Parameters:
///   - lda, ldb, ldc: Elements from one stored row to the next.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gemm<Scalar: TensorScalar>(
  _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Scalar,
  _ a: UnsafePointer<Scalar>, _ lda: Int, _ b: UnsafePointer<Scalar>, _ ldb: Int,
  _ beta: Scalar, _ c: UnsafeMutablePointer<Scalar>, _ ldc: Int
) {
  BLAS.prepare()
  let (opA, opB) = (transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans)
  if Scalar.self == Float.self {
    cblas_sgemm(
      CblasRowMajor, opA, opB, numericCast(m), numericCast(n), numericCast(k), Float(alpha), a.f32, numericCast(lda),
      b.f32, numericCast(ldb), Float(beta), c.f32, numericCast(ldc))
  } else {
    cblas_dgemm(
      CblasRowMajor, opA, opB, numericCast(m), numericCast(n), numericCast(k), Double(alpha), a.f64, numericCast(lda),
      b.f64, numericCast(ldb), Double(beta), c.f64, numericCast(ldc))
  }
}

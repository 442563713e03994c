import CBLAS
import CKernels
import Foundation

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

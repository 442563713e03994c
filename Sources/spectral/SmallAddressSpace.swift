import Foundation
import SpectralCore

/// A process whose address space is bounded (`ulimit -v`).
enum SmallAddressSpace {
  /// Starts the program over so that its threads map little, if its address space is bounded.
  ///
  /// OpenBLAS starts threads when the program is loaded, before anything of ours runs, and each maps 128 MiB when it gets
  /// round to it: after the command has found out what memory there is. They do nothing for us, since our loops are
  /// parallel around BLAS. The C library puts 64 MiB aside for each thread that allocates; one heap for all will do.
  static func startOverWithFewMaps() {
    #if os(Linux)
      guard MachineMemory.addressSpace != nil, getenv("OPENBLAS_NUM_THREADS") == nil else { return }
      setenv("OPENBLAS_NUM_THREADS", "1", 1)
      setenv("MALLOC_ARENA_MAX", "1", 0)
      // If that fails, the program goes on as it is.
      execv("/proc/self/exe", CommandLine.unsafeArgv)
    #endif
  }
}

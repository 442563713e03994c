import Foundation
import SpectralCore

/// A process whose address space is bounded (`ulimit -v`).
enum SmallAddressSpace {
  /// Starts the program over without the threads of BLAS, if its address space is bounded.
  ///
  /// OpenBLAS starts them when the program is loaded, before anything of ours runs, and each maps 128 MiB when it gets round
  /// to it: after the command has found out what memory there is. They do nothing for us, since our loops are parallel
  /// around BLAS.
  static func leaveOutThreadsOfBLAS() {
    #if os(Linux)
      guard MachineMemory.addressSpace != nil, getenv(variable) == nil else { return }
      setenv(variable, "1", 1)
      // If that fails, the program goes on as it is.
      execv("/proc/self/exe", CommandLine.unsafeArgv)
    #endif
  }

  private static let variable = "OPENBLAS_NUM_THREADS"
}

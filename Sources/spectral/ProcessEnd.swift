import Foundation

/// How the process ends.
enum ProcessEnd {
  /// Ends the process without running exit handlers.
  ///
  /// OpenBLAS's handler waits for its threads. Where the address space is so small that some could not be started, it
  /// waits for ever. All files have been written and closed by now, so nothing is lost.
  static func end(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }
}

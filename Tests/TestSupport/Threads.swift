import Synchronization
import SpectralCore

private let oneAtATime = Mutex(())

/// Runs `body` with so many threads of ``Parallel``. The number is the whole process's, so only one test at a time
/// may set it.
public func withThreads<Result>(_ threads: Int, _ body: () throws -> sending Result) rethrows -> sending Result {
  try oneAtATime.withLock { _ in
    let usual = Parallel.threads
    Parallel.threads = threads
    defer { Parallel.threads = usual }
    return try body()
  }
}

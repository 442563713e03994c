import Synchronization

/// Waits for somebody outside the process: for the writer or the reader of a pipe.
package enum ExternalWait {
  /// What a wait is for, as the end of the sentence "waiting for ...", and how many seconds it has lasted. May throw to
  /// end the wait.
  package typealias Observer = @Sendable (_ subject: String, _ seconds: Int) throws -> Void

  private static let observer = Mutex<Observer?>(nil)

  /// From now on `observer` is called once a second during such waits, and when a signal arrives.
  package static func observe(_ observer: Observer?) { self.observer.withLock { $0 = observer } }

  /// Calls `isOver` with a number of milliseconds, until it answers true.
  static func wait(for subject: String, until isOver: (_ milliseconds: Int32) throws -> Bool) throws {
    let start = ContinuousClock.now
    while try !isOver(1000) {
      let observer = observer.withLock { $0 }
      try observer?(subject, Int((ContinuousClock.now - start).components.seconds))
    }
  }
}

import Dispatch
import Synchronization

/// A task that runs beside its caller, on the thread of a queue.
final class Background<Value: Sendable>: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<Value, any Error>?>(nil)

  /// Starts the task.
  init(on queue: DispatchQueue, _ task: @escaping @Sendable () throws -> Value) {
    queue.async(group: group) {
      let outcome = Result { try task() }
      self.result.withLock { $0 = outcome }
    }
  }

  /// What came of it; waits for its end.
  func value() throws -> Value {
    group.wait()
    return try result.withLock { $0! }.get()
  }
}

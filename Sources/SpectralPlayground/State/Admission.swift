import Foundation

/// Lets a few computations run at one time and some more wait, so that what they need of the memory has a bound; those
/// beyond are told to come again. Live requests have their turns by ``LatestOnly``, and a training has a thread of its own.
///
/// Sendable because all that changes is guarded by the condition's lock.
package final class Admission: @unchecked Sendable {
  private let places: Int
  private let mostWaiting: Int
  private let condition = NSCondition()
  private var running = 0
  private var waiting = 0

  /// How many wait.
  package var waitingCount: Int { condition.withLock { waiting } }

  package init(places: Int = 2, mostWaiting: Int = 64) { (self.places, self.mostWaiting) = (places, mostWaiting) }

  /// Runs `body` when there is a place.
  ///
  /// - Parameter isWanted: Whether anybody still waits for the result.
  /// - Throws: ``HTTPError`` 503 if too many wait already, 409 if nobody does any more; what `body` throws.
  package func run<Result>(isWanted: () -> Bool, _ body: () throws -> Result) throws -> Result {
    try enter(isWanted)
    defer { leave() }
    return try body()
  }

  private func enter(_ isWanted: () -> Bool) throws {
    condition.lock()
    defer { condition.unlock() }
    guard running < places || waiting < mostWaiting else {
      throw HTTPError(503, "Too much is asked at once.", remedy: "Try again in a moment.")
    }
    waiting += 1
    while running >= places { condition.wait() }
    waiting -= 1
    guard isWanted() else {
      condition.signal()
      throw HTTPError.abandoned
    }
    running += 1
  }

  private func leave() {
    condition.lock()
    running -= 1
    condition.signal()
    condition.unlock()
  }
}

extension HTTPError {
  /// Whoever asked has gone.
  static let abandoned = HTTPError(409, "Nobody waits for the answer any more.")
}

import Foundation

/// Lets one computation run at a time, and of those that wait for the same client only the newest: whoever drags a cut-off
/// wants the last place, not all places.
///
/// Sendable because all that changes is guarded by the condition's lock.
package final class LatestOnly: @unchecked Sendable {
  private let condition = NSCondition()
  private var isBusy = false
  private var count = 0
  /// The newest that waits for each client.
  private var newest: [String: Int] = [:]

  package init() {}

  /// Runs `body` when its turn has come.
  ///
  /// - Parameter client: Who asks; nil for somebody whose requests are all wanted.
  /// - Parameter isWanted: Whether anybody still waits for the result.
  /// - Throws: ``HTTPError`` 409 if the same client has asked again meanwhile, or has gone; what `body` throws.
  package func run<Result>(
    _ client: String?, isWanted: () -> Bool = { true }, _ body: () throws -> Result
  ) throws -> Result {
    try enter(client)
    defer { leave() }
    guard isWanted() else { throw HTTPError.abandoned }
    return try body()
  }

  private func enter(_ client: String?) throws {
    condition.lock()
    defer { condition.unlock() }
    count += 1
    let number = count
    if let client {
      newest[client] = number
      // An older one that waits learns that it is not wanted any more.
      condition.broadcast()
    }
    while isBusy {
      condition.wait()
      if let client, newest[client] != number {
        throw HTTPError(409, "A newer request has taken the place of this one.")
      }
    }
    if let client { newest[client] = nil }
    isBusy = true
  }

  private func leave() {
    condition.lock()
    isBusy = false
    condition.broadcast()
    condition.unlock()
  }
}

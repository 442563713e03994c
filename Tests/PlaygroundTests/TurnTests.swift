import Foundation
import SpectralPlayground
import TestSupport
import Testing

/// Who computes when many ask.
@Suite struct TurnTests {
  @Test func ofManyComputationsAFewRunAFewWaitAndTheOthersAreToldToComeAgain() throws {
    let admission = Admission(places: 1, mostWaiting: 1)
    let (started, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let results = Results()
    func ask(_ name: String, isWanted: Bool = true, wait: Bool = false) {
      Thread.detachNewThread {
        do {
          try admission.run(isWanted: { isWanted }) {
            if wait {
              started.signal()
              goOn.wait()
            }
          }
          results.add("\(name) computed")
        } catch { results.add("\(name) \((error as! HTTPError).status)") }
      }
    }
    ask("first", wait: true)
    started.wait()
    ask("gone", isWanted: false)
    let deadline = ContinuousClock.now + .seconds(10 * patience)
    while admission.waitingCount == 0, .now < deadline { usleep(1_000) }
    ask("too many")
    results.waitFor("too many 503")
    goOn.signal()
    results.waitFor(count: 3)
    ask("later")
    results.waitFor(count: 4)
    #expect(Set(results.all) == ["first computed", "gone 409", "too many 503", "later computed"])
  }

  @Test func ofWaitingRequestsOfOneClientOnlyTheNewestIsComputed() throws {
    let queue = LatestOnly()
    let (started, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let results = Results()
    func ask(_ name: String, client: String?, wait: Bool = false) {
      Thread.detachNewThread {
        do {
          try queue.run(client) {
            if wait {
              started.signal()
              goOn.wait()
            }
          }
          results.add("\(name) computed")
        } catch { results.add("\(name) \((error as! HTTPError).status)") }
      }
    }
    ask("first", client: "a", wait: true)
    started.wait()
    ask("second", client: "a")
    usleep(100_000)
    ask("another's", client: "b")
    ask("nobody's", client: nil)
    usleep(100_000)
    ask("third", client: "a")
    results.waitFor("second 409")
    goOn.signal()
    results.waitFor(count: 5)
    #expect(
      Set(results.all) == ["first computed", "second 409", "third computed", "another's computed", "nobody's computed"])
  }
}

/// What threads have come to. Sendable because a lock guards it.
private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var names: [String] = []
  var all: [String] { lock.withLock { names } }
  func add(_ name: String) { lock.withLock { names.append(name) } }
  func waitFor(_ name: String) { wait { $0.contains(name) } }
  func waitFor(count: Int) { wait { $0.count >= count } }
  private func wait(_ isReached: ([String]) -> Bool) {
    let deadline = ContinuousClock.now + .seconds(10)
    // Looked at under the lock: an array that is handed out shares its memory, and whose it is then only the reference count
    // knows, which the thread sanitizer does not see.
    while !lock.withLock({ isReached(names) }), .now < deadline { usleep(5_000) }
  }
}

import Synchronization

/// Values that take a while to make, by what they were made for: those that were asked for lately.
///
/// A class because copies of a method share it.
package final class RecentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry: Sendable {
    let value: Value
    var lastUse: Int
  }

  private struct State: Sendable {
    var entries: [Key: Entry] = [:]
    var uses = 0
  }

  private let state = Mutex(State())
  private let capacity: Int

  /// A cache of at most so many values: one more takes the place of the one that was not asked for the longest.
  package init(capacity: Int) { self.capacity = capacity }

  /// The value of a key, made unless it is here. It is made without the lock: others need not wait for it.
  package func value<Failure: Error>(_ key: Key, make: () throws(Failure) -> Value) throws(Failure) -> Value {
    let kept = state.withLock { state -> Value? in
      state.uses += 1
      // To hash a problem takes a while, so it is done once.
      guard let index = state.entries.index(forKey: key) else { return nil }
      state.entries.values[index].lastUse = state.uses
      return state.entries.values[index].value
    }
    if let kept { return kept }
    let value = try make()
    state.withLock { state in
      if state.entries.count >= capacity, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
        state.entries[oldest.key] = nil
      }
      state.entries[key] = Entry(value: value, lastUse: state.uses)
    }
    return value
  }
}

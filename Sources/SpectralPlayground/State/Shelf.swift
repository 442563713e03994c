import Synchronization

/// Results that are worth keeping, up to so many bytes; what was not asked for the longest goes first.
final class Shelf<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let key: Key
    let value: Value
    let bytes: Int
  }

  private let capacity: Int
  /// The most recent one is the last.
  private let entries = Mutex<[Entry]>([])

  init(capacity: Int) { self.capacity = capacity }

  /// What is kept under a key, or what `make` makes. Two threads that miss at one time both make it, and one is kept.
  func value(_ key: Key, bytes: (Value) -> Int, make: () throws -> Value) rethrows -> Value {
    let kept = entries.withLock { entries -> Value? in
      guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
      entries.append(entries.remove(at: place))
      return entries.last!.value
    }
    if let kept { return kept }
    let value = try make()
    let size = bytes(value)
    entries.withLock { entries in
      entries.removeAll { $0.key == key }
      guard size <= capacity else { return }
      entries.append(Entry(key: key, value: value, bytes: size))
      var total = entries.reduce(0) { $0 + $1.bytes }
      while total > capacity { total -= entries.removeFirst().bytes }
    }
    return value
  }

  /// Forgets some.
  func remove(where isUnwanted: (Key) -> Bool) { entries.withLock { $0.removeAll { isUnwanted($0.key) } } }
}

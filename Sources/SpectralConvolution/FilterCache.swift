import Synchronization
import SpectralCore

/// What was made of filters that were used lately for inference: their spectra, or the order in which they are read.
///
/// A class because copies of a method share it. An entry holds on to its filters, so that whoever changes them writes
/// to a copy: as long as the memory is the same, the numbers are. Entries whose filters nobody else holds any more go,
/// and the oldest make room for new ones.
package final class FilterCache<Scalar: TensorScalar>: Sendable {
  private struct Entry: Sendable {
    var filter: Tensor<Scalar>
    let key: any Hashable & Sendable
    let value: any Sendable
    let bytes: Int
  }

  private let entries = Mutex<[Entry]>([])
  /// A search through so many takes less than a microsecond.
  private static var capacity: Int { 64 }

  package init() {}

  /// The bytes that all entries may take where no memory limit says otherwise, unless a single one needs more.
  package static var usualBudget: Int { 1 << 30 }

  /// The bytes of all entries.
  package var byteCount: Int { entries.withLock { $0.reduce(0) { $0 + $1.bytes } } }

  /// What was made of some filters, by `make` unless it is here.
  ///
  /// - Parameters:
  ///   - key: What it depends on beside the filters.
  ///   - bytes: The memory that it takes.
  ///   - budget: The memory that all entries may take together, this one included.
  package func value<Value: Sendable>(
    _ filter: Tensor<Scalar>, _ key: some Hashable & Sendable, bytes: Int, budget: Int, make: () -> Value
  ) -> Value {
    // A caller may change it as soon as the call has ended.
    guard !filter.isBorrowed else { return make() }
    func isSame(_ entry: Entry) -> Bool {
      entry.filter.sharesStorage(with: filter) && entry.filter.shape == filter.shape
        && AnyHashable(entry.key) == AnyHashable(key)
    }
    // Before anything is allocated, room is made.
    let kept = entries.withLock { entries -> (any Sendable)? in
      for index in entries.indices.reversed() where entries[index].filter.isUniquelyReferenced() {
        entries.remove(at: index)
      }
      let found = entries.first(where: isSame)
      var total = entries.reduce(found == nil ? bytes : 0) { $0 + $1.bytes }
      while total > budget || entries.count + (found == nil ? 1 : 0) > Self.capacity,
        let oldest = entries.firstIndex(where: { !isSame($0) })
      {
        total -= entries.remove(at: oldest).bytes
      }
      return found?.value
    }
    if let kept { return kept as! Value }
    let value = make()
    entries.withLock { $0.append(Entry(filter: filter, key: key, value: value, bytes: bytes)) }
    return value
  }
}

import CKernels

/// Memory that a product brings to the cache along the way, as it will be needed soon.
public typealias MemoryRegion = sk_region

/// What the calls of a product fetch ahead: a share of what the next tile is copied from, and what each call adds.
///
/// A class because the calls of a thread share it.
final class Ahead {
  private let regions = UnsafeMutablePointer<MemoryRegion>.allocate(capacity: 3)
  private var count = 0
  private var source: MemoryRegion?
  private var call = 0
  private var calls = 1

  deinit { regions.deallocate() }

  /// A new tile: what is fetched during so many calls.
  func start(_ source: MemoryRegion?, calls: Int) {
    self.source = source
    (call, self.calls) = (0, calls)
    count = 0
  }

  /// Adds a region to the next call.
  func add(_ region: MemoryRegion) {
    regions[count] = region
    count += 1
  }

  /// The regions of a call.
  func next() -> UnsafeBufferPointer<MemoryRegion> {
    if let source {
      let (first, end) = (source.pieces * call / calls, source.pieces * (call + 1) / calls)
      if end > first {
        add(
          MemoryRegion(
            start: source.start + first * source.stride, stride: source.stride, pieces: end - first,
            bytes: source.bytes))
      }
    }
    call = min(call + 1, calls - 1)
    defer { count = 0 }
    return UnsafeBufferPointer(start: regions, count: count)
  }
}

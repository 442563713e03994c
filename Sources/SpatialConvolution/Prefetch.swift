import CKernels
import SpectralCore

/// Memory that a product brings to the cache along the way, as it will be needed soon.
public typealias PrefetchRegion = sk_prefetch_region

/// What the calls of a product fetch ahead: a share of what the next tile is copied from, and what each call adds.
///
/// A class because the calls of a thread share it.
final class Prefetch {
  private let regions = UnsafeMutablePointer<PrefetchRegion>.allocate(capacity: 3)
  private var count = 0
  private var source: PrefetchRegion?
  private var call = 0
  private var calls = 1

  deinit { regions.deallocate() }

  /// A new tile: what is fetched during so many calls.
  func start(_ source: PrefetchRegion?, calls: Int) {
    self.source = source
    (call, self.calls) = (0, calls)
    count = 0
  }

  /// Adds a region to the next call.
  func add(_ region: PrefetchRegion) {
    regions[count] = region
    count += 1
  }

  /// The regions of a call.
  func next() -> UnsafeBufferPointer<PrefetchRegion> {
    if let source {
      let (first, end) = (source.pieces * call / calls, source.pieces * (call + 1) / calls)
      if end > first {
        add(
          PrefetchRegion(
            start: source.start + first * source.stride, stride: source.stride, pieces: end - first,
            bytes: source.bytes))
      }
    }
    call = min(call + 1, calls - 1)
    defer { count = 0 }
    return UnsafeBufferPointer(start: regions, count: count)
  }
}

/// What the steps of windows bring to the second-level cache on the way: what the next piece reads, and what else it
/// reads or writes. Planes are short, so the processor would notice too late where it goes on.
///
/// A class because the calls of a thread share it.
final class WindowPrefetch {
  let base = UnsafeMutablePointer<sk_window_prefetch>.allocate(capacity: 1)

  init() { stop() }

  deinit { base.deallocate() }

  /// Fetches nothing.
  func stop() { base.initialize(to: sk_window_prefetch()) }

  /// Spreads the prefetches of two regions evenly over `steps` steps. Does nothing if a region is nil, or too large to
  /// stay in the cache until it is used.
  func start<Scalar>(
    _ first: UnsafeBufferPointer<Scalar>?, _ second: UnsafeBufferPointer<Scalar>?, steps: Int
  ) {
    guard let first, let second, steps > 0 else { return stop() }
    let bytes = (first.count + second.count) * MemoryLayout<Scalar>.stride
    guard bytes > 0, bytes <= 1 << 20 else { return stop() }
    func address(_ stretch: UnsafeBufferPointer<Scalar>, _ offset: Int) -> UnsafePointer<CChar> {
      UnsafeRawPointer(stretch.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
    }
    base.pointee = sk_window_prefetch(
      at: address(first, 0), end: address(first, first.count), next: address(second, 0),
      next_end: address(second, second.count), lines: (bytes / 64 + steps - 1) / steps)
  }
}

import CKernels
import SpectralCore

/// Memory that is brought to the cache along the way, as it will be needed soon.
public typealias PrefetchRegion = sk_prefetch_region

extension PrefetchRegion {
  /// Some rows of neighbouring planes.
  init<Scalar: TensorScalar>(_ first: UnsafePointer<Scalar>, _ planes: GroupPlanes, count: Int, rows: Range<Int>) {
    let row = planes.width * MemoryLayout<Scalar>.stride
    self.init(
      start: first + rows.lowerBound * planes.width, stride: planes.height * row, pieces: count, bytes: rows.count * row
    )
  }

  /// Cache lines, as if each piece began at the end of one.
  var lines: Int { pieces * ((bytes + 126) / 64) }
}

/// What loops fetch ahead (`prefetch.h`), evenly spread: what the next piece of work reads and writes. Rows and planes are
/// short, so the processor would notice too late where it goes on.
///
/// A class because the calls of a thread share it.
final class Prefetch {
  /// What the loops take.
  let base = UnsafeMutablePointer<sk_prefetch>.allocate(capacity: 1)
  private let regions = UnsafeMutablePointer<PrefetchRegion>.allocate(capacity: 3)
  private var (count, lines) = (0, 0)
  private var source: PrefetchRegion?
  private var (call, calls) = (0, 1)

  init() { begin() }

  deinit {
    base.deallocate()
    regions.deallocate()
  }

  /// Adds a region to what is fetched next.
  func add(_ region: PrefetchRegion) {
    guard region.pieces > 0 else { return }
    var region = region
    // Whole planes are one piece of memory.
    if region.bytes == region.stride { (region.pieces, region.bytes) = (1, region.pieces * region.bytes) }
    regions[count] = region
    count += 1
    lines += region.lines
  }

  /// Fetches the regions that were added, and no others, during so many steps; nothing if they would not stay in the cache
  /// until they are used.
  func begin(steps: Int = 1) {
    if lines > 1 << 14 { (count, lines) = (0, 0) }
    base.initialize(
      to: sk_prefetch(
        regions: regions, count: count, piece: 0, lines: (lines + steps - 1) / max(1, steps), line: nil, end: nil))
    (count, lines) = (0, 0)
  }

  // MARK: Calls that each fetch a share

  /// A region that is fetched during so many calls.
  func start(_ source: PrefetchRegion?, calls: Int) {
    self.source = source
    (call, self.calls) = (0, calls)
  }

  /// The next call: its share of the region, and those that were added.
  func next() -> UnsafeMutablePointer<sk_prefetch> {
    if let source {
      let (first, end) = (source.pieces * call / calls, source.pieces * (call + 1) / calls)
      add(
        PrefetchRegion(
          start: source.start + first * source.stride, stride: source.stride, pieces: end - first, bytes: source.bytes))
    }
    call = min(call + 1, calls - 1)
    begin()
    return base
  }
}

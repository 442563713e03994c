import Foundation

/// What of a file was in the system's cache when this was made.
///
/// A file larger than the memory only drives other things out of that cache, and the system hands out page after fresh
/// page for it. Whoever reads such a file in order drops behind them what was not there before. The time to look is the
/// beginning: later, the system's reading ahead is in the cache as well.
package struct CacheSnapshot: Sendable {
  /// The bytes of a part that is judged as a whole.
  private static let part = 16 << 20
  /// Whether most of each part was cached.
  private var wasCached: [Bool] = []

  init(_ descriptor: Int32, size: Int) {
    #if os(Linux)
      let page = sysconf(Int32(_SC_PAGESIZE))
      var pages = [UInt8](repeating: 0, count: Self.part / page)
      for start in stride(from: 0, to: size, by: Self.part) {
        let length = min(Self.part, size - start)
        let count = (length + page - 1) / page
        // Mapped, but not touched: nothing becomes resident.
        guard let map = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, off_t(start)), map != MAP_FAILED else {
          return
        }
        let isKnown = mincore(map, length, &pages) == 0
        munmap(map, length)
        wasCached.append(!isKnown || 2 * pages[..<count].count(where: { $0 & 1 == 1 }) >= count)
      }
    #endif
  }

  /// Drops a range of bytes from the cache, except where it was there before. Does nothing where the system does not
  /// tell what is there.
  func drop(_ range: Range<Int>, _ descriptor: Int32) {
    #if os(Linux)
      var index = range.lowerBound / Self.part
      while index < wasCached.count && index * Self.part < range.upperBound {
        // Parts that follow each other at once: a call may have to wait for every processor.
        let end = wasCached[index...].firstIndex { $0 != wasCached[index] } ?? wasCached.count
        let stretch = range.clamped(to: index * Self.part..<end * Self.part)
        // Whole pages only: those at the ends may belong to what is read next.
        if !wasCached[index] {
          posix_fadvise(descriptor, off_t(stretch.lowerBound), off_t(stretch.count), POSIX_FADV_DONTNEED)
        }
        index = end
      }
    #endif
  }
}

extension InputFile {
  /// What of the file is in the system's cache now.
  package func cacheSnapshot() -> CacheSnapshot { CacheSnapshot(descriptor, size: size ?? 0) }

  /// Drops a range of bytes from the system's cache, except where it was there before.
  package func dropFromCache(_ range: Range<Int>, unlessIn snapshot: CacheSnapshot) { snapshot.drop(range, descriptor) }
}

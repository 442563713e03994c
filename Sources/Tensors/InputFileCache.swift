import Foundation

// A file larger than the memory only drives other things out of the system's cache, and page after fresh page is handed
// out for it. Whoever reads such a file in order drops behind them what was not in the cache before.

extension InputFile {
  /// Whether the system has most of a range of bytes in its cache; true where it does not tell.
  package func isCached(_ range: Range<Int>) -> Bool {
    #if os(Linux)
      let page = sysconf(Int32(_SC_PAGESIZE))
      let first = range.lowerBound / page * page
      let length = range.upperBound - first
      // Mapped, but not touched: nothing becomes resident.
      guard length > 0, let map = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, off_t(first)), map != MAP_FAILED
      else { return true }
      defer { munmap(map, length) }
      var pages = [UInt8](repeating: 0, count: (length + page - 1) / page)
      guard mincore(map, length, &pages) == 0 else { return true }
      return 2 * pages.count(where: { $0 & 1 == 1 }) >= pages.count
    #else
      return true
    #endif
  }

  /// Says that the bytes of a range are not needed in the system's cache any more.
  package func dropFromCache(_ range: Range<Int>) {
    #if os(Linux)
      // Whole pages only; those at the ends may belong to what is read next.
      posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    #endif
  }
}

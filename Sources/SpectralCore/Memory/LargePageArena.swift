#if canImport(Glibc)
  import Glibc
#endif

/// Memory in large pages, where the system gives them (Linux, 2 MiB).
///
/// Spectra are written with long strides, a page for every few numbers, and an address in a large page is looked up
/// faster. Also, second-level caches go by physical addresses: small pages lie wherever the system has one, so in one run
/// a block fits the cache and in the next its pages push each other out; within a large page they do not.
enum LargePages {
  static let bytes = 2 << 20
  /// From this size on a block has pages of its own.
  static let leastBytes = 2 * bytes

  /// A block of its own; nil for a small one, or where the system has no large pages or no memory.
  static func block(byteCount: Int) -> UnsafeMutableRawPointer? {
    #if os(Linux)
      guard byteCount >= leastBytes, let block = MemoryPool.aligned(byteCount: byteCount, alignment: bytes) else {
        return nil
      }
      madvise(block, byteCount, hugePageAdvice)
      return block
    #else
      return nil
    #endif
  }

  /// `MADV_HUGEPAGE`, which Glibc's map leaves out.
  static let hugePageAdvice: Int32 = 14
}

/// Cuts blocks of middling size from large pages, one behind the other. What is cut is never given back to the system,
/// so there is an end to it; untouched pages take no memory.
struct LargePageArena {
  private static let capacity = 256 << 20
  /// Smaller blocks lie close together anyway; larger ones have pages of their own.
  private static let sizes = 16 << 10..<LargePages.leastBytes
  /// What is between two blocks, so that streams from both do not meet in the same lines of a first-level cache.
  private static let gap = 3 * 64

  /// Where blocks are cut from; nil where the system does not have it.
  private static let base: UInt? = {
    #if os(Linux)
      // A bounded address space is not for putting aside.
      guard MachineMemory.available >= 4 * capacity else { return nil }
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      guard let region = mmap(nil, capacity + LargePages.bytes, PROT_READ | PROT_WRITE, flags, -1, 0),
        region != MAP_FAILED
      else { return nil }
      let base = (UInt(bitPattern: region) + UInt(LargePages.bytes) - 1) & ~UInt(LargePages.bytes - 1)
      madvise(UnsafeMutableRawPointer(bitPattern: base), capacity, LargePages.hugePageAdvice)
      return base
    #else
      return nil
    #endif
  }()

  /// Bytes that are cut off.
  private var used = 0

  /// A block of so many bytes, aligned as they are; nil if its size is none of those, or nothing is left.
  mutating func cut(byteCount: Int) -> UnsafeMutableRawPointer? {
    guard Self.sizes.contains(byteCount), let base = Self.base, used + byteCount <= Self.capacity else { return nil }
    defer { used += byteCount + Self.gap }
    return UnsafeMutableRawPointer(bitPattern: base + UInt(used))
  }

  /// Whether a block was cut here.
  static func contains(_ block: UnsafeMutableRawPointer) -> Bool {
    guard let base else { return false }
    return UInt(bitPattern: block) &- base < UInt(capacity)
  }
}

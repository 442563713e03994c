import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps freed blocks for the next request of the same size class.
///
/// A network asks for the same blocks at every step. Returning large ones to the system would cost a page fault
/// per 4 KiB on the next step, more than the arithmetic on them.
public enum MemoryPool {
  /// The alignment of every block: a cache line, and the widest SIMD vector.
  static let alignment = 64

  private struct Shelves {
    /// Bytes that are in use now, and the most since ``peak(while:)`` began.
    var used = 0
    var peak = 0
    /// Requests that no block waited for.
    var misses = 0
    /// Blocks of each size class that wait to be used again, and the bytes of those that could be given back.
    private var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
    private var bytes = 0
    var limit = environmentLimit ?? min(max(512 << 20, MachineMemory.physical / 8), MachineMemory.available / 8)

    /// A block, if there is one.
    mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
      guard let block = blocks[size]?.popLast() else { return nil }
      if !LargePageArena.contains(block) { bytes -= size }
      return block
    }

    /// Keeps a block.
    ///
    /// - Returns: Whether there was room for it.
    mutating func put(_ block: UnsafeMutableRawPointer, _ size: Int) -> Bool {
      // What was cut from the arena cannot be given back.
      if !LargePageArena.contains(block) {
        guard bytes + size <= limit else { return false }
        bytes += size
      }
      blocks[size, default: []].append(block)
      return true
    }

    /// Takes off what is to be given back to the system until so many bytes are left.
    mutating func drain(to limit: Int) -> [UnsafeMutableRawPointer] {
      var freed: [UnsafeMutableRawPointer] = []
      for (size, shelf) in blocks where bytes > limit {
        let own = shelf.filter { !LargePageArena.contains($0) }
        freed += own
        bytes -= size * own.count
        blocks[size] = shelf.filter(LargePageArena.contains)
      }
      return freed
    }
  }

  // The pointers on the shelves belong to nobody else.
  private struct Guarded: @unchecked Sendable {
    var shelves = Shelves()
    /// Where blocks of middling size are cut from.
    var arena = LargePageArena()
  }
  private static let guarded = Mutex(Guarded())

  /// What the environment says in `SPECTRALKIT_POOL_LIMIT`, in bytes.
  private static let environmentLimit = getenv("SPECTRALKIT_POOL_LIMIT").flatMap { Int(String(cString: $0)) }

  /// The most bytes kept for reuse; an eighth of the machine's memory, and at least 512 MiB, but no more than an eighth of
  /// what the process may have, unless set here or by `SPECTRALKIT_POOL_LIMIT` in the environment. Zero keeps nothing,
  /// which is what memory checkers want.
  public static var limit: Int {
    get { guarded.withLock { $0.shelves.limit } }
    set {
      guarded.withLock { $0.shelves.limit = newValue }
      drain(to: newValue)
    }
  }

  /// The most bytes in use at a time while `body` runs, beyond those before it. All of the process counts.
  package static func peak(while body: () throws -> Void) rethrows -> Int {
    let before = guarded.withLock { guarded in
      guarded.shelves.peak = guarded.shelves.used
      return guarded.shelves.used
    }
    try body()
    return guarded.withLock { $0.shelves.peak } - before
  }

  /// The bytes of the block that serves a request: rounded up to eighths of a power of two, so that near sizes share a
  /// shelf.
  package static func sizeClass(_ byteCount: Int) -> Int {
    guard byteCount > 4096 else { return max(alignment, (byteCount + alignment - 1) & ~(alignment - 1)) }
    let power = 1 << (Int.bitWidth - 1 - byteCount.leadingZeroBitCount)
    if byteCount == power { return power }
    for eighths in 9...16 where power / 8 * eighths >= byteCount { return power / 8 * eighths }
    return power * 2
  }

  /// The requests so far that no freed block could serve.
  package static var misses: Int { guarded.withLock { $0.shelves.misses } }

  /// At least `byteCount` bytes with unknown contents.
  public static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let size = sizeClass(byteCount)
    let found = guarded.withLock { guarded -> Shelf in
      guarded.shelves.used += size
      guarded.shelves.peak = max(guarded.shelves.peak, guarded.shelves.used)
      if let block = guarded.shelves.take(size) { return Shelf(block: block) }
      guarded.shelves.misses += 1
      // Memory checkers want blocks that the system knows one by one.
      return Shelf(block: guarded.shelves.limit > 0 ? guarded.arena.cut(byteCount: size) : nil)
    }
    return found.block ?? systemBlock(size)
  }

  /// What the process might have when it first asked.
  private static let ceiling = MachineMemory.available

  private static func systemBlock(_ size: Int) -> UnsafeMutableRawPointer {
    func block() -> UnsafeMutableRawPointer? {
      LargePages.block(byteCount: size) ?? aligned(byteCount: size, alignment: alignment)
    }
    // What waits to be used again must not take the process beyond what it may have.
    if size >= LargePages.leastBytes {
      let used = guarded.withLock { $0.shelves.used }
      drain(to: max(0, ceiling - used))
    }
    if let block = block() { return block }
    drain(to: 0)
    guard let block = block() else { fatalError("there is no memory for \(ByteCount(size))") }
    return block
  }

  /// Memory from the system, which `free` gives back; nil if there is none.
  static func aligned(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer? {
    var block: UnsafeMutableRawPointer?
    return posix_memalign(&block, alignment, byteCount) == 0 ? block : nil
  }

  /// Gives back what ``allocate(byteCount:)`` gave for the same `byteCount`.
  public static func deallocate(_ block: UnsafeMutableRawPointer, byteCount: Int) {
    let size = sizeClass(byteCount)
    let shelf = Shelf(block: block)
    let kept = guarded.withLock { guarded -> Bool in
      guarded.shelves.used -= size
      return guarded.shelves.put(shelf.block!, size)
    }
    if !kept { free(block) }
  }

  private static func drain(to limit: Int) {
    let freed = guarded.withLock { Freed(blocks: $0.shelves.drain(to: limit)) }
    for block in freed.blocks { free(block) }
  }

  // Carries pointers across the lock's `sending` boundary.
  private struct Shelf: @unchecked Sendable { let block: UnsafeMutableRawPointer? }
  private struct Freed: @unchecked Sendable { let blocks: [UnsafeMutableRawPointer] }
}

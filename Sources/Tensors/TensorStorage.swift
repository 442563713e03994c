import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Owns the memory of a tensor: 64-byte aligned, never resized, given back to ``MemoryPool`` at the end.
///
/// A class because it owns a foreign resource. Sendable because it is written only while uniquely referenced:
/// ``Tensor`` copies before it writes to storage that somebody else can see.
@usableFromInline
final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  @usableFromInline let count: Int

  /// Memory for `count` elements with unknown contents.
  @usableFromInline
  init(uninitializedCount count: Int) {
    self.count = count
    base = MemoryPool.allocate(byteCount: count * MemoryLayout<Scalar>.stride).assumingMemoryBound(to: Scalar.self)
  }

  deinit { MemoryPool.deallocate(base, byteCount: count * MemoryLayout<Scalar>.stride) }
}

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
    var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytes = 0
    var limit = environmentLimit ?? max(512 << 20, Int(clamping: ProcessInfo.processInfo.physicalMemory / 8))
  }

  // The pointers on the shelves belong to nobody else.
  private struct Guarded: @unchecked Sendable { var shelves = Shelves() }
  private static let guarded = Mutex(Guarded())

  /// What the environment says in `SPECTRALKIT_POOL_LIMIT`, in bytes.
  private static let environmentLimit = getenv("SPECTRALKIT_POOL_LIMIT").flatMap { Int(String(cString: $0)) }

  /// The most bytes kept for reuse; an eighth of the machine's memory, and at least 512 MiB, unless set here or by
  /// `SPECTRALKIT_POOL_LIMIT` in the environment. Zero keeps nothing, which is what memory checkers want.
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

  /// At least `byteCount` bytes with unknown contents.
  public static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let size = sizeClass(byteCount)
    let kept = guarded.withLock { guarded -> Shelf in
      guarded.shelves.used += size
      guarded.shelves.peak = max(guarded.shelves.peak, guarded.shelves.used)
      guard let block = guarded.shelves.blocks[size]?.popLast() else { return Shelf(block: nil) }
      guarded.shelves.bytes -= size
      return Shelf(block: block)
    }
    return kept.block ?? fresh(byteCount: size)
  }

  /// Memory from the system. Spectra are written with long strides, a page for every few numbers: large pages, where the
  /// system gives them, spare the processor the looking up.
  private static func fresh(byteCount: Int) -> UnsafeMutableRawPointer {
    #if os(Linux)
      let largePage = 2 << 20
      if byteCount >= 2 * largePage {
        let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: largePage)
        madvise(block, byteCount, 14)  // MADV_HUGEPAGE, which Glibc's map leaves out
        return block
      }
    #endif
    return .allocate(byteCount: byteCount, alignment: alignment)
  }

  /// Gives back what ``allocate(byteCount:)`` gave for the same `byteCount`.
  public static func deallocate(_ block: UnsafeMutableRawPointer, byteCount: Int) {
    let size = sizeClass(byteCount)
    let shelf = Shelf(block: block)
    let kept = guarded.withLock { guarded -> Bool in
      guarded.shelves.used -= size
      guard guarded.shelves.bytes + size <= guarded.shelves.limit else { return false }
      guarded.shelves.blocks[size, default: []].append(shelf.block!)
      guarded.shelves.bytes += size
      return true
    }
    if !kept { block.deallocate() }
  }

  private static func drain(to limit: Int) {
    let freed = guarded.withLock { guarded -> Freed in
      var freed: [UnsafeMutableRawPointer] = []
      for (size, blocks) in guarded.shelves.blocks where guarded.shelves.bytes > limit {
        freed += blocks
        guarded.shelves.bytes -= size * blocks.count
        guarded.shelves.blocks[size] = nil
      }
      return Freed(blocks: freed)
    }
    for block in freed.blocks { block.deallocate() }
  }

  // Carries pointers across the lock's `sending` boundary.
  private struct Shelf: @unchecked Sendable { let block: UnsafeMutableRawPointer? }
  private struct Freed: @unchecked Sendable { let blocks: [UnsafeMutableRawPointer] }
}

/// Working memory for the length of a scope, aligned and reused like a tensor's.
public final class Scratch<Element: BitwiseCopyable> {
  /// The first element.
  public let base: UnsafeMutablePointer<Element>
  /// How many elements there are.
  public let count: Int

  /// Memory for `count` elements with unknown contents.
  public init(count: Int) {
    self.count = count
    base = MemoryPool.allocate(byteCount: count * MemoryLayout<Element>.stride)
      .bindMemory(to: Element.self, capacity: count)
  }

  deinit { MemoryPool.deallocate(base, byteCount: count * MemoryLayout<Element>.stride) }

  /// The bytes that so many elements take.
  package static func byteCount(_ count: Int) -> Int {
    MemoryPool.sizeClass(count * MemoryLayout<Element>.stride)
  }
}

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

/// The memory of a tensor, never resized: its own, 64-byte aligned and given back to ``MemoryPool`` at the end, or a caller's,
/// which is left alone at the end.
///
/// A class because it owns a foreign resource. Sendable because it is written only while uniquely referenced:
/// ``Tensor`` copies before it writes to storage that somebody else can see.
@usableFromInline
final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  /// Whose memory it is.
  @usableFromInline
  enum Origin: Sendable {
    case pool
    /// A caller's, to be read.
    case operand
    /// A caller's, for a result.
    case result
  }

  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  @usableFromInline let count: Int
  @usableFromInline let origin: Origin

  /// Memory for `count` elements with unknown contents.
  @usableFromInline
  init(uninitializedCount count: Int) {
    self.count = count
    origin = .pool
    base = MemoryPool.allocate(byteCount: count * MemoryLayout<Scalar>.stride).assumingMemoryBound(to: Scalar.self)
  }

  /// A caller's memory.
  init(_ origin: Origin, _ base: UnsafeMutablePointer<Scalar>, count: Int) {
    (self.origin, self.base, self.count) = (origin, base, count)
  }

  deinit {
    if origin == .pool { MemoryPool.deallocate(base, byteCount: count * MemoryLayout<Scalar>.stride) }
  }
}

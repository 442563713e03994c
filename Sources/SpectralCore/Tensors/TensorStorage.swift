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

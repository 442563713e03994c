// The way to the function of each precision of a library, as BLAS has them. The test of the type is decided when a kernel
// is specialised; what remains is the call.

extension UnsafePointer {
  /// The same memory, known to hold `Float`.
  @inlinable @inline(__always)
  package var f32: UnsafePointer<Float> { UnsafeRawPointer(self).assumingMemoryBound(to: Float.self) }
  /// The same memory, known to hold `Double`.
  @inlinable @inline(__always)
  package var f64: UnsafePointer<Double> { UnsafeRawPointer(self).assumingMemoryBound(to: Double.self) }
}

extension UnsafeMutablePointer {
  /// The same memory, known to hold `Float`.
  @inlinable @inline(__always)
  package var f32: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Float.self) }
  /// The same memory, known to hold `Double`.
  @inlinable @inline(__always)
  package var f64: UnsafeMutablePointer<Double> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Double.self) }
}

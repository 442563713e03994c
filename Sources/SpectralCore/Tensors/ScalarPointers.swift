// The way to the C kernel of each precision. The test of the type is decided when a kernel is specialised; what remains
// is the call of the C function.

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

extension UnsafeBufferPointer {
  /// The first of the elements, known to be `Float`.
  @inlinable @inline(__always)
  package var f32: UnsafePointer<Float> { baseAddress!.f32 }
  /// The first of the elements, known to be `Double`.
  @inlinable @inline(__always)
  package var f64: UnsafePointer<Double> { baseAddress!.f64 }
}

extension UnsafeMutableBufferPointer {
  /// The first of the elements, known to be `Float`.
  @inlinable @inline(__always)
  package var f32: UnsafeMutablePointer<Float> { baseAddress!.f32 }
  /// The first of the elements, known to be `Double`.
  @inlinable @inline(__always)
  package var f64: UnsafeMutablePointer<Double> { baseAddress!.f64 }
}

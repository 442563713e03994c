/// The kinds of numbers that files hold. The raw value is the name safetensors gives them.
public enum ElementType: String, CaseIterable, Hashable, Sendable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// The bytes one number takes.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Whether it is a floating-point format.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// The bytes of an array of this shape, or nil if there is no such array.
  ///
  /// Readers of files ask this before they trust a header. An array with an extent of 0 holds nothing, but its other
  /// extents must still multiply to an `Int`, because its strides do.
  func byteCount(_ extents: [Int]) -> Int? {
    guard let places = TensorShape.count(extents.map { $0 == 0 ? 1 : $0 }) else { return nil }
    let (bytes, overflow) = places.multipliedReportingOverflow(by: byteCount)
    if overflow { return nil }
    return extents.contains(0) ? 0 : bytes
  }
}

#if _endian(big)
  #error("files are little-endian and are copied as they are: this code needs a little-endian machine")
#endif

/// Turns the bytes of a file into numbers of a tensor.
///
/// - Parameters:
///   - bytes: As many numbers as `target` takes.
///   - bigEndian: Whether each number's highest byte comes first.
/// - Returns: The place of the first integer that `Scalar` cannot hold exactly; nil if all is well. Floating-point
///   numbers are rounded to the nearest.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func convert<Scalar: TensorScalar>(
  _ bytes: UnsafeRawBufferPointer, of type: ElementType, bigEndian: Bool = false,
  to target: UnsafeMutableBufferPointer<Scalar>
) -> Int? {
  func stored<Bits: FixedWidthInteger>(_ i: Int, _: Bits.Type) -> Bits {
    let bits = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Bits>.size, as: Bits.self)
    return bigEndian ? bits.byteSwapped : bits
  }
  func integers<Stored: FixedWidthInteger>(_: Stored.Type) -> Int? {
    for i in target.indices {
      let value = stored(i, Stored.self)
      guard let exact = Scalar(exactly: value) else { return i }
      target[i] = exact
    }
    return nil
  }
  switch type {
  case .bool: for i in target.indices { target[i] = bytes[i] == 0 ? 0 : 1 }
  case .uint8: for i in target.indices { target[i] = Scalar(bytes[i]) }
  case .int8: return integers(Int8.self)
  case .int16: return integers(Int16.self)
  case .uint16: return integers(UInt16.self)
  case .int32: return integers(Int32.self)
  case .uint32: return integers(UInt32.self)
  case .int64: return integers(Int64.self)
  case .uint64: return integers(UInt64.self)
  case .float16: for i in target.indices { target[i] = Scalar(float(half: stored(i, UInt16.self))) }
  case .bfloat16:
    for i in target.indices { target[i] = Scalar(Float(bitPattern: UInt32(stored(i, UInt16.self)) << 16)) }
  case .float32: for i in target.indices { target[i] = Scalar(Float(bitPattern: stored(i, UInt32.self))) }
  case .float64: for i in target.indices { target[i] = Scalar(Double(bitPattern: stored(i, UInt64.self))) }
  }
  return nil
}

/// The value of an IEEE 754 half-precision number. (Swift's own Float16 is missing on Intel Macs.)
func float(half bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let magnitude = UInt32(bits & 0x7fff)
  // Infinity and NaN keep the highest exponent.
  if magnitude >= 0x7c00 { return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13) }
  // Placed in Float's bits the exponent is 112 too low; the product mends that, and subnormals with it.
  return Float(bitPattern: sign | magnitude << 13) * 0x1p112
}

extension TensorScalar {
  /// The type under which this number is stored.
  static var elementType: ElementType { MemoryLayout<Self>.size == 4 ? .float32 : .float64 }
}

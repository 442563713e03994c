import CSpectral
import SpectralCore

/// An array of the caller's that has been checked: its type, sizes and strides, and that its addresses can be counted.
struct ArrayView<Scalar: TensorScalar> {
  /// What messages call it.
  let name: String
  let shape: TensorShape
  /// Its first element; nil if there are none.
  let base: UnsafeMutablePointer<Scalar>?
  /// Whether the elements are dense and in row-major order.
  let isDense: Bool
  /// From one element to the next along each axis.
  private let steps: [Int]
  /// The addresses from the first byte to behind the last.
  private let bytes: Range<Int>

  /// An array of the expected shape.
  init(
    _ array: UnsafePointer<spectral_array>?, _ name: String, _ shape: TensorShape
  ) throws(InterfaceError) {
    let array = try ArrayDescription(array, name, Self.dtype)
    guard array.shape == shape else {
      throw InterfaceError(SPECTRAL_SHAPE, "\(name) is \(array.shape), and must be \(shape)")
    }
    try self.init(array)
  }

  /// An array that was described.
  init(_ array: ArrayDescription) throws(InterfaceError) {
    name = array.name
    shape = array.shape
    var (low, high, dense, isDense) = (0, 0, 1, true)
    let scalar = MemoryLayout<Scalar>.stride
    guard shape.count > 0 else {
      (base, self.isDense, steps, bytes) = (nil, true, [], 0..<0)
      return
    }
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape.extents[axis] > 1 {
      let (extent, step) = (shape.extents[axis], array.steps[axis])
      isDense = isDense && step == dense
      dense *= extent
      let (reach, overflow) = step.multipliedReportingOverflow(by: extent - 1)
      let (sum, sumOverflow) = (reach < 0 ? low : high).addingReportingOverflow(reach)
      guard !overflow, !sumOverflow, sum.magnitude < 1 << 53 else {
        throw .invalid("\(name) has a stride of \(step) for \(extent) elements: that is beyond all memory")
      }
      if reach < 0 { low = sum } else { high = sum }
    }
    guard let data = array.data else { throw .invalid("\(name) has no data: the pointer is null") }
    let address = Int(bitPattern: data)
    guard address % MemoryLayout<Scalar>.alignment == 0 else {
      throw .invalid("\(name) is not aligned: its address must be a multiple of \(MemoryLayout<Scalar>.alignment)")
    }
    // The lower half of the addresses is a process's own.
    guard address > 0, address + low * scalar > 0, !address.addingReportingOverflow((high + 1) * scalar).overflow else {
      throw .invalid("\(name) is partly beyond all memory: look at its data pointer, sizes and strides")
    }
    // Repeated elements are more in the copy than in the caller's memory.
    if !isDense { try requireRoom(for: shape, Scalar.self) }
    base = data.assumingMemoryBound(to: Scalar.self)
    self.isDense = isDense
    steps = array.steps
    bytes = address + low * scalar..<address + (high + 1) * scalar
  }

  static var dtype: Int { Scalar.self == Float.self ? SPECTRAL_FLOAT32 : SPECTRAL_FLOAT64 }

  // MARK: Elements

  /// The elements: in the caller's memory if they are dense there, else copied.
  var tensor: Tensor<Scalar> {
    guard let base else { return .zeros(shape) }
    return isDense ? Tensor(borrowing: base, shape) : copied
  }

  /// The elements in memory of their own.
  var copied: Tensor<Scalar> {
    guard let base else { return .zeros(shape) }
    return Tensor(shape) { copyElements(shape, from: base, steps, to: $0.baseAddress!, shape.strides) }
  }

  /// Offers its memory for the result of a call, if it can take one.
  ///
  /// - Parameter other: The shape that the result has there; nil for that of the array.
  func offer(to memory: ResultMemory, as other: TensorShape? = nil) {
    if let base, isDense { memory.offer(base, other ?? shape) }
  }

  /// Writes a result, unless it is here already.
  func store(_ result: Tensor<Scalar>) {
    guard let base else { return }
    result.withUnsafeElements { source in
      guard source.baseAddress! != UnsafePointer(base) else { return }
      copyElements(shape, from: source.baseAddress!, shape.strides, to: base, steps)
    }
  }

  // MARK: Overlaps

  /// Refuses an array whose places are not all different: nothing can be written there.
  func requireDistinctPlaces() throws(InterfaceError) {
    guard !isDense else { return }
    var reach = 0
    let axes = shape.extents.indices.filter { shape.extents[$0] > 1 }.sorted { abs(steps[$0]) < abs(steps[$1]) }
    for axis in axes {
      guard abs(steps[axis]) > reach else {
        throw .invalid(
          "\(name) has strides by which several elements may share a place: results need places of their own")
      }
      reach += abs(steps[axis]) * (shape.extents[axis] - 1)
    }
  }

  /// Refuses a result that shares places with another array of the call.
  func requireApart<Other>(from other: ArrayView<Other>?) throws(InterfaceError) {
    guard let other, bytes.overlaps(other.bytes), !isInterleaved(with: other) else { return }
    throw .invalid("\(name) overlaps \(other.name): a result needs memory of its own")
  }

  /// Whether two arrays take turns, as the real and imaginary parts of one array do.
  private func isInterleaved<Other>(with other: ArrayView<Other>) -> Bool {
    guard MemoryLayout<Scalar>.stride == MemoryLayout<Other>.stride, let a = base, let b = other.base else {
      return false
    }
    var divisor = 0
    for (extent, step) in zip(shape.extents + other.shape.extents, steps + other.steps) where extent > 1 {
      divisor = greatestCommonDivisor(divisor, abs(step))
    }
    let distance = abs(Int(bitPattern: a) - Int(bitPattern: b))
    guard divisor > 1, distance % MemoryLayout<Scalar>.stride == 0 else { return false }
    return distance / MemoryLayout<Scalar>.stride % divisor != 0
  }
}

/// Whether the sizes are those of an array whose bytes can be counted, also where some are 0 and all others multiply.
func canBeCounted(_ extents: [Int]) -> Bool {
  extents.allSatisfy { $0 >= 0 } && (TensorShape.count(extents.map { max(1, $0) }) ?? .max) <= Int.max / 64
}

/// Refuses a copy that the machine has no memory for.
func requireRoom<Scalar>(for shape: TensorShape, _: Scalar.Type) throws(InterfaceError) {
  let bytes = MemoryEstimate(shape.extents, scalarBytes: MemoryLayout<Scalar>.stride)
  // What the machine has left is looked up in files of the system: not for what is always there.
  guard bytes.bytes ?? .max > 1 << 26 else { return }
  do {
    try MemoryBudget().require(
      bytes, for: "a dense copy of an array of \(shape)", remedy: "make the array dense, or smaller")
  } catch { throw InterfaceError(error) }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}

/// What a caller says of an array, checked as far as it is right by itself.
struct ArrayDescription {
  let name: String
  let dtype: Int
  let data: UnsafeMutableRawPointer?
  let shape: TensorShape
  /// From one element to the next along each axis, in elements.
  let steps: [Int]

  var rank: Int { shape.rank }

  /// - Parameter dtype: The type that it must have; nil for any.
  init(_ array: UnsafePointer<spectral_array>?, _ name: String, _ dtype: Int? = nil) throws(InterfaceError) {
    let array = try requirePointer(array, name)
    self.name = name
    self.dtype = Int(array.pointee.dtype)
    data = array.pointee.data
    guard (SPECTRAL_FLOAT32...SPECTRAL_COMPLEX128).contains(self.dtype) else {
      throw .invalid("\(name) has the dtype \(self.dtype), which is none: see SPECTRAL_FLOAT32")
    }
    if let dtype, dtype != self.dtype {
      throw .invalid("\(name) is of \(Self.typeName(self.dtype)), and must be of \(Self.typeName(dtype))")
    }
    let rank = Int(array.pointee.rank)
    guard (0...SPECTRAL_MAX_RANK).contains(rank) else {
      throw .invalid("\(name) has \(rank) axes: there may be 0 to \(SPECTRAL_MAX_RANK)")
    }
    let extents = Self.numbers(array, Self.sizesOffset, rank)
    guard canBeCounted(extents) else {
      throw .invalid(
        "\(name) is \(extents.map(String.init).joined(separator: " x ")): sizes are at least 0, and their product can "
          + "be counted")
    }
    shape = TensorShape(extents)
    steps = Self.numbers(array, Self.stridesOffset, rank)
  }

  private static let sizesOffset = MemoryLayout<spectral_array>.offset(of: \.sizes)!
  private static let stridesOffset = MemoryLayout<spectral_array>.offset(of: \.strides)!

  /// The first numbers of a field that is a C array.
  private static func numbers(_ array: UnsafePointer<spectral_array>, _ offset: Int, _ count: Int) -> [Int] {
    let numbers = (UnsafeRawPointer(array) + offset).assumingMemoryBound(to: Int64.self)
    return [Int](unsafeUninitializedCapacity: count) { own, initialized in
      for axis in 0..<count { own[axis] = Int(numbers[axis]) }
      initialized = count
    }
  }

  static func typeName(_ dtype: Int) -> String {
    switch dtype {
    case SPECTRAL_FLOAT32: "float32"
    case SPECTRAL_FLOAT64: "float64"
    case SPECTRAL_COMPLEX64: "complex64"
    default: "complex128"
    }
  }

  // MARK: The same elements seen in other ways

  private init(_ other: ArrayDescription, _ shape: [Int], _ steps: [Int]) {
    (name, dtype, data) = (other.name, other.dtype, other.data)
    (self.shape, self.steps) = (TensorShape(shape), steps)
  }

  /// An array of complex numbers as one of their parts, which are an axis of its own.
  func split(at axis: Int) -> ArrayDescription {
    var (extents, steps) = (shape.extents, steps.map { 2 &* $0 })
    extents.insert(2, at: axis)
    steps.insert(1, at: axis)
    return ArrayDescription(self, extents, steps)
  }

  /// The array without its first axes, which are 1.
  func droppingFirst(_ count: Int) -> ArrayDescription {
    ArrayDescription(self, Array(shape.extents.dropFirst(count)), Array(steps.dropFirst(count)))
  }

  /// The array with axes of 1 repeated.
  func broadcast(to extents: [Int]) -> ArrayDescription {
    ArrayDescription(self, extents, zip(shape.extents, steps).map { $0 == 1 ? 0 : $1 })
  }
}

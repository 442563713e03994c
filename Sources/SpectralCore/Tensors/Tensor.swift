/// A dense, row-major array of numbers with a shape. A value: copy it as you copy an `Int`.
///
/// Copies share memory until one of them is written to. The last axis is contiguous; a batch of images is
/// `[N, C, H, W]`.
public struct Tensor<Scalar: TensorScalar>: Sendable {
  /// The extents of the axes, outermost first.
  public private(set) var shape: TensorShape
  @usableFromInline var storage: TensorStorage<Scalar>

  /// A tensor whose elements `fill` writes. Elements that it leaves out have unknown values.
  ///
  /// - Parameter fill: Receives all elements, row-major.
  @inlinable
  public init(_ shape: TensorShape, unsafeUninitialized fill: (UnsafeMutableBufferPointer<Scalar>) throws -> Void)
    rethrows
  {
    let storage = TensorStorage<Scalar>(uninitializedCount: shape.count)
    self.init(shape: shape, storage: storage)
    try fill(UnsafeMutableBufferPointer(start: storage.base, count: storage.count))
  }

  @usableFromInline
  init(shape: TensorShape, storage: TensorStorage<Scalar>) {
    self.shape = shape
    self.storage = storage
  }

  /// A tensor with the same value everywhere.
  public init(_ shape: TensorShape, repeating value: Scalar) {
    self.init(shape) { fill($0, with: value) }
  }

  /// A tensor with these elements, row-major.
  ///
  /// - Precondition: there are as many elements as the shape has places.
  public init(_ shape: TensorShape, _ elements: some Collection<Scalar>) {
    precondition(
      elements.count == shape.count, "\(elements.count) elements cannot fill a tensor of shape \(shape)")
    self.init(shape) { _ = $0.initialize(fromContentsOf: elements) }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: TensorShape) -> Tensor { Tensor(shape, repeating: 0) }

  /// A tensor of zeros with the shape of another.
  public static func zeros(like other: Tensor) -> Tensor { Tensor(other.shape, repeating: 0) }

  /// The number of elements.
  @inlinable public var count: Int { storage.count }

  /// The bytes its elements take.
  public var byteCount: Int { count * MemoryLayout<Scalar>.stride }

  /// All elements, row-major, as an array of their own.
  public var elements: [Scalar] { withUnsafeElements { Array($0) } }

  /// The one element of a tensor that has one.
  public var scalar: Scalar {
    precondition(count == 1, "a tensor of shape \(shape) is not a single number")
    return storage.base[0]
  }

  /// Reads all elements, row-major.
  @inlinable
  public func withUnsafeElements<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: storage.base, count: storage.count))
  }

  /// Reads and writes all elements in place, row-major; copies them first if another tensor shares them.
  @inlinable
  public mutating func withUnsafeMutableElements<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    return try body(UnsafeMutableBufferPointer(start: storage.base, count: storage.count))
  }

  @usableFromInline
  mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) || storage.origin == .operand else { return }
    let copy = TensorStorage<Scalar>(uninitializedCount: count)
    copy.base.initialize(from: storage.base, count: count)
    storage = copy
  }

  /// Whether nobody else holds the same memory.
  package mutating func isUniquelyReferenced() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// Whether two tensors share the same memory, and so must be equal.
  public func sharesStorage(with other: Tensor) -> Bool { storage === other.storage }

  /// The element at a place. For looking at a value; loops use ``withUnsafeElements(_:)``.
  public subscript(index: Int...) -> Scalar {
    get { storage.base[offset(index)] }
    set {
      let offset = offset(index)
      withUnsafeMutableElements { $0[offset] = newValue }
    }
  }

  private func offset(_ index: [Int]) -> Int {
    precondition(index.count == shape.rank, "\(index.count) indices into a tensor of shape \(shape)")
    var offset = 0
    for (axis, place) in index.enumerated() {
      precondition(place >= 0 && place < shape[axis], "index \(index) is outside a tensor of shape \(shape)")
      offset = offset * shape[axis] + place
    }
    return offset
  }

  /// The same elements under another shape; nothing is copied.
  ///
  /// - Precondition: both shapes have the same number of elements.
  public func reshaped(to shape: TensorShape) -> Tensor {
    precondition(shape.count == count, "a tensor of shape \(self.shape) cannot be reshaped to \(shape)")
    return Tensor(shape: shape, storage: storage)
  }

  /// Rows `range` of the first axis, copied.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(
      shape.rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0],
      "rows \(range) of a tensor of shape \(shape)")
    let stride = count / max(shape[0], 1)
    let source = storage
    return Tensor(TensorShape([range.count] + shape.extents.dropFirst())) {
      $0.baseAddress!.initialize(from: source.base + range.lowerBound * stride, count: range.count * stride)
    }
  }

  /// The elements in the other precision.
  public func converted<Other: TensorScalar>(to _: Other.Type = Other.self) -> Tensor<Other> {
    if let same = self as? Tensor<Other> { return same }
    return withUnsafeElements { source in Tensor<Other>(shape) { convert(source, to: $0) } }
  }
}

extension Tensor: Equatable {
  /// Same shape and equal elements (so NaN differs from itself, as in IEEE 754).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape && a.withUnsafeElements { x in b.withUnsafeElements { y in x.elementsEqual(y) } }
  }

  /// Whether shape and every bit agree: NaN equals itself, 0 differs from -0.
  public func hasSameBits(as other: Tensor) -> Bool {
    guard shape == other.shape else { return false }
    return withUnsafeElements { x in
      other.withUnsafeElements { y in UnsafeRawBufferPointer(x).elementsEqual(UnsafeRawBufferPointer(y)) }
    }
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first elements.
  public var description: String {
    let shown = elements.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "Tensor(\(shape): \(shown)\(count > 8 ? ", ..." : ""))"
  }
}

// Elementwise arithmetic and reductions. Both operands have the same shape; there is no implicit broadcasting,
// because a silent broadcast is the commonest way for a wrong shape to give a plausible number.

extension Tensor {
  /// A tensor of `body` of every element.
  @inlinable
  public func map(_ body: (Scalar) -> Scalar) -> Tensor {
    withUnsafeElements { source in
      Tensor(shape) { target in for i in source.indices { target[i] = body(source[i]) } }
    }
  }

  /// A tensor of `body` of the elements of two tensors at each place.
  @inlinable
  public func zip(_ other: Tensor, _ body: (Scalar, Scalar) -> Scalar) -> Tensor {
    requireSameShape(other)
    return withUnsafeElements { a in
      other.withUnsafeElements { b in
        Tensor(shape) { target in for i in a.indices { target[i] = body(a[i], b[i]) } }
      }
    }
  }

  @usableFromInline
  func requireSameShape(_ other: Tensor, _ function: StaticString = #function) {
    precondition(shape == other.shape, "one tensor has shape \(shape), the other \(other.shape)")
  }

  /// The sum of two tensors.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.zip(b, +) }
  /// The difference of two tensors.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.zip(b, -) }
  /// The elementwise (Hadamard) product of two tensors.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.zip(b, *) }
  /// Every element times a number.
  public static func * (a: Tensor, b: Scalar) -> Tensor { a.map { $0 * b } }
  /// Every element times a number.
  public static func * (a: Scalar, b: Tensor) -> Tensor { b * a }
  /// Every element divided by a number.
  public static func / (a: Tensor, b: Scalar) -> Tensor { a.map { $0 / b } }
  /// Every element plus a number.
  public static func + (a: Tensor, b: Scalar) -> Tensor { a.map { $0 + b } }
  /// Every element minus a number.
  public static func - (a: Tensor, b: Scalar) -> Tensor { a.map { $0 - b } }
  /// Every element negated.
  public static prefix func - (a: Tensor) -> Tensor { a.map { -$0 } }

  /// Adds a tensor in place.
  public static func += (a: inout Tensor, b: Tensor) { a.add(b, scaledBy: 1) }
  /// Subtracts a tensor in place.
  public static func -= (a: inout Tensor, b: Tensor) { a.add(b, scaledBy: -1) }
  /// Scales in place.
  public static func *= (a: inout Tensor, b: Scalar) { a.withUnsafeMutableElements { scale($0, b) } }

  /// Adds `factor * other` in place.
  public mutating func add(_ other: Tensor, scaledBy factor: Scalar) {
    requireSameShape(other)
    other.withUnsafeElements { b in withUnsafeMutableElements { a in addScaled(a, b, factor) } }
  }

  /// The sum of all elements, accumulated in Double.
  public var sum: Double { withUnsafeElements { doubleSum($0) } }
  /// The mean of all elements, accumulated in Double; NaN if there are none.
  public var mean: Double { sum / Double(count) }
  /// The Euclidean norm of all elements, accumulated in Double.
  public var norm: Double { withUnsafeElements { doubleSumOfSquares($0).squareRoot() } }
  /// The largest absolute value; 0 if there are no elements; NaN if one is NaN.
  public var maximumMagnitude: Double { withUnsafeElements { largestMagnitude($0) } }

  /// Whether no element is NaN or infinite.
  public var isFinite: Bool { withUnsafeElements { allFinite($0) } }

  /// The inner product of two tensors, accumulated in Double.
  public func dot(_ other: Tensor) -> Double {
    requireSameShape(other)
    return withUnsafeElements { a in other.withUnsafeElements { b in doubleDot(a, b) } }
  }

  /// The elements with the last axis in front: `[A, B]` becomes `[B, A]`.
  public var transposed: Tensor {
    precondition(shape.rank == 2, "only a matrix is transposed, not a tensor of shape \(shape)")
    let (rows, columns) = (shape[0], shape[1])
    return withUnsafeElements { source in
      Tensor([columns, rows]) { target in
        for r in 0..<rows { for c in 0..<columns { target[c * rows + r] = source[r * columns + c] } }
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func largestMagnitude<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>) -> Double {
  var (largest, strange): (Scalar, UInt32) = (0, 0)
  for value in x {
    let magnitude = value.magnitude
    largest = magnitude > largest ? magnitude : largest
    strange |= magnitude == magnitude ? 0 : 1
  }
  return strange == 0 ? Double(largest) : .nan
}

// In generic code the standard library would initialise one element after the other, each by a call.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func fill<Scalar: TensorScalar>(_ a: UnsafeMutableBufferPointer<Scalar>, with value: Scalar) {
  a.initialize(repeating: value)
}

@specialized(where Scalar == Float, Other == Double)
@specialized(where Scalar == Double, Other == Float)
func convert<Scalar: TensorScalar, Other: TensorScalar>(
  _ a: UnsafeBufferPointer<Scalar>, to b: UnsafeMutableBufferPointer<Other>
) {
  for i in a.indices { b[i] = Other(a[i]) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func scale<Scalar: TensorScalar>(_ a: UnsafeMutableBufferPointer<Scalar>, _ factor: Scalar) {
  for i in a.indices { a[i] *= factor }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addScaled<Scalar: TensorScalar>(
  _ a: UnsafeMutableBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, _ factor: Scalar
) {
  for i in a.indices { a[i] += factor * b[i] }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func doubleSum<Scalar: TensorScalar>(_ a: UnsafeBufferPointer<Scalar>) -> Double {
  var sum = 0.0
  for x in a { sum += Double(x) }
  return sum
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func doubleSumOfSquares<Scalar: TensorScalar>(_ a: UnsafeBufferPointer<Scalar>) -> Double {
  var sum = 0.0
  for x in a { sum += Double(x) * Double(x) }
  return sum
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func doubleDot<Scalar: TensorScalar>(_ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>) -> Double {
  var sum = 0.0
  for i in a.indices { sum += Double(a[i]) * Double(b[i]) }
  return sum
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func allFinite<Scalar: TensorScalar>(_ a: UnsafeBufferPointer<Scalar>) -> Bool {
  // Without a branch, and with a sum of bits, which the compiler may reorder: so it vectorises.
  var strange: UInt32 = 0
  for x in a { strange |= x.magnitude <= Scalar.greatestFiniteMagnitude ? 0 : 1 }
  return strange == 0
}

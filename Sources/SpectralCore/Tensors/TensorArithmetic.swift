import CKernels

// Elementwise arithmetic. Shapes that differ broadcast by NumPy's rules: aligned at their last axes, an axis of extent 1,
// or one that is missing, repeats its elements. Where that would give a wrong shape a plausible number (a gradient, a
// loss), whoever calls checks the shapes first.

extension TensorShape {
  /// The shape of what is computed from tensors of two shapes, place by place; nil if they do not broadcast.
  public func broadcast(with other: TensorShape) -> TensorShape? {
    var extents: [Int] = []
    for axis in stride(from: 1, through: max(rank, other.rank), by: 1) {
      let a = axis <= rank ? self.extents[rank - axis] : 1
      let b = axis <= other.rank ? other.extents[other.rank - axis] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      extents.append(a == 1 ? b : a)
    }
    return TensorShape(extents.reversed())
  }

  /// The steps of a tensor of this shape along the axes of one that it broadcasts to: none where it repeats itself.
  func steps(in whole: TensorShape) -> [Int] {
    let own = Swift.zip(extents, strides).map { $0 == 1 ? 0 : $1 }
    return [Int](repeating: 0, count: whole.rank - rank) + own
  }
}

extension Tensor {
  /// A tensor of `body` of every element.
  @inlinable
  public func map(_ body: (Scalar) -> Scalar) -> Tensor {
    withUnsafeElements { source in
      Tensor(shape) { target in for i in source.indices { target[i] = body(source[i]) } }
    }
  }

  /// A tensor of `body` of the elements of two tensors of one shape at each place.
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

  /// The sum of two tensors; shapes broadcast.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(sk_plus, b) }
  /// The difference of two tensors; shapes broadcast.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(sk_minus, b) }
  /// The elementwise (Hadamard) product of two tensors; shapes broadcast.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(sk_times, b) }
  /// The elementwise quotient of two tensors; shapes broadcast.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.combined(sk_over, b) }

  /// Every element plus a number.
  public static func + (a: Tensor, b: Scalar) -> Tensor { a + Tensor([], repeating: b) }
  /// Every element minus a number.
  public static func - (a: Tensor, b: Scalar) -> Tensor { a - Tensor([], repeating: b) }
  /// Every element times a number.
  public static func * (a: Tensor, b: Scalar) -> Tensor { a * Tensor([], repeating: b) }
  /// Every element divided by a number.
  public static func / (a: Tensor, b: Scalar) -> Tensor { a / Tensor([], repeating: b) }
  /// A number plus every element.
  public static func + (a: Scalar, b: Tensor) -> Tensor { Tensor([], repeating: a) + b }
  /// A number minus every element.
  public static func - (a: Scalar, b: Tensor) -> Tensor { Tensor([], repeating: a) - b }
  /// A number times every element.
  public static func * (a: Scalar, b: Tensor) -> Tensor { Tensor([], repeating: a) * b }
  /// A number divided by every element.
  public static func / (a: Scalar, b: Tensor) -> Tensor { Tensor([], repeating: a) / b }
  /// Every element negated.
  public static prefix func - (a: Tensor) -> Tensor { a * -1 }

  /// Adds a tensor in place; its shape must broadcast to this one's.
  public static func += (a: inout Tensor, b: Tensor) { a.combine(sk_plus, b) }
  /// Subtracts a tensor in place; its shape must broadcast to this one's.
  public static func -= (a: inout Tensor, b: Tensor) { a.combine(sk_minus, b) }
  /// Multiplies by a tensor in place; its shape must broadcast to this one's.
  public static func *= (a: inout Tensor, b: Tensor) { a.combine(sk_times, b) }
  /// Divides by a tensor in place; its shape must broadcast to this one's.
  public static func /= (a: inout Tensor, b: Tensor) { a.combine(sk_over, b) }
  /// Adds a number in place.
  public static func += (a: inout Tensor, b: Scalar) { a += Tensor([], repeating: b) }
  /// Subtracts a number in place.
  public static func -= (a: inout Tensor, b: Scalar) { a -= Tensor([], repeating: b) }
  /// Scales in place.
  public static func *= (a: inout Tensor, b: Scalar) { a *= Tensor([], repeating: b) }
  /// Divides by a number in place.
  public static func /= (a: inout Tensor, b: Scalar) { a /= Tensor([], repeating: b) }

  private func combined(_ operation: sk_operation, _ other: Tensor) -> Tensor {
    guard let whole = shape.broadcast(with: other.shape) else {
      preconditionFailure(
        "tensors of shapes \(shape) and \(other.shape) do not broadcast: aligned at the last axes, extents must be "
          + "equal or one of them 1")
    }
    let loop = StridedLoop(whole, whole.strides, shape.steps(in: whole), other.shape.steps(in: whole))
    return withUnsafeElements { a in
      other.withUnsafeElements { b in
        Tensor(whole) { y in
          loop.forEachRun { offsets, steps, count in
            SpectralCore.combine(
              operation, a.baseAddress! + offsets[1], steps[1], b.baseAddress! + offsets[2], steps[2],
              y.baseAddress! + offsets[0], count)
          }
        }
      }
    }
  }

  private mutating func combine(_ operation: sk_operation, _ other: Tensor) {
    requireBroadcast(of: other.shape, to: shape)
    let loop = StridedLoop(shape, shape.strides, other.shape.steps(in: shape))
    other.withUnsafeElements { b in
      withUnsafeMutableElements { y in
        nonisolated(unsafe) let y = y
        loop.forEachRun { offsets, steps, count in
          let y = y.baseAddress! + offsets[0]
          SpectralCore.combine(operation, y, steps[0], b.baseAddress! + offsets[1], steps[1], y, count)
        }
      }
    }
  }

  /// Adds `factor * other` in place.
  ///
  /// - Precondition: both have the same shape.
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

  /// The inner product of two tensors of one shape, accumulated in Double.
  public func dot(_ other: Tensor) -> Double {
    requireSameShape(other)
    return withUnsafeElements { a in other.withUnsafeElements { b in doubleDot(a, b) } }
  }
}

/// `y = a operation b` for neighbours in y, which may be a; operands with a step of 0 are one number.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func combine<Scalar: TensorScalar>(
  _ operation: sk_operation, _ a: UnsafePointer<Scalar>, _ aStep: Int, _ b: UnsafePointer<Scalar>, _ bStep: Int,
  _ y: UnsafeMutablePointer<Scalar>, _ count: Int
) {
  Scalar.kernels.pointee.combine(operation, y, a, aStep, b, bStep, count)
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

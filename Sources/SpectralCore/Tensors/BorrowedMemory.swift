// Tensors in the memory of a caller in another language, whose arrays are to be computed with as they are.

extension Tensor {
  /// A tensor whose elements are a caller's, dense and row-major; nothing is copied until it is written to.
  ///
  /// - Precondition: the memory stays as it is while there is the tensor or a copy of it.
  package init(borrowing base: UnsafePointer<Scalar>, _ shape: TensorShape) {
    let base = UnsafeMutablePointer(mutating: base)
    self.init(shape: shape, storage: TensorStorage(.operand, base, count: shape.count))
  }

  /// Calls with a tensor that borrows the elements of this one, so that nobody keeps it for later.
  package func borrowed<Result>(_ body: (Tensor) -> Result) -> Result {
    withUnsafeElements { count == 0 ? body(self) : body(Tensor(borrowing: $0.baseAddress!, shape)) }
  }

  /// Whether the elements are in a caller's memory.
  package var isBorrowed: Bool { storage.origin != .pool }

  /// A tensor for the result of a call: in the memory that the caller offers for a result of this shape, else in its own.
  ///
  /// - Parameter fill: Receives all elements, row-major, with unknown values.
  package init(result shape: TensorShape, _ fill: (UnsafeMutableBufferPointer<Scalar>) throws -> Void) rethrows {
    guard let base = ResultMemory.current?.take(shape, Scalar.self) else {
      try self.init(shape, unsafeUninitialized: fill)
      return
    }
    self.init(shape: shape, storage: TensorStorage(.result, base, count: shape.count))
    try fill(UnsafeMutableBufferPointer(start: base, count: shape.count))
  }

  /// A tensor of zeros for the result of a call, as that of ``init(result:_:)``.
  package static func zeros(result shape: TensorShape) -> Tensor {
    Tensor(result: shape) { SpectralCore.fill($0, with: 0) }
  }
}

/// The memory in which a caller wants the results of a call.
///
/// A value of the thread, not an argument: between a call and the engine that makes its result stand methods, plans and
/// reformulations that have nothing to do with where the result goes. An offer is taken by the first tensor that is made
/// for a result of its shape. Whoever made the offer looks whether the result is there, since a result may be made twice, as
/// where operands are not finite.
///
/// Sendable because only the thread that makes the offer takes it.
package final class ResultMemory: @unchecked Sendable {
  @TaskLocal static var current: ResultMemory?

  private var offers: [(shape: TensorShape, type: Any.Type, base: UnsafeMutableRawPointer)] = []

  package init() {}

  /// Offers dense memory for a result of a shape.
  package func offer<Scalar: TensorScalar>(_ base: UnsafeMutablePointer<Scalar>, _ shape: TensorShape) {
    offers.append((shape, Scalar.self, UnsafeMutableRawPointer(base)))
  }

  fileprivate func take<Scalar: TensorScalar>(_ shape: TensorShape, _: Scalar.Type) -> UnsafeMutablePointer<Scalar>? {
    guard let index = offers.firstIndex(where: { $0.type == Scalar.self && $0.shape == shape }) else { return nil }
    return offers.remove(at: index).base.assumingMemoryBound(to: Scalar.self)
  }

  /// Runs a call whose results go to the memory that is offered.
  package func whileOffered<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.$current.withValue(self, operation: body)
  }
}

/// Copies elements between dense or strided arrays of one shape, on several threads if there are many.
///
/// - Parameters:
///   - steps: From one element to the next along each axis, in elements; any number, also 0 or below.
///   - targetSteps: Those of the target.
/// - Precondition: no two places of the target are the same.
package func copyElements<Scalar: TensorScalar>(
  _ shape: TensorShape, from source: UnsafePointer<Scalar>, _ steps: [Int],
  to target: UnsafeMutablePointer<Scalar>, _ targetSteps: [Int]
) {
  StridedLoop(shape, targetSteps, steps).copyElements(from: source, to: target)
}

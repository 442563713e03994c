import CKernels

// Reductions over axes. Axes are counted from the outermost, negative ones from the last. Each is dropped from the shape,
// or kept with extent 1, so that the result broadcasts against the tensor it came from.

extension Tensor {
  /// The sums over axes, in the tensor's own precision; zeros over an axis without elements.
  ///
  /// Neighbours along the last axis are added in sixteen running sums, everything else row after row: the order does not
  /// depend on threads.
  public func sum(over axes: some Sequence<Int>, keepingAxes: Bool = false) -> Tensor {
    reduced(.sum, over: axes, keepingAxes: keepingAxes)
  }

  /// The sums over axes: `x.sum(over: 0, 2, 3)`.
  public func sum(over axes: Int..., keepingAxes: Bool = false) -> Tensor {
    sum(over: axes, keepingAxes: keepingAxes)
  }

  /// The means over axes; NaN over an axis without elements.
  public func mean(over axes: some Sequence<Int>, keepingAxes: Bool = false) -> Tensor {
    let sum = sum(over: axes, keepingAxes: keepingAxes)
    // Where there are no sums there is nothing to divide, and perhaps no number of terms.
    return sum.count == 0 ? sum : sum / Scalar(count / sum.count)
  }

  /// The means over axes: `x.mean(over: 0, 2, 3)`.
  public func mean(over axes: Int..., keepingAxes: Bool = false) -> Tensor {
    mean(over: axes, keepingAxes: keepingAxes)
  }

  /// The largest elements along axes; NaN where one is NaN.
  ///
  /// - Precondition: there is an element to take for each.
  public func maximum(over axes: some Sequence<Int>, keepingAxes: Bool = false) -> Tensor {
    reduced(.maximum, over: axes, keepingAxes: keepingAxes)
  }

  /// The largest elements along axes: `x.maximum(over: -1)`.
  public func maximum(over axes: Int..., keepingAxes: Bool = false) -> Tensor {
    maximum(over: axes, keepingAxes: keepingAxes)
  }

  /// The smallest elements along axes; NaN where one is NaN.
  ///
  /// - Precondition: there is an element to take for each.
  public func minimum(over axes: some Sequence<Int>, keepingAxes: Bool = false) -> Tensor {
    reduced(.minimum, over: axes, keepingAxes: keepingAxes)
  }

  /// The smallest elements along axes: `x.minimum(over: -1)`.
  public func minimum(over axes: Int..., keepingAxes: Bool = false) -> Tensor {
    minimum(over: axes, keepingAxes: keepingAxes)
  }

  /// The sums over whatever broadcasting repeated: the adjoint of ``broadcast(to:)``, and so the gradient by an operand of
  /// shape `shape` where this is the gradient by the result.
  ///
  /// - Precondition: `shape` broadcasts to this tensor's.
  public func sum(to shape: TensorShape) -> Tensor {
    requireBroadcast(of: shape, to: self.shape)
    let missing = self.shape.rank - shape.rank
    return sum(over: self.shape.extents.indices.filter { $0 < missing || shape[$0 - missing] == 1 }).reshaped(to: shape)
  }

  private func reduced(_ reduction: Reduction, over axes: some Sequence<Int>, keepingAxes: Bool) -> Tensor {
    var isReduced = [Bool](repeating: false, count: shape.rank)
    for axis in axes {
      let place = shape.place(of: axis)
      precondition(!isReduced[place], "axis \(axis) of a tensor of shape \(shape) is named twice")
      isReduced[place] = true
    }
    var (result, extents, end) = (self, shape.extents, shape.rank)
    // Neighbouring axes are one; the innermost goes first, so that the rest is small.
    while let last = isReduced[..<end].lastIndex(of: true) {
      end = (isReduced[..<last].lastIndex(of: false) ?? -1) + 1
      result = result.reduced(
        reduction, outer: extents[..<end].reduce(1, *), length: extents[end...last].reduce(1, *),
        inner: extents[(last + 1)...].reduce(1, *))
      for axis in end...last { extents[axis] = 1 }
    }
    let kept = extents.indices.filter { keepingAxes || !isReduced[$0] }
    return result.reshaped(to: TensorShape(kept.map { extents[$0] }))
  }

  /// The tensor, taken as `[outer, length, inner]`, reduced over its middle axis.
  private func reduced(_ reduction: Reduction, outer: Int, length: Int, inner: Int) -> Tensor {
    precondition(
      reduction == .sum || length > 0 || outer * inner == 0, "a tensor of shape \(shape) has no \(reduction) there")
    return withUnsafeElements { x in
      Tensor([outer, inner]) { y in
        let (x, y) = (x.baseAddress!, y.baseAddress!)
        if inner == 1 {
          Parallel.forEach(outer, grain: rowGrain(length)) { y[$0] = reduce(reduction, x + $0 * length, length) }
        } else {
          // Columns many at a time, so that rows are read along.
          let size = max(32, rowGrain(length))
          let parts = (inner + size - 1) / size
          Parallel.forEach(outer * parts, grain: rowGrain(length * min(inner, size))) { index in
            let (row, column) = (parts == 1 ? index : index / parts, parts == 1 ? 0 : index % parts * size)
            reduceRows(
              reduction, x + row * length * inner + column, rows: length, pitch: inner, y + row * inner + column,
              min(size, inner - column))
          }
        }
      }
    }
  }
}

private enum Reduction { case sum, maximum, minimum }

/// A row of neighbours as one number.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func reduce<Scalar: TensorScalar>(_ reduction: Reduction, _ x: UnsafePointer<Scalar>, _ count: Int) -> Scalar {
  switch reduction {
  case .sum: Scalar(Scalar.kernels.pointee.sum(x, count))
  case .maximum: Scalar(Scalar.kernels.pointee.largest(x, count))
  case .minimum: Scalar(Scalar.kernels.pointee.smallest(x, count))
  }
}

/// Rows that begin `pitch` elements from each other as one row of `count` numbers.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func reduceRows<Scalar: TensorScalar>(
  _ reduction: Reduction, _ x: UnsafePointer<Scalar>, rows: Int, pitch: Int, _ y: UnsafeMutablePointer<Scalar>,
  _ count: Int
) {
  if reduction == .sum { y.initialize(repeating: 0, count: count) } else { y.initialize(from: x, count: count) }
  for row in stride(from: reduction == .sum ? 0 : 1, to: rows, by: 1) {
    let x = x + row * pitch
    switch reduction {
    case .sum: Scalar.kernels.pointee.combine(sk_plus, y, y, 1, x, 1, count)
    case .maximum: Scalar.kernels.pointee.largest_each(y, x, count)
    case .minimum: Scalar.kernels.pointee.smallest_each(y, x, count)
    }
  }
}

// Parts of tensors, and the same elements in another order. They are copies, unless the elements stay as they are: a tensor
// is always dense and row-major.

extension Tensor {
  /// The part of a tensor that ranges along its axes cut out: `x[0..<2, 0..., 4...]`. Axes without a range are whole.
  ///
  /// What is assigned to a part may have any shape that broadcasts to the part's.
  ///
  /// - Precondition: the ranges are inside the tensor.
  public subscript(_ first: any RangeExpression<Int>, _ rest: any RangeExpression<Int>...) -> Tensor {
    get {
      let ranges = shape.ranges([first] + rest)
      return gathered(TensorShape(ranges.map(\.count)), from: shape.offset(ranges), shape.strides)
    }
    set {
      let ranges = shape.ranges([first] + rest)
      let part = TensorShape(ranges.map(\.count))
      newValue.requireBroadcast(of: newValue.shape, to: part)
      let loop = StridedLoop(part, shape.strides, newValue.shape.steps(in: part))
      let start = shape.offset(ranges)
      newValue.withUnsafeElements { x in
        withUnsafeMutableElements { y in
          nonisolated(unsafe) let y = y
          loop.forEachRun { offsets, steps, count in
            copy(
              x.baseAddress! + offsets[1], steps[1], y.baseAddress! + start + offsets[0], steps[0], count)
          }
        }
      }
    }
  }

  /// The part of a tensor that a range cuts out of one axis; negative axes count from the last.
  ///
  /// - Precondition: the range is inside the tensor.
  public func sliced(_ range: some RangeExpression<Int>, along axis: Int) -> Tensor {
    var ranges = shape.ranges([])
    let place = shape.place(of: axis)
    ranges[place] = shape.range(range, along: place)
    return gathered(TensorShape(ranges.map(\.count)), from: shape.offset(ranges), shape.strides)
  }

  /// The elements with the axes in another order: `x.permuted(0, 2, 3, 1)` of `[N, C, H, W]` is `[N, H, W, C]`.
  ///
  /// - Parameter axes: The axis that becomes the first, that which becomes the second, and so on; negative ones count from
  ///   the last.
  /// - Precondition: each axis is named once.
  public func permuted(_ axes: Int...) -> Tensor { permuted(axes) }

  /// The elements with the axes in another order.
  public func permuted(_ axes: [Int]) -> Tensor {
    let places = axes.map { shape.place(of: $0) }
    precondition(
      places.sorted() == Array(0..<shape.rank), "\(axes) does not name each axis of a tensor of shape \(shape) once")
    let strides = shape.strides
    return gathered(TensorShape(places.map { shape[$0] }), from: 0, places.map { strides[$0] })
  }

  /// The elements with two axes in each other's place; negative ones count from the last.
  public func transposed(_ a: Int, _ b: Int) -> Tensor {
    var axes = Array(0..<shape.rank)
    axes.swapAt(shape.place(of: a), shape.place(of: b))
    return permuted(axes)
  }

  /// The elements of a matrix with rows and columns in each other's place: `[A, B]` becomes `[B, A]`.
  public var transposed: Tensor {
    precondition(shape.rank == 2, "only a matrix is transposed without axes, not a tensor of shape \(shape)")
    return permuted(1, 0)
  }

  /// The elements, repeated where a shape is longer: what broadcasting makes of the tensor.
  ///
  /// - Precondition: the tensor's shape broadcasts to `shape`.
  public func broadcast(to shape: TensorShape) -> Tensor {
    requireBroadcast(of: self.shape, to: shape)
    return gathered(shape, from: 0, self.shape.steps(in: shape))
  }

  func requireBroadcast(of shape: TensorShape, to whole: TensorShape) {
    precondition(
      shape.broadcast(with: whole) == whole,
      "a tensor of shape \(shape) does not broadcast to \(whole): aligned at the last axes, its extents must be equal or 1"
    )
  }

  /// A tensor of `shape` whose elements lie in this one, `steps` from each other along its axes.
  private func gathered(_ shape: TensorShape, from start: Int, _ steps: [Int]) -> Tensor {
    let loop = StridedLoop(shape, shape.strides, steps)
    // All of the tensor in its own order, if axes of extent 1 do not count.
    if start == 0, shape.count == count, loop.axes.count <= 1, loop.axes.allSatisfy({ $0.steps[1] == 1 }) {
      return reshaped(to: shape)
    }
    return withUnsafeElements { x in
      Tensor(shape) { loop.copyElements(from: x.baseAddress! + start, to: $0.baseAddress!) }
    }
  }
}

extension StridedLoop {
  /// Copies the elements of the second operand to the places of the first.
  func copyElements<Scalar: TensorScalar>(from x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>) {
    nonisolated(unsafe) let (x, y) = (x, y)
    // An axis along which one operand has neighbours while the other has them along the innermost: a transposition.
    let across = axes.dropLast().lastIndex { $0.steps[1] == 1 }
    guard let across, count > 0 else {
      return forEachRun { copy(x + $0[1], $1[1], y + $0[0], $1[0], $2) }
    }
    var outer = self
    let run = outer.remove(at: axes.count - 1)
    let columns = outer.remove(at: across)
    // In tiles, so that the lines of memory that a tile reads stay in the cache until all of it has been written.
    let (height, width) = (min(64, run.extent), min(1024, columns.extent))
    let (down, right) = ((run.extent + height - 1) / height, (columns.extent + width - 1) / width)
    Parallel.forEach(outer.count * down * right, grain: rowGrain(height * width)) { index in
      let offsets = outer.offsets(of: index / (down * right))
      let (row, column) = (index / right % down * height, index % right * width)
      copyTile(
        x + offsets[1] + row * run.steps[1] + column, run.steps[1],
        y + offsets[0] + row * run.steps[0] + column * columns.steps[0], run.steps[0], columns.steps[0],
        rows: min(height, run.extent - row), columns: min(width, columns.extent - column))
    }
  }
}

extension TensorShape {
  /// An axis counted from the outermost; negative ones count from the last.
  func place(of axis: Int) -> Int {
    let place = axis < 0 ? axis + rank : axis
    precondition(extents.indices.contains(place), "a tensor of shape \(self) has no axis \(axis)")
    return place
  }

  fileprivate func ranges(_ given: [any RangeExpression<Int>]) -> [Range<Int>] {
    precondition(given.count <= rank, "\(given.count) ranges into a tensor of shape \(self)")
    return extents.indices.map { $0 < given.count ? range(given[$0], along: $0) : 0..<extents[$0] }
  }

  fileprivate func range(_ expression: some RangeExpression<Int>, along axis: Int) -> Range<Int> {
    let range = expression.relative(to: 0..<extents[axis])
    precondition(
      range.lowerBound >= 0 && range.upperBound <= extents[axis],
      "the range \(range) is outside axis \(axis) of a tensor of shape \(self)")
    return range
  }

  /// The offset of the first element of a part.
  fileprivate func offset(_ ranges: [Range<Int>]) -> Int {
    Swift.zip(ranges, strides).reduce(0) { $0 + $1.0.lowerBound * $1.1 }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func copy<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ xStep: Int, _ y: UnsafeMutablePointer<Scalar>, _ yStep: Int, _ count: Int
) {
  switch (xStep, yStep) {
  case (1, 1): y.update(from: x, count: count)
  case (0, 1): y.update(repeating: x[0], count: count)
  default: for i in 0..<count { y[i * yStep] = x[i * xStep] }
  }
}

/// A matrix, its rows `xPitch` apart in x, as its transpose, whose rows are `yPitch` apart in y, their elements `yStep`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func copyTile<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ xPitch: Int, _ y: UnsafeMutablePointer<Scalar>, _ yStep: Int, _ yPitch: Int,
  rows: Int, columns: Int
) {
  for column in 0..<columns {
    let (x, y) = (x + column, y + column * yPitch)
    if yStep == 1 {
      for row in 0..<rows { y[row] = x[row * xPitch] }
    } else {
      for row in 0..<rows { y[row * yStep] = x[row * xPitch] }
    }
  }
}

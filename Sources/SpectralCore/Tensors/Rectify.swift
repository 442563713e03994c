extension Tensor {
  /// Takes `max(·, 0)` in place; NaN stays NaN.
  package mutating func rectify() {
    let size = 1 << 13
    withUnsafeMutableElements { y in
      nonisolated(unsafe) let y = y
      Parallel.forEach((y.count + size - 1) / size) { piece in
        let range = piece * size..<min(y.count, (piece + 1) * size)
        clampAtZero(UnsafeBufferPointer(rebasing: y[range]), UnsafeMutableBufferPointer(rebasing: y[range]))
      }
    }
  }
}

/// `y = max(x, 0)`, element by element; NaN stays NaN.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func clampAtZero<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>
) {
  Scalar.kernels.pointee.rectify(y.baseAddress, x.baseAddress, y.count)
}

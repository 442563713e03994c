import CKernels

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
  let (source, target) = (UnsafeRawPointer(x.baseAddress), UnsafeMutableRawPointer(y.baseAddress))
  guard let source, let target else { return }
  if Scalar.self == Float.self {
    sk_rectify_f32(
      target.assumingMemoryBound(to: Float.self), source.assumingMemoryBound(to: Float.self), y.count)
  } else {
    sk_rectify_f64(
      target.assumingMemoryBound(to: Double.self), source.assumingMemoryBound(to: Double.self), y.count)
  }
}

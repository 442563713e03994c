import Foundation
import Tensors

// What activations share: walking through tensors in pieces, and the elementary functions in either precision. The
// kernels themselves stand beside their layers.

/// Elements worth handing to another thread: about ten microseconds of a simple loop.
let elementwiseGrain = 1 << 15

/// Calls `body` with neighbouring ranges that together are `0 ..< count`, on several threads if there are many.
func forEachRange(_ count: Int, size: Int = elementwiseGrain, _ body: (Range<Int>) -> Void) {
  Parallel.forEach((count + size - 1) / size) { body($0 * size..<min(count, ($0 + 1) * size)) }
}

/// The largest number of rows of `width` elements that is still one piece of work, at least 1.
func rowGrain(_ width: Int) -> Int { max(1, elementwiseGrain / max(width, 1)) }

extension Tensor {
  /// A tensor of the same shape that `kernel` computes piece by piece.
  func elementwise(
    _ kernel: (UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor {
    withUnsafeElements { source in
      Tensor(shape) { target in
        forEachRange(count) { kernel(.init(rebasing: source[$0]), .init(rebasing: target[$0])) }
      }
    }
  }

  /// A tensor of the same shape that `kernel` computes piece by piece from this one and another.
  func elementwise(
    _ other: Tensor,
    _ kernel: (UnsafeBufferPointer<Scalar>, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor {
    precondition(shape == other.shape, "one tensor has shape \(shape), the other \(other.shape)")
    return withUnsafeElements { a in
      other.withUnsafeElements { b in
        Tensor(shape) { target in
          forEachRange(count) {
            kernel(.init(rebasing: a[$0]), .init(rebasing: b[$0]), .init(rebasing: target[$0]))
          }
        }
      }
    }
  }
}

// The test of the type is decided when a kernel is specialised; what remains is the call of the C function.

/// `e^x`.
@inline(__always)
func exponential<Scalar: TensorScalar>(_ x: Scalar) -> Scalar {
  if Scalar.self == Float.self { return unsafeBitCast(exp(unsafeBitCast(x, to: Float.self)), to: Scalar.self) }
  return Scalar(exp(Double(x)))
}

/// The natural logarithm.
@inline(__always)
func logarithm<Scalar: TensorScalar>(_ x: Scalar) -> Scalar {
  if Scalar.self == Float.self { return unsafeBitCast(log(unsafeBitCast(x, to: Float.self)), to: Scalar.self) }
  return Scalar(log(Double(x)))
}

/// The hyperbolic tangent.
@inline(__always)
func hyperbolicTangent<Scalar: TensorScalar>(_ x: Scalar) -> Scalar {
  if Scalar.self == Float.self { return unsafeBitCast(tanh(unsafeBitCast(x, to: Float.self)), to: Scalar.self) }
  return Scalar(tanh(Double(x)))
}

/// The error function, `2/sqrt(π) ∫ e^(-t²) dt` from 0 to x.
@inline(__always)
func errorFunction<Scalar: TensorScalar>(_ x: Scalar) -> Scalar {
  if Scalar.self == Float.self { return unsafeBitCast(erf(unsafeBitCast(x, to: Float.self)), to: Scalar.self) }
  return Scalar(erf(Double(x)))
}

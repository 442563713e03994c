import CKernels
import Foundation
import SpectralCore

// What layers share: walking through tensors in pieces. The kernels of one layer stand beside it.

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

/// The sum of neighbouring elements, in running sums side by side, which lose fewer digits than one.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func runningSum<Scalar: TensorScalar>(_ x: UnsafePointer<Scalar>, _ count: Int) -> Scalar {
  Scalar(Scalar.kernels.pointee.sum(x, count))
}

/// The sum of `(x - mean)²` over neighbouring elements.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func runningSumOfSquares<Scalar: TensorScalar>(_ x: UnsafePointer<Scalar>, _ mean: Scalar, _ count: Int) -> Scalar {
  Scalar(Scalar.kernels.pointee.sum_squares(x, Double(mean), count))
}

/// `y = e^(x - shift)`, element by element.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func exponential<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, less shift: Scalar, _ y: UnsafeMutableBufferPointer<Scalar>
) {
  Scalar.kernels.pointee.exponential(y.baseAddress, x.baseAddress, Double(shift), x.count)
}

/// The natural logarithm.
@inline(__always)
func logarithm<Scalar: TensorScalar>(_ x: Scalar) -> Scalar {
  Scalar.self == Float.self ? Scalar(log(Float(x))) : Scalar(log(Double(x)))
}

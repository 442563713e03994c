import CKernels
import SpectralConvolution
import SpectralCore

/// The rectified linear unit: `max(x, 0)`. NaN stays NaN, so that a broken computation is seen.
public struct ReLU<Scalar: TensorScalar>: Layer {
  /// A rectifier.
  public init() {}

  /// The output is the tape: the slope is 1 where it is positive, and the next layer keeps it anyway.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    let output = self(input)
    return (output, output)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.elementwise(tape) { rectifyGradient($0, $1, $2) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input.elementwise { clampAtZero($0, $1) } }

  /// A convolution in front rectifies as it writes.
  public var fusedActivation: FusedActivation<Scalar, Tensor<Scalar>>? { FusedActivation(.relu) { $0 } }

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func rectifyGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ y: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  Scalar.kernels.pointee.rectify_gradient(result.baseAddress, gradient.baseAddress, y.baseAddress, y.count)
}

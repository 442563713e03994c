import SpectralCore

/// The hyperbolic tangent.
public struct Tanh<Scalar: TensorScalar>: Layer {
  /// A hyperbolic tangent.
  public init() {}

  /// The tape is the output: the slope is `1 - y²`.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    let output = self(input)
    return (output, output)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.elementwise(tape) { tangentGradient($0, $1, $2) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input.elementwise { tangent($0, $1) } }

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func tangent<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>) {
  Scalar.kernels.pointee.tanh(y.baseAddress, x.baseAddress, x.count)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func tangentGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ y: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  for i in y.indices { result[i] = gradient[i] * (1 - y[i] * y[i]) }
}

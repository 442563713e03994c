import SpectralCore

/// The logistic function `1 / (1 + e^-x)`.
public struct Sigmoid<Scalar: TensorScalar>: Layer {
  /// A logistic function.
  public init() {}

  /// The tape is the output: the slope is `y (1 - y)`.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    let output = self(input)
    return (output, output)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.elementwise(tape) { logisticGradient($0, $1, $2) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input.elementwise { logistic($0, $1) } }

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func logistic<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>) {
  Scalar.kernels.pointee.logistic(y.baseAddress, x.baseAddress, x.count)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func logisticGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ y: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  for i in y.indices { result[i] = gradient[i] * (y[i] * (1 - y[i])) }
}

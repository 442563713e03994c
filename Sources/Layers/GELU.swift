import Tensors

/// The Gaussian error linear unit, exact: `x Φ(x)` with the normal distribution function Φ (Hendrycks and Gimpel, 2016).
public struct GELU<Scalar: TensorScalar>: Layer {
  /// A Gaussian error linear unit.
  public init() {}

  /// The tape is the input.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    (self(input), input)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.elementwise(tape) { gaussianUnitGradient($0, $1, $2) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input.elementwise { gaussianUnit($0, $1) } }

  public func outputShape(for input: Shape) -> Shape { input }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gaussianUnit<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>) {
  let scale = Scalar(0.5.squareRoot())
  for i in x.indices { y[i] = x[i] * (0.5 * (1 + errorFunction(x[i] * scale))) }
}

// (x Φ)' = Φ + x φ, where φ is the normal density.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gaussianUnitGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  let scale = Scalar(0.5.squareRoot())
  let density = Scalar((0.5 / .pi).squareRoot())
  for i in x.indices {
    let distribution = 0.5 * (1 + errorFunction(x[i] * scale))
    result[i] = gradient[i] * (distribution + x[i] * density * exponential(-0.5 * x[i] * x[i]))
  }
}

import SpectralCore

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

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gaussianUnit<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>) {
  Scalar.kernels.pointee.gaussian_unit(y.baseAddress, x.baseAddress, x.count)
}

// (x Φ)' = Φ + x φ, where φ is the normal density.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gaussianUnitGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  Scalar.kernels.pointee.gaussian_unit_gradient(result.baseAddress, gradient.baseAddress, x.baseAddress, x.count)
}

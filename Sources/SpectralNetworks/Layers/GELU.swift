import CKernels
import Foundation
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
  if Scalar.self == Float.self {
    sk_gaussian_unit_f32(y.f32, x.f32, x.count)
  } else {
    for i in x.indices { y[i] = x[i] * Scalar(normalDistribution(Double(x[i]))) }
  }
}

// (x Φ)' = Φ + x φ, where φ is the normal density.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gaussianUnitGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  if Scalar.self == Float.self {
    sk_gaussian_unit_gradient_f32(result.f32, gradient.f32, x.f32, x.count)
  } else {
    for i in x.indices {
      let place = Double(x[i])
      let density = exp(-0.5 * place * place) * (0.5 / .pi).squareRoot()
      result[i] = gradient[i] * Scalar(normalDistribution(place) + place * density)
    }
  }
}

/// Φ, by way of erfc so that the tail on the negative side keeps its digits.
@inline(__always)
private func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }

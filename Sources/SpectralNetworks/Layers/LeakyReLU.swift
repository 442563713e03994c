import CKernels
import SpectralCore

/// `x` where x is positive and `slope * x` elsewhere.
public struct LeakyReLU<Scalar: TensorScalar>: Layer {
  /// The slope on the negative side.
  public let slope: Double

  /// A leaky rectifier; the slope is PyTorch's 0.01 unless given.
  public init(slope: Double = 0.01) { self.slope = slope }

  /// The input is the tape: with a negative slope the output would not tell on which side it was.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    (self(input), input)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.elementwise(tape) { leakGradient($0, $1, $2, Scalar(slope)) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    input.elementwise { leak($0, $1, Scalar(slope)) }
  }

  public func outputShape(for input: TensorShape) -> TensorShape { input }

  public var label: String { "LeakyReLU(slope \(slope))" }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func leak<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>, _ slope: Scalar
) {
  for i in x.indices { y[i] = x[i] > 0 ? x[i] : slope * x[i] }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func leakGradient<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>,
  _ result: UnsafeMutableBufferPointer<Scalar>, _ slope: Scalar
) {
  Scalar.kernels.pointee.leak_gradient(result.baseAddress, gradient.baseAddress, x.baseAddress, Double(slope), x.count)
}

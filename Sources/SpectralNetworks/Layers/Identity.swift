import SpectralCore

/// Gives its input back: the shortcut of a plain residual block.
public struct Identity<Scalar: TensorScalar>: Layer {
  /// The identity.
  public init() {}

  /// There is nothing to remember.
  public struct Tape: Sendable {}

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) { (input, Tape()) }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient, NoParameters())
  }

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

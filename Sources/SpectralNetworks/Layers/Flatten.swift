import SpectralCore

/// Lays each example out in a row: `[N, ...]` becomes `[N, F]`. Nothing is copied.
public struct Flatten<Scalar: TensorScalar>: Layer {
  /// A change of shape.
  public init() {}

  /// The tape is the shape of the input.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: TensorShape) {
    (self(input), input.shape)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: TensorShape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.reshaped(to: tape), NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    input.reshaped(to: outputShape(for: input.shape))
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    precondition(input.rank >= 1, "Flatten needs a batch, [N, ...], not a single number")
    return [input[0], input.extents.dropFirst().reduce(1, *)]
  }
}

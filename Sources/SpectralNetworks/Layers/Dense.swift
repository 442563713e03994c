import SpectralCore

/// Every output sees every input: `y = x Wᵀ + b`.
///
/// Input `[N, F]`, output `[N, O]`, weight `[O, F]` (as PyTorch's), bias `[O]`.
public struct Dense<Scalar: TensorScalar>: Layer {
  /// The matrix and, usually, a bias.
  public var parameters: Weights<Scalar>

  /// A dense layer with given weights.
  public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>?) {
    precondition(weight.shape.rank == 2, "the weight of a dense layer is O x F, not \(weight.shape)")
    precondition(bias == nil || bias!.shape == [weight.shape[0]], "the bias must have one number per output")
    parameters = Weights(weight: weight, bias: bias)
  }

  /// A dense layer with random weights.
  public init(
    inputs: Int, outputs: Int, bias: Bool = true, initialization: Initialization = .kaimingUniform,
    using random: inout RandomGenerator
  ) {
    precondition(inputs > 0 && outputs > 0, "a dense layer of \(inputs) inputs and \(outputs) outputs")
    let shape: TensorShape = [outputs, inputs]
    self.init(
      weight: initialization.weight(shape, using: &random),
      bias: bias ? initialization.bias(outputs, weight: shape, using: &random) : nil)
  }

  /// What the backward pass needs.
  public struct Tape: Sendable {
    /// The input.
    public let input: Tensor<Scalar>
  }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    (self(input), Tape(input: input))
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: Weights<Scalar>) {
    (gradient.matrixProduct(parameters.weight), parameterGradient(gradient, tape))
  }

  public func parameterGradient(_ gradient: Tensor<Scalar>, _ tape: Tape) -> Weights<Scalar> {
    Weights(
      weight: gradient.matrixProduct(tape.input, .transposed),
      bias: parameters.bias.map { _ in gradient.sumOverAllButChannels })
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    _ = outputShape(for: input.shape)
    return input.matrixProduct(parameters.weight, .plain, .transposed, bias: parameters.bias)
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    let weight = parameters.weight.shape
    precondition(
      input.rank == 2, "a dense layer takes N x F, not \(input)\(input.rank > 2 ? ": put Flatten in front of it" : "")")
    precondition(
      input[1] == weight[1], "the dense layer takes \(weight[1]) inputs per example, it is given \(input[1])")
    return [input[0], weight[0]]
  }

  public func summarize(_ input: TensorShape, at place: LayerPlace, into summary: inout [LayerSummary]) -> TensorShape {
    let output = outputShape(for: input)
    summary.append(
      LayerSummary(
        place: place.description, label: label, output: output, parameterCount: parameters.count,
        multiplyAdds: input[0] * parameters.weight.count))
    return output
  }

  public var label: String {
    "Dense(\(parameters.weight.shape[1]) -> \(parameters.weight.shape[0])\(parameters.bias == nil ? ", no bias" : ""))"
  }
}

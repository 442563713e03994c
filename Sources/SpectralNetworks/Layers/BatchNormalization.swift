import SpectralCore

/// Gives every channel mean 0 and variance 1 over the batch, then a learned scale and shift (Ioffe and Szegedy, 2015).
///
/// Input and output `[N, C, H, W]`, or `[N, F]` with features as channels. `weight` and `bias` are `[C]`. During
/// training the moments are the batch's own; a finished step moves the running moments towards them, and inference
/// uses the running ones. The variance that normalises divides by the count, the one that runs by the count less one,
/// both as PyTorch does.
public struct BatchNormalization<Scalar: TensorScalar>: Layer {
  /// The scale, from 1, and the shift, from 0.
  public var parameters: Weights<Scalar>
  /// The mean that inference uses, `[C]`.
  public private(set) var runningMean: Tensor<Scalar>
  /// The variance that inference uses, `[C]`.
  public private(set) var runningVariance: Tensor<Scalar>
  /// How far a step moves the running moments: `running = (1 - momentum) running + momentum batch`.
  public let momentum: Double
  /// Added to the variance, so that a constant channel can be divided by its deviation.
  public let epsilon: Double

  /// A normalisation of `channels` channels.
  public init(channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5) {
    precondition(channels > 0, "a normalisation of \(channels) channels")
    parameters = Weights(weight: Tensor([channels], repeating: 1), bias: .zeros([channels]))
    runningMean = .zeros([channels])
    runningVariance = Tensor([channels], repeating: 1)
    self.momentum = momentum
    self.epsilon = epsilon
  }

  /// What the backward pass, and the end of the step, need.
  public struct Tape: Sendable {
    let input: Tensor<Scalar>
    let mean: Tensor<Scalar>
    let variance: Tensor<Scalar>
  }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    let layout = layout(input.shape)
    precondition(
      layout.countPerChannel > 1,
      "batch normalisation of a single value per channel (\(input.shape)): train with larger batches")
    let (mean, variance) = layout.moments(of: input)
    return (
      normalized(input, layout, mean: mean, variance: variance), Tape(input: input, mean: mean, variance: variance)
    )
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    normalized(input, layout(input.shape), mean: runningMean, variance: runningVariance)
  }

  private func layout(_ input: TensorShape) -> ChannelLayout {
    let channels = parameters.weight.count
    precondition(input.rank >= 2, "batch normalisation takes N x C x ..., not \(input)")
    precondition(input[1] == channels, "the normalisation is of \(channels) channels, the input has \(input[1])")
    return ChannelLayout(input)
  }

  private func inverseDeviation(_ variance: Tensor<Scalar>) -> Tensor<Scalar> {
    variance.map { 1 / ($0 + Scalar(epsilon)).squareRoot() }
  }

  private func normalized(
    _ input: Tensor<Scalar>, _ layout: ChannelLayout, mean: Tensor<Scalar>, variance: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let factor = inverseDeviation(variance) * parameters.weight
    return layout.eachChannel(of: input, input, [mean, factor, parameters.bias!]) {
      standardize($0, $2, layout, $4, mean: $3[0], factor: $3[1], shift: $3[2])
    }
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: Weights<Scalar>) {
    let layout = layout(tape.input.shape)
    let inverse = inverseDeviation(tape.variance)
    let own = parameterGradient(gradient, tape)
    // dx = w/σ (g - mean(g) - x̂ mean(g x̂)), where mean(g) = db / n and mean(g x̂) = dw / n.
    let count = Scalar(layout.countPerChannel)
    let slope = inverse * own.weight / count
    let input = layout.eachChannel(
      of: gradient, tape.input, [tape.mean, own.bias! / count, slope, inverse * parameters.weight]
    ) {
      standardizeGradient($0, $1, $2, layout, $4, mean: $3[0], base: $3[1], slope: $3[2], factor: $3[3])
    }
    return (input, own)
  }

  public func parameterGradient(_ gradient: Tensor<Scalar>, _ tape: Tape) -> Weights<Scalar> {
    precondition(
      gradient.shape == tape.input.shape,
      "the gradient has shape \(gradient.shape), the output had \(tape.input.shape)")
    let (sum, product) = ChannelLayout(gradient.shape).sums(of: gradient, times: tape.input, less: tape.mean)
    return Weights(weight: product * inverseDeviation(tape.variance), bias: sum)
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    _ = layout(input)
    return input
  }

  public mutating func finishStep(_ tape: Tape) {
    let count = Double(ChannelLayout(tape.input.shape).countPerChannel)
    let kept = Scalar(1 - momentum)
    runningMean *= kept
    runningMean.add(tape.mean, scaledBy: Scalar(momentum))
    runningVariance *= kept
    runningVariance.add(tape.variance, scaledBy: Scalar(momentum * count / (count - 1)))
  }

  public mutating func updateState(at place: LayerPlace, _ body: (String, inout LayerState<Scalar>) -> Void) {
    LayerState.visit(place.name("running_mean"), &runningMean, body)
    LayerState.visit(place.name("running_var"), &runningVariance, body)
  }

  public var label: String {
    "BatchNormalization(\(parameters.weight.count), momentum \(momentum), epsilon \(epsilon))"
  }
}

extension LayerState {
  /// Shows a tensor to a visitor of states and takes it back.
  static func visit(
    _ name: String, _ tensor: inout Tensor<Scalar>, _ body: (String, inout LayerState<Scalar>) -> Void
  ) {
    var state = LayerState.tensor(tensor)
    body(name, &state)
    guard case .tensor(let changed) = state, changed.shape == tensor.shape else {
      preconditionFailure("the state \(name) is a tensor of shape \(tensor.shape) and must stay one")
    }
    tensor = changed
  }
}

import SpectralCore

/// A block that learns a correction: `body(x) + shortcut(x)` (He et al., "Deep residual learning", 2015).
///
/// ```swift
/// Residual {
///   Convolution2D(...)
///   ReLU<Float>()
///   Convolution2D(...)
/// }
/// ```
/// The shortcut is the identity unless given; a block that changes the shape needs a projection there, such as a
/// strided 1 x 1 convolution. Parameters are named `body.0.weight`, `shortcut.0.weight` and so on.
public struct Residual<Body: Layer, Shortcut: Layer>: Layer where Body.Scalar == Shortcut.Scalar {
  /// What computes the correction.
  public var body: Body
  /// What it is added to.
  public var shortcut: Shortcut

  /// The tapes of both branches.
  public struct Tape: Sendable {
    /// The tape of the body.
    public let body: Body.Tape
    /// The tape of the shortcut.
    public let shortcut: Shortcut.Tape
  }

  /// A block with a shortcut of its own.
  public init(@ChainBuilder body: () -> Body, @ChainBuilder shortcut: () -> Shortcut) {
    self.body = body()
    self.shortcut = shortcut()
  }

  /// A block whose shortcut is the identity.
  public init(@ChainBuilder body: () -> Body) where Shortcut == Identity<Body.Scalar> {
    self.body = body()
    shortcut = Identity()
  }

  public var parameters: ResidualParameters<Body.Parameters, Shortcut.Parameters> {
    get { ResidualParameters(body: body.parameters, shortcut: shortcut.parameters) }
    set {
      body.parameters = newValue.body
      shortcut.parameters = newValue.shortcut
    }
  }

  public func forward(_ input: Tensor<Body.Scalar>) -> (output: Tensor<Body.Scalar>, tape: Tape) {
    let (correction, bodyTape) = body.forward(input)
    let (base, shortcutTape) = shortcut.forward(input)
    return (sum(correction, base), Tape(body: bodyTape, shortcut: shortcutTape))
  }

  public func backward(
    _ gradient: Tensor<Body.Scalar>, _ tape: Tape
  ) -> (input: Tensor<Body.Scalar>, parameters: Parameters) {
    let (throughBody, bodyParameters) = body.backward(gradient, tape.body)
    let (throughShortcut, shortcutParameters) = shortcut.backward(gradient, tape.shortcut)
    return (
      sum(throughBody, throughShortcut), ResidualParameters(body: bodyParameters, shortcut: shortcutParameters)
    )
  }

  public func parameterGradient(_ gradient: Tensor<Body.Scalar>, _ tape: Tape) -> Parameters {
    ResidualParameters(
      body: body.parameterGradient(gradient, tape.body),
      shortcut: shortcut.parameterGradient(gradient, tape.shortcut))
  }

  public func callAsFunction(_ input: Tensor<Body.Scalar>) -> Tensor<Body.Scalar> { sum(body(input), shortcut(input)) }

  private func sum(_ a: Tensor<Body.Scalar>, _ b: Tensor<Body.Scalar>) -> Tensor<Body.Scalar> {
    precondition(
      a.shape == b.shape,
      "the body of a residual block gives \(a.shape), its shortcut \(b.shape): give it a projection as its shortcut")
    return a + b
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    let (own, other) = (body.outputShape(for: input), shortcut.outputShape(for: input))
    precondition(
      own == other,
      "the body of a residual block gives \(own), its shortcut \(other): give it a projection as its shortcut")
    return own
  }

  public mutating func updateParameters(
    at place: LayerPlace, _ body: (String, inout Tensor<Body.Scalar>) -> Void
  ) {
    self.body.updateParameters(at: place.inside("body"), body)
    shortcut.updateParameters(at: place.inside("shortcut"), body)
  }

  public mutating func finishStep(_ tape: Tape) {
    body.finishStep(tape.body)
    shortcut.finishStep(tape.shortcut)
  }

  public mutating func updateState(
    at place: LayerPlace, _ body: (String, inout LayerState<Body.Scalar>) -> Void
  ) {
    self.body.updateState(at: place.inside("body"), body)
    shortcut.updateState(at: place.inside("shortcut"), body)
  }

  public func summarize(_ input: TensorShape, at place: LayerPlace, into summary: inout [LayerSummary]) -> TensorShape {
    let output = outputShape(for: input)
    // A row for the block itself, which owns nothing beyond its branches, and the rows of its branches.
    summary.append(LayerSummary(place: place.description, label: "Residual", output: output, parameterCount: 0))
    _ = body.summarize(input, at: place.inside("body"), into: &summary)
    if !(shortcut is Identity<Body.Scalar>) {
      _ = shortcut.summarize(input, at: place.inside("shortcut"), into: &summary)
    }
    return output
  }

  public var label: String {
    shortcut is Identity<Body.Scalar>
      ? "Residual(\(body.label))" : "Residual(\(body.label) | \(shortcut.label))"
  }
}

/// The parameters of both branches of a residual block.
public struct ResidualParameters<Body: ParameterSpace, Shortcut: ParameterSpace>: ParameterSpace
where Body.Scalar == Shortcut.Scalar {
  /// The parameters of the body.
  public var body: Body
  /// The parameters of the shortcut.
  public var shortcut: Shortcut

  /// The parameters of both branches.
  public init(body: Body, shortcut: Shortcut) {
    self.body = body
    self.shortcut = shortcut
  }

  public func forEach(at place: LayerPlace, _ body: (String, Tensor<Body.Scalar>) -> Void) {
    self.body.forEach(at: place.inside("body"), body)
    shortcut.forEach(at: place.inside("shortcut"), body)
  }

  public mutating func update(at place: LayerPlace, _ body: (String, inout Tensor<Body.Scalar>) -> Void) {
    self.body.update(at: place.inside("body"), body)
    shortcut.update(at: place.inside("shortcut"), body)
  }
}

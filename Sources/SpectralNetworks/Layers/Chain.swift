import SpectralConvolution
import SpectralCore

/// Two layers, one after the other; with the builder, any number of them:
///
/// ```swift
/// let network = Chain {
///   Flatten<Float>()
///   Dense(inputs: 784, outputs: 10, using: &random)
/// }
/// ```
///
/// An activation such as ``ReLU`` is taken by the layer in front as it writes, if that can (see ``Layer/fusing(_:)``), or of
/// its output in place.
///
/// The type of a chain spells out its layers, so the compiler checks that tapes and gradients fit.
public struct Chain<First: Layer, Second: Layer>: Layer where First.Scalar == Second.Scalar {
  /// The layer that sees the input.
  public var first: First
  /// The layer that gives the output.
  public var second: Second

  /// The tapes of both layers.
  public struct Tape: Sendable {
    /// The tape of the first layer.
    public let first: First.Tape
    /// The tape of the second layer.
    public let second: Second.Tape
  }

  /// Two layers in a row.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  /// Layers in a row, as written.
  public init(@ChainBuilder _ layers: () -> Chain) { self = layers() }

  public var parameters: BothParameters<First.Parameters, Second.Parameters> {
    get { BothParameters(first.parameters, second.parameters) }
    set {
      first.parameters = newValue.first
      second.parameters = newValue.second
    }
  }

  public func forward(_ input: Tensor<First.Scalar>) -> (output: Tensor<First.Scalar>, tape: Tape) {
    guard let fused = second.fusedActivation else {
      let (middle, firstTape) = first.forward(input)
      let (output, secondTape) = second.forward(middle)
      return (output, Tape(first: firstTape, second: secondTape))
    }
    let fusing = first.fusing(fused.activation)
    var (output, firstTape) = (fusing ?? first).forward(input)
    if fusing == nil { fused.activation.apply(to: &output) }
    return (output, Tape(first: firstTape, second: fused.tape(output)))
  }

  public func fusing(_ activation: ConvolutionActivation) -> Chain? {
    second.fusing(activation).map { Chain(first, $0) }
  }

  public func backward(
    _ gradient: Tensor<First.Scalar>, _ tape: Tape
  ) -> (input: Tensor<First.Scalar>, parameters: Parameters) {
    let (middle, secondParameters) = second.backward(gradient, tape.second)
    let (input, firstParameters) = first.backward(middle, tape.first)
    return (input, BothParameters(firstParameters, secondParameters))
  }

  public func parameterGradient(_ gradient: Tensor<First.Scalar>, _ tape: Tape) -> Parameters {
    let (middle, secondParameters) = second.backward(gradient, tape.second)
    return BothParameters(first.parameterGradient(middle, tape.first), secondParameters)
  }

  public func callAsFunction(_ input: Tensor<First.Scalar>) -> Tensor<First.Scalar> {
    guard let fused = second.fusedActivation else { return second(first(input)) }
    if let first = first.fusing(fused.activation) { return first(input) }
    var output = first(input)
    fused.activation.apply(to: &output)
    return output
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    second.outputShape(for: first.outputShape(for: input))
  }

  public mutating func updateParameters(
    at place: LayerPlace, _ body: (String, inout Tensor<First.Scalar>) -> Void
  ) {
    first.updateParameters(at: place, body)
    second.updateParameters(at: place.advanced(by: First.Parameters.length), body)
  }

  public mutating func finishStep(_ tape: Tape) {
    first.finishStep(tape.first)
    second.finishStep(tape.second)
  }

  public mutating func updateState(
    at place: LayerPlace, _ body: (String, inout LayerState<First.Scalar>) -> Void
  ) {
    first.updateState(at: place, body)
    second.updateState(at: place.advanced(by: First.Parameters.length), body)
  }

  public func summarize(_ input: TensorShape, at place: LayerPlace, into summary: inout [LayerSummary]) -> TensorShape {
    let middle = first.summarize(input, at: place, into: &summary)
    return second.summarize(middle, at: place.advanced(by: First.Parameters.length), into: &summary)
  }

  public var label: String { "\(first.label); \(second.label)" }
}

/// Puts layers in a row.
@resultBuilder
public enum ChainBuilder {
  /// The first layer.
  public static func buildPartialBlock<First: Layer>(first: First) -> First { first }

  /// One more layer.
  public static func buildPartialBlock<First: Layer, Second: Layer>(
    accumulated: First, next: Second
  ) -> Chain<First, Second> {
    Chain(accumulated, next)
  }
}

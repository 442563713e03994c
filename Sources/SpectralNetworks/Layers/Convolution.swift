import SpectralConvolution
import SpectralCore

/// Learned filters slide over signals.
public typealias Convolution1D<Scalar: TensorScalar> = Convolution<Rank1, Scalar>
/// Learned filters slide over images.
public typealias Convolution2D<Scalar: TensorScalar> = Convolution<Rank2, Scalar>
/// Learned filters slide over volumes.
public typealias Convolution3D<Scalar: TensorScalar> = Convolution<Rank3, Scalar>

/// A bank of learned filters slides over signals, images or volumes.
///
/// Input `[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]`, output `[N, O, ...]`, weight `[O, C / groups, ...]` with the
/// kernel's size, bias `[O]`.
public struct Convolution<Rank: SpatialRank, Scalar: TensorScalar>: Layer {
  /// The filters and, usually, a bias for each.
  public var parameters: Weights<Scalar>
  /// How the window slides.
  public var geometry: ConvolutionGeometry
  /// How it is computed. May be exchanged at any time: it changes no result beyond rounding.
  public var method: any ConvolutionMethod<Scalar>
  /// What a layer behind has handed over for the forward pass: see ``fusing(_:)``.
  private var activation = ConvolutionActivation.none

  /// What the backward passes need.
  public typealias Tape = ConvolutionTape<Scalar>

  /// A convolution with given filters.
  ///
  /// - Precondition: the filters are `[O, C / groups, ...]` with a size for each axis.
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>?, geometry: ConvolutionGeometry = ConvolutionGeometry(),
    method: any ConvolutionMethod<Scalar>
  ) {
    precondition(
      weight.shape.rank == Rank.axes + 2, "filters of shape \(weight.shape) for a convolution over \(Rank.batch)")
    precondition(bias == nil || bias!.shape == [weight.shape[0]], "the bias must have one number per filter")
    parameters = Weights(weight: weight, bias: bias)
    self.geometry = geometry
    self.method = method
  }

  /// A convolution with random filters.
  ///
  /// - Parameter kernel: The filters' size: one number for all axes, or one for each.
  public init(
    inputChannels: Int, outputChannels: Int, kernel: AxisValues, geometry: ConvolutionGeometry = ConvolutionGeometry(),
    bias: Bool = true, method: any ConvolutionMethod<Scalar>, initialization: Initialization = .kaimingUniform,
    using random: inout RandomGenerator
  ) {
    precondition(
      inputChannels % geometry.groups == 0,
      "\(inputChannels) input channels do not fall into \(geometry.groups) equal groups")
    let shape = TensorShape(
      [outputChannels, inputChannels / geometry.groups] + kernel.expanded(rank: Rank.axes))
    self.init(
      weight: initialization.weight(shape, using: &random),
      bias: bias ? initialization.bias(outputChannels, weight: shape, using: &random) : nil,
      geometry: geometry, method: method)
  }

  /// The problem that an input poses.
  ///
  /// - Throws: If the geometry does not fit the input.
  public func problem(for input: TensorShape) throws(ConvolutionError) -> ConvolutionProblem {
    guard input.rank == Rank.axes + 2 else {
      throw ConvolutionError("the input has shape \(input): the layer takes \(Rank.batch)")
    }
    return try ConvolutionProblem(geometry, input: input, filter: parameters.weight.shape)
  }

  private func checkedProblem(_ input: TensorShape) -> ConvolutionProblem {
    do { return try problem(for: input) } catch { preconditionFailure("\(error)") }
  }

  private var epilogue: ConvolutionEpilogue<Scalar> {
    ConvolutionEpilogue(bias: parameters.bias, activation: activation)
  }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    method.record(input, parameters.weight, epilogue, checkedProblem(input.shape))
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: Weights<Scalar>) {
    let (input, filter) = method.gradients(gradient, tape, wantsInput: true)
    return (input!, Weights(weight: filter, bias: biasGradient(gradient)))
  }

  public func parameterGradient(_ gradient: Tensor<Scalar>, _ tape: Tape) -> Weights<Scalar> {
    let (_, filter) = method.gradients(gradient, tape, wantsInput: false)
    return Weights(weight: filter, bias: biasGradient(gradient))
  }

  private func biasGradient(_ gradient: Tensor<Scalar>) -> Tensor<Scalar>? {
    parameters.bias.map { _ in gradient.sumOverAllButChannels }
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    method.forward(input, parameters.weight, epilogue, checkedProblem(input.shape))
  }

  public func fusing(_ activation: ConvolutionActivation) -> Convolution? {
    var copy = self
    copy.activation = activation
    return copy
  }

  public func outputShape(for input: TensorShape) -> TensorShape { checkedProblem(input).outputShape }

  public func summarize(_ input: TensorShape, at place: LayerPlace, into summary: inout [LayerSummary]) -> TensorShape {
    let problem = checkedProblem(input)
    summary.append(
      LayerSummary(
        place: place.description, label: label, output: problem.outputShape, parameterCount: parameters.count,
        multiplyAdds: problem.multiplyAdds, problem: problem))
    return problem.outputShape
  }

  public var label: String {
    let weight = parameters.weight.shape
    return "Convolution\(Rank.axes)D(\(weight[1] * geometry.groups) -> \(weight[0]), "
      + geometry.label(kernel: weight.extents.dropFirst(2))
      + "\(parameters.bias == nil ? ", no bias" : ""))"
  }
}

import SpectralConvolution
import SpectralCore

/// The adjoint of a convolution over signals.
public typealias ConvolutionTranspose1D<Scalar: TensorScalar> = ConvolutionTranspose<Rank1, Scalar>
/// The adjoint of a convolution over images.
public typealias ConvolutionTranspose2D<Scalar: TensorScalar> = ConvolutionTranspose<Rank2, Scalar>
/// The adjoint of a convolution over volumes.
public typealias ConvolutionTranspose3D<Scalar: TensorScalar> = ConvolutionTranspose<Rank3, Scalar>

/// The adjoint of a convolution, which spreads each element over a window: learned upsampling.
///
/// Input `[N, C, ...]`, output `[N, O, ...]`, weight `[C, O / groups, ...]` (as PyTorch's), bias `[O]`. An axis of H
/// elements becomes `(H - 1) stride - padding + dilation (kernel - 1) + 1 + outputPadding`; under `.same` padding
/// `H stride`.
///
/// There is no code of its own: the layer's forward pass is the input gradient of the convolution that maps its output
/// to its input, and that convolution's forward pass is its gradient. So any ``ConvolutionMethod`` serves.
public struct ConvolutionTranspose<Rank: SpatialRank, Scalar: TensorScalar>: Layer {
  /// The filters and, usually, a bias for each output channel.
  public var parameters: Weights<Scalar>
  /// How the window of the adjoint convolution slides over the output.
  public let geometry: ConvolutionGeometry
  /// Elements added to the end of each axis of the output: of the several sizes that a strided convolution maps to the
  /// same one, it says which is meant. Less than the stride.
  public let outputPadding: AxisValues
  /// How it is computed. May be exchanged at any time: it changes no result beyond rounding.
  public var method: any ConvolutionMethod<Scalar>

  /// A transposed convolution with given filters.
  ///
  /// - Precondition: the filters are `[C, O / groups, ...]` with a size for each axis; a constant boundary has no adjoint.
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>?, geometry: ConvolutionGeometry, outputPadding: AxisValues = 0,
    method: any ConvolutionMethod<Scalar>
  ) {
    precondition(
      weight.shape.rank == Rank.axes + 2, "filters of shape \(weight.shape) for a convolution over \(Rank.batch)")
    precondition(!geometry.boundary.isConstant, "a boundary of a number of its own has no adjoint: take zero")
    precondition(
      bias == nil || bias!.shape == [weight.shape[1] * geometry.groups],
      "the bias must have one number per output channel")
    func fits(_ padding: Int, _ stride: Int) -> Bool { padding >= 0 && (padding == 0 || padding < stride) }
    precondition(
      zip(outputPadding.expanded(rank: Rank.axes), geometry.stride.expanded(rank: Rank.axes)).allSatisfy(fits),
      "an output padding of \(outputPadding) must be less than the stride of \(geometry.stride)")
    precondition(
      geometry.padding != .same || outputPadding.isAll(0),
      "padding .same settles the size of the output: leave the output padding at 0")
    parameters = Weights(weight: weight, bias: bias)
    self.geometry = geometry
    self.outputPadding = outputPadding
    self.method = method
  }

  /// A transposed convolution with random filters.
  ///
  /// - Parameter kernel: The filters' size: one number for all axes, or one for each.
  public init(
    inputChannels: Int, outputChannels: Int, kernel: AxisValues, geometry: ConvolutionGeometry = ConvolutionGeometry(),
    outputPadding: AxisValues = 0,
    bias: Bool = true, method: any ConvolutionMethod<Scalar>, initialization: Initialization = .kaimingUniform,
    using random: inout RandomGenerator
  ) {
    precondition(
      outputChannels % geometry.groups == 0,
      "\(outputChannels) output channels do not fall into \(geometry.groups) equal groups")
    let shape = TensorShape(
      [inputChannels, outputChannels / geometry.groups] + kernel.expanded(rank: Rank.axes))
    self.init(
      weight: initialization.weight(shape, using: &random),
      bias: bias ? initialization.bias(outputChannels, weight: shape, using: &random) : nil,
      geometry: geometry, outputPadding: outputPadding, method: method)
  }

  /// What the backward pass needs.
  public struct Tape: Sendable {
    let input: Tensor<Scalar>
    let problem: ConvolutionProblem
  }

  /// The convolution, from this layer's output to its input, whose adjoint this layer is.
  ///
  /// - Throws: If the geometry does not fit the input.
  public func adjointProblem(for input: TensorShape) throws(ConvolutionError) -> ConvolutionProblem {
    let weight = parameters.weight.shape
    guard input.rank == Rank.axes + 2 else {
      throw ConvolutionError("the input has shape \(input): the layer takes \(Rank.batch)")
    }
    guard input[1] == weight[0] else {
      throw ConvolutionError("the filters take \(weight[0]) channels, the input has \(input[1])")
    }
    var sizes: [Int] = []
    for axis in 0..<Rank.axes {
      let (count, stride) = (input[2 + axis], geometry.stride[axis])
      let reach = geometry.dilation[axis] * (weight[2 + axis] - 1)
      let padding = geometry.padding.sides(axis: axis).map { $0.before + $0.after } ?? 0
      switch geometry.padding {
      case .same: sizes.append(count * stride)
      case .full: sizes.append((count - 1) * stride - reach + 1 + outputPadding[axis])
      case .valid, .sides: sizes.append((count - 1) * stride - padding + reach + 1 + outputPadding[axis])
      }
    }
    guard sizes.allSatisfy({ $0 > 0 }) else {
      throw ConvolutionError("the output would be \(AxisValues(sizes)): pad less, or take a larger input")
    }
    let problem = try ConvolutionProblem(
      geometry, input: TensorShape([input[0], weight[1] * geometry.groups] + sizes), filter: weight)
    precondition(problem.outputShape == input, "the adjoint of \(problem.outputShape) is not \(input)")
    return problem
  }

  private func checkedProblem(_ input: TensorShape) -> ConvolutionProblem {
    do { return try adjointProblem(for: input) } catch { preconditionFailure("\(error)") }
  }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    let problem = checkedProblem(input.shape)
    return (apply(input, problem), Tape(input: input, problem: problem))
  }

  private func apply(_ input: Tensor<Scalar>, _ problem: ConvolutionProblem) -> Tensor<Scalar> {
    var output = method.inputGradient(input, parameters.weight, problem)
    if let bias = parameters.bias { output.addToChannels(bias) }
    return output
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: Weights<Scalar>) {
    (method.forward(gradient, parameters.weight, bias: nil, tape.problem), parameterGradient(gradient, tape))
  }

  public func parameterGradient(_ gradient: Tensor<Scalar>, _ tape: Tape) -> Weights<Scalar> {
    // The roles of image and gradient are exchanged: the form is the same.
    Weights(
      weight: method.filterGradient(tape.input, gradient, tape.problem),
      bias: parameters.bias.map { _ in gradient.sumOverAllButChannels })
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    apply(input, checkedProblem(input.shape))
  }

  public func outputShape(for input: TensorShape) -> TensorShape { checkedProblem(input).inputShape }

  public func summarize(_ input: TensorShape, at place: LayerPlace, into summary: inout [LayerSummary]) -> TensorShape {
    let problem = checkedProblem(input)
    summary.append(
      LayerSummary(
        place: place.description, label: label, output: problem.inputShape, parameterCount: parameters.count,
        multiplyAdds: problem.multiplyAdds))
    return problem.inputShape
  }

  public var label: String {
    let weight = parameters.weight.shape
    let padding =
      outputPadding.isAll(0) ? "" : ", output padding \(AxisValues(outputPadding.expanded(rank: Rank.axes)))"
    return
      "ConvolutionTranspose\(Rank.axes)D(\(weight[0]) -> \(weight[1] * geometry.groups), "
      + "\(geometry.label(kernel: weight.extents.dropFirst(2)))\(padding)"
      + "\(parameters.bias == nil ? ", no bias" : ""))"
  }
}

extension ConvolutionGeometry {
  /// The kernel, and every setting that is not the usual one.
  func label(kernel: some Collection<Int>) -> String {
    var words = ["\(AxisValues(Array(kernel)))"]
    if !stride.isAll(1) { words.append("stride \(AxisValues(stride.expanded(rank: kernel.count)))") }
    if !dilation.isAll(1) { words.append("dilation \(AxisValues(dilation.expanded(rank: kernel.count)))") }
    if padding != .valid { words.append("padding \(padding.label)") }
    if groups != 1 { words.append("\(groups) groups") }
    if boundary != .zero { words.append("boundary \(boundary.rawValue)") }
    if operation != .correlation { words.append(operation.rawValue) }
    return words.joined(separator: ", ")
  }
}

extension Tensor {
  /// Adds a number of its own to every channel of `[N, C, ...]`.
  mutating func addToChannels(_ numbers: Tensor) {
    let inner = shape.extents.dropFirst(2).reduce(1, *)
    let planes = shape[0] * shape[1]
    numbers.withUnsafeElements { numbers in
      withUnsafeMutableElements { x in
        // Each index writes to its own plane.
        nonisolated(unsafe) let x = x
        Parallel.forEach(planes, grain: rowGrain(inner)) { plane in
          addNumber(.init(rebasing: x[plane * inner..<(plane + 1) * inner]), numbers[plane % numbers.count])
        }
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addNumber<Scalar: TensorScalar>(_ x: UnsafeMutableBufferPointer<Scalar>, _ number: Scalar) {
  for i in x.indices { x[i] += number }
}

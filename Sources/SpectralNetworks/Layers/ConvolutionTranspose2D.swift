import SpectralConvolution
import SpectralCore

/// The adjoint of a convolution, which spreads each pixel over a window: learned upsampling.
///
/// Input `[N, C, H, W]`, output `[N, O, H', W']`, weight `[C, O / groups, kH, kW]` (as PyTorch's), bias `[O]`, with
/// `H' = (H - 1) stride - padding + dilation (kH - 1) + 1 + outputPadding`; under `.same` padding `H' = H stride`.
///
/// There is no code of its own: the layer's forward pass is the input gradient of the convolution that maps its output
/// to its input, and that convolution's forward pass is its gradient. So any ``ConvolutionMethod`` serves.
public struct ConvolutionTranspose2D<Scalar: TensorScalar>: Layer {
  /// The filters and, usually, a bias for each output channel.
  public var parameters: Weights<Scalar>
  /// How the window of the adjoint convolution slides over the output.
  public let geometry: ConvolutionGeometry
  /// Rows and columns added to the end of the output: of the several sizes that a strided convolution maps to the
  /// same one, it says which is meant. Less than the stride.
  public let outputPadding: Extent
  /// How it is computed. May be exchanged at any time: it changes no result beyond rounding.
  public var method: any ConvolutionMethod<Scalar>

  /// A transposed convolution with given filters.
  ///
  /// - Precondition: the filters have the geometry's kernel size.
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>?, geometry: ConvolutionGeometry, outputPadding: Extent = 0,
    method: any ConvolutionMethod<Scalar>
  ) {
    precondition(
      weight.shape.rank == 4 && weight.shape[2] == geometry.kernel.height && weight.shape[3] == geometry.kernel.width,
      "filters of shape \(weight.shape) for a kernel of \(geometry.kernel)")
    precondition(
      bias == nil || bias!.shape == [weight.shape[1] * geometry.groups],
      "the bias must have one number per output channel")
    func fits(_ padding: Int, _ stride: Int) -> Bool { padding >= 0 && (padding == 0 || padding < stride) }
    precondition(
      fits(outputPadding.height, geometry.stride.height) && fits(outputPadding.width, geometry.stride.width),
      "an output padding of \(outputPadding) must be less than the stride of \(geometry.stride)")
    precondition(
      geometry.padding != .same || outputPadding == 0,
      "padding .same settles the size of the output: leave the output padding at 0")
    parameters = Weights(weight: weight, bias: bias)
    self.geometry = geometry
    self.outputPadding = outputPadding
    self.method = method
  }

  /// A transposed convolution with random filters.
  public init(
    inputChannels: Int, outputChannels: Int, geometry: ConvolutionGeometry, outputPadding: Extent = 0,
    bias: Bool = true, method: any ConvolutionMethod<Scalar>, initialization: Initialization = .kaimingUniform,
    using random: inout RandomGenerator
  ) {
    precondition(
      outputChannels % geometry.groups == 0,
      "\(outputChannels) output channels do not fall into \(geometry.groups) equal groups")
    let shape: TensorShape = [
      inputChannels, outputChannels / geometry.groups, geometry.kernel.height, geometry.kernel.width,
    ]
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
    guard input.rank == 4 else {
      throw ConvolutionError("the input has shape \(input): a batch of images is N x C x H x W")
    }
    guard input[1] == weight[0] else {
      throw ConvolutionError("the filters take \(weight[0]) channels, the input has \(input[1])")
    }
    var sides = (vertical: 0, horizontal: 0)
    if case .explicit(let top, let bottom, let left, let right) = geometry.padding {
      sides = (top + bottom, left + right)
    }
    func size(_ input: Int, _ padding: Int, _ axis: KeyPath<Extent, Int>) -> Int {
      let stride = geometry.stride[keyPath: axis]
      let reach = geometry.dilation[keyPath: axis] * (geometry.kernel[keyPath: axis] - 1)
      return switch geometry.padding {
      case .same: input * stride
      case .full: (input - 1) * stride - reach + 1 + outputPadding[keyPath: axis]
      case .valid, .explicit: (input - 1) * stride - padding + reach + 1 + outputPadding[keyPath: axis]
      }
    }
    let height = size(input[2], sides.vertical, \.height)
    let width = size(input[3], sides.horizontal, \.width)
    guard height > 0, width > 0 else {
      throw ConvolutionError("the output would be \(height) x \(width): pad less, or take a larger input")
    }
    let problem = try ConvolutionProblem(
      geometry, input: [input[0], weight[1] * geometry.groups, height, width], filter: weight)
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
    let padding = outputPadding == 0 ? "" : ", output padding \(outputPadding)"
    return
      "ConvolutionTranspose2D(\(weight[0]) -> \(weight[1] * geometry.groups), \(geometry.label)\(padding)"
      + "\(parameters.bias == nil ? ", no bias" : ""))"
  }
}

extension ConvolutionGeometry {
  /// The kernel, and every setting that is not the usual one.
  var label: String {
    var words = ["\(kernel)"]
    if stride != 1 { words.append("stride \(stride)") }
    if dilation != 1 { words.append("dilation \(dilation)") }
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

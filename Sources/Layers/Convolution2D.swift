import Tensors

/// A bank of learned filters slides over images.
///
/// Input `[N, C, H, W]`, output `[N, O, H', W']`, weight `[O, C / groups, kH, kW]`, bias `[O]`.
public struct Convolution2D<Scalar: TensorScalar>: Layer {
  /// The filters and, usually, a bias for each.
  public var parameters: Weights<Scalar>
  /// How the window slides.
  public var geometry: ConvolutionGeometry
  /// How it is computed. May be exchanged at any time: it changes no result beyond rounding.
  public var method: any ConvolutionMethod<Scalar>

  /// What the backward passes need.
  public typealias Tape = ConvolutionTape<Scalar>

  /// A convolution with given filters.
  ///
  /// - Precondition: the filters have the geometry's kernel size.
  public init(
    weight: Tensor<Scalar>, bias: Tensor<Scalar>?, geometry: ConvolutionGeometry,
    method: any ConvolutionMethod<Scalar>
  ) {
    precondition(
      weight.shape.rank == 4 && weight.shape[2] == geometry.kernel.height && weight.shape[3] == geometry.kernel.width,
      "filters of shape \(weight.shape) for a kernel of \(geometry.kernel)")
    precondition(bias == nil || bias!.shape == [weight.shape[0]], "the bias must have one number per filter")
    parameters = Weights(weight: weight, bias: bias)
    self.geometry = geometry
    self.method = method
  }

  /// A convolution with random filters.
  public init(
    inputChannels: Int, outputChannels: Int, geometry: ConvolutionGeometry, bias: Bool = true,
    method: any ConvolutionMethod<Scalar>, initialization: Initialization = .kaimingUniform,
    using random: inout RandomGenerator
  ) {
    precondition(
      inputChannels % geometry.groups == 0,
      "\(inputChannels) input channels do not fall into \(geometry.groups) equal groups")
    let shape: Shape = [
      outputChannels, inputChannels / geometry.groups, geometry.kernel.height, geometry.kernel.width,
    ]
    self.init(
      weight: initialization.weight(shape, using: &random),
      bias: bias ? initialization.bias(outputChannels, weight: shape, using: &random) : nil,
      geometry: geometry, method: method)
  }

  /// The problem that an input poses.
  ///
  /// - Throws: If the geometry does not fit the input.
  public func problem(for input: Shape) throws(ConvolutionError) -> ConvolutionProblem {
    try ConvolutionProblem(geometry, input: input, filter: parameters.weight.shape)
  }

  private func checkedProblem(_ input: Shape) -> ConvolutionProblem {
    do { return try problem(for: input) } catch { preconditionFailure("\(error)") }
  }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    method.record(input, parameters.weight, bias: parameters.bias, checkedProblem(input.shape))
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
    method.forward(input, parameters.weight, bias: parameters.bias, checkedProblem(input.shape))
  }

  public func outputShape(for input: Shape) -> Shape { checkedProblem(input).outputShape }

  public func summarize(_ input: Shape, at place: LayerPlace, into summary: inout [LayerSummary]) -> Shape {
    let problem = checkedProblem(input)
    summary.append(
      LayerSummary(
        place: place.description, label: label, output: problem.outputShape, parameterCount: parameters.count,
        multiplyAdds: problem.multiplyAdds))
    return problem.outputShape
  }

  public var label: String {
    let weight = parameters.weight.shape
    let groups = geometry.groups == 1 ? "" : ", \(geometry.groups) groups"
    let stride = geometry.stride == 1 ? "" : ", stride \(geometry.stride)"
    let dilation = geometry.dilation == 1 ? "" : ", dilation \(geometry.dilation)"
    return
      "Convolution2D(\(weight[1] * geometry.groups) -> \(weight[0]), \(geometry.kernel)\(stride)\(dilation)\(groups))"
  }
}

extension Tensor {
  /// The sum over every axis but the second: `[N, C, ...]` to `[C]`. The gradient of a bias.
  var sumOverAllButChannels: Tensor {
    let (batch, channels) = (shape[0], shape[1])
    let inner = count / max(batch * channels, 1)
    return withUnsafeElements { source in
      Tensor([channels]) { target in sumChannels(source, target, batch, channels, inner) }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sumChannels<Scalar: TensorScalar>(
  _ source: UnsafeBufferPointer<Scalar>, _ target: UnsafeMutableBufferPointer<Scalar>,
  _ batch: Int, _ channels: Int, _ inner: Int
) {
  for c in 0..<channels {
    var total: Scalar = 0
    for n in 0..<batch {
      // Eight partial sums: shorter chains of additions, and the compiler may keep them in vectors.
      var partial = SIMD8Sum<Scalar>()
      let row = (n * channels + c) * inner
      var i = 0
      while i + 8 <= inner {
        partial.add(source, row + i)
        i += 8
      }
      var rest: Scalar = 0
      while i < inner {
        rest += source[row + i]
        i += 1
      }
      total += partial.sum + rest
    }
    target[c] = total
  }
}

/// Eight running sums side by side.
@usableFromInline
struct SIMD8Sum<Scalar: TensorScalar> {
  var a: Scalar = 0, b: Scalar = 0, c: Scalar = 0, d: Scalar = 0
  var e: Scalar = 0, f: Scalar = 0, g: Scalar = 0, h: Scalar = 0

  @inline(__always)
  mutating func add(_ x: UnsafeBufferPointer<Scalar>, _ i: Int) {
    a += x[i]
    b += x[i + 1]
    c += x[i + 2]
    d += x[i + 3]
    e += x[i + 4]
    f += x[i + 5]
    g += x[i + 6]
    h += x[i + 7]
  }

  var sum: Scalar { ((a + b) + (c + d)) + ((e + f) + (g + h)) }
}

import SpectralConvolution
import SpectralCore

/// The largest element of each window of a signal.
public typealias MaxPooling1D<Scalar: TensorScalar> = MaxPooling<Rank1, Scalar>
/// The largest pixel of each window of an image.
public typealias MaxPooling2D<Scalar: TensorScalar> = MaxPooling<Rank2, Scalar>
/// The largest element of each window of a volume.
public typealias MaxPooling3D<Scalar: TensorScalar> = MaxPooling<Rank3, Scalar>

/// The largest element of each window, channel by channel.
///
/// Input `[N, C, ...]`, output `[N, C, ...]` with an extent for each axis; windows that do not fit are left out (PyTorch's
/// floor mode). Padding never wins. Of equal elements the first wins, and receives the gradient; NaN wins over every
/// number.
public struct MaxPooling<Rank: SpatialRank, Scalar: TensorScalar>: Layer {
  private let box: PoolingBox<Rank>

  /// A pooling layer; windows stand side by side unless a stride is given.
  ///
  /// - Parameters:
  ///   - kernel: The window's size: one number for all axes, or one for each.
  ///   - stride: From one window to the next.
  ///   - padding: What is added around the array.
  ///   - dilation: From one element of a window to the next.
  public init(
    kernel: AxisValues, stride: AxisValues? = nil, padding: Padding = .valid, dilation: AxisValues = 1
  ) {
    box = PoolingBox(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
  }

  /// The places of the largest, step by step.
  public struct Tape: Sendable {
    let steps: [PlanarMaxPooling<Scalar>.Tape]
    let input: TensorShape
  }

  private var name: String { "MaxPooling\(Rank.axes)D" }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    var (output, steps) = (input, [PlanarMaxPooling<Scalar>.Tape]())
    for (stage, planes) in box.stages(name, input.shape) {
      let (pooled, tape) = PlanarMaxPooling<Scalar>(stage: stage).forward(output.reshaped(to: planes))
      output = pooled
      steps.append(tape)
    }
    return (output.reshaped(to: outputShape(for: input.shape)), Tape(steps: steps, input: input.shape))
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    var output = input
    for (stage, planes) in box.stages(name, input.shape) {
      output = PlanarMaxPooling<Scalar>(stage: stage)(output.reshaped(to: planes))
    }
    return output.reshaped(to: outputShape(for: input.shape))
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    precondition(
      gradient.shape == outputShape(for: tape.input),
      "the gradient has shape \(gradient.shape), the output had \(outputShape(for: tape.input))")
    var gradient = gradient
    for ((stage, planes), step) in zip(box.stages(name, tape.input), tape.steps).reversed() {
      let output = PoolingWindows(name, planes, stage).outputShape(planes)
      gradient = PlanarMaxPooling<Scalar>(stage: stage).backward(gradient.reshaped(to: output), step)
    }
    return (gradient.reshaped(to: tape.input), NoParameters())
  }

  public func outputShape(for input: TensorShape) -> TensorShape { box.outputShape(name, input) }

  public var label: String { "\(name)(\(box.label()))" }
}

import SpectralConvolution
import SpectralCore

/// The mean of each window of a signal.
public typealias AveragePooling1D<Scalar: TensorScalar> = AveragePooling<Rank1, Scalar>
/// The mean of each window of an image.
public typealias AveragePooling2D<Scalar: TensorScalar> = AveragePooling<Rank2, Scalar>
/// The mean of each window of a volume.
public typealias AveragePooling3D<Scalar: TensorScalar> = AveragePooling<Rank3, Scalar>

/// The mean of each window, channel by channel.
///
/// Input `[N, C, ...]`, output `[N, C, ...]` with an extent for each axis; windows that do not fit are left out (PyTorch's
/// floor mode).
public struct AveragePooling<Rank: SpatialRank, Scalar: TensorScalar>: Layer {
  private let box: PoolingBox<Rank>
  /// Whether added elements count as zeros of the mean; otherwise the mean is over the elements of the array alone.
  public let countsPadding: Bool

  /// A pooling layer; windows stand side by side unless a stride is given, and padding counts (as PyTorch's
  /// `count_include_pad`, which is on by default).
  ///
  /// - Parameters:
  ///   - kernel: The window's size: one number for all axes, or one for each.
  ///   - stride: From one window to the next.
  ///   - padding: What is added around the array.
  public init(kernel: AxisValues, stride: AxisValues? = nil, padding: Padding = .valid, countsPadding: Bool = true) {
    box = PoolingBox(kernel: kernel, stride: stride, padding: padding, dilation: 1)
    self.countsPadding = countsPadding
  }

  private var name: String { "AveragePooling\(Rank.axes)D" }

  /// The tape is the shape of the input.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: TensorShape) {
    (self(input), input.shape)
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    var output = input
    for (stage, planes) in box.stages(name, input.shape) {
      output = PlanarAveragePooling<Scalar>(stage: stage, countsPadding: countsPadding)(output.reshaped(to: planes))
    }
    return output.reshaped(to: outputShape(for: input.shape))
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: TensorShape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    var gradient = gradient
    for (stage, planes) in box.stages(name, tape).reversed() {
      let output = PoolingWindows(name, planes, stage).outputShape(planes)
      gradient = PlanarAveragePooling<Scalar>(stage: stage, countsPadding: countsPadding)
        .backward(gradient.reshaped(to: output), planes)
    }
    return (gradient.reshaped(to: tape), NoParameters())
  }

  public func outputShape(for input: TensorShape) -> TensorShape { box.outputShape(name, input) }

  public var label: String { "\(name)(\(box.label(countsPadding ? "" : " not counted")))" }
}

import Layers
import Tensors

/// One shape to be timed, as `cases.json` files state it.
public struct BenchmarkCase: Codable, Hashable, Sendable {
  /// What is convolved.
  public enum Kind: String, Codable, Sendable {
    /// A batch of images with a bank of filters; zero padding of half the kernel, stride 1.
    case conv2d
    /// One plane with one kernel; zero boundary, output of the same size.
    case image
  }

  /// What it is called.
  public var name: String
  /// What is convolved.
  public var kind: Kind
  /// Images in the batch; 1 if absent, as are the channels and groups.
  public var batch: Int?
  /// Channels that go in.
  public var inputChannels: Int?
  /// Channels that come out.
  public var outputChannels: Int?
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// Rows and columns of the kernel.
  public var kernel: Int
  /// Groups of channels.
  public var groups: Int?

  /// The convolution that the case states.
  ///
  /// - Throws: If its sizes do not fit each other.
  public func problem() throws(ConvolutionError) -> ConvolutionProblem {
    let half = kernel / 2
    let padding: Padding = kind == .image ? .same : .pixels(half)
    let groups = groups ?? 1
    guard groups > 0 else { throw ConvolutionError("\(name): there must be at least one group") }
    return try ConvolutionProblem(
      ConvolutionGeometry(kernel: Extent(kernel), padding: padding, groups: groups),
      input: Shape([batch ?? 1, inputChannels ?? 1, height, width]),
      filter: Shape([outputChannels ?? 1, (inputChannels ?? 1) / groups, kernel, kernel]))
  }
}

/// What is timed.
public enum BenchmarkPass: String, CaseIterable, Sendable {
  /// Inference: the weights stay, the inputs change; what depends on the weights alone may be kept.
  case forward
  /// A training step: forward, then the gradients of input and filters, with new weights on every call.
  case training
}

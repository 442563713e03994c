import Layers
import Tensors

/// One shape to be timed, as `cases.json` files state it.
public struct BenchmarkCase: Codable, Hashable, Sendable {
  /// What is convolved.
  public enum Kind: String, Codable, Sendable {
    /// A batch of images with a bank of filters; zero padding of half the kernel.
    case conv2d
    /// One plane with one kernel; zero boundary, output of the same size.
    case image
  }

  /// The numbers that are convolved.
  public enum Precision: String, Codable, CaseIterable, Sendable {
    /// Float.
    case single
    /// Double.
    case double
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
  /// How far the window moves; 1 if absent.
  public var stride: Int?
  /// Single if absent.
  public var precision: Precision?

  /// A case.
  public init(
    name: String, kind: Kind, batch: Int? = nil, inputChannels: Int? = nil, outputChannels: Int? = nil, height: Int,
    width: Int, kernel: Int, groups: Int? = nil, stride: Int? = nil, precision: Precision? = nil
  ) {
    self.name = name
    self.kind = kind
    (self.batch, self.inputChannels, self.outputChannels) = (batch, inputChannels, outputChannels)
    (self.height, self.width, self.kernel) = (height, width, kernel)
    (self.groups, self.stride, self.precision) = (groups, stride, precision)
  }

  /// The convolution that the case states.
  ///
  /// - Throws: If its sizes do not fit each other.
  public func problem() throws(ConvolutionError) -> ConvolutionProblem {
    let half = kernel / 2
    let padding: Padding = kind == .image ? .same : .pixels(half)
    let groups = groups ?? 1
    guard groups > 0 else { throw ConvolutionError("\(name): there must be at least one group") }
    return try ConvolutionProblem(
      ConvolutionGeometry(kernel: Extent(kernel), stride: Extent(stride ?? 1), padding: padding, groups: groups),
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

  /// The pass whose plan is that of the whole.
  var longest: ConvolutionPass { self == .forward ? .forward : .filterGradient }

  /// The bytes that a method works in.
  ///
  /// - Throws: If its memory limit cannot be kept.
  func workingMemory<Scalar: TensorScalar>(
    _ method: any ConvolutionMethod<Scalar>, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    self == .forward ? try method.workingMemory(.forward, problem) : try method.trainingMemory(problem)
  }
}

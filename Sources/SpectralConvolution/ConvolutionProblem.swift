import SpectralCore

/// One axis of a convolution: how many pixels go in, how many come out, and which pixel each tap of each window sees.
public struct ConvolutionAxis: Hashable, Sendable {
  /// Pixels of the image.
  public let input: Int
  /// Taps of the kernel.
  public let kernel: Int
  /// From one output to the next.
  public let stride: Int
  /// From one tap to the next.
  public let dilation: Int
  /// Pixels added in front.
  public let paddingBefore: Int
  /// Pixels added behind.
  public let paddingAfter: Int
  /// What the added pixels are.
  public let boundary: Boundary
  /// Windows that fit.
  public let output: Int

  /// The pixels that a kernel spans, its first and last taps included.
  public var span: Int { dilation * (kernel - 1) + 1 }
  /// The pixels of the padded image.
  public var padded: Int { paddingBefore + input + paddingAfter }

  /// The pixel of the image that stands at a place of the padded image; nil where that is zero.
  @inlinable
  public func source(_ paddedPosition: Int) -> Int? {
    boundary.source(of: paddedPosition - paddingBefore, count: input)
  }

  /// The pixel that a tap of a window sees; nil where that is zero.
  @inlinable
  public func source(output: Int, tap: Int) -> Int? { source(stride * output + dilation * tap) }

  package init(
    _ name: String, input: Int, kernel: Int, stride: Int, dilation: Int, padding: Padding, sides: (Int, Int),
    boundary: Boundary
  ) throws(ConvolutionError) {
    guard input > 0 else { throw ConvolutionError("the image has no \(name)s: it needs at least one") }
    guard kernel > 0 else { throw ConvolutionError("the kernel has no \(name)s: it needs at least one") }
    guard stride > 0 else {
      throw ConvolutionError("the stride along the \(name)s is \(stride): it must be at least 1")
    }
    guard dilation > 0 else {
      throw ConvolutionError("the dilation along the \(name)s is \(dilation): it must be at least 1")
    }
    let (reach, overflow) = dilation.multipliedReportingOverflow(by: kernel - 1)
    // Far below Int.max, so that no sum of sizes overflows further on.
    let most = 1 << 40
    guard !overflow, reach < most, input < most, stride < most, sides.0 < most, sides.1 < most else {
      throw ConvolutionError("a window of \(kernel) \(name)s with dilation \(dilation) is too large to compute with")
    }
    let span = reach + 1
    switch padding {
    case .valid: (paddingBefore, paddingAfter) = (0, 0)
    case .full: (paddingBefore, paddingAfter) = (reach, reach)
    case .same:
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + span - input, 0)
      (paddingBefore, paddingAfter) = (total / 2, total - total / 2)
    case .explicit:
      guard sides.0 >= 0, sides.1 >= 0 else {
        throw ConvolutionError("the padding along the \(name)s is negative: it must be at least 0")
      }
      (paddingBefore, paddingAfter) = sides
    }
    let padded = paddingBefore + input + paddingAfter
    guard padded >= span else {
      let fits = (padded - 1) / dilation + 1
      throw ConvolutionError(
        "a kernel of \(kernel) \(name)s\(dilation > 1 ? " with dilation \(dilation)" : "") spans \(span), but the padded "
          + "image has \(padded): pad \(span - padded) more, or take a kernel of at most \(fits)")
    }
    self.input = input
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.boundary = boundary
    output = (padded - span) / stride + 1
  }
}

/// A convolution of given sizes: a geometry that has met its images and its filters. All sizes are computed here, once.
///
/// A *problem* says what is to be computed, in FFTW's sense of the word; a method decides how.
public struct ConvolutionProblem: Hashable, Sendable {
  /// How the window slides.
  public let geometry: ConvolutionGeometry
  /// Images in the batch, N.
  public let batch: Int
  /// Channels that go in, C.
  public let inputChannels: Int
  /// Channels that come out, O.
  public let outputChannels: Int
  /// Down the rows.
  public let vertical: ConvolutionAxis
  /// Along the columns.
  public let horizontal: ConvolutionAxis

  /// A problem, or an error that says what would fit.
  ///
  /// - Parameters:
  ///   - input: The images, `[N, C, H, W]`.
  ///   - filter: The filters, `[O, C / groups, kH, kW]`.
  public init(_ geometry: ConvolutionGeometry, input: TensorShape, filter: TensorShape) throws(ConvolutionError) {
    guard input.rank == 4 else {
      throw ConvolutionError("the input has shape \(input): a batch of images is N x C x H x W")
    }
    guard filter.rank == 4 else {
      throw ConvolutionError("the filters have shape \(filter): a bank of filters is O x C/groups x kH x kW")
    }
    let (channels, outputs, groups) = (input[1], filter[0], geometry.groups)
    guard groups > 0 else { throw ConvolutionError("\(groups) groups: there must be at least one") }
    guard channels > 0 else { throw ConvolutionError("the input has no channels: it needs at least one") }
    guard channels % groups == 0 else {
      throw ConvolutionError("\(channels) input channels do not fall into \(groups) equal groups")
    }
    guard filter[1] == channels / groups else {
      let whole = groups == 1 ? "" : " (\(channels) in \(groups) groups)"
      throw ConvolutionError(
        "the filter has \(filter[1]) channel\(filter[1] == 1 ? "" : "s"), the input has \(channels / groups)\(whole)")
    }
    guard outputs > 0, outputs % groups == 0 else {
      throw ConvolutionError("\(outputs) output channels do not fall into \(groups) equal groups")
    }
    guard filter[2] == geometry.kernel.height, filter[3] == geometry.kernel.width else {
      throw ConvolutionError(
        "the filters are \(filter[2]) x \(filter[3]), the geometry says \(geometry.kernel)")
    }
    var sides = (top: 0, bottom: 0, left: 0, right: 0)
    if case .explicit(let top, let bottom, let left, let right) = geometry.padding {
      sides = (top, bottom, left, right)
    }
    self.geometry = geometry
    batch = input[0]
    inputChannels = channels
    outputChannels = outputs
    vertical = try ConvolutionAxis(
      "row", input: input[2], kernel: geometry.kernel.height, stride: geometry.stride.height,
      dilation: geometry.dilation.height, padding: geometry.padding, sides: (sides.top, sides.bottom),
      boundary: geometry.boundary)
    horizontal = try ConvolutionAxis(
      "column", input: input[3], kernel: geometry.kernel.width, stride: geometry.stride.width,
      dilation: geometry.dilation.width, padding: geometry.padding, sides: (sides.left, sides.right),
      boundary: geometry.boundary)
    guard TensorShape.count([batch, outputs, vertical.output, horizontal.output]) != nil else {
      throw ConvolutionError("the output would have more elements than can be counted")
    }
  }

  /// Channels an output sees, C / groups.
  public var channelsPerGroup: Int { inputChannels / geometry.groups }
  /// Outputs of a group, O / groups.
  public var outputsPerGroup: Int { outputChannels / geometry.groups }
  /// The images, `[N, C, H, W]`.
  public var inputShape: TensorShape { [batch, inputChannels, vertical.input, horizontal.input] }
  /// The filters, `[O, C / groups, kH, kW]`.
  public var filterShape: TensorShape { [outputChannels, channelsPerGroup, vertical.kernel, horizontal.kernel] }
  /// The feature maps, `[N, O, H', W']`.
  public var outputShape: TensorShape { [batch, outputChannels, vertical.output, horizontal.output] }
  /// Whether windows have a single tap, so that an output sees one place of the image.
  public var isPointwise: Bool { vertical.kernel * horizontal.kernel == 1 }
  /// Multiply-adds of one pass by the definition; `Int.max` if there are more.
  public var multiplyAdds: Int {
    TensorShape.count(outputShape.extents + [channelsPerGroup, vertical.kernel, horizontal.kernel]) ?? .max
  }
}

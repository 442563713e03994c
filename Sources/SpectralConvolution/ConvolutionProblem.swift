import SpectralCore

/// A convolution of given sizes: a geometry that has met its arrays and its filters. All sizes are computed here, once.
///
/// Signals are `[N, C, L]`, images `[N, C, H, W]`, volumes `[N, C, D, H, W]`. A *problem* says what is to be computed, in
/// FFTW's sense of the word; a method decides how.
public struct ConvolutionProblem: Hashable, Sendable {
  /// How the window slides.
  public let geometry: ConvolutionGeometry
  /// Arrays in the batch, N.
  public let batch: Int
  /// Channels that go in, C.
  public let inputChannels: Int
  /// Channels that come out, O.
  public let outputChannels: Int
  /// The axes over which the window slides, in the order of the arrays: one of a signal, two of an image, three of a
  /// volume.
  public let axes: [ConvolutionAxis]
  /// From slice to slice of a volume; of other arrays the axis that they lack.
  public let depth: ConvolutionAxis
  /// Down the rows; of a signal the axis that it lacks.
  public let vertical: ConvolutionAxis
  /// Along the columns, or along a signal.
  public let horizontal: ConvolutionAxis

  /// The ranks that can be convolved, 1 to 3.
  public static let ranks = 1...3

  /// What an element of each axis is called.
  private static func names(rank: Int) -> [String] {
    rank == 1 ? ["sample"] : Array(["slice", "row", "column"].suffix(rank))
  }

  /// A problem, or an error that says what would fit.
  ///
  /// - Parameters:
  ///   - input: The arrays, `[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]`.
  ///   - filter: The filters, `[O, C / groups, ...]` with as many axes.
  public init(
    _ geometry: ConvolutionGeometry, input: TensorShape, filter: TensorShape
  ) throws(ConvolutionError) {
    let rank = input.rank - 2
    guard Self.ranks.contains(rank) else {
      throw ConvolutionError(
        "the input has shape \(input): a batch is N x C x L of signals, N x C x H x W of images or N x C x D x H x W of volumes"
      )
    }
    guard filter.rank == input.rank else {
      throw ConvolutionError(
        "the filters have shape \(filter): of an input \(input) they are O x C/groups x "
          + ["kL", "kH x kW", "kD x kH x kW"][rank - 1])
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
    for (name, values) in [("stride", geometry.stride), ("dilation", geometry.dilation)] {
      guard values.fits(rank: rank) else {
        throw ConvolutionError(
          "the \(name) has \(values.values.count) numbers, \(values), for \(rank) ax\(rank == 1 ? "i" : "e")s: give one, or \(rank)"
        )
      }
    }
    guard geometry.padding.fits(rank: rank) else {
      throw ConvolutionError("the padding does not have a pair for each of \(rank) ax\(rank == 1 ? "i" : "e")s")
    }
    let names = Self.names(rank: rank)
    var axes: [ConvolutionAxis] = []
    for axis in 0..<rank {
      axes.append(
        try ConvolutionAxis(
          names[axis], input: input[2 + axis], kernel: filter[2 + axis], stride: geometry.stride[axis],
          dilation: geometry.dilation[axis], padding: geometry.padding, sides: geometry.padding.sides(axis: axis),
          boundary: geometry.boundary))
    }
    self.geometry = geometry
    batch = input[0]
    inputChannels = channels
    outputChannels = outputs
    self.axes = axes
    depth = rank > 2 ? axes[rank - 3] : .absent
    vertical = rank > 1 ? axes[rank - 2] : .absent
    horizontal = axes[rank - 1]
    guard TensorShape.count([batch, outputs] + axes.map(\.output)) != nil else {
      throw ConvolutionError("the output would have more elements than can be counted")
    }
  }

  /// The number of axes over which the window slides.
  public var rank: Int { axes.count }
  /// Channels an output sees, C / groups.
  public var channelsPerGroup: Int { inputChannels / geometry.groups }
  /// Outputs of a group, O / groups.
  public var outputsPerGroup: Int { outputChannels / geometry.groups }
  /// The input, `[N, C, ...]`.
  public var inputShape: TensorShape { TensorShape([batch, inputChannels] + axes.map(\.input)) }
  /// The filters, `[O, C / groups, ...]`.
  public var filterShape: TensorShape { TensorShape([outputChannels, channelsPerGroup] + axes.map(\.kernel)) }
  /// The feature maps, `[N, O, ...]`.
  public var outputShape: TensorShape { TensorShape([batch, outputChannels] + axes.map(\.output)) }
  /// The shape of the result of a pass.
  package func resultShape(_ pass: ConvolutionPass) -> TensorShape {
    switch pass {
    case .forward: outputShape
    case .inputGradient: inputShape
    case .filterGradient: filterShape
    }
  }
  /// The taps of a kernel.
  public var taps: Int { depth.kernel * vertical.kernel * horizontal.kernel }
  /// Whether windows have a single tap, so that an output sees one place of the input.
  public var isPointwise: Bool { taps == 1 }
  /// Whether the window moves by one element along every axis.
  public var hasUnitStride: Bool { axes.allSatisfy { $0.stride == 1 } }
  /// Multiply-adds of one pass by the definition; `Int.max` if there are more.
  public var multiplyAdds: Int {
    TensorShape.count(outputShape.extents + [channelsPerGroup] + axes.map(\.kernel)) ?? .max
  }
}

import SpectralConvolution
import SpectralCore

/// How a streamed convolution is done.
public struct StreamPlan: Hashable, Sendable {
  /// The array: a signal `L`, an image `H x W` or a volume `D x H x W`, or each with channels, `x C`.
  public var array: TensorShape
  /// The axes beside that of the channels.
  public var rank: Int
  /// `single` or `double`.
  public var precision: String
  /// The sides of a block, in the order in which the axes follow each other in the file: in Fortran order the last axis
  /// comes first, and axes of a single element come before all others.
  public var block: TensorShape
  /// Blocks that are convolved at a time.
  public var blocksPerPanel: Int
  /// How many panels there are.
  public var panels: Int
  /// What was asked for, or what `automatic` chose.
  public var method: ConvolutionChoice
  /// How a panel is convolved: `direct`, `fft 32 x 30` in tiles, or in tiles of a volume's slices as
  /// `FourierConvolution.way(for:)` says.
  public var way: String
  /// The estimate of all memory that the work takes, in bytes.
  public var estimatedBytes: Int

  /// The pixels of the array.
  package var pixels: Int { array.extents.prefix(rank).reduce(1, *) }

  /// The progress after a number of pixels.
  ///
  /// - Parameter total: Those of the array unless told.
  package func progress(pixels: Int, of total: Int? = nil) -> StreamProgress {
    let (row, total) = (self.pixels / array[0], total ?? self.pixels)
    return StreamProgress(
      rows: pixels / row, totalRows: total / row, unit: ["samples", "rows", "slices"][rank - 1], pixels: pixels,
      totalPixels: total)
  }

  /// What to say if an image's channels may come first, and so be taken for rows, or if it may be a volume; nil if neither.
  public var shapeHint: String? { rank == 2 ? NumPyHeader.shapeHint(array.extents) : nil }
}

/// How far a streamed convolution, or a part of one, is.
public struct StreamProgress: Hashable, Sendable {
  /// Rows of an image, samples of a signal or slices of a volume that the pixels amount to which are done.
  public var rows: Int
  /// All rows, samples or slices.
  public var totalRows: Int
  /// What they are: `rows`, `samples` or `slices`.
  public var unit: String
  /// Pixels that are done.
  public var pixels: Int
  /// Pixels of the array, or of the part of it that is to be computed.
  public var totalPixels: Int

  /// From 0 to 1.
  public var fraction: Double { totalPixels == 0 ? 1 : Double(pixels) / Double(totalPixels) }
}

/// What a streamed convolution tells while it is under way.
public enum StreamEvent: Sendable {
  /// How it will be done.
  case planned(StreamPlan)
  /// An earlier run has left something that is of no use, for this reason.
  case startingAnew(reason: String)
  /// An earlier run has left something that is damaged, for this reason, behind what is done.
  case recomputing(reason: String, after: StreamProgress)
  /// An earlier run came this far.
  case resuming(StreamProgress)
  /// Another panel is done.
  case progress(StreamProgress)
}

/// What a streamed convolution has done.
public struct StreamReport: Sendable {
  /// How it was done.
  public var plan: StreamPlan
  /// How far it came.
  public var progress: StreamProgress
  /// Pixels that this run has computed; fewer than the array has if it went on from an earlier one.
  public var computedPixels: Int
  /// The time it took.
  public var seconds: Double
  /// The time of it in which nothing was computed for want of input.
  public var secondsWaitingForInput: Double
  /// The time of it in which nothing was computed since output had not been written yet.
  public var secondsWaitingForOutput: Double

  /// The part that was to be computed; nil if it was everything.
  public var part: StreamPart?
  /// Panels that nobody has computed yet; 0 when the work is done.
  public var missingPanels = 0
  /// The parts of as many to which those panels belong.
  public var missingParts: [StreamPart] = []
  /// Whether the output is there. Where the parts of several runs are all done, the last of these to end puts it there.
  public var isWhole = false

  /// Whether what was to be computed is done: everything, or a part.
  public var isFinished: Bool { progress.pixels == progress.totalPixels }
}

extension PanelPlan {
  var description: StreamPlan {
    StreamPlan(
      array: layout.shape, rank: layout.rank, precision: Scalar.self == Float.self ? "single" : "double",
      block: TensorShape(cuts.suffix(layout.rank).map(\.length)), blocksPerPanel: blocks.length, panels: panels,
      method: choice, way: way, estimatedBytes: estimatedBytes)
  }

  /// The pixels of the panels before one.
  private func pixels(before panel: Int) -> Int {
    let next = pieces(min(panel * blocks.length, blocks.total))
    // Whole pieces before the next block along the slices, in its slices along the rows, and in its rows along the columns.
    var (pixels, box) = (0, 1)
    for axis in 0..<3 {
      let others = layout.extents[(axis + 1)...].reduce(1, *)
      pixels += box * min(next[axis] * cuts[axis].length, cuts[axis].total) * others
      guard next[axis] < cuts[axis].pieces else { break }
      box *= cuts[axis].fresh(next[axis]).count
    }
    return pixels
  }

  /// The pixels that are new in some panels.
  func pixels(ofPanels panels: some Collection<Int>) -> Int {
    panels.reduce(0) { $0 + pixels(before: $1 + 1) - pixels(before: $1) }
  }

  func pixels(ofPanels panels: Range<Int>) -> Int {
    pixels(before: panels.upperBound) - pixels(before: panels.lowerBound)
  }
}

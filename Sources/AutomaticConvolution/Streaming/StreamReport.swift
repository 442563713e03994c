import SpectralConvolution
import SpectralCore

/// How a streamed convolution is done.
public struct StreamPlan: Hashable, Sendable {
  /// The image, `H x W` or `H x W x C`.
  public var image: TensorShape
  /// `single` or `double`.
  public var precision: String
  /// Rows and columns of a block. In Fortran order, and of an image that is one pixel wide, rows are columns.
  public var block: Extent
  /// Blocks that are convolved at a time.
  public var blocksPerPanel: Int
  /// How many panels there are.
  public var panels: Int
  /// What was asked for, or what `automatic` chose.
  public var method: ConvolutionChoice
  /// The tiles into which the Fourier method cuts a panel.
  public var tile: Extent?
  /// The estimate of all memory that the work takes, in bytes.
  public var estimatedBytes: Int

  /// What to say if the image's channels may come first, and so be taken for rows; nil if they do not.
  public var shapeHint: String? { NumPyHeader.channelsFirstHint(image.extents) }
}

/// How far a streamed convolution is.
public struct StreamProgress: Hashable, Sendable {
  /// Rows that the pixels amount to which are done.
  public var rows: Int
  /// Rows of the image.
  public var totalRows: Int
  /// Pixels that are done.
  public var pixels: Int
  /// Pixels of the image.
  public var totalPixels: Int

  /// From 0 to 1.
  public var fraction: Double { Double(pixels) / Double(totalPixels) }
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
  /// Pixels that this run has computed; fewer than the image has if it went on from an earlier one.
  public var computedPixels: Int
  /// The time it took.
  public var seconds: Double
  /// The time of it in which nothing was computed for want of input.
  public var secondsWaitingForInput: Double
  /// The time of it in which nothing was computed since output had not been written yet.
  public var secondsWaitingForOutput: Double

  /// Whether the output is there.
  public var isFinished: Bool { progress.pixels == progress.totalPixels }
}

extension PanelPlan {
  var description: StreamPlan {
    StreamPlan(
      image: layout.shape, precision: Scalar.self == Float.self ? "single" : "double",
      block: Extent(height: rows.length, width: columns.length), blocksPerPanel: blocks.length, panels: panels,
      method: choice, tile: tile, estimatedBytes: estimatedBytes)
  }

  func progress(panelsDone: Int) -> StreamProgress {
    let (row, column) = place(min(panelsDone * blocks.length, blocks.total))
    var pixels = min(row * rows.length, layout.rows) * layout.columns
    if row < rows.pieces { pixels += rows.fresh(row).count * min(column * columns.length, layout.columns) }
    let imageRows = layout.header.extents[0]
    return StreamProgress(
      rows: pixels / (layout.pixels / imageRows), totalRows: imageRows, pixels: pixels, totalPixels: layout.pixels)
  }
}

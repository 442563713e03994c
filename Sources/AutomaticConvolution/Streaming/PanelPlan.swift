import Foundation
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import SpectralTransforms

/// How an image is cut into blocks, how many of them are a panel, and how each is convolved.
///
/// A block of outputs sees a block of pixels that is larger by the kernel less one (overlap-save). A panel is what is
/// read, convolved and written at a time: a block, or several that follow each other where an image is so thin that one
/// alone would not be worth the trouble; they are a batch then. Neither the cut nor the method depends on the number of
/// threads, so neither do results.
struct PanelPlan<Scalar: AnyMethodScalar>: Sendable {
  let layout: ImageLayout
  /// The kernel as the work takes it.
  let kernel: Extent
  let operation: ConvolutionOperation
  /// The image cut into blocks.
  let rows: AxisCut
  let columns: AxisCut
  /// The blocks, along the rows first, cut into panels.
  let blocks: AxisCut
  /// The bytes of everything but the method's work.
  private let bufferBytes: Int
  /// The bytes that the method may work in.
  let methodLimit: Int
  /// What was asked for, or what `automatic` chose.
  let choice: ConvolutionChoice
  /// The tile of the Fourier method.
  let tile: Extent?
  /// Who transforms the tiles.
  let transforms: TransformProvider
  /// The time on one core, by the methods' own models, and that for reading and writing.
  private let seconds: Double

  /// The convolution of a panel, blocks and channels as a batch: its boundary has been gathered with its pixels.
  let problem: ConvolutionProblem

  /// The panels that take the least time of those that keep all that is held at once within `memoryLimit` bytes.
  ///
  /// - Parameter kernel: As the image is named.
  /// - Throws: ``MemoryError`` if there are none, with what would be needed.
  init(
    _ layout: ImageLayout, kernel: Extent, operation: ConvolutionOperation, choice: ConvolutionChoice,
    transforms: TransformProvider, memoryLimit: Int
  ) throws {
    let panels = Candidates(layout: layout, kernel: layout.oriented(kernel), operation: operation)
    let budget = MemoryBudget(limit: memoryLimit)
    // Before anything is planned, for the tables of a plan grow with the kernel too.
    try budget.require(
      panels.kernelMemory, for: "a kernel of \(kernel) with its copies", remedy: "take a smaller kernel")
    // What is faster where memory does not matter. It is not changed where it does: the direct method can do with less,
    // and take a thousand times as long.
    let automatic =
      choice.method(for: Scalar.self, deterministic: true, transforms: transforms) as? AutomaticConvolution<Scalar>
    let size = Extent(height: panels.heights[0], width: panels.widths[0])
    let largest = try panels.problem(size, blocks: panels.blocks(size))
    let choice = automatic.flatMap { ConvolutionChoice(rawValue: $0.choice(largest).name) } ?? choice

    func plan(_ height: Int, _ width: Int, _ limit: Int) throws -> PanelPlan? {
      let size = Extent(height: height, width: width)
      var count = panels.blocks(size)
      while true {
        if let plan = try PanelPlan(panels, size, blocks: count, choice, transforms, limit) { return plan }
        if count == 1 { return nil }
        count = (count + 1) / 2
      }
    }
    // If not even a single pixel fits, nothing does.
    func fits(_ limit: Int) throws -> Bool { try PanelPlan(panels, 1, blocks: 1, choice, transforms, limit) != nil }
    if try !fits(memoryLimit) {
      var (little, enough) = (memoryLimit, max(2 * memoryLimit, 1 << 10))
      while try !fits(enough) { (little, enough) = (enough, 2 * enough) }
      // To a sixteenth.
      for _ in 0..<4 {
        let middle = (little + enough) / 2
        if try !fits(middle) { little = middle } else { enough = middle }
      }
      throw MemoryError(
        purpose: "convolving by \(choice.rawValue) with a kernel of \(kernel)", estimate: MemoryEstimate(bytes: enough),
        budget: budget,
        remedy: choice == .fft ? "take the direct method and time, or a smaller kernel" : "take a smaller kernel")
    }
    var best: PanelPlan?
    for width in panels.widths {
      for height in panels.heights {
        guard let plan = try plan(height, width, memoryLimit) else { continue }
        if best == nil || plan.seconds < best!.seconds { best = plan }
      }
      // Narrower panels only leave more memory to the method.
      if let best, !best.isMethodLimited { break }
    }
    self = best!
  }

  /// Panels that are worth a look.
  private struct Candidates {
    let layout: ImageLayout
    let kernel: Extent
    let operation: ConvolutionOperation

    /// Rows of more pixels than this are cut: the tables of a plan have an entry for every column.
    private static var longRow: Int { 1 << 16 }
    /// Pixels from which on a block is a panel of its own.
    private static var usefulPixels: Int { 1 << 20 }

    /// From the largest down. Beyond it nothing is gained; a large kernel wants large panels, since halos cost.
    var heights: [Int] {
      var heights = [min(layout.rows, max(1024, 4 * (kernel.height - 1)))]
      while heights.last! > 1 { heights.append(heights.last! * 6 / 7) }
      return heights
    }

    /// From whole rows, which are written fastest, down. Few long rows are cut short: their pieces are a batch.
    var widths: [Int] {
      let most = layout.columns <= Self.longRow ? layout.columns : min(Self.longRow, max(4096, 64 * layout.rows))
      var widths = [min(layout.columns, max(most, 4 * (kernel.width - 1)))]
      while widths.last! > 1 { widths.append((widths.last! + 1) / 2) }
      return widths
    }

    /// How many blocks of a size are a panel, if memory does not matter.
    func blocks(_ size: Extent) -> Int {
      let all =
        AxisCut(total: layout.rows, most: size.height).pieces * AxisCut(total: layout.columns, most: size.width).pieces
      return min(all, max(1, Self.usefulPixels / (size.height * size.width * layout.channels)))
    }

    func problem(_ size: Extent, blocks: Int) throws(ConvolutionError) -> ConvolutionProblem {
      try ConvolutionProblem(
        ConvolutionGeometry(operation: operation),
        input: [blocks * layout.channels, 1, size.height + kernel.height - 1, size.width + kernel.width - 1],
        filter: [1, 1, kernel.height, kernel.width])
    }

    /// The kernel in double precision, which the caller holds, in that of the computation, and flipped or scaled.
    var kernelMemory: MemoryEstimate {
      MemoryEstimate([kernel.height, kernel.width], scalarBytes: 8 + 2 * MemoryLayout<Scalar>.stride)
    }
  }

  /// Panels of so many blocks of at most this size; nil if they and the method need more than the limit.
  private init?(
    _ panels: Candidates, _ size: Extent, blocks count: Int, _ choice: ConvolutionChoice,
    _ transforms: TransformProvider, _ limit: Int
  ) throws(ConvolutionError) {
    (layout, kernel, operation, self.choice) = (panels.layout, panels.kernel, panels.operation, choice)
    self.transforms = transforms
    rows = AxisCut(total: layout.rows, most: size.height)
    columns = AxisCut(total: layout.columns, most: size.width)
    blocks = AxisCut(total: rows.pieces * columns.pieces, most: count)
    problem = try panels.problem(Extent(height: rows.length, width: columns.length), blocks: blocks.length)
    let buffers = Self.bufferBytes(panels, problem, isSingle: blocks.pieces == 1)
    guard let buffers = buffers.bytes, buffers < limit else { return nil }
    (bufferBytes, methodLimit) = (buffers, limit - buffers)
    let panelSeconds: Double
    if choice == .fft {
      let fourier = FourierConvolution<Scalar>(memoryLimit: methodLimit, transforms: transforms, rigor: .estimate)
      guard let cheapest = fourier.candidates(problem, training: false).first else { return nil }
      (tile, panelSeconds) = (cheapest.tile, cheapest.seconds)
    } else {
      guard (try? SpatialConvolution<Scalar>(memoryLimit: methodLimit).workingMemory(.forward, problem)) != nil else {
        return nil
      }
      tile = nil
      panelSeconds = SpatialConvolution<Scalar>().estimatedSeconds(.forward, problem)
    }
    let (input, output) = (problem.inputShape.count, problem.outputShape.count)
    let scalar = Double(MemoryLayout<Scalar>.stride)
    // Through the system's cache where the rows of a panel lie apart.
    let isWhole = columns.pieces == 1 || rows.pieces * rows.length == 1
    let moving = scalar * (Double(input) / 4e9 + Double(output) / (isWhole ? 8e9 : 1e9))
    // The system clears memory before it hands it out.
    let making = 2 * scalar * Double(input + output) / 1e9
    // Another thread takes over, and the tables of the plan are made.
    let beginning = 1e-4 + 1e-7 * Double(problem.vertical.input + problem.horizontal.input)
    seconds = Double(blocks.pieces) * (panelSeconds + moving + beginning) + making
  }

  /// The bytes of panels in memory, one that is read and one that is written while a third is convolved; of the rows
  /// through which numbers are converted; of what is on its way to the disk; and of the kernel and its copies.
  private static func bufferBytes(
    _ panels: Candidates, _ problem: ConvolutionProblem, isSingle: Bool
  ) -> MemoryEstimate {
    let (layout, scalar) = (panels.layout, MemoryLayout<Scalar>.stride)
    let input = MemoryEstimate(problem.inputShape.extents, scalarBytes: scalar)
    let output = MemoryEstimate(problem.outputShape.extents, scalarBytes: scalar)
    let outputBytes = output.bytes ?? .max
    let size = Extent(height: problem.vertical.input, width: problem.horizontal.input)
    // What is read aside can be as much as the halo.
    let line = PanelReader<Scalar>.lineCount(layout, size) * (8 + scalar)
    let aside = (problem.horizontal.kernel - 1) * layout.channelsTogether * scalar
    let staged = layout.channelsTogether > 1 ? min(outputBytes, PanelWriter<Scalar>.stagedNumbers * scalar) : 0
    var all = panels.kernelMemory + input + output
    if !isSingle { all += input + output }
    all += MemoryEstimate(
      bytes: MemoryPool.sizeClass(line) + aside + staged + min(outputBytes, UncachedWriter.bufferBytes))
    return all
  }

  /// Whether the method would be faster with more memory.
  private var isMethodLimited: Bool {
    guard tile != nil else { return false }
    let unlimited = FourierConvolution<Scalar>(transforms: transforms, rigor: .estimate)
    return unlimited.candidates(problem, training: false).first?.tile != tile
  }

  /// What convolves a panel. Plans are chosen by estimate: a run that is resumed must give the bits it would have given.
  var method: any ConvolutionMethod<Scalar> {
    choice == .fft
      ? FourierConvolution<Scalar>(memoryLimit: methodLimit, transforms: transforms, rigor: .estimate, tile: tile)
      : SpatialConvolution<Scalar>(memoryLimit: methodLimit)
  }

  /// How many panels there are.
  var panels: Int { blocks.pieces }

  /// The row and the column of a block among the blocks, along the rows first.
  func place(_ block: Int) -> (row: Int, column: Int) { (block / columns.pieces, block % columns.pieces) }

  /// The blocks of a panel: also those that its predecessor has.
  func members(_ panel: Int) -> Range<Int> {
    let first = blocks.start(panel)
    return first..<first + blocks.length
  }

  /// The first pixels that a panel's blocks see, which may lie outside the image.
  func corners(_ panel: Int) -> [(row: Int, column: Int)] {
    members(panel).map { block in
      let (row, column) = place(block)
      return (rows.start(row) - before.height, columns.start(column) - before.width)
    }
  }

  /// Visits the outputs that are new in a panel: stretches of pixels that stand together in the panel and in the file.
  ///
  /// - Parameter body: Takes the place of the stretch's first pixel among the numbers of the panel, `[N * C, 1, H, W]`,
  ///   its place among the numbers of the file, and the pixels.
  func forEachStretch(of panel: Int, _ body: (_ source: Int, _ place: Int, _ count: Int) throws -> Void) rethrows {
    let plane = rows.length * columns.length
    for block in blocks.fresh(panel) {
      let (row, column) = place(block)
      let (freshRows, freshColumns) = (rows.fresh(row), columns.fresh(column))
      let first =
        (block - blocks.start(panel)) * layout.channels * plane + (freshRows.lowerBound - rows.start(row))
        * columns.length
        + freshColumns.lowerBound - columns.start(column)
      for group in 0..<layout.groups {
        for y in freshRows {
          try body(
            first + group * plane + (y - freshRows.lowerBound) * columns.length,
            layout.place(group: group, row: y, column: freshColumns.lowerBound), freshColumns.count)
        }
      }
    }
  }

  /// Visits the bytes of the output file that a panel brings, in the order in which they are written.
  func forEachRange(of panel: Int, _ body: (Range<Int>) throws -> Void) rethrows {
    if panel == 0 { try body(0..<outputHeader.count) }
    let size = MemoryLayout<Scalar>.stride
    var run = 0..<0
    func flush() throws {
      guard !run.isEmpty else { return }
      try body(outputHeader.count + run.lowerBound * size..<outputHeader.count + run.upperBound * size)
    }
    try forEachStretch(of: panel) { _, place, count in
      let numbers = place..<place + count * layout.channelsTogether
      if numbers.lowerBound == run.upperBound {
        run = run.lowerBound..<numbers.upperBound
      } else {
        try flush()
        run = numbers
      }
    }
    try flush()
  }

  /// What stands before the numbers of the output: its array has the shape and the order of the input's.
  var outputHeader: Data {
    NumPyHeader(
      type: Scalar.self == Float.self ? .float32 : .float64, extents: layout.header.extents,
      isFortranOrder: layout.header.isFortranOrder
    ).bytes
  }

  /// The bytes of the output file.
  var outputByteCount: Int { outputHeader.count + layout.pixels * layout.channels * MemoryLayout<Scalar>.stride }

  /// The estimate of all memory that the work takes.
  var estimatedBytes: Int { bufferBytes + ((try? method.workingMemory(.forward, problem)) ?? methodLimit) }

  /// Pixels added in front of the image: those of `same` padding, the odd one behind.
  var before: Extent { Extent(height: (kernel.height - 1) / 2, width: (kernel.width - 1) / 2) }
}

import Foundation
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import SpectralTransforms

/// How an array is cut into blocks, how many of them are a panel, and how each is convolved.
///
/// A block of outputs sees a block of pixels that is larger by the kernel less one (overlap-save). A panel is what is
/// read, convolved and written at a time: a block, or several that follow each other where an array is so thin that one
/// alone would not be worth the trouble; they are a batch then. Neither the cut nor the method depends on the number of
/// threads, so neither do results.
struct PanelPlan<Scalar: AnyMethodScalar>: Sendable {
  let layout: ArrayLayout
  /// The taps along slices, rows and columns as the work takes them.
  let kernel: [Int]
  let operation: ConvolutionOperation
  /// Slices, rows and columns cut into the sides of blocks.
  let cuts: [AxisCut]
  /// The blocks, along the columns first and along the slices last, cut into panels.
  let blocks: AxisCut
  /// The bytes of everything but the method's work.
  private let bufferBytes: Int
  /// The bytes that the method may work in.
  let methodLimit: Int
  /// What was asked for, or what `automatic` chose.
  let choice: ConvolutionChoice
  /// Who transforms tiles.
  let transforms: TransformProvider
  /// The time on one core, by the methods' own models, and that for reading and writing.
  private let seconds: Double

  /// The convolution of a panel, blocks and channels as a batch: its boundary has been gathered with its pixels.
  let problem: ConvolutionProblem

  /// The panels that take the least time of those that keep all that is held at once within `memoryLimit` bytes.
  ///
  /// - Parameter kernel: The taps along each axis of the array.
  /// - Throws: ``MemoryError`` if there are none, with what would be needed.
  init(
    _ layout: ArrayLayout, kernel: [Int], operation: ConvolutionOperation, choice: ConvolutionChoice,
    transforms: TransformProvider, memoryLimit: Int
  ) throws {
    let panels = Candidates(layout: layout, kernel: layout.oriented(kernel), operation: operation)
    let budget = MemoryBudget(limit: memoryLimit)
    let kernelText = "a kernel of \(TensorShape(kernel))"
    // Before anything is planned, for the tables of a plan grow with the kernel too.
    try budget.require(panels.kernelMemory, for: "\(kernelText) with its copies", remedy: "take a smaller kernel")
    // What is faster where memory does not matter. It is not changed where it does: the direct method can do with less,
    // and take a thousand times as long.
    var choice = choice
    let asked = choice.method(for: Scalar.self, deterministic: true, transforms: transforms)
    if let automatic = asked as? AutomaticConvolution<Scalar> {
      let size = (0..<3).map { panels.lengths($0)[0] }
      choice = automatic.plan(try panels.problem(size, blocks: panels.blocks(size))) == .direct ? .direct : .fft
    }

    func plan(_ size: [Int], _ limit: Int) throws -> PanelPlan? {
      var count = panels.blocks(size)
      while true {
        if let plan = try PanelPlan(panels, size, blocks: count, choice, transforms, limit) { return plan }
        if count == 1 { return nil }
        count = (count + 1) / 2
      }
    }
    // If not even a single pixel fits, nothing does.
    func fits(_ limit: Int) throws -> Bool {
      try PanelPlan(panels, [1, 1, 1], blocks: 1, choice, transforms, limit) != nil
    }
    if try !fits(memoryLimit) {
      var (little, enough) = (memoryLimit, max(2 * memoryLimit, 1 << 10))
      while try !fits(enough) { (little, enough) = (enough, 2 * enough) }
      // To a sixteenth.
      for _ in 0..<4 {
        let middle = (little + enough) / 2
        if try !fits(middle) { little = middle } else { enough = middle }
      }
      throw MemoryError(
        purpose: "convolving by \(choice.rawValue) with \(kernelText)", estimate: MemoryEstimate(bytes: enough),
        budget: budget,
        remedy: choice == .fft ? "take the direct method and time, or a smaller kernel" : "take a smaller kernel")
    }
    var best: PanelPlan?
    for width in panels.lengths(2) {
      for height in panels.lengths(1) {
        for depth in panels.lengths(0) {
          guard let plan = try plan([depth, height, width], memoryLimit) else { continue }
          if best == nil || plan.seconds < best!.seconds { best = plan }
        }
      }
      // Narrower panels only leave more memory to the method.
      if let best, !best.isMethodLimited { break }
    }
    self = best!
  }

  /// Candidate panels.
  private struct Candidates {
    let layout: ArrayLayout
    let kernel: [Int]
    let operation: ConvolutionOperation

    /// Rows of more pixels than this are cut: the tables of a plan have an entry for every column.
    private static var longRow: Int { 1 << 16 }
    /// Pixels from which on a block is a panel of its own.
    private static var usefulPixels: Int { 1 << 20 }

    /// The sides of blocks along an axis, from the largest down. Along the outermost they fall in small steps, as it costs
    /// nothing to cut there; beyond the largest nothing is gained. A large kernel wants large blocks, since halos cost.
    func lengths(_ axis: Int) -> [Int] {
      let (total, reach) = (layout.extents[axis], kernel[axis] - 1)
      let isOutermost = layout.extents[..<axis].allSatisfy { $0 == 1 }
      // From whole rows, which are written fastest, down. Few long rows are cut short: their pieces are a batch.
      let most =
        switch axis {
        case 2 where total > Self.longRow: min(Self.longRow, max(4096, 64 * layout.extents[0] * layout.extents[1]))
        case 1 where isOutermost, 0: 1024
        default: total
        }
      var lengths = [min(total, max(most, 4 * reach))]
      while lengths.last! > 1 {
        lengths.append(isOutermost && axis < 2 ? lengths.last! * 6 / 7 : (lengths.last! + 1) / 2)
      }
      return lengths
    }

    /// How many blocks of a size are a panel, if memory does not matter.
    func blocks(_ size: [Int]) -> Int {
      let all = (0..<3).reduce(1) { $0 * AxisCut(total: layout.extents[$1], most: size[$1]).pieces }
      return min(all, max(1, Self.usefulPixels / (size.reduce(1, *) * layout.channels)))
    }

    /// What a block of a size sees along each axis.
    func seen(_ size: [Int]) -> [Int] { (0..<3).map { size[$0] + kernel[$0] - 1 } }

    func problem(_ size: [Int], blocks: Int) throws(ConvolutionError) -> ConvolutionProblem {
      // Slices that do not see each other are images of their own.
      let (axes, slices) = kernel[0] == 1 ? (1..<3, size[0]) : (0..<3, 1)
      return try ConvolutionProblem(
        ConvolutionGeometry(operation: operation),
        input: TensorShape([blocks * layout.channels * slices, 1] + seen(size)[axes]),
        filter: TensorShape([1, 1] + kernel[axes]))
    }

    /// The kernel in double precision, which the caller holds, in that of the computation, and flipped or scaled.
    var kernelMemory: MemoryEstimate { MemoryEstimate(kernel, scalarBytes: 8 + 2 * MemoryLayout<Scalar>.stride) }
  }

  /// Panels of so many blocks of at most this size; nil if they and the method need more than the limit.
  private init?(
    _ panels: Candidates, _ size: [Int], blocks count: Int, _ choice: ConvolutionChoice,
    _ transforms: TransformProvider, _ limit: Int
  ) throws(ConvolutionError) {
    (layout, kernel, operation, self.choice) = (panels.layout, panels.kernel, panels.operation, choice)
    self.transforms = transforms
    cuts = zip(layout.extents, size).map { AxisCut(total: $0, most: $1) }
    let sides = cuts.map(\.length)
    blocks = AxisCut(total: cuts.reduce(1) { $0 * $1.pieces }, most: count)
    problem = try panels.problem(sides, blocks: blocks.length)
    let seen = panels.seen(sides)
    let buffers = Self.bufferBytes(panels, problem, seen, isSingle: blocks.pieces == 1)
    guard let buffers = buffers.bytes, buffers < limit else { return nil }
    (bufferBytes, methodLimit) = (buffers, limit - buffers)
    let panelSeconds: Double
    if choice == .fft {
      guard let seconds = Self.fourier(methodLimit, transforms).estimatedSeconds(.forward, problem) else { return nil }
      panelSeconds = seconds
    } else {
      let direct = SpatialConvolution<Scalar>(memoryLimit: methodLimit, rates: .fixed)
      guard (try? direct.workingMemory(.forward, problem)) != nil else { return nil }
      panelSeconds = direct.estimatedSeconds(.forward, problem)
    }
    let (input, output) = (problem.inputShape.count, problem.outputShape.count)
    let scalar = Double(MemoryLayout<Scalar>.stride)
    // Through the system's cache where the rows of a panel lie apart.
    let first = layout.extents.firstIndex { $0 > 1 } ?? 2
    let isWhole = cuts[(first + 1)...].allSatisfy { $0.pieces == 1 }
    let moving = scalar * (Double(input) / 4e9 + Double(output) / (isWhole ? 8e9 : 1e9))
    // The system clears memory before it hands it out.
    let making = 2 * scalar * Double(input + output) / 1e9
    // Another thread takes over, and the tables of the plan are made.
    let beginning = 1e-4 + 1e-7 * Double(problem.axes.reduce(0) { $0 + $1.input })
    seconds = Double(blocks.pieces) * (panelSeconds + moving + beginning) + making
  }

  /// The Fourier method by tiles, of which fewer threads hold less; transforms of whole arrays take what they take. It chooses
  /// tiles by estimate: a run that is resumed must give the bits that it would have given.
  private static func fourier(_ limit: Int?, _ transforms: TransformProvider) -> FourierConvolution<Scalar> {
    FourierConvolution(memoryLimit: limit, transforms: transforms, rigor: .estimate, solver: .tiles)
  }

  /// The bytes of panels in memory, one that is read and one that is written while a third is convolved; of the rows
  /// through which numbers are converted; of what is on its way to the disk; and of the kernel and its copies.
  private static func bufferBytes(
    _ panels: Candidates, _ problem: ConvolutionProblem, _ seen: [Int], isSingle: Bool
  ) -> MemoryEstimate {
    let (layout, scalar) = (panels.layout, MemoryLayout<Scalar>.stride)
    let input = MemoryEstimate(problem.inputShape.extents, scalarBytes: scalar)
    let output = MemoryEstimate(problem.outputShape.extents, scalarBytes: scalar)
    let outputBytes = output.bytes ?? .max
    // What is read aside can be as much as the halo.
    let line = PanelReader<Scalar>.lineCount(layout, seen) * (8 + scalar)
    let aside = (panels.kernel[2] - 1) * layout.channelsTogether * scalar
    let staged = layout.channelsTogether > 1 ? min(outputBytes, PanelWriter<Scalar>.stagedNumbers * scalar) : 0
    var all = panels.kernelMemory + input + output
    if !isSingle { all += input + output }
    all += MemoryEstimate(
      bytes: MemoryPool.sizeClass(line) + aside + staged + min(outputBytes, UncachedWriter.bufferBytes))
    return all
  }

  /// Whether the method would be faster with more memory.
  private var isMethodLimited: Bool { choice == .fft && Self.fourier(nil, transforms).way(for: problem) != way }

  /// How a panel is convolved, e.g. `direct` or `fft 32 x 30`.
  var way: String { choice == .fft ? Self.fourier(methodLimit, transforms).way(for: problem) : choice.rawValue }

  /// What convolves a panel.
  var method: any ConvolutionMethod<Scalar> {
    choice == .fft
      ? Self.fourier(methodLimit, transforms) : SpatialConvolution<Scalar>(memoryLimit: methodLimit, rates: .fixed)
  }

  /// How many panels there are.
  var panels: Int { blocks.pieces }

  /// The piece of each axis that a block stands in.
  func pieces(_ block: Int) -> [Int] {
    [block / cuts[2].pieces / cuts[1].pieces, block / cuts[2].pieces % cuts[1].pieces, block % cuts[2].pieces]
  }

  /// The blocks of a panel: also those that its predecessor has.
  func members(_ panel: Int) -> Range<Int> {
    let first = blocks.start(panel)
    return first..<first + blocks.length
  }

  /// The slices, rows and columns that a block of outputs sees.
  var seen: [Int] { (0..<3).map { cuts[$0].length + kernel[$0] - 1 } }

  /// The slice, row and column of the first pixels that a panel's blocks see, which may lie outside the array.
  func corners(_ panel: Int) -> [[Int]] {
    members(panel).map { block in
      let pieces = pieces(block)
      return (0..<3).map { cuts[$0].start(pieces[$0]) - before[$0] }
    }
  }

  /// Visits the outputs that are new in a panel: runs of pixels that are contiguous in both the panel and the file.
  ///
  /// - Parameter body: Takes the place of the run's first pixel among the numbers of the panel, block after block,
  ///   channel after channel, its place among the numbers of the file, and the pixels.
  func forEachRun(of panel: Int, _ body: (_ source: Int, _ place: Int, _ count: Int) throws -> Void) rethrows {
    let (rows, columns) = (cuts[1].length, cuts[2].length)
    let volume = cuts[0].length * rows * columns
    for block in blocks.fresh(panel) {
      let pieces = pieces(block)
      let fresh = (0..<3).map { cuts[$0].fresh(pieces[$0]) }
      let (firstSlice, firstRow) = (cuts[0].start(pieces[0]), cuts[1].start(pieces[1]))
      let first =
        (block - blocks.start(panel)) * layout.channels * volume + fresh[2].lowerBound - cuts[2].start(pieces[2])
      for group in 0..<layout.groups {
        for slice in fresh[0] {
          for row in fresh[1] {
            try body(
              first + group * volume + ((slice - firstSlice) * rows + row - firstRow) * columns,
              layout.place(group: group, slice: slice, row: row, column: fresh[2].lowerBound), fresh[2].count)
          }
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
    try forEachRun(of: panel) { _, place, count in
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

  /// Pixels added in front of the array along each axis: those of `same` padding, the odd one behind.
  var before: [Int] { kernel.map { ($0 - 1) / 2 } }
}

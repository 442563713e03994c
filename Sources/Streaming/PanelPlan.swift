import AutomaticConvolution
import FourierConvolution
import Layers
import SpatialConvolution
import Tensors

/// How an image is cut into panels, and how each is convolved.
///
/// A panel of outputs sees a panel of pixels that is larger by the kernel less one (overlap-save). Neither the cut nor
/// the method depends on the number of threads, so neither do results.
struct PanelPlan<Scalar: AnyMethodScalar>: Sendable {
  let layout: ImageLayout
  let kernel: Extent
  let operation: ConvolutionOperation
  let rows: AxisCut
  let columns: AxisCut
  /// The bytes that the method may work in.
  let methodLimit: Int
  /// What was asked for, or what `automatic` chose.
  let choice: ConvolutionChoice
  /// The tile of the Fourier method.
  let tile: Extent?
  /// The time on one core, by the methods' own models, and that for reading and writing.
  private let seconds: Double

  /// The convolution of a panel, channels as a batch: its boundary has been gathered with its pixels.
  let problem: ConvolutionProblem

  /// The panels that take the least time of those that keep all that is held at once within `memoryLimit` bytes.
  ///
  /// - Throws: ``ConvolutionError`` if there are none; the sentence says what would be needed.
  init(
    _ layout: ImageLayout, kernel: Extent, operation: ConvolutionOperation, choice: ConvolutionChoice, memoryLimit: Int
  ) throws(ConvolutionError) {
    let panels = Candidates(layout: layout, kernel: kernel, operation: operation)
    // What is faster where memory does not matter. It is not changed where it does: the direct method can do with less,
    // and take a thousand times as long.
    let automatic = choice.method(for: Scalar.self, deterministic: true) as? AutomaticConvolution<Scalar>
    let largest = try panels.problem(Extent(height: panels.heights[0], width: panels.widths[0]))
    let choice = automatic.flatMap { ConvolutionChoice(rawValue: $0.choice(largest).name) } ?? choice

    func plan(_ height: Int, _ width: Int, _ limit: Int) throws(ConvolutionError) -> PanelPlan? {
      try PanelPlan(panels, Extent(height: height, width: width), choice, limit)
    }
    // If not even a single pixel fits, nothing does.
    if try plan(1, 1, memoryLimit) == nil {
      var (little, enough) = (memoryLimit, max(2 * memoryLimit, 1 << 10))
      while try plan(1, 1, enough) == nil { (little, enough) = (enough, 2 * enough) }
      // To a sixteenth.
      for _ in 0..<4 {
        let middle = (little + enough) / 2
        if try plan(1, 1, middle) == nil { little = middle } else { enough = middle }
      }
      throw ConvolutionError(
        "a kernel of \(kernel) needs at least \(ByteCount(enough)) of memory here by \(choice.rawValue), the limit is "
          + "\(ByteCount(memoryLimit)): raise the limit\(choice == .fft ? ", or take the direct method and time" : "")")
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

    /// From the largest down. Beyond it nothing is gained; a large kernel wants large panels, since halos cost.
    var heights: [Int] {
      var heights = [min(layout.rows, max(1024, 4 * (kernel.height - 1)))]
      while heights.last! > 1 { heights.append(heights.last! * 6 / 7) }
      return heights
    }

    /// From whole rows, which are written fastest, down.
    var widths: [Int] {
      var widths = [layout.columns]
      while widths.last! > 1 { widths.append((widths.last! + 1) / 2) }
      return widths
    }

    func problem(_ size: Extent) throws(ConvolutionError) -> ConvolutionProblem {
      try ConvolutionProblem(
        ConvolutionGeometry(kernel: kernel, operation: operation),
        input: [layout.channels, 1, size.height + kernel.height - 1, size.width + kernel.width - 1],
        filter: [1, 1, kernel.height, kernel.width])
    }
  }

  /// Panels of at most this size; nil if they and the method need more than the limit.
  private init?(
    _ panels: Candidates, _ size: Extent, _ choice: ConvolutionChoice, _ limit: Int
  ) throws(ConvolutionError) {
    (layout, kernel, operation, self.choice) = (panels.layout, panels.kernel, panels.operation, choice)
    rows = AxisCut(total: layout.rows, most: size.height)
    columns = AxisCut(total: layout.columns, most: size.width)
    problem = try panels.problem(Extent(height: rows.length, width: columns.length))
    methodLimit = limit - Self.bufferBytes(problem, isSingle: rows.pieces * columns.pieces == 1)
    guard methodLimit > 0 else { return nil }
    let panelSeconds: Double
    if choice == .fft {
      let fourier = FourierConvolution<Scalar>(memoryLimit: methodLimit, rigor: .estimate)
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
    let isWhole = columns.pieces == 1
    let moving = scalar * (Double(input) / 4e9 + Double(output) / (isWhole ? 8e9 : 1e9))
    // The system clears memory before it hands it out.
    let making = 2 * scalar * Double(input + output) / 1e9
    let handingOver = 1e-4
    seconds = Double(rows.pieces * columns.pieces) * (panelSeconds + moving + handingOver) + making
  }

  /// The bytes of panels in memory, one that is read and one that is written while a third is convolved; of the rows
  /// through which numbers are converted; of what is on its way to the disk; and of the kernel and its copies.
  private static func bufferBytes(_ problem: ConvolutionProblem, isSingle: Bool) -> Int {
    let scalar = MemoryLayout<Scalar>.stride
    let (input, output) = (problem.inputShape.count * scalar, problem.outputShape.count * scalar)
    let line = problem.batch * problem.horizontal.input * (8 + scalar)
    let staged = problem.batch > 1 ? min(output, max(line, PanelWriter.stagedNumbers * scalar)) : 0
    return (input + output) * (isSingle ? 1 : 2) + 2 * line + staged + min(output, UncachedWriter.bufferBytes)
      + problem.filterShape.count * (8 + 2 * scalar)
  }

  /// Whether the method would be faster with more memory.
  private var isMethodLimited: Bool {
    tile != nil && FourierConvolution<Scalar>(rigor: .estimate).candidates(problem, training: false).first?.tile != tile
  }

  /// What convolves a panel. Plans are chosen by estimate: a run that is resumed must give the bits it would have given.
  var method: any ConvolutionMethod<Scalar> {
    choice == .fft
      ? FourierConvolution<Scalar>(memoryLimit: methodLimit, rigor: .estimate, tile: tile)
      : SpatialConvolution<Scalar>(memoryLimit: methodLimit)
  }

  /// How many panels there are.
  var panels: Int { rows.pieces * columns.pieces }

  /// The place of a panel in the order of work: along the rows first.
  func place(_ panel: Int) -> (row: Int, column: Int) { (panel / columns.pieces, panel % columns.pieces) }

  /// The estimate of all memory that the work takes.
  var estimatedBytes: Int {
    let working = (try? method.workingMemory(.forward, problem)) ?? methodLimit
    return Self.bufferBytes(problem, isSingle: panels == 1) + working
  }

  /// Pixels added in front of the image: those of `same` padding, the odd one behind.
  var before: Extent { Extent(height: (kernel.height - 1) / 2, width: (kernel.width - 1) / 2) }
}

import AutomaticConvolution
import FourierConvolution
import Layers
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
  private(set) var choice: ConvolutionChoice

  /// The convolution of a panel, channels as a batch: its boundary has been gathered with its pixels.
  let problem: ConvolutionProblem

  /// The largest panels, up to some tens of megabytes, that keep all that is held at once within `memoryLimit` bytes.
  ///
  /// - Throws: ``ConvolutionError`` if there are none; the sentence says what would be needed.
  init(
    _ layout: ImageLayout, kernel: Extent, operation: ConvolutionOperation, choice: ConvolutionChoice, memoryLimit: Int
  ) throws(ConvolutionError) {
    func best(_ limit: Int) throws(ConvolutionError) -> PanelPlan? {
      // Beyond this size nothing is gained. Halos cost reading, so a large kernel wants a large panel.
      var rows = min(layout.rows, max(1024, 4 * (kernel.height - 1)))
      var columns = min(layout.columns, max(4096, 4 * (kernel.width - 1)))
      while true {
        let isLeast = rows == 1 && columns == 1
        if let plan = try PanelPlan(
          layout, kernel, operation, choice, rows: rows, columns: columns, limit: limit, leavesQuarter: !isLeast)
        {
          return plan
        }
        if isLeast { return nil }
        // Halve the axis whose halo, and a little for the pass through it, then weighs less.
        let weights = (Double(kernel.height + 15) / Double(rows), Double(kernel.width + 15) / Double(columns))
        if columns == 1 || (rows > 1 && weights.0 <= weights.1) {
          rows = (rows + 1) / 2
        } else {
          columns = (columns + 1) / 2
        }
      }
    }
    if let plan = try best(memoryLimit) {
      self = plan
      return
    }
    var enough = max(memoryLimit, 1 << 16)
    while try best(enough) == nil {
      enough += enough / 8
      // No machine has as much; and a method that refuses for another reason would be asked for ever.
      if enough > 1 << 50 { break }
    }
    throw ConvolutionError(
      "a kernel of \(kernel) needs about \(ByteCount(enough)) of memory here, the limit is \(ByteCount(memoryLimit)): "
        + "raise the limit")
  }

  /// Panels of at most this size, unless they and the method need more than the limit.
  private init?(
    _ layout: ImageLayout, _ kernel: Extent, _ operation: ConvolutionOperation, _ choice: ConvolutionChoice, rows: Int,
    columns: Int, limit: Int, leavesQuarter: Bool
  ) throws(ConvolutionError) {
    (self.layout, self.kernel, self.operation, self.choice) = (layout, kernel, operation, choice)
    self.rows = AxisCut(total: layout.rows, most: rows)
    self.columns = AxisCut(total: layout.columns, most: columns)
    problem = try ConvolutionProblem(
      ConvolutionGeometry(kernel: kernel, operation: operation),
      input: [layout.channels, 1, self.rows.length + kernel.height - 1, self.columns.length + kernel.width - 1],
      filter: [1, 1, kernel.height, kernel.width])
    let buffers = Self.bufferBytes(problem, isSingle: self.rows.pieces * self.columns.pieces == 1)
    // The method works faster with room: a quarter of the limit is its own.
    guard buffers <= (leavesQuarter ? limit / 4 * 3 : limit - 1) else { return nil }
    methodLimit = limit - buffers
    let method = choice.method(for: Scalar.self, deterministic: true, memoryLimit: methodLimit)
    guard (try? method.workingMemory(.forward, problem)) != nil else { return nil }
    if let automatic = method as? AutomaticConvolution<Scalar>,
      let chosen = ConvolutionChoice(rawValue: automatic.choice(problem).name)
    {
      self.choice = chosen
    }
  }

  /// The bytes of panels in memory: one that is read and one that is written while a third is convolved, and the rows
  /// through which numbers are converted.
  private static func bufferBytes(_ problem: ConvolutionProblem, isSingle: Bool) -> Int {
    let (input, output) = (problem.inputShape, problem.outputShape)
    let panels = (input.count + output.count) * MemoryLayout<Scalar>.stride
    let line = problem.batch * input[3] * (8 + MemoryLayout<Scalar>.stride)
    return panels * (isSingle ? 1 : 2) + 2 * line
  }

  /// What convolves a panel. Plans are chosen by estimate: a run that is resumed must give the bits it would have given.
  var method: any ConvolutionMethod<Scalar> {
    choice.method(for: Scalar.self, deterministic: true, memoryLimit: methodLimit)
  }

  /// The tile of the Fourier method.
  var tile: Extent? { (method as? FourierConvolution<Scalar>)?.tile(for: problem) }

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

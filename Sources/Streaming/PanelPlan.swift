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

  /// The convolution of a panel, channels as a batch: its boundary has been gathered with its pixels.
  let problem: ConvolutionProblem

  /// The panels that take the least time of those that keep all that is held at once within `memoryLimit` bytes.
  ///
  /// - Throws: ``ConvolutionError`` if there are none; the sentence says what would be needed.
  init(
    _ layout: ImageLayout, kernel: Extent, operation: ConvolutionOperation, choice: ConvolutionChoice, memoryLimit: Int
  ) throws(ConvolutionError) {
    // What is faster where memory does not matter. It is not changed where it does: the direct method can do with less,
    // and take a thousand times as long.
    let method = choice.method(for: Scalar.self) as? AutomaticConvolution<Scalar>
    let largest = try Self.problem(layout, kernel, operation, Self.largest(layout, kernel))
    let chosen = method.flatMap { ConvolutionChoice(rawValue: $0.choice(largest).name) } ?? choice

    if let plan = try Self.best(layout, kernel, operation, chosen, memoryLimit) {
      self = plan
      return
    }
    // The least that would do, to an eighth.
    var (little, enough) = (memoryLimit, max(2 * memoryLimit, 1 << 10))
    while try Self.best(layout, kernel, operation, chosen, enough) == nil { (little, enough) = (enough, 2 * enough) }
    for _ in 0..<3 {
      let middle = (little + enough) / 2
      if try Self.best(layout, kernel, operation, chosen, middle) == nil { little = middle } else { enough = middle }
    }
    throw ConvolutionError(
      "a kernel of \(kernel) needs about \(ByteCount(enough)) of memory here by \(chosen.rawValue), the limit is "
        + "\(ByteCount(memoryLimit)): raise the limit\(chosen == .fft ? ", or take the direct method and time" : "")")
  }

  /// Beyond this size nothing is gained. Halos cost reading, so a large kernel wants a large panel.
  private static func largest(_ layout: ImageLayout, _ kernel: Extent) -> Extent {
    Extent(
      height: min(layout.rows, max(1024, 4 * (kernel.height - 1))),
      width: min(layout.columns, max(4096, 4 * (kernel.width - 1))))
  }

  private static func problem(
    _ layout: ImageLayout, _ kernel: Extent, _ operation: ConvolutionOperation, _ size: Extent
  ) throws(ConvolutionError) -> ConvolutionProblem {
    try ConvolutionProblem(
      ConvolutionGeometry(kernel: kernel, operation: operation),
      input: [layout.channels, 1, size.height + kernel.height - 1, size.width + kernel.width - 1],
      filter: [1, 1, kernel.height, kernel.width])
  }

  /// The fastest of panels of some sizes, from the largest to a single pixel; nil if none fits.
  private static func best(
    _ layout: ImageLayout, _ kernel: Extent, _ operation: ConvolutionOperation, _ choice: ConvolutionChoice,
    _ limit: Int
  ) throws(ConvolutionError) -> PanelPlan? {
    var best: (plan: PanelPlan, seconds: Double)?
    var size = largest(layout, kernel)
    while true {
      if let plan = try PanelPlan(layout, kernel, operation, choice, size, limit) {
        let seconds = plan.estimatedSeconds
        if best == nil || seconds < best!.seconds { best = (plan, seconds) }
        // Smaller panels leave more memory to the method: that is all they are good for.
        if !plan.isMethodLimited { break }
      }
      if size.height == 1 && size.width == 1 { break }
      // Halve the axis whose halo, and a little for the pass through it, then weighs less.
      let weights = (
        Double(kernel.height + 15) / Double(size.height), Double(kernel.width + 15) / Double(size.width)
      )
      if size.width == 1 || (size.height > 1 && weights.0 <= weights.1) {
        size.height = (size.height + 1) / 2
      } else {
        size.width = (size.width + 1) / 2
      }
    }
    return best?.plan
  }

  /// Panels of at most this size; nil if they and the method need more than the limit.
  private init?(
    _ layout: ImageLayout, _ kernel: Extent, _ operation: ConvolutionOperation, _ choice: ConvolutionChoice,
    _ size: Extent, _ limit: Int
  ) throws(ConvolutionError) {
    (self.layout, self.kernel, self.operation, self.choice) = (layout, kernel, operation, choice)
    rows = AxisCut(total: layout.rows, most: size.height)
    columns = AxisCut(total: layout.columns, most: size.width)
    problem = try Self.problem(layout, kernel, operation, Extent(height: rows.length, width: columns.length))
    methodLimit = limit - Self.bufferBytes(problem, isSingle: rows.pieces * columns.pieces == 1)
    guard methodLimit > 0, (try? method.workingMemory(.forward, problem)) != nil else { return nil }
  }

  /// The bytes of panels in memory, one that is read and one that is written while a third is convolved; of the rows
  /// through which numbers are converted; and of the kernel and its copies.
  private static func bufferBytes(_ problem: ConvolutionProblem, isSingle: Bool) -> Int {
    let (input, output) = (problem.inputShape, problem.outputShape)
    let scalar = MemoryLayout<Scalar>.stride
    let panels = (input.count + output.count) * scalar
    let line = problem.batch * input[3] * (8 + scalar)
    return panels * (isSingle ? 1 : 2) + 2 * line + problem.filterShape.count * (8 + 2 * scalar)
  }

  /// The time for all panels on one core, by the methods' own models, and that for reading and writing them.
  private var estimatedSeconds: Double {
    let bytes = Double((problem.inputShape.count + problem.outputShape.count) * MemoryLayout<Scalar>.stride)
    let seconds =
      (method as? FourierConvolution<Scalar>)?.estimatedSeconds(.forward, problem)
      ?? Double(problem.multiplyAdds) / SpatialConvolution<Scalar>.multiplyAddsPerSecond(problem)
    return Double(panels) * (seconds + bytes / 2e9)
  }

  /// Whether the method would be faster with more memory.
  private var isMethodLimited: Bool {
    guard let fourier = method as? FourierConvolution<Scalar> else { return false }
    return fourier.estimatedSeconds(.forward, problem)
      != FourierConvolution<Scalar>(rigor: .estimate).estimatedSeconds(.forward, problem)
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

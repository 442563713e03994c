import CKernels
import SpectralConvolution
import SpectralCore

/// How the filter gradient over single planes is cut up.
///
/// Taps are the sums: each has a vector of them, over neighbouring columns of outputs, or in interleaved bands over
/// groups. Threads share no sums: blocks of groups, and, where these are few, parts of the images and of their rows,
/// each with sums of its own, which are added in their order at the end.
struct WindowGradientTiles<Scalar: TensorScalar> {
  let problem: ConvolutionProblem
  let isInterleaved: Bool
  let columns: WindowColumns
  /// Rows of outputs of a band.
  private(set) var rows: Int
  /// Parts into which images and bands are dealt out.
  private(set) var parts = 1
  /// Threads for which a memory limit has room.
  private(set) var workers = Int.max

  /// Nil if not even the smallest band keeps within the limit, or if a row of windows sees nothing of the image:
  /// what stands in its gradients would go unnoticed.
  init?(_ problem: ConvolutionProblem, memoryLimit: Int?) {
    let axis = problem.vertical
    let seesAll = (0..<axis.output).allSatisfy { row in
      (0..<axis.kernel).contains { axis.source(output: row, tap: $0) != nil }
    }
    guard seesAll, let plain = Self(problem, interleaved: false, memoryLimit) else { return nil }
    let interleaved = Self(problem, interleaved: true, memoryLimit)
    let cost = WindowCost(problem, .filterGradient, lanes: Scalar.vectorWidth, vectors: Scalar.windowVectors)
    self = if let interleaved, cost.interleaved < cost.plain { interleaved } else { plain }
  }

  private init?(_ problem: ConvolutionProblem, interleaved: Bool, _ memoryLimit: Int?) {
    self.problem = problem
    isInterleaved = interleaved
    columns = WindowColumns(
      SlidingAxis(forward: problem.horizontal), interleaved: interleaved, width: Scalar.vectorWidth,
      vectors: Scalar.windowVectors)
    rows = problem.vertical.output
    // An interleaved band is worth its copy only while it stays in the second-level cache.
    let budget = interleaved ? 1 << 20 : 1 << 18
    while rows > problem.vertical.kernel, workerBytes > budget { rows = (rows + 1) / 2 }
    if interleaved, workerBytes > 2 << 20 { return nil }
    if let memoryLimit {
      while rows > 1, partBytes + workerBytes > memoryLimit { rows = (rows + 1) / 2 }
      let room = memoryLimit - workingSets.bytes(threads: 1)
      guard room >= 0 else { return nil }
      parts = 1 + room / max(partBytes, 1)
    } else {
      parts = .max
    }
    guard bandCount < 1 << 31 else { return nil }
    parts = max(1, min((16 + blocks - 1) / blocks, problem.batch * ranges.count, parts, (4 << 20) / max(partBytes, 1)))
    if let memoryLimit { workers = workingSets.threads(within: memoryLimit) }
  }

  // MARK: Sizes

  var outputs: Int { problem.outputsPerGroup }
  var channels: Int { problem.channelsPerGroup }
  /// Groups that are computed together.
  var lanes: Int { isInterleaved ? Scalar.vectorWidth : 1 }
  var blocks: Int { (problem.geometry.groups + lanes - 1) / lanes }
  /// The sums of a group.
  var sumsPerGroup: Int { outputs * channels * problem.taps }
  var sumsPerPart: Int { problem.geometry.groups * sumsPerGroup }
  /// The rows of outputs of each band.
  var ranges: [Range<Int>] {
    stride(from: 0, to: problem.vertical.output, by: rows).map { $0..<min(problem.vertical.output, $0 + rows) }
  }

  /// The most rows of a plane that a band holds.
  private var bandHeight: Int {
    let places = SlidingAxis(filterGradient: problem.vertical, outputs: 0..<rows).places(problem.vertical.kernel)
    return problem.geometry.boundary == .zero ? min(places, problem.vertical.input) : places
  }
  /// The copies of all channels' rows.
  var bandCount: Int { channels * bandHeight * columns.pitch }
  /// Vectors of a row of gradients.
  var vectors: Int {
    isInterleaved ? columns.positions : (columns.positions + Scalar.vectorWidth - 1) / Scalar.vectorWidth
  }
  /// Numbers of a row of gradients: with room for what filling writes beyond the end, and an odd number of vectors.
  var gradientPitch: Int { ((isInterleaved ? vectors : vectors + 1) | 1) * Scalar.vectorWidth }
  var gradientCount: Int { outputs * rows * gradientPitch }
  /// A vector for each sum.
  var sumCount: Int { sumsPerGroup * Scalar.vectorWidth }

  private var partBytes: Int { Scratch<Scalar>.byteCount(sumsPerPart) }
  private var workerBytes: Int {
    [bandCount, gradientCount, sumCount].reduce(0) { $0 + Scratch<Scalar>.byteCount($1) }
      + BandCopy<Scalar>.byteCount(interleaved: isInterleaved)
  }

  /// What is held: the sums of each part, the tables of rows and columns, filters that are flipped at the end, and bands.
  var workingSets: [WorkingSet] {
    let axis = SlidingAxis(filterGradient: problem.vertical, outputs: 0..<rows)
    let bands =
      ranges.count * WindowRows.byteCount(axis, terms: 1, rowsAtOnce: problem.vertical.kernel)
    let runs = Scratch<sk_column_run>.byteCount(vectors * Scalar.vectorWidth)
    let tables = bands + columns.byteCount + runs + Scratch<Int32>.byteCount(rows)
    return [
      WorkingSet(
        shared: Scratch<Scalar>.byteCount(parts * sumsPerPart) + problem.flippedBytes(Scalar.self) + tables,
        perThread: workerBytes)
    ]
  }

  var cost: CostEstimate {
    let bands = (problem.vertical.output + rows - 1) / rows
    let blocks = (problem.geometry.groups + lanes - 1) / lanes
    let bandRows =
      Double(problem.batch * blocks * channels) * Double(bands)
      * Double(min(bandHeight, rows * problem.vertical.kernel))
    let steps = problem.vertical.kernel * problem.vertical.output
    let tapBlocks = (problem.horizontal.kernel + Scalar.windowVectors - 1) / Scalar.windowVectors
    let pairs = Double(problem.batch * blocks * channels * outputs)
    return [
      "start": DirectCost.start,
      "products": WindowCost(problem, .filterGradient, lanes: Scalar.vectorWidth, vectors: Scalar.windowVectors)
        .seconds(interleaved: isInterleaved),
      "copies": bandRows * Double(columns.pitch) * 0.1e-9,
      "runs": bandRows * Double(columns.runs.count) * (isInterleaved ? 6e-9 : 2.5e-9),
      "steps": pairs * Double(steps * tapBlocks) * 1e-9,
      "taps": pairs * Double(steps * problem.horizontal.kernel) * 0.5e-9,
      "entries": Double(steps + bands * problem.vertical.kernel + columns.runs.count) * DirectCost.tableEntry,
      // Each part clears and adds up its sums.
      "sums": Double(parts) * Double(blocks * sumCount) * 0.6e-9,
    ]
  }

  /// How taps meet the rows that some outputs see.
  func rows(of outputs: Range<Int>) -> WindowRows {
    let axis = SlidingAxis(filterGradient: problem.vertical, outputs: outputs)
    return WindowRows(axis, terms: 1, filterDistance: 1, rowsAtOnce: problem.vertical.kernel)
  }
}

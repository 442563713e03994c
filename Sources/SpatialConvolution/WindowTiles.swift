import CKernels
import SpectralConvolution
import SpectralCore

/// How a pass over single planes is cut up; with tables in scratch memory, which nobody writes to once they are made. The input gradient is computed as a correlation of the output gradient.
///
/// A *unit* is a group of an image: `terms` planes of the operand and `results` planes of feature maps, or of pixels in
/// the input gradient. In interleaved bands as many units as a vector has numbers are computed together.
///
/// In the filter gradient taps are the sums: each has a vector of them, over neighbouring columns of outputs, or in
/// interleaved bands over groups. Threads share no sums: blocks of groups, and, where these are few, parts of the images
/// and of their rows, each with sums of its own, which are added in their order at the end.
struct WindowTiles<Scalar: TensorScalar>: @unchecked Sendable {
  let problem: ConvolutionProblem
  let pass: ConvolutionPass
  let vertical: SlidingAxis
  let horizontal: SlidingAxis
  /// Whether sums are added where a boundary, or a stride, sends them.
  let scatters: Bool
  let isInterleaved: Bool
  let columns: WindowColumns
  /// Positions down the rows of a band.
  private(set) var rows: Int
  /// Parts into which the images and bands of a filter gradient are divided.
  private(set) var parts = 1
  /// Threads for which a memory limit has room.
  private(set) var workers = Int.max

  /// Nil if not even the smallest band keeps within the limit, or if a row of windows sees nothing of the image in the
  /// filter gradient: what stands in its gradients would go unnoticed.
  init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) {
    let axis = problem.vertical
    func seesImage(row: Int) -> Bool { (0..<axis.kernel).contains { axis.source(output: row, tap: $0) != nil } }
    guard pass != .filterGradient || (0..<axis.output).allSatisfy(seesImage(row:)),
      let plain = Self(problem, pass, interleaved: false, memoryLimit)
    else { return nil }
    let interleaved = Self(problem, pass, interleaved: true, memoryLimit)
    let cost = WindowCost(problem, pass, lanes: Scalar.vectorWidth, vectors: Scalar.windowVectors)
    self = if let interleaved, cost.interleaved < cost.plain { interleaved } else { plain }
  }

  private init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, interleaved: Bool, _ memoryLimit: Int?) {
    self.problem = problem
    self.pass = pass
    (vertical, horizontal) = (
      SlidingAxis(problem.vertical, of: problem, pass), SlidingAxis(problem.horizontal, of: problem, pass)
    )
    scatters = vertical.scatters
    isInterleaved = interleaved
    columns = WindowColumns(
      horizontal, interleaved: interleaved, width: Scalar.vectorWidth, vectors: Scalar.windowVectors)
    rows = vertical.positions
    guard chooseRows(memoryLimit) else { return nil }
    if pass == .filterGradient { chooseParts(memoryLimit) }
    if let memoryLimit { workers = workingSets.threads(within: memoryLimit) }
  }

  // MARK: Sizes

  var terms: Int { problem.operand(pass).count }
  var results: Int { problem.result(pass).count }
  var units: Int { problem.batch * problem.geometry.groups }
  /// Units that are computed together.
  var lanes: Int { isInterleaved ? Scalar.vectorWidth : 1 }
  /// Blocks of units that are computed together; in the filter gradient of groups.
  var blocks: Int { ((pass == .filterGradient ? problem.geometry.groups : units) + lanes - 1) / lanes }

  /// The most rows of a plane that a band holds.
  var bandHeight: Int {
    let places = vertical.places(rows)
    // Rows beyond a zero border are not copied.
    let isZero = pass == .inputGradient || problem.geometry.boundary == .zero
    return isZero ? min(places, problem.operand(pass).height) : places
  }
  var bandCount: Int { terms * bandHeight * columns.pitch }
  /// Filters are used as they are if neither lanes nor residues put them in another order.
  var needsNoPacking: Bool { !isInterleaved && !scatters }
  /// What bands are multiplied by: packed filters, with room for what filling writes beyond the end; or rows of gradients.
  var factorCount: Int {
    if pass == .filterGradient { return results * rows * gradientPitch }
    return needsNoPacking ? 0 : results * terms * problem.taps * lanes + Scalar.vectorWidth
  }
  /// Vectors of a row of gradients.
  var gradientVectors: Int {
    isInterleaved ? columns.positions : (columns.positions + Scalar.vectorWidth - 1) / Scalar.vectorWidth
  }
  /// Numbers of a row of gradients: with room for what filling writes beyond the end, and an odd number of vectors.
  var gradientPitch: Int { ((isInterleaved ? gradientVectors : gradientVectors + 1) | 1) * Scalar.vectorWidth }
  /// Numbers of a row of sums, if they are not written where they belong at once.
  var sumPitch: Int { isInterleaved ? columns.positions * lanes : columns.positions + Scalar.vectorWidth }
  /// The sums that wait for their place; of a filter gradient a vector for each tap.
  var sumCount: Int {
    if pass == .filterGradient { return filtersPerGroup * Scalar.vectorWidth }
    return isInterleaved || scatters ? SK_WINDOW_ROWS * sumPitch : 0
  }
  /// A plane of sums that were sent elsewhere, of all lanes.
  var scatterCount: Int { isInterleaved && scatters ? problem.images.pixels * lanes : 0 }
  /// The filters of a group.
  var filtersPerGroup: Int { results * terms * problem.taps }

  private var partBytes: Int { Scratch<Scalar>.byteCount(problem.filterShape.count) }
  private var workerBytes: Int {
    [bandCount, factorCount, sumCount, scatterCount, lanes].reduce(0) { $0 + Scratch<Scalar>.byteCount($1) }
      + Scratch<UnsafeRawPointer?>.byteCount(lanes)
  }
  /// What is held: filters, if they have to be flipped, a bias of zeros or the sums of each part, tables, and bands.
  var workingSets: [WorkingSet] {
    let isGradient = pass == .filterGradient
    let runs = Scratch<sk_column_run>.byteCount(isGradient ? gradientVectors * Scalar.vectorWidth : problem.taps)
    let steps =
      isGradient
      ? 2 * WindowSteps.byteCount(gradientTaps(rows), positions: problem.vertical.kernel)
      : vertical.residues.reduce(0) {
        $0 + WindowSteps.byteCount(WindowTaps($1.taps, step: vertical.step), positions: vertical.positions)
      }
    let tables =
      AxisBands.byteCount(vertical, size: rows) + steps + columns.byteCount
      + vertical.residues.count * columns.residues.count * runs
    let sums =
      isGradient
      ? Scratch<Scalar>.byteCount(parts * problem.filterShape.count) + Scratch<Int32>.byteCount(rows)
      : Scratch<Scalar>.byteCount(results * problem.geometry.groups)
    return [WorkingSet(shared: problem.flippedBytes(Scalar.self) + sums + tables, perThread: workerBytes)]
  }

  /// The axis of the rows of a filter gradient: taps and so many rows of outputs change their parts.
  func gradientTaps(_ outputs: Int) -> WindowTaps {
    let taps = vertical.residues[0].taps
    return WindowTaps(
      (0..<outputs).map { SlidingAxis.Tap(index: $0, place: $0 * vertical.step) },
      step: taps.count > 1 ? taps[1].place : 1)
  }

  // MARK: Cost

  var cost: CostEstimate {
    let isGradient = pass == .filterGradient
    let bands = (vertical.positions + rows - 1) / rows
    let (kernel, width, tableEntry) = (problem.vertical.kernel, problem.horizontal.kernel, DirectCost.tableEntry)
    let unitBlocks = isGradient ? problem.batch * blocks : blocks
    // Bands of which a plane needs several are filled again for every result, but in the filter gradient.
    let bandRows =
      Double(unitBlocks * terms) * Double(bands > 1 && !isGradient ? results : 1) * Double(bands)
      * Double(min(bandHeight, rows * kernel))
    let (down, along) = (vertical.residues.count, columns.residues.count)
    let columnBlocks =
      isGradient
      ? (width + Scalar.windowVectors - 1) / Scalar.windowVectors
      : columns.residues.reduce(0) { $0 + $1.ranges.count / 2 }
    let targetRuns = columns.residues.reduce(0) { $0 + $1.targets.count }
    let passes = Double(unitBlocks * results)
    let (steps, sumRows) = (terms * problem.vertical.output * kernel, vertical.positions * down)
    return [
      "start": DirectCost.start,
      "products": WindowCost(problem, pass, lanes: Scalar.vectorWidth, vectors: Scalar.windowVectors).seconds(
        interleaved: isInterleaved),
      "copies": bandRows * Double(columns.pitch) * (isGradient ? 0.1e-9 : 0.15e-9),
      "runs": bandRows * Double(columns.runs.count) * (isInterleaved ? 6e-9 : 2.5e-9),
      "steps": passes * Double(steps * columnBlocks) * (isGradient ? 1e-9 : 0.3e-9),
      "taps": isGradient ? passes * Double(steps * width) * 0.5e-9 : 0,
      "calls": isGradient ? 0 : passes * Double(along * sumRows) * 2e-8,
      "scatters": scatters
        ? passes * Double(sumRows) * (Double(horizontal.positions * along) * 1.3e-9 + Double(targetRuns) * 2e-9) : 0,
      "residues": isGradient ? 0 : Double(down * along) * 1.6e-6,
      "entries": Double(sumRows + steps + (scatters ? horizontal.positions * along : 0) + columns.runs.count)
        * tableEntry,
      // Each part clears and adds up its sums.
      "sums": isGradient ? Double(parts) * Double(blocks * sumCount) * 0.6e-9 : 0,
    ]
  }

  // MARK: Choice

  /// Bands of about half a second-level cache, plain ones smaller, as nothing is lost by that; smaller ones under a
  /// limit, and enough of them for some threads.
  private mutating func chooseRows(_ memoryLimit: Int?) -> Bool {
    let isGradient = pass == .filterGradient
    let budget = isInterleaved ? 1 << 20 : 1 << 18
    func fits() -> Bool {
      bandCount < 1 << 31 && memoryLimit.map { workingSets.bytes(threads: 1) <= $0 } ?? true
    }
    if isGradient {
      while rows > problem.vertical.kernel, workerBytes > budget { rows = (rows + 1) / 2 }
    } else {
      // Rows that share registers, and as many as they see together.
      let block = SK_WINDOW_ROWS * vertical.residues.map { WindowTaps($0.taps, step: vertical.step).distance }.max()!
      let pieces = scatters ? 1 : max(1, 16 / max(blocks, 1))
      let least = max(block, vertical.reach / max(vertical.step, 1))
      rows = min(rows, max((rows + pieces - 1) / pieces, least))
      if rows < vertical.positions { rows = (rows + block - 1) / block * block }
      while rows > least, bandCount * MemoryLayout<Scalar>.stride > budget {
        rows = max(least, (rows / 2 + block - 1) / block * block)
      }
      rows = min(rows, vertical.positions)
    }
    // Interleaving is for what stays in the cache.
    if isInterleaved, workerBytes > (isGradient ? 2 : 4) << 20 { return false }
    while rows > 1, !fits() { rows = (rows + 1) / 2 }
    return fits()
  }

  /// Parts for so many threads as there may be, whatever their number; they cost memory, and time to add them up.
  private mutating func chooseParts(_ memoryLimit: Int?) {
    let bands = (vertical.positions + rows - 1) / rows
    parts = max(1, min((16 + blocks - 1) / blocks, problem.batch * bands, (4 << 20) / max(partBytes, 1)))
    if let memoryLimit {
      while parts > 1, workingSets.bytes(threads: 1) > memoryLimit { parts -= 1 }
    }
  }
}

import CKernels
import SpectralConvolution
import SpectralCore

/// How a pass over single planes is cut up: the forward pass, or the input gradient as a correlation of the output
/// gradient.
///
/// A *unit* is a group of an image: `terms` planes go in, `results` planes come out. In interleaved bands as many units
/// as a vector has numbers are computed together.
struct WindowTiles<Scalar: TensorScalar> {
  let problem: ConvolutionProblem
  let pass: ConvolutionPass
  let vertical: SlidingAxis
  let horizontal: SlidingAxis
  /// Whether sums are added where a boundary, or a stride, sends them.
  let scatters: Bool
  let isInterleaved: Bool
  let columns: WindowColumns
  /// Rows of sums of a band.
  private(set) var rows = 1
  /// Threads for which a memory limit has room.
  private(set) var workers = Int.max

  /// Nil if not even the smallest band keeps within the limit.
  init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) {
    guard let plain = Self(problem, pass, interleaved: false, memoryLimit) else { return nil }
    let interleaved = Self(problem, pass, interleaved: true, memoryLimit)
    let cost = WindowCost(problem, pass, lanes: Scalar.vectorWidth, vectors: Scalar.windowVectors)
    self = if let interleaved, cost.interleaved < cost.plain { interleaved } else { plain }
  }

  private init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, interleaved: Bool, _ memoryLimit: Int?) {
    self.problem = problem
    self.pass = pass
    let scatters = pass == .inputGradient && (problem.geometry.boundary != .zero || !problem.hasUnitStride)
    self.scatters = scatters
    func axis(_ axis: ConvolutionAxis) -> SlidingAxis {
      if pass == .forward { return SlidingAxis(forward: axis) }
      return scatters ? SlidingAxis(foldedInputGradient: axis) : SlidingAxis(inputGradient: axis)
    }
    (vertical, horizontal) = (axis(problem.vertical), axis(problem.horizontal))
    isInterleaved = interleaved
    columns = WindowColumns(
      horizontal, interleaved: interleaved, width: Scalar.vectorWidth, vectors: Scalar.windowVectors)
    guard chooseRows(memoryLimit) else { return nil }
    if let memoryLimit { workers = workingSets.threads(within: memoryLimit) }
  }

  // MARK: Sizes

  var terms: Int { problem.operand(pass).count }
  var results: Int { problem.result(pass).count }
  var units: Int { problem.batch * problem.geometry.groups }
  /// Units that are computed together.
  var lanes: Int { isInterleaved ? Scalar.vectorWidth : 1 }

  /// The most rows of a plane that a band holds.
  private var bandHeight: Int {
    let places = vertical.places(rows)
    // Rows beyond a zero border are not copied.
    let zero = pass != .forward || problem.geometry.boundary == .zero
    return zero ? min(places, pass == .forward ? problem.vertical.input : problem.vertical.output) : places
  }
  var bandCount: Int { terms * bandHeight * columns.pitch }
  /// Filters are used as they are if neither lanes nor residues put them in another order.
  var needsNoPacking: Bool { !isInterleaved && !scatters }
  /// With room for what filling writes beyond the end.
  var packedCount: Int { needsNoPacking ? 0 : results * terms * problem.taps * lanes + Scalar.vectorWidth }
  /// Numbers of a row of sums, if they are not written where they belong at once.
  var sumPitch: Int { isInterleaved ? columns.positions * lanes : columns.positions + Scalar.vectorWidth }
  var sumCount: Int { isInterleaved || scatters ? SK_WINDOW_ROWS * sumPitch : 0 }
  /// A plane of sums that were sent elsewhere, of all lanes.
  var scatterCount: Int { isInterleaved && scatters ? problem.images.pixels * lanes : 0 }

  private var workerBytes: Int {
    [bandCount, packedCount, sumCount, scatterCount, lanes].reduce(0) { $0 + Scratch<Scalar>.byteCount($1) }
      + BandCopy<Scalar>.byteCount(interleaved: isInterleaved)
  }
  /// What is held: filters, if they have to be flipped, a bias of zeros, the tables of rows and columns, and bands.
  var workingSets: [WorkingSet] {
    let table = WindowRows.byteCount(vertical, terms: terms, rowsAtOnce: rows)
    let parts = vertical.residues.count * columns.residues.count
    let tables = table + columns.byteCount + parts * Scratch<sk_column_run>.byteCount(problem.taps)
    let bias = Scratch<Scalar>.byteCount(results * problem.geometry.groups)
    return [
      WorkingSet(
        shared: problem.flippedBytes(Scalar.self) + bias + tables,
        perThread: workerBytes)
    ]
  }

  // MARK: Cost

  var cost: CostEstimate {
    let bands = (vertical.positions + rows - 1) / rows
    let (taps, steps) = (problem.vertical.kernel, terms * problem.vertical.output * problem.vertical.kernel)
    // Bands of which a plane needs several are filled again for every result.
    let bandRows =
      Double((units + lanes - 1) / lanes * terms) * Double(bands > 1 ? results : 1) * Double(bands)
      * Double(min(bandHeight, rows * taps))
    let residues = (vertical.residues.count, columns.residues.count)
    let columnBlocks = columns.residues.reduce(0) { $0 + $1.ranges.count / 2 }
    let targetRuns = columns.residues.reduce(0) { $0 + $1.targets.count }
    let passes = Double((units + lanes - 1) / lanes * results)
    return [
      "start": DirectCost.start,
      "products": WindowCost(problem, pass, lanes: Scalar.vectorWidth, vectors: Scalar.windowVectors).seconds(
        interleaved: isInterleaved),
      "copies": bandRows * Double(columns.pitch) * 0.15e-9,
      "runs": bandRows * Double(columns.runs.count) * (isInterleaved ? 6e-9 : 2.5e-9),
      "steps": passes * Double(columnBlocks * steps) * 0.3e-9,
      "calls": passes * Double(residues.1 * vertical.positions * residues.0) * 2e-8,
      "scatters": scatters
        ? passes * Double(vertical.positions * residues.0)
          * (Double(horizontal.positions * residues.1) * 1.3e-9 + Double(targetRuns) * 2e-9) : 0,
      "residues": Double(residues.0 * residues.1) * 1.6e-6,
      "entries": Double(
        vertical.positions * residues.0 + steps + (scatters ? horizontal.positions * residues.1 : 0)
          + columns.runs.count)
        * DirectCost.tableEntry,
    ]
  }

  // MARK: Choice

  /// Bands of about half a second-level cache, plain ones smaller, as nothing is lost by that; smaller ones under a
  /// limit, and enough of them for some threads.
  private mutating func chooseRows(_ memoryLimit: Int?) -> Bool {
    let budget = isInterleaved ? 1 << 20 : 1 << 18
    func fits() -> Bool {
      bandCount < 1 << 31 && memoryLimit.map { workingSets.bytes(threads: 1) <= $0 } ?? true
    }
    // Rows that share registers, and as many as they see together.
    let block = SK_WINDOW_ROWS * vertical.residues.map { WindowTaps($0, step: vertical.step).distance }.max()!
    let pieces = scatters ? 1 : max(1, 16 / max((units + lanes - 1) / lanes, 1))
    let least = max(block, vertical.reach / max(vertical.step, 1))
    rows = min(vertical.positions, max((vertical.positions + pieces - 1) / pieces, least))
    if rows < vertical.positions { rows = (rows + block - 1) / block * block }
    while rows > least, bandCount * MemoryLayout<Scalar>.stride > budget {
      rows = max(least, (rows / 2 + block - 1) / block * block)
    }
    rows = min(rows, vertical.positions)
    // Interleaving is for what stays in the cache.
    if isInterleaved, workerBytes > 4 << 20 { return false }
    while rows > 1, !fits() { rows = (rows + 1) / 2 }
    return fits()
  }
}

import CKernels
import SpectralConvolution
import SpectralCore

/// How a pass over single planes is cut up; with tables in scratch memory, which nobody writes to once they are made. The
/// input gradient is computed as a correlation of the output gradient.
///
/// A *unit* is a group of an image: `terms` planes of the operand and `results` planes of feature maps, or of pixels in
/// the input gradient. In interleaved bands as many units as a vector has numbers are computed together. If they are the
/// same group of that many images, the band is shared: filters are the same for all lanes, so a block of sums that are in
/// registers together is of several results at one position, not of several positions.
///
/// In the filter gradient taps are the sums: each has a vector of them, over neighbouring columns of outputs, in
/// interleaved bands over groups, in shared ones over images. Threads share no sums: blocks of groups, and, where these are
/// few, parts of the images and of their rows, each with sums of its own, which are added in their order at the end.
struct WindowTiles<Scalar: TensorScalar>: @unchecked Sendable {
  let problem: ConvolutionProblem
  let pass: ConvolutionPass
  let vertical: SlidingAxis
  let horizontal: SlidingAxis
  /// Whether sums are added where a boundary, or a stride, sends them.
  let scatters: Bool
  let band: sk_band
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
      var best = Self(problem, pass, sk_plain, memoryLimit)
    else { return nil }
    for band in [sk_interleaved, sk_shared] {
      if let tiles = Self(problem, pass, band, memoryLimit), tiles.cost.seconds < best.cost.seconds { best = tiles }
    }
    self = best
  }

  private init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ band: sk_band, _ memoryLimit: Int?) {
    self.problem = problem
    self.pass = pass
    self.band = band
    (vertical, horizontal) = (
      SlidingAxis(problem.vertical, of: problem, pass), SlidingAxis(problem.horizontal, of: problem, pass)
    )
    scatters = vertical.scatters
    if band == sk_shared, pass != .filterGradient {
      guard problem.result(pass).count >= SK_SHARED_RESULTS, problem.taps <= SK_MOST_TERMS else { return nil }
    }
    // Interleaving is for what stays in the cache. Tables of a long row take long to make.
    let row = horizontal.places(horizontal.positions) * Scalar.vectorWidth * MemoryLayout<Scalar>.stride
    if band != sk_plain, row > Self.mostInterleaved { return nil }
    columns = WindowColumns(
      horizontal, interleaved: band != sk_plain, exact: band == sk_shared, width: Scalar.vectorWidth,
      vectors: Scalar.windowVectors)
    rows = vertical.positions
    guard chooseRows(memoryLimit) else { return nil }
    if pass == .filterGradient { chooseParts(memoryLimit) }
    if let memoryLimit { workers = workingSets.threads(within: memoryLimit) }
  }

  // MARK: Sizes

  var terms: Int { problem.operand(pass).count }
  var results: Int { problem.result(pass).count }
  var units: Int { problem.batch * problem.geometry.groups }
  var isInterleaved: Bool { band != sk_plain }
  var isShared: Bool { band == sk_shared }
  /// Units that are computed together.
  var lanes: Int { isInterleaved ? Scalar.vectorWidth : 1 }
  /// Blocks of units that are computed together; in the filter gradient those of an image, or of as many as there are lanes.
  var blocks: Int {
    let groups = problem.geometry.groups
    if isShared { return pass == .filterGradient ? groups : imageBlocks * groups }
    return ((pass == .filterGradient ? groups : units) + lanes - 1) / lanes
  }
  /// Blocks of images, one image each or as many as there are lanes.
  var imageBlocks: Int { isShared ? (problem.batch + lanes - 1) / lanes : problem.batch }
  /// The units of a block; in the filter gradient of a block of images.
  func units(_ block: Int, imageBlock: Int = 0) -> WindowUnits {
    let groups = problem.geometry.groups
    if isShared {
      let first = (imageBlock + block / groups) * lanes
      return WindowUnits(first: first * groups + block % groups, count: min(lanes, problem.batch - first), step: groups)
    }
    let all = pass == .filterGradient ? groups : units
    return WindowUnits(first: imageBlock * groups + block * lanes, count: min(lanes, all - block * lanes), step: 1)
  }

  /// The most rows of a plane that a band holds.
  var bandHeight: Int {
    let places = vertical.places(rows)
    // Rows beyond a zero border are not copied.
    let isZero = pass == .inputGradient || problem.geometry.boundary == .zero
    return isZero ? min(places, problem.operand(pass).height) : places
  }
  var bandCount: Int { terms * bandHeight * columns.pitch }
  /// The taps of a residue of the rows.
  func down(_ residue: SlidingAxis.Residue) -> WindowTaps {
    WindowTaps(residue.taps, step: vertical.step, stacked: isShared)
  }
  /// Filters are used as they are if neither lanes nor residues put them in another order.
  var needsNoPacking: Bool { !isInterleaved && !scatters }
  /// Numbers of a weight.
  var weightLanes: Int { isShared ? 1 : lanes }
  /// Filters of a shared band, packed for all pieces of work.
  var packedCount: Int {
    isShared && pass != .filterGradient ? problem.geometry.groups * filtersPerGroup + Scalar.vectorWidth : 0
  }
  /// What bands are multiplied by: packed filters, with room for what filling writes beyond the end; or rows of gradients.
  var factorCount: Int {
    if pass == .filterGradient { return results * rows * gradientPitch }
    return needsNoPacking || isShared ? 0 : filtersPerGroup * lanes + Scalar.vectorWidth
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
    return needsNoPacking ? 0 : resultsAtOnce * rowsAtOnce * sumPitch
  }
  /// Results whose sums are made together.
  var resultsAtOnce: Int { isShared ? results : 1 }
  /// The most rows of sums that are held before they are written; those of a shared band stay in the cache.
  var rowsAtOnce: Int {
    let bytes = resultsAtOnce * sumPitch * MemoryLayout<Scalar>.stride
    return isShared ? min(rows, max(1, (1 << 17) / bytes)) : Int(SK_WINDOW_ROWS)
  }
  /// Planes of sums that were sent elsewhere, of all lanes.
  var scatterCount: Int { isInterleaved && scatters ? resultsAtOnce * problem.images.pixels * lanes : 0 }
  /// The filters of a group.
  var filtersPerGroup: Int { results * terms * problem.taps }

  private var partBytes: Int { Scratch<Scalar>.byteCount(problem.filterShape.count) }
  var workerBytes: Int {
    [bandCount, factorCount, sumCount, scatterCount, lanes].reduce(0) { $0 + Scratch<Scalar>.byteCount($1) }
      + Scratch<UnsafeRawPointer?>.byteCount(lanes)
  }
  /// The bytes of tables.
  var tableBytes: Int {
    let isGradient = pass == .filterGradient
    let runs = Scratch<sk_column_run>.byteCount(isGradient ? gradientVectors * Scalar.vectorWidth : problem.taps)
    let steps =
      isGradient
      ? 2 * WindowSteps.byteCount(gradientTaps(rows), rows: problem.vertical.kernel)
      : vertical.residues.reduce(0) {
        $0 + WindowSteps.byteCount(down($1), rows: isShared ? 1 : vertical.positions)
      }
    return AxisBands.byteCount(vertical, size: rows) + steps + columns.byteCount
      + vertical.residues.count * columns.residues.count * runs
  }
  /// What is held: filters, if they have to be flipped, a bias of zeros or the sums of each part, tables, and bands.
  var workingSets: [WorkingSet] {
    let isGradient = pass == .filterGradient
    let sums =
      isGradient
      ? Scratch<Scalar>.byteCount(parts * problem.filterShape.count) + Scratch<Int32>.byteCount(rows)
      : Scratch<Scalar>.byteCount(results * problem.geometry.groups) + Scratch<Scalar>.byteCount(packedCount)
    return [WorkingSet(shared: problem.flippedBytes(Scalar.self) + sums + tableBytes, perThread: workerBytes)]
  }

  /// The axis of the rows of a filter gradient: taps and so many rows of outputs change their parts.
  func gradientTaps(_ outputs: Int) -> WindowTaps {
    let taps = vertical.residues[0].taps
    return WindowTaps(
      (0..<outputs).map { SlidingAxis.Tap(index: $0, place: $0 * vertical.step) },
      step: taps.count > 1 ? taps[1].place : 1)
  }

  // MARK: Choice

  /// The most bytes in which a thread works with interleaved bands.
  private static var mostInterleaved: Int { 4 << 20 }

  /// Whether a shared band is faster than products of matrices, as was measured: what it saves at borders counts in small
  /// images, and in large ones what those waste on few channels, but for the time of two transpositions.
  var isWorthwhile: Bool {
    let (isInput, rows, columns) = (pass == .inputGradient, problem.vertical, problem.horizontal)
    let numbers = filtersPerGroup * (pass == .filterGradient ? Scalar.vectorWidth : 1)
    if numbers * MemoryLayout<Scalar>.stride > 1 << 19 || 8 * problem.batch < 7 * imageBlocks * lanes { return false }
    if (isInput ? rows.input * columns.input : rows.output * columns.output) <= 400 { return true }
    switch pass {
    case .forward: return problem.channelsPerGroup == 1 && 2 * problem.outputsPerGroup <= Scalar.vectorWidth
    case .inputGradient: return problem.channelsPerGroup <= 2
    case .filterGradient: return 2 * problem.outputsPerGroup <= Scalar.vectorWidth
    }
  }

  /// Bands of about half a second-level cache, plain ones smaller, as nothing is lost by that; smaller ones under a
  /// limit, and enough of them for some threads.
  private mutating func chooseRows(_ memoryLimit: Int?) -> Bool {
    let isGradient = pass == .filterGradient
    let budget = isInterleaved ? 1 << 20 : 1 << 18
    func fits() -> Bool {
      bandCount < 1 << 31 && memoryLimit.map { workingSets.bytes(threads: 1) <= $0 } ?? true
    }
    if isGradient {
      let pieces = isShared ? imageBlocks * blocks : 4
      while rows > problem.vertical.kernel,
        workerBytes > budget || pieces * ((vertical.positions + rows - 1) / rows) < 4
      {
        rows = (rows + 1) / 2
      }
    } else {
      // Rows that share registers, and as many as they see together.
      let block = SK_WINDOW_ROWS * vertical.residues.map { down($0).distance }.max()!
      let pieces = scatters ? 1 : max(1, 16 / max(blocks, 1))
      let least = max(block, vertical.reach / max(vertical.step, 1))
      rows = min(rows, max((rows + pieces - 1) / pieces, least))
      if rows < vertical.positions { rows = (rows + block - 1) / block * block }
      while rows > least, bandCount * MemoryLayout<Scalar>.stride > budget {
        rows = max(least, (rows / 2 + block - 1) / block * block)
      }
      rows = min(rows, vertical.positions)
    }
    if isInterleaved, workerBytes > Self.mostInterleaved / (isGradient ? 2 : 1) { return false }
    while rows > 1, !fits() { rows = (rows + 1) / 2 }
    return fits()
  }

  /// Parts for so many threads as there may be, whatever their number; they cost memory, and time to add them up.
  private mutating func chooseParts(_ memoryLimit: Int?) {
    let bands = (vertical.positions + rows - 1) / rows
    parts = max(1, min((16 + blocks - 1) / blocks, imageBlocks * bands, (4 << 20) / max(partBytes, 1)))
    if let memoryLimit {
      while parts > 1, workingSets.bytes(threads: 1) > memoryLimit { parts -= 1 }
    }
  }
}

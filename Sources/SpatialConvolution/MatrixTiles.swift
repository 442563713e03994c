import SpectralConvolution
import SpectralCore

/// How a pass of the dense direct method is cut up. The input gradient is computed as a correlation of the output
/// gradient.
///
/// The operand is copied a tile at a time, padded, so that no loop has to ask where it is. *Lanes* are the channels of
/// the result, of a group: output channels forward, input channels in the input gradient. *Terms* are what is summed for
/// them: taps of the operand's channels.
///
/// In the filter gradient sums run over positions: the output gradient is packed, a vector of outputs for each position,
/// and every tap of every channel is a row of sums beside it. Threads share no sums: blocks of outputs, ranges of
/// channels, and, where these are few, parts of the positions, each with sums of its own, which are added in their order
/// at the end.
struct MatrixTiles<Scalar: TensorScalar>: Sendable {
  let problem: ConvolutionProblem
  let pass: ConvolutionPass
  let memoryLimit: Int?
  private(set) var grid: TileGrid
  /// Channels of the result, of a group.
  let lanes: Int
  /// Channels of the operand, of a group.
  let channels: Int
  /// Whether results are added where a boundary, or a stride, sends them.
  let scatters: Bool
  /// Whether vectors run along the columns of a tile, not across the lanes: for few lanes.
  let slides: Bool
  /// Lanes that are computed together.
  let blocks: [Range<Int>]
  /// Channels of a group that a piece of work takes on: in the filter gradient perhaps not all.
  let channelsAtOnce: Int
  /// Pieces into which the blocks are divided, beside images, groups and tiles; in the filter gradient the images and tiles.
  private(set) var parts = 1
  /// Threads for which a memory limit has room.
  private(set) var workers = Int.max

  /// Positions whose sums are unpacked together: a multiple of the rows of every block of registers, and of the numbers
  /// of a cache line.
  var run: Int { 144 }
  /// The numbers of the widest block of registers.
  static var blockWidth: Int { 4 * Scalar.vectorWidth }

  /// Nil if not even the smallest tile keeps within the limit.
  init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) {
    self.problem = problem
    self.pass = pass
    self.memoryLimit = memoryLimit
    (lanes, channels) = (problem.result(pass).count, problem.operand(pass).count)
    grid = TileGrid(
      vertical: SlidingAxis(problem.vertical, of: problem, pass),
      horizontal: SlidingAxis(problem.horizontal, of: problem, pass))
    scatters = grid.vertical.scatters
    slides = pass != .filterGradient && Self.prefersSliding(lanes: lanes, grid)
    blocks =
      slides
      ? LaneBlocks.split(lanes, atMost: 6, unit: 1) : LaneBlocks.split(lanes, atMost: 4, unit: Scalar.vectorWidth)
    // Every range of channels packs the output gradient again: with 288 rows of sums that costs a twentieth.
    let pieces = problem.geometry.groups * blocks.count
    let ranges =
      pass == .filterGradient ? min(max(1, channels * problem.taps / 288), (16 + pieces - 1) / pieces) : 1
    channelsAtOnce = (channels + ranges - 1) / ranges
    guard chooseTile(memoryLimit) else { return nil }
    if pass == .filterGradient { chooseParts() } else { deal() }
    if let memoryLimit { workers = workingSets.threads(within: memoryLimit) }
  }

  /// Which way the vectors should run, from the time of a term of all lanes and positions.
  private static func prefersSliding(lanes: Int, _ grid: TileGrid) -> Bool {
    let (vertical, horizontal) = (grid.vertical, grid.horizontal)
    guard vertical.step == 1 && horizontal.step == 1 else { return false }
    // Shares of the processor's peak, measured in the first-level cache, with AVX-512: by vectors of lanes in a block,
    // and by lanes beside four vectors of columns.
    let acrossRate = [0.78, 0.95, 1, 1]
    let alongRate = [0.3, 0.55, 0.7, 0.9, 0.95, 0.97]
    let width = Scalar.vectorWidth
    let across = LaneBlocks.split(lanes, atMost: 4, unit: width).reduce(0.0) { time, block in
      let vectors = (block.count + width - 1) / width
      return time + Double(vectors * width) / acrossRate[vectors - 1]
    }
    let along = LaneBlocks.split(lanes, atMost: 6, unit: 1).reduce(0.0) {
      $0 + Double($1.count) / alongRate[$1.count - 1]
    }
    let positions = Double(vertical.positions * horizontal.positions)
    let gap = horizontal.reach - 1 - min(horizontal.margins.before, horizontal.margins.after)
    let flat = vertical.positions * (horizontal.positions + gap)
    let padded = (flat + 2 * width - 1) / (2 * width) * 2 * width
    // Taking the sums away costs a transposition across lanes, only a copy along columns.
    return along * Double(padded) < across * positions
  }

  // MARK: Sizes

  /// Terms of all residues together.
  var terms: Int { channels * problem.taps }
  /// The vectors of a block of lanes.
  func vectors(_ block: Range<Int>) -> Int { LaneBlocks.vectors(block, Scalar.self) }
  /// Packed filters of a group, before a block.
  func packedOffset(_ block: Range<Int>) -> Int { block.lowerBound * terms }
  /// Packed filters of a group.
  var packedPerGroup: Int {
    let padded = slides ? lanes : (lanes + Scalar.vectorWidth - 1) / Scalar.vectorWidth * Scalar.vectorWidth
    return padded * terms
  }
  /// Whether the filters are read as they are.
  var needsNoPacking: Bool { slides && pass == .forward }

  /// Positions of a tile in a row, with those between the rows' ends and starts, when vectors run along them.
  func flatPositions(rows: Int, columns: Int) -> Int {
    let flat = (rows - 1) * grid.pitch + columns
    let unit = 2 * Scalar.vectorWidth
    return (flat + unit - 1) / unit * unit
  }
  /// Ranges of channels that are pieces of work of their own.
  var channelParts: Int { (channels + channelsAtOnce - 1) / channelsAtOnce }
  /// The copy of the operand, and what a vector may read, or write, beyond its end.
  var tileCount: Int { channelsAtOnce * grid.plane + Self.blockWidth }
  /// The sums of a tile or of a run; in the filter gradient the packed output gradient of a tile.
  var resultCount: Int {
    if pass == .filterGradient { return grid.rows * grid.columns * Self.blockWidth }
    return slides
      ? (blocks.map(\.count).max() ?? 0) * flatPositions(rows: grid.rows, columns: grid.columns)
      : run * Self.blockWidth
  }
  /// The sums of a part of a filter gradient's positions, in the order of packed filters.
  var sumsPerPart: Int { problem.geometry.groups * packedPerGroup }
  private var partBytes: Int { sumsPerPart * MemoryLayout<Scalar>.stride }
  /// Sums in the order of lanes, before they are added where they belong.
  var scatterCount: Int { scatters && !slides ? run * Self.blockWidth : 0 }

  /// Numbers of a block's filters of a channel, in the order of taps, where residues want another.
  var orderedCount: Int { problem.taps * Self.blockWidth }
  /// The bytes of the packed filters.
  var packedBytes: Int {
    needsNoPacking ? 0 : Scratch<Scalar>.byteCount(problem.geometry.groups * packedPerGroup)
  }
  private var workerBytes: Int {
    [tileCount, resultCount, scatterCount].reduce(0) { $0 + Scratch<Scalar>.byteCount($1) }
  }
  /// What is held while filters are packed, and while they are used; or while sums are made, and while they are put in
  /// order.
  var workingSets: [WorkingSet] {
    let tables = channelsAtOnce * problem.taps * MemoryLayout<Int32>.stride + grid.tableBytes
    let flipped = problem.flippedBytes(Scalar.self)
    if pass == .filterGradient {
      let sums = Scratch<Scalar>.byteCount(parts * sumsPerPart)
      return [
        WorkingSet(shared: sums + tables, perThread: workerBytes),
        WorkingSet(shared: max(sums, flipped), perThread: 0),
      ]
    }
    let shared = packedBytes + flipped + tables
    return [
      WorkingSet(shared: shared, perThread: needsNoPacking ? 0 : Scratch<Scalar>.byteCount(orderedCount)),
      WorkingSet(shared: shared, perThread: workerBytes),
    ]
  }

  // MARK: Cost

  /// Products, those beyond the border of folded sums included; copies of tiles; the sums that are brought to the result;
  /// and tables.
  var cost: CostEstimate {
    let single = Double(MemoryLayout<Scalar>.stride) / 4
    let (inputs, outputs) = (Double(problem.channelsPerGroup), Double(problem.outputsPerGroup))
    // Vectors of the gradients run over channels, and few do not fill them.
    let gradientRate = 75e9 * outputs / (outputs + 6) * inputs / (inputs + 1)
    if pass == .filterGradient {
      let tiles = Double(problem.batch * problem.geometry.groups * grid.count * blocks.count)
      return [
        "products": Double(problem.multiplyAdds) * single / gradientRate,
        "start": 1e-5,
        "copies": tiles * inputs * Double(grid.plane) * single * (grid.isGathered ? 1.2e-9 : 0.22e-9),
        "packing": tiles * Double(channelParts * resultCount) * single * 0.15e-9,
        "calls": tiles * Double(channelParts) * 5e-7,
        "entries": Double(grid.tableCount + channelsAtOnce * problem.taps) * 1.5e-8,
        "sums": Double(parts * sumsPerPart) * single * 0.5e-9,
      ]
    }
    let planes = Double(problem.batch * problem.geometry.groups)
    // Along columns, places between rows are computed as well, and few positions do not fill the vectors.
    let positions =
      slides
      ? Double(grid.count) * Double(flatPositions(rows: grid.rows, columns: grid.columns))
      : Double(grid.vertical.positions) * Double(grid.horizontal.positions)
    let rate = pass == .forward ? (outputs > 1 ? 80e9 : 26e9) : gradientRate
    let residues = Double(grid.vertical.residues.count * grid.horizontal.residues.count)
    let calls = Double(grid.count) * residues * Double(blocks.count)
    return [
      "start": 1e-5,
      "products": planes * positions * Double(terms) * Double(lanes) * single / rate,
      "sums": planes * positions * Double(lanes) * residues * (scatters ? 2e-9 : 0.3e-9) * single,
      "copies": planes * Double(grid.count) * Double(channels) * Double(grid.plane) * single
        * (grid.isGathered ? 1e-9 : 0.18e-9),
      // Short rows cost their beginning.
      "rows": planes * Double(grid.count) * Double(channels) * (1.5e-8 + Double(grid.plane / grid.pitch) * 5e-9),
      "calls": planes * calls * (scatters ? 2 : 1) * DirectCost.call,
      "residues": residues * 1.5e-6,
      "inputs": scatters ? Double(problem.inputShape.count) * single * 0.3e-9 : 0,
      "entries": (Double(grid.tableCount + terms) + Double(grid.horizontal.positions) * residues)
        * DirectCost.tableEntry,
      "packing": Double(packedPerGroup * problem.geometry.groups) * (pass == .forward ? 0.5e-9 : 1e-9) * single,
    ]
  }

  // MARK: Choice

  /// Tiles of up to 512 KiB, which leave half of a second-level cache to the filters, and smaller ones under a limit; in the
  /// filter gradient of some hundred positions, for so many sums may follow each other without loss.
  private mutating func chooseTile(_ memoryLimit: Int?) -> Bool {
    let isGradient = pass == .filterGradient
    func fits() -> Bool {
      let bytes = isGradient ? workerBytes : channels * grid.plane * MemoryLayout<Scalar>.stride
      // Offsets in tables are 32-bit numbers.
      return tileCount < 1 << 31 && bytes <= 512 << 10 && isWithinLimit
    }
    var isWithinLimit: Bool { memoryLimit.map { workingSets.bytes(threads: 1) <= $0 } ?? true }
    // What a single position sees, before any product of sizes could overflow.
    guard Double(channelsAtOnce) * Double(grid.vertical.reach) * Double(grid.horizontal.reach) < 0x1p31 else {
      return false
    }
    // Sums along columns stay in the first-level cache.
    let mostPositions = isGradient ? 512 : slides ? 2048 : 8192
    grid.columns = min(grid.horizontal.positions, mostPositions)
    // At least a few rows, as neighbouring ones share most places.
    grid.rows = min(grid.vertical.positions, grid.vertical.reach, max(1, mostPositions / grid.columns))
    while grid.columns > (isGradient ? 64 : 16), !fits() { grid.columns = (grid.columns + 1) / 2 }
    while grid.rows > 1, !fits() { grid.rows = (grid.rows + 1) / 2 }
    while grid.columns > 1, !fits() { grid.columns = (grid.columns + 1) / 2 }
    guard fits() else {
      // A single position may see more than half a cache.
      return tileCount < 1 << 31 && isWithinLimit
    }
    var most = min(grid.vertical.positions, mostPositions / grid.columns)
    while grid.rows < most {
      let least = grid.rows
      grid.rows = (least + most + 1) / 2
      if !fits() { (grid.rows, most) = (least, grid.rows - 1) }
    }
    grid.rows = (grid.vertical.positions + grid.rowTiles - 1) / grid.rowTiles
    return true
  }

  /// Enough pieces of work for some threads, whatever their number: smaller tiles, then parts of the lanes.
  private mutating func deal() {
    let wanted = 12
    let planes = problem.batch * problem.geometry.groups
    guard planes > 0 else { return }
    if !scatters {
      let tiles = (wanted + planes * grid.columnTiles - 1) / (planes * grid.columnTiles)
      let worthwhile = max(1, grid.vertical.positions * grid.columns / run)
      let more = max(grid.rowTiles, min(tiles, worthwhile))
      grid.rows = (grid.vertical.positions + more - 1) / more
    }
    let pieces = planes * (scatters ? 1 : grid.rowTiles * grid.columnTiles)
    parts = max(1, min(blocks.count, (wanted + pieces - 1) / pieces))
  }

  /// Parts of a filter gradient cost memory, and time to add them up: as much as a tile each, or 4 MiB in all.
  private mutating func chooseParts() {
    let pieces = problem.geometry.groups * blocks.count * channelParts
    parts = max(1, min((16 + pieces - 1) / pieces, problem.batch * grid.count, max(1, (4 << 20) / partBytes)))
    if let memoryLimit {
      while parts > 1, workingSets.bytes(threads: 1) > memoryLimit { parts -= 1 }
    }
  }
}

import SpectralConvolution
import SpectralCore

/// How the filter gradient of the dense direct method is cut up.
///
/// Its sums run over positions: the output gradient is packed, a vector of outputs for each position, and every tap of
/// every channel is a row of sums beside it. Threads share no sums: blocks of outputs, ranges of channels, and, where
/// these are few, parts of the positions, each with sums of its own, which are added in their order at the end.
struct MatrixGradientTiles<Scalar: TensorScalar>: Sendable {
  let problem: ConvolutionProblem
  private(set) var grid: TileGrid
  /// Outputs of a group that are computed together.
  let blocks: [Range<Int>]
  /// Channels of a group that a piece of work takes on, and pieces of that kind.
  let channelsAtOnce: Int
  let channelParts: Int
  /// Parts into which images and tiles are dealt out.
  private(set) var parts = 1
  /// Threads for which a memory limit has room.
  private(set) var workers = Int.max

  /// Pieces of work that are wanted, whatever the number of threads.
  private static var pieces: Int { 16 }

  /// Nil if not even the smallest tile keeps within the limit.
  init?(_ problem: ConvolutionProblem, memoryLimit: Int?) {
    self.problem = problem
    grid = TileGrid(
      vertical: SlidingAxis(problem.vertical, of: problem, .filterGradient),
      horizontal: SlidingAxis(problem.horizontal, of: problem, .filterGradient))
    blocks = LaneBlocks.split(problem.outputsPerGroup, atMost: 4, unit: Scalar.vectorWidth)
    let (channels, groups) = (problem.channelsPerGroup, problem.geometry.groups)
    let taps = problem.taps
    // Every range of channels packs the output gradient again: with 288 rows of sums that costs a twentieth.
    let worthwhile = max(1, channels * taps / 288)
    let most = min(worthwhile, (Self.pieces + groups * blocks.count - 1) / (groups * blocks.count))
    channelsAtOnce = (channels + most - 1) / most
    channelParts = (channels + channelsAtOnce - 1) / channelsAtOnce
    guard chooseTile(memoryLimit) else { return nil }
    // Parts cost memory, and time to add them up: as much as a tile each, or 4 MiB in all.
    let pieces = groups * blocks.count * channelParts
    parts = max(
      1, min((Self.pieces + pieces - 1) / pieces, problem.batch * grid.count, max(1, (4 << 20) / partBytes)))
    if let memoryLimit {
      while parts > 1, workingSets.bytes(threads: 1) > memoryLimit { parts -= 1 }
      workers = workingSets.threads(within: memoryLimit)
    }
  }

  /// Sums of an output.
  var terms: Int { problem.channelsPerGroup * problem.taps }
  /// The sums of a group, with outputs padded to whole vectors.
  var sumsPerGroup: Int {
    (problem.outputsPerGroup + Scalar.vectorWidth - 1) / Scalar.vectorWidth * Scalar.vectorWidth * terms
  }
  /// The sums of a part of the positions.
  var sumsPerPart: Int { problem.geometry.groups * sumsPerGroup }
  /// The copy of the images' tile, and what filling writes beyond its end.
  var tileCount: Int { channelsAtOnce * grid.plane + Scalar.vectorWidth }
  /// The packed output gradient of a tile.
  var gradientCount: Int { grid.rows * grid.columns * 4 * Scalar.vectorWidth }

  private var partBytes: Int { sumsPerPart * MemoryLayout<Scalar>.stride }
  private var tableBytes: Int { channelsAtOnce * problem.taps * MemoryLayout<Int32>.stride + grid.tableBytes }
  private var workerBytes: Int { Scratch<Scalar>.byteCount(tileCount) + Scratch<Scalar>.byteCount(gradientCount) }
  /// What is held while the sums are made, and while they are put in order.
  var workingSets: [WorkingSet] {
    let sums = Scratch<Scalar>.byteCount(parts * sumsPerPart)
    return [
      WorkingSet(shared: sums + tableBytes, perThread: workerBytes),
      WorkingSet(shared: max(sums, problem.flippedBytes(Scalar.self)), perThread: 0),
    ]
  }

  var cost: CostEstimate {
    let single = Double(MemoryLayout<Scalar>.stride) / 4
    let (inputs, outputs) = (Double(problem.channelsPerGroup), Double(problem.outputsPerGroup))
    let rate = 75e9 * outputs / (outputs + 6) * inputs / (inputs + 1)
    let tiles = Double(problem.batch * problem.geometry.groups * grid.count * blocks.count)
    return [
      "products": Double(problem.multiplyAdds) * single / rate,
      "start": 1e-5,
      "copies": tiles * inputs * Double(grid.plane) * single * (grid.isGathered ? 1.2e-9 : 0.22e-9),
      "packing": tiles * Double(channelParts * gradientCount) * single * 0.15e-9,
      "calls": tiles * Double(channelParts) * 5e-7,
      "entries": Double(grid.tableCount + channelsAtOnce * problem.taps) * 1.5e-8,
      "sums": Double(parts * sumsPerPart) * single * 0.5e-9,
    ]
  }

  /// Tiles of some hundred positions, for so many sums may follow each other without loss, in about 256 KiB.
  private mutating func chooseTile(_ memoryLimit: Int?) -> Bool {
    let (vertical, horizontal) = (grid.vertical, grid.horizontal)
    guard Double(channelsAtOnce) * Double(vertical.reach) * Double(horizontal.reach) < 0x1p31 else { return false }
    func fits(_ bytes: Int) -> Bool {
      guard tileCount < 1 << 31, workerBytes <= bytes else { return false }
      return memoryLimit.map { workingSets.bytes(threads: 1) <= $0 } ?? true
    }
    let most = 512
    grid.columns = min(horizontal.positions, most)
    grid.rows = max(1, min(vertical.positions, most / grid.columns))
    while grid.columns > 64, !fits(512 << 10) { grid.columns = (grid.columns + 1) / 2 }
    while grid.rows > 1, !fits(512 << 10) { grid.rows = (grid.rows + 1) / 2 }
    while grid.columns > 1, !fits(512 << 10) { grid.columns = (grid.columns + 1) / 2 }
    grid.rows = (vertical.positions + grid.rowTiles - 1) / grid.rowTiles
    return fits(.max)
  }
}

/// The filter gradient of the dense direct method.
struct MatrixFilterGradient<Scalar: TensorScalar> {
  private let tiles: MatrixGradientTiles<Scalar>
  private let padded: PaddedTiles<Scalar>
  /// The place of each tap of each channel.
  private let places: [Int32]
  private var problem: ConvolutionProblem { tiles.problem }

  init(_ tiles: MatrixGradientTiles<Scalar>) {
    self.tiles = tiles
    let grid = tiles.grid
    padded = PaddedTiles(grid, tiles.problem.images)
    let taps = grid.vertical.residues[0].taps.flatMap { row in
      grid.horizontal.residues[0].taps.map { row.place * grid.pitch + $0.place }
    }
    places = (0..<tiles.channelsAtOnce).flatMap { channel in taps.map { Int32(channel * grid.plane + $0) } }
  }

  /// What a thread works in.
  private struct Workspace {
    let tile: Scratch<Scalar>
    let gradient: Scratch<Scalar>
    let prefetch = Prefetch()
  }

  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar> {
    operands.result(problem.filterShape) { g, x, _, dw in
      let sums = Scratch<Scalar>(count: tiles.parts * tiles.sumsPerPart)
      sum(g, x, to: sums.base)
      addUp(sums.base, to: dw)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sum(_ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>) {
    let (groups, channels, channelParts) = (problem.geometry.groups, problem.channelsPerGroup, tiles.channelParts)
    let (blocks, parts, count) = (tiles.blocks.count, tiles.parts, problem.batch * tiles.grid.count)
    let taps = tiles.terms / channels
    let (imagePlane, outputPlane) = (problem.images.pixels, problem.maps.pixels)
    Parallel.forEach(
      parts * groups * blocks * channelParts, atMost: tiles.workers,
      workspace: { Workspace(tile: Scratch(count: tiles.tileCount), gradient: Scratch(count: tiles.gradientCount)) }
    ) { index, workspace in
      let (rest, channelPart) = index.quotientAndRemainder(dividingBy: channelParts)
      let (rest2, blockIndex) = rest.quotientAndRemainder(dividingBy: blocks)
      let (part, group) = rest2.quotientAndRemainder(dividingBy: groups)
      let block = tiles.blocks[blockIndex]
      let pitch = LaneBlocks.vectors(block, Scalar.self) * Scalar.vectorWidth
      let first = channelPart * tiles.channelsAtOnce
      let channelCount = min(tiles.channelsAtOnce, channels - first)
      let target =
        sums + part * tiles.sumsPerPart + group * tiles.sumsPerGroup + block.lowerBound * tiles.terms
        + first * taps * pitch
      let range = part * count / parts..<(part + 1) * count / parts
      for piece in range {
        let (image, tile) = piece.quotientAndRemainder(dividingBy: tiles.grid.count)
        let area = tiles.grid.area(tile)
        let plane = image * groups + group
        padded.copy(
          x + (plane * channels + first) * imagePlane, channels: channelCount, area, to: workspace.tile.base)
        pack(
          g + (plane * problem.outputsPerGroup + block.lowerBound) * outputPlane, block.count, area, pitch: pitch,
          to: workspace.gradient.base)
        if piece + 1 < range.upperBound {
          let (image, tile) = (piece + 1).quotientAndRemainder(dividingBy: tiles.grid.count)
          let (area, plane) = (tiles.grid.area(tile), image * groups + group)
          workspace.prefetch.add(
            padded.source(x + (plane * channels + first) * imagePlane, channels: channelCount, area))
          workspace.prefetch.add(
            PrefetchRegion(
              g + (plane * problem.outputsPerGroup + block.lowerBound) * outputPlane, problem.maps, count: block.count,
              rows: area.rows))
        }
        padded.withOffsets(area) { terms in
          places.withUnsafeBufferPointer { rows in
            Scalar.kernels.pointee.indirect_product(
              target, workspace.tile.base, rows.baseAddress!, channelCount * taps, terms, area.count,
              workspace.gradient.base, pitch / Scalar.vectorWidth, piece > range.lowerBound, workspace.prefetch.next())
          }
        }
      }
    }
  }

  /// The output gradients of an area as `[position][output]`.
  private func pack(
    _ g: UnsafePointer<Scalar>, _ lanes: Int, _ area: TileGrid.Area, pitch: Int,
    to packed: UnsafeMutablePointer<Scalar>
  ) {
    let (width, plane) = (problem.maps.width, problem.maps.pixels)
    if area.columns.count == width {
      Scalar.kernels.pointee.pack_lanes(packed, pitch, g + area.rows.lowerBound * width, plane, lanes, area.count)
    } else {
      for (index, row) in area.rows.enumerated() {
        Scalar.kernels.pointee.pack_lanes(
          packed + index * area.columns.count * pitch, pitch, g + row * width + area.columns.lowerBound, plane, lanes,
          area.columns.count)
      }
    }
  }

  /// Adds the parts, and puts the sums in the order of the filters.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addUp(_ sums: UnsafePointer<Scalar>, to dw: UnsafeMutablePointer<Scalar>) {
    let (blocks, terms) = (tiles.blocks.count, tiles.terms)
    Parallel.forEach(
      problem.geometry.groups * blocks, grain: max(1, (1 << 15) * blocks / (tiles.parts * tiles.sumsPerGroup))
    ) { index in
      let (group, blockIndex) = index.quotientAndRemainder(dividingBy: blocks)
      let block = tiles.blocks[blockIndex]
      let pitch = LaneBlocks.vectors(block, Scalar.self) * Scalar.vectorWidth
      Scalar.kernels.pointee.unpack_lanes(
        dw + (group * problem.outputsPerGroup + block.lowerBound) * terms, terms,
        sums + group * tiles.sumsPerGroup + block.lowerBound * terms, pitch, block.count, terms, nil, tiles.parts,
        tiles.sumsPerPart)
    }
  }
}

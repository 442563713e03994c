import CKernels
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// The lanes of a block of tiles: which tile, plane and phase each of them belongs to.
///
/// A *signal* of a tile is one plane and phase of it. Signals are numbered `(group * phases + phase) * channels + channel`;
/// their plane is `group * channels + channel`. What stands side by side in the lanes is either neighbouring signals of
/// one tile (`channels`: for layers with many channels) or one signal of neighbouring tiles (`tiles`: for few channels).
/// A group of lanes never mixes groups of channels, nor, in the first case, tiles: those that stay over are idle.
struct LaneMap: Sendable {
  enum Arrangement: Hashable { case channels, tiles }

  let arrangement: Arrangement
  /// Groups of channels; for filters, their number.
  let groups: Int
  /// Phases down the rows and along the columns.
  let phases: Extent
  /// Channels of a group.
  let channels: Int
  /// Tiles of a block.
  let tiles: Int
  /// Lanes of a group of lanes.
  let lanes: Int

  /// Signals of a tile in a group of channels.
  var signals: Int { phases.height * phases.width * channels }
  /// Planes of a tile.
  var planes: Int { groups * channels }
  /// Groups of lanes that follow each other: for the signals of a group of channels, or for the tiles of a signal.
  var run: Int { ((arrangement == .channels ? signals : tiles) + lanes - 1) / lanes }
  /// Groups of lanes of a block.
  var count: Int { groups * run * (arrangement == .channels ? tiles : signals) }
  /// Groups of lanes of a block of which only some tiles are there.
  func count(tiles: Int) -> Int { arrangement == .channels ? tiles * groups * run : count }

  /// Says where the lanes of one group of lanes lie in a set of planes.
  ///
  /// - Parameters:
  ///   - index: Which group of lanes of the block.
  ///   - position: At which position of a tile.
  ///   - tiles: How many tiles the block has.
  ///   - place: Where a tile of the block stands.
  ///   - finish: What is done to numbers on their way to the planes.
  @inline(__always)
  func locate<Scalar: FourierScalar>(
    _ index: Int, position: Int, tiles: Int, _ planes: UnsafeMutablePointer<Scalar>, _ tables: PlaceTables,
    finish: Finish<Scalar>? = nil, in work: TileWork<Scalar>, place: (Int) -> TilePlace
  ) {
    work.least = finish?.least ?? -.infinity
    let (upper, part) = index.quotientAndRemainder(dividingBy: run)
    let first = part * lanes
    switch arrangement {
    case .channels:
      let (tile, group) = upper.quotientAndRemainder(dividingBy: groups)
      let at = place(tile)
      let present = tile < tiles ? min(lanes, signals - first) : 0
      for lane in 0..<present {
        let (phase, channel) =
          channels == signals ? (0, first + lane) : ((first + lane) / channels, (first + lane) % channels)
        set(lane, at, position, phase, group * channels + channel, planes, tables, finish?.bias, work)
      }
      for lane in max(present, 0)..<lanes { work.lanes[lane].plane = nil }
    case .tiles:
      let (group, signal) = upper.quotientAndRemainder(dividingBy: signals)
      let (phase, channel) = signal.quotientAndRemainder(dividingBy: channels)
      let present = max(0, min(lanes, tiles - first))
      for lane in 0..<present {
        set(
          lane, place(first + lane), position, phase, group * channels + channel, planes, tables, finish?.bias, work)
      }
      for lane in present..<lanes { work.lanes[lane].plane = nil }
    }
  }

  @inline(__always)
  private func set<Scalar: FourierScalar>(
    _ lane: Int, _ at: TilePlace, _ position: Int, _ phase: Int, _ plane: Int,
    _ planes: UnsafeMutablePointer<Scalar>, _ tables: PlaceTables, _ bias: UnsafePointer<Scalar>?,
    _ work: TileWork<Scalar>
  ) {
    let (phaseY, phaseX) = phase == 0 ? (0, 0) : (phase / phases.width, phase % phases.width)
    let slice = tables.slice(at.segment, position)
    guard slice >= 0 else { return work.lanes[lane].plane = nil }
    let rows = tables.rowTiles[at.row * phases.height + phaseY]
    let columns = tables.columnTiles[at.column * phases.width + phaseX]
    work.lanes[lane] = sk_lane(
      plane: planes + ((at.image * self.planes + plane) * tables.planeSlices + slice) * tables.planeStride
        + rows.shift * tables.rowStride + columns.shift,
      rows: tables.rows + rows.list * tables.size.height, columns: tables.columns + columns.list,
      bias: bias.map { Double($0[plane]) } ?? 0)
  }
}

/// Where the places of tiles lie in a set of planes: in the images, in the feature maps, or in the filters.
///
/// A class because it owns tables that the C loops read.
final class PlaceTables: @unchecked Sendable {
  /// The lists of places down the rows, and which of them each tile and phase has.
  let rows: UnsafeMutablePointer<Int32>
  let rowTiles: UnsafeMutablePointer<(list: Int, shift: Int)>
  /// The same along the columns.
  let columns: UnsafeMutablePointer<sk_columns>
  let columnTiles: UnsafeMutablePointer<(list: Int, shift: Int)>
  private let columnPlaces: UnsafeMutablePointer<Int32>
  private let slices: [Int32]
  private let positions: Int
  /// Places of a tile.
  let size: Extent
  /// Slices of a channel: one, unless it is that of a volume.
  let planeSlices: Int
  /// Elements of a slice, and of a row.
  let planeStride: Int
  let rowStride: Int

  /// - Parameters:
  ///   - rows: Where tiles lie down the rows.
  ///   - columns: Where they lie along the columns.
  ///   - slices: `[segment][position]` along the depth; -1 for nowhere.
  ///   - extents: Slices, rows and columns of a channel.
  init(rows: PlaceLists, columns: PlaceLists, slices: [Int32], positions: Int, extents: [Int]) {
    func copy<Element>(_ list: [Element]) -> UnsafeMutablePointer<Element> {
      let copy = UnsafeMutablePointer<Element>.allocate(capacity: list.count)
      copy.initialize(from: list, count: list.count)
      return copy
    }
    size = Extent(height: rows.size, width: columns.size)
    (self.slices, self.positions) = (slices, positions)
    (planeSlices, planeStride, rowStride) = (extents[0], extents[1] * extents[2], extents[2])
    (self.rows, rowTiles) = (copy(rows.places), copy(rows.tiles))
    (columnPlaces, columnTiles) = (copy(columns.places), copy(columns.tiles))
    let places = columnPlaces
    self.columns = copy(
      stride(from: 0, to: columns.places.count, by: columns.size).map { sk_columns(places + $0, count: columns.size) })
  }

  /// The slice of a channel at a position of the tiles of a segment; -1 for none.
  @inline(__always)
  func slice(_ segment: Int, _ position: Int) -> Int { Int(slices[segment * positions + position]) }

  deinit {
    rows.deallocate()
    rowTiles.deallocate()
    columns.deallocate()
    columnTiles.deallocate()
    columnPlaces.deallocate()
  }
}

extension sk_columns {
  /// Some places of a row. One run of neighbours can be copied as it is.
  fileprivate init(_ places: UnsafePointer<Int32>, count: Int) {
    let held = (0..<count).filter { places[$0] >= 0 }
    let (first, source) = (held.first ?? 0, held.first.map { places[$0] } ?? 0)
    let isRun = held.enumerated().allSatisfy { $1 == first + $0 && places[$1] == source + Int32($0) }
    self.init()
    (self.places, self.first, self.source) = (places, Int32(first), source)
    self.count = isRun ? Int32(held.count) : -1
  }
}

/// A tile of the grid: which image, and which tile down and along it; of a volume, over which segment of its slices.
struct TilePlace {
  let image: Int
  let row: Int
  let column: Int
  var segment = 0
}

/// The lanes of all that takes part in a problem.
struct LaneLayout: Sendable {
  let input: LaneMap
  let output: LaneMap
  let filter: LaneMap
  /// Whether every signal is multiplied by one of its own.
  let isDepthwise: Bool

  init(_ problem: ConvolutionProblem, tilesPerBlock: Int, lanes: Int) {
    let phases = Extent(
      height: AxisTiling.parts(problem.vertical).phases, width: AxisTiling.parts(problem.horizontal).phases)
    let (groups, outputs) = (problem.geometry.groups, problem.outputsPerGroup)
    let terms = problem.channelsPerGroup * phases.height * phases.width
    isDepthwise = terms == 1 && outputs == 1
    func map(_ arrangement: LaneMap.Arrangement, _ groups: Int, _ phases: Extent, _ channels: Int, _ tiles: Int)
      -> LaneMap
    {
      LaneMap(
        arrangement: arrangement, groups: groups, phases: phases, channels: channels, tiles: tiles, lanes: lanes)
    }
    if isDepthwise && groups > lanes / 2 {
      // No sums over channels: they need not keep to their groups.
      input = map(.channels, 1, 1, groups, tilesPerBlock)
      output = input
      filter = map(.channels, 1, 1, groups, 1)
    } else {
      // A matrix product wants vectors of one factor: the side with enough of its kind gives them.
      let arrangement: LaneMap.Arrangement = min(terms, outputs) > lanes / 2 ? .channels : .tiles
      input = map(arrangement, groups, phases, problem.channelsPerGroup, tilesPerBlock)
      output = map(arrangement, groups, 1, outputs, tilesPerBlock)
      // Filters lie as images of which the outputs are the batch, where that fills more lanes.
      let byOutputs = arrangement == .tiles && !isDepthwise && groups == 1 && outputs > terms
      filter =
        byOutputs
        ? map(.tiles, 1, phases, problem.channelsPerGroup, outputs)
        : map(.channels, problem.outputChannels, phases, problem.channelsPerGroup, 1)
    }
  }
}

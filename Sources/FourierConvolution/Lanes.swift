import Fourier
import Layers
import Tensors

/// The lanes of a block of tiles: which plane and phase each of them comes from.
///
/// A tile has `groups * phases * channels` lanes, in this order; the plane is `group * channels + channel`. The lanes of
/// neighbouring tiles follow each other, and are cut into chunks that one transform takes at once.
struct LaneMap: Sendable {
  /// Groups of channels; for filters, their number.
  let groups: Int
  /// Phases down the rows and along the columns.
  let phases: Extent
  /// Channels of a group.
  let channels: Int
  /// Lanes of a tile.
  var count: Int { groups * phases.height * phases.width * channels }
  /// Planes of a tile.
  var planes: Int { groups * channels }

  /// Lanes that are transformed together.
  let chunk: Int
  /// Complex numbers from one frequency of a block to the next: the lanes of all its tiles, in whole chunks.
  let pitch: Int

  init(groups: Int, phases: Extent, channels: Int, tilesPerBlock: Int, preferredChunk: Int) {
    self.groups = groups
    self.phases = phases
    self.channels = channels
    let lanes = tilesPerBlock * groups * phases.height * phases.width * channels
    chunk = min(preferredChunk, lanes)
    pitch = (lanes + chunk - 1) / chunk * chunk
  }

  /// Calls `body` for each run of lanes in `range` whose planes follow each other in one tile and one phase.
  @inline(__always)
  func forEachRun(
    in range: Range<Int>,
    _ body: (_ lane: Int, _ tile: Int, _ phaseY: Int, _ phaseX: Int, _ plane: Int, _ count: Int) -> Void
  ) {
    let phaseCount = phases.height * phases.width
    var lane = range.lowerBound
    while lane < range.upperBound {
      let (tile, within) = (lane / count, lane % count)
      let count: Int
      if phaseCount == 1 {
        count = min(self.count - within, range.upperBound - lane)
        body(lane, tile, 0, 0, within, count)
      } else {
        let (upper, channel) = (within / channels, within % channels)
        let (group, phase) = (upper / phaseCount, upper % phaseCount)
        count = min(channels - channel, range.upperBound - lane)
        body(lane, tile, phase / phases.width, phase % phases.width, group * channels + channel, count)
      }
      lane += count
    }
  }
}

/// Where the places of tiles lie in a set of planes: in the images, in the feature maps, or in the filters.
struct PlaceTables: Sendable {
  /// `[tile][phase][place]` down the rows, then along the columns; -1 for nowhere.
  let rows: [Int32]
  let columns: [Int32]
  /// Phases that the tables distinguish.
  let phases: Extent
  /// Places of a tile.
  let size: Extent
  /// Elements of a plane, and of a row.
  let planeStride: Int
  let rowStride: Int
  /// A row of the table with nothing in it.
  let nowhere: [Int32]

  init(rows: [Int32], columns: [Int32], phases: Extent, size: Extent, plane: Extent) {
    self.rows = rows
    self.columns = columns
    self.phases = phases
    self.size = size
    planeStride = plane.height * plane.width
    rowStride = plane.width
    nowhere = [Int32](repeating: -1, count: size.width)
  }
}

/// A tile of the grid: which image, and which tile down and along it.
struct TilePlace {
  let image: Int
  let row: Int
  let column: Int
}

/// Copies a chunk of lanes from planes to `[row][pair of columns][lane][even, odd]`; lanes beyond `lanes` become zero.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gather<Scalar: ConvolutionScalar>(
  _ planes: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables, lanes: Range<Int>,
  to chunk: UnsafeMutablePointer<Scalar>, place: (Int) -> TilePlace
) {
  let (height, width, pitch) = (tables.size.height, tables.size.width, map.chunk)
  tables.rows.withUnsafeBufferPointer { rows in
    tables.columns.withUnsafeBufferPointer { columns in
      tables.nowhere.withUnsafeBufferPointer { nowhere in
        map.forEachRun(in: lanes) { lane, tile, phaseY, phaseX, plane, count in
          let tile = place(tile)
          let source = planes + (tile.image * map.planes + plane) * tables.planeStride
          let rowTable = rows.baseAddress! + (tile.row * tables.phases.height + phaseY) * height
          let columnTable = columns.baseAddress! + (tile.column * tables.phases.width + phaseX) * width
          let target = chunk + 2 * (lane - lanes.lowerBound)
          for y in 0..<height {
            let row = Int(rowTable[y])
            Scalar.gatherRow(
              target + y * width * pitch, pitch, source + max(row, 0) * tables.rowStride, tables.planeStride,
              row < 0 ? nowhere.baseAddress! : columnTable, width, count)
          }
        }
        let idle = pitch - lanes.count
        guard idle > 0 else { return }
        for pair in 0..<height * width / 2 {
          (chunk + 2 * (pair * pitch + lanes.count)).initialize(repeating: 0, count: 2 * idle)
        }
      }
    }
  }
}

/// Copies a chunk of lanes back to planes, where the tables have a place for them, plus a number for each plane.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func scatter<Scalar: ConvolutionScalar>(
  _ chunk: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables, lanes: Range<Int>,
  to planes: UnsafeMutablePointer<Scalar>, bias: UnsafePointer<Scalar>, place: (Int) -> TilePlace
) {
  let (height, width, pitch) = (tables.size.height, tables.size.width, map.chunk)
  tables.rows.withUnsafeBufferPointer { rows in
    tables.columns.withUnsafeBufferPointer { columns in
      map.forEachRun(in: lanes) { lane, tile, phaseY, phaseX, plane, count in
        let tile = place(tile)
        let target = planes + (tile.image * map.planes + plane) * tables.planeStride
        let rowTable = rows.baseAddress! + (tile.row * tables.phases.height + phaseY) * height
        let columnTable = columns.baseAddress! + (tile.column * tables.phases.width + phaseX) * width
        let source = chunk + 2 * (lane - lanes.lowerBound)
        for y in 0..<height where rowTable[y] >= 0 {
          Scalar.scatterRow(
            target + Int(rowTable[y]) * tables.rowStride, tables.planeStride, columnTable,
            source + y * width * pitch, pitch, width, count, bias + plane)
        }
      }
    }
  }
}

/// Adds a chunk of lanes to planes, where the tables have a place for them in the given rows.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func scatterAdd<Scalar: ConvolutionScalar>(
  _ chunk: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables, lanes: Range<Int>,
  to planes: UnsafeMutablePointer<Scalar>, onlyRows: Range<Int>, place: (Int) -> TilePlace
) {
  let (height, width, pitch) = (tables.size.height, tables.size.width, map.chunk)
  tables.rows.withUnsafeBufferPointer { rows in
    tables.columns.withUnsafeBufferPointer { columns in
      map.forEachRun(in: lanes) { lane, tile, phaseY, phaseX, plane, count in
        let tile = place(tile)
        let target = planes + (tile.image * map.planes + plane) * tables.planeStride
        let rowTable = rows.baseAddress! + (tile.row * tables.phases.height + phaseY) * height
        let columnTable = columns.baseAddress! + (tile.column * tables.phases.width + phaseX) * width
        let source = chunk + 2 * (lane - lanes.lowerBound)
        for y in 0..<height where onlyRows.contains(Int(rowTable[y])) {
          Scalar.scatterAddRow(
            target + Int(rowTable[y]) * tables.rowStride, tables.planeStride, columnTable,
            source + y * width * pitch, pitch, width, count)
        }
      }
    }
  }
}

import SpectralCore

/// How the positions of a correlation are cut into tiles.
struct TileGrid {
  let vertical: SlidingAxis
  let horizontal: SlidingAxis
  /// Positions of a tile.
  var rows = 1
  var columns = 1

  /// Places of a row of a tile.
  var width: Int { horizontal.places(columns) }
  /// From a row of a tile to the next: the zeros after a row are the zeros before the next.
  var pitch: Int { width - overlap }
  private var overlap: Int {
    let margins = horizontal.margins
    return columns < horizontal.positions ? 0 : min(margins.before, margins.after, width - 1)
  }
  /// Places of a channel of a tile.
  var plane: Int { vertical.places(rows) * pitch + overlap }
  var rowTiles: Int { (vertical.positions + rows - 1) / rows }
  var columnTiles: Int { (horizontal.positions + columns - 1) / columns }
  var count: Int { rowTiles * columnTiles }
  /// Whether places are not copied in rows of neighbours.
  var isGathered: Bool { horizontal.interior.isEmpty }
  /// The numbers in the tables of `PaddedTiles`.
  var tableCount: Int { 2 * rows * columns + rowTiles * vertical.places(rows) + columnTiles * width }

  /// The positions of a tile.
  struct Area {
    let rowTile: Int
    let columnTile: Int
    let rows: Range<Int>
    let columns: Range<Int>
    var count: Int { rows.count * columns.count }
  }

  func area(_ index: Int) -> Area {
    let (rowTile, columnTile) = index.quotientAndRemainder(dividingBy: columnTiles)
    let (row, column) = (rowTile * rows, columnTile * columns)
    return Area(
      rowTile: rowTile, columnTile: columnTile, rows: row..<min(vertical.positions, row + rows),
      columns: column..<min(horizontal.positions, column + columns))
  }
}

/// Copies of tiles of an operand, padded, so that no loop has to ask where it is; and the places in them.
struct PaddedTiles<Scalar: TensorScalar> {
  let grid: TileGrid
  /// The places of a tile's positions, row by row: of a whole tile, and of one at the right edge.
  private let whole: [Int32]
  private let edge: [Int32]
  /// Sources of the places of each tile, -1 for zero.
  private let rowSources: [Int32]
  private let columnSources: [Int32]
  /// For each tile, the columns whose sources are neighbours.
  private let columnRuns: [Range<Int>]
  /// Whether all other columns are zero.
  private let cleared: Bool
  /// The operand's width.
  private let width: Int

  init(_ grid: TileGrid, width: Int) {
    self.grid = grid
    self.width = width
    let (vertical, horizontal, pitch) = (grid.vertical, grid.horizontal, grid.pitch)
    func places(_ columns: Int) -> [Int32] {
      var places: [Int32] = []
      places.reserveCapacity(grid.rows * columns)
      for row in 0..<grid.rows {
        for column in 0..<columns { places.append(Int32(row * vertical.step * pitch + column * horizontal.step)) }
      }
      return places
    }
    whole = places(grid.columns)
    let last = horizontal.positions - (grid.columnTiles - 1) * grid.columns
    edge = last == grid.columns ? [] : places(last)
    func sources(_ axis: SlidingAxis, tiles: Int, positions: Int) -> [Int32] {
      var sources: [Int32] = []
      sources.reserveCapacity(tiles * axis.places(positions))
      for tile in 0..<tiles {
        let first = tile * positions
        let seen = axis.places(min(positions, axis.positions - first))
        for place in 0..<axis.places(positions) {
          sources.append(place < seen ? axis.source(first * axis.step + place).map(Int32.init) ?? -1 : -1)
        }
      }
      return sources
    }
    rowSources = sources(vertical, tiles: grid.rowTiles, positions: grid.rows)
    let columns = sources(horizontal, tiles: grid.columnTiles, positions: grid.columns)
    let runs = (0..<grid.columnTiles).map { Self.longestRun(columns, $0 * grid.width..<($0 + 1) * grid.width) }
    (columnSources, columnRuns) = (columns, runs)
    cleared = columns.count { $0 >= 0 } == runs.reduce(0) { $0 + $1.count }
  }

  /// Where the sources of neighbours are neighbours, for longest; counted from the range's start.
  private static func longestRun(_ sources: [Int32], _ range: Range<Int>) -> Range<Int> {
    var best = 0..<0
    var start = range.lowerBound
    for i in range {
      if sources[i] < 0 {
        start = i + 1
      } else if i > start && sources[i] != sources[i - 1] + 1 {
        start = i
      }
      if i + 1 - start > best.count { best = start - range.lowerBound..<i + 1 - range.lowerBound }
    }
    return best
  }

  /// The places of the positions of an area, row by row.
  func withPlaces<Result>(_ area: TileGrid.Area, _ body: (UnsafePointer<Int32>) -> Result) -> Result {
    (area.columns.count == grid.columns ? whole : edge).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// Copies what the positions of an area see, of some neighbouring channels.
  func copy(
    _ operand: UnsafePointer<Scalar>, plane: Int, channels: Int, _ area: TileGrid.Area,
    to tile: UnsafeMutablePointer<Scalar>
  ) {
    let height = grid.vertical.places(grid.rows)
    let seen = grid.vertical.places(area.rows.count)
    rowSources.withUnsafeBufferPointer { rows in
      columnSources.withUnsafeBufferPointer { columns in
        for channel in 0..<channels {
          let run = columnRuns[area.columnTile]
          Scalar.kernels.pointee.copy_padded(
            tile + channel * grid.plane, grid.pitch, operand + channel * plane, width,
            rows.baseAddress! + area.rowTile * height, seen, columns.baseAddress! + area.columnTile * grid.width,
            grid.width, run.lowerBound, run.upperBound, cleared)
        }
      }
    }
  }

  /// What an area is copied from: of each channel, the rows from the first to the last.
  func source(_ operand: UnsafePointer<Scalar>, plane: Int, channels: Int, _ area: TileGrid.Area) -> PrefetchRegion {
    let height = grid.vertical.places(grid.rows)
    let rows = rowSources[area.rowTile * height..<area.rowTile * height + grid.vertical.places(area.rows.count)]
    let (first, last) = (rows.first { $0 >= 0 } ?? 0, rows.last { $0 >= 0 } ?? 0)
    let bytes = MemoryLayout<Scalar>.stride
    return PrefetchRegion(
      start: operand + Int(min(first, last)) * width, stride: plane * bytes, pieces: channels,
      bytes: (Int(abs(last - first)) + 1) * width * bytes)
  }
}

import CKernels
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
  /// The entries of the tables of `PaddedTiles`, and the most bytes of these.
  var tableCount: Int { 2 * rows * columns + rowTiles * vertical.places(rows) + columnTiles * width }
  var tableBytes: Int {
    // Places whose sources are neighbours make one run, each other one at most another.
    let places = horizontal.places(horizontal.positions)
    let runs = min(width, places - horizontal.interior.clamped(to: 0..<places).count + 1)
    return 2 * rows * columns * MemoryLayout<Int32>.stride + AxisBands.byteCount(vertical, size: rows) + columnTiles
      * Scratch<sk_column_run>.byteCount(runs)
  }

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

/// Copies of tiles of an operand, padded, so that no loop has to ask where it is; and the offsets in them.
struct PaddedTiles<Scalar: TensorScalar> {
  let grid: TileGrid
  /// The operand's planes.
  private let planes: GroupPlanes
  private let rows: AxisBands
  /// What a row of each tile is filled with.
  private let columns: [Scratch<sk_column_run>]
  /// The offsets of a tile's positions, row by row: of a whole tile, and of one at the right edge.
  private let whole: [Int32]
  private let edge: [Int32]

  init(_ grid: TileGrid, _ planes: GroupPlanes) {
    self.grid = grid
    self.planes = planes
    let (vertical, horizontal, pitch) = (grid.vertical, grid.horizontal, grid.pitch)
    func offsets(_ columns: Int) -> [Int32] {
      var offsets: [Int32] = []
      offsets.reserveCapacity(grid.rows * columns)
      for row in 0..<grid.rows {
        for column in 0..<columns { offsets.append(Int32(row * vertical.step * pitch + column * horizontal.step)) }
      }
      return offsets
    }
    whole = offsets(grid.columns)
    let last = horizontal.positions - (grid.columnTiles - 1) * grid.columns
    edge = last == grid.columns ? [] : offsets(last)
    rows = AxisBands(vertical, size: grid.rows)
    columns = (0..<grid.columnTiles).map { tile in
      let first = tile * grid.columns * horizontal.step
      let interior = horizontal.interior.lowerBound - first..<horizontal.interior.upperBound - first
      return Scratch([sk_column_run](columns: grid.width, interior: interior) { horizontal.source(first + $0) })
    }
  }

  /// The offsets of the positions of an area, row by row.
  func withOffsets<Result>(_ area: TileGrid.Area, _ body: (UnsafePointer<Int32>) -> Result) -> Result {
    (area.columns.count == grid.columns ? whole : edge).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// Copies what the positions of an area see, of some neighbouring channels.
  func copy(
    _ operand: UnsafePointer<Scalar>, channels: Int, _ area: TileGrid.Area, to tile: UnsafeMutablePointer<Scalar>
  ) {
    let (sources, count, runs) = (rows.sources(area.rowTile), rows.places(area.rowTile), columns[area.columnTile])
    for channel in 0..<channels {
      Scalar.kernels.pointee.fill_band(
        tile + channel * grid.plane, grid.pitch, operand + channel * planes.pixels, planes.width, sources, count,
        runs.base, runs.count)
    }
  }

  /// What an area is copied from: of each channel, the rows from the first to the last.
  func source(_ operand: UnsafePointer<Scalar>, channels: Int, _ area: TileGrid.Area) -> PrefetchRegion {
    PrefetchRegion(operand, planes, count: channels, rows: rows.rows(area.rowTile))
  }
}

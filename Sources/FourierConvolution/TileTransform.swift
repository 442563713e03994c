import Foundation
import Fourier
import Layers
import Tensors

/// The two-dimensional transform of a group of lanes of real tiles, between planes and half spectra.
///
/// Rows are gathered and transformed one at a time, while they are in the first-level cache; rows of zeros are known and
/// not transformed. Then columns, one at a time. Between the two, a tile of all lanes lies in `scratch`: rows of half
/// spectra, `rowPitch` numbers apart.
struct TileTransform<Scalar: ConvolutionScalar>: Sendable {
  /// Places of a tile; the width is even.
  let size: Extent
  /// Pairs of columns.
  var half: Int { size.width / 2 }
  /// Columns of the half spectrum.
  var columns: Int { half + 1 }
  /// Numbers of a group.
  var group: Int { LaneTransform<Scalar>.group }
  /// Numbers from one row of a tile's half spectra to the next.
  let rowPitch: Int
  /// Numbers of a tile of half spectra.
  var count: Int { size.height * rowPitch }
  /// Numbers from a column of a spectrum to that of the next group of lanes; an odd number of groups, so that those of
  /// one frequency do not all fall on the same lines of the cache.
  var columnPitch: Int { (size.height | 1) * group }

  private let row: LaneTransform<Scalar>
  private let column: LaneTransform<Scalar>
  /// exp(-2πi v / width) for each column of the half spectrum.
  private let roots: [Scalar]

  init(_ size: Extent, rigor: PlanningRigor) {
    precondition(size.width % 2 == 0, "a tile has an even width, so that its columns pair up, not \(size.width)")
    self.size = size
    rowPitch = Self.rowPitch(size)
    row = LaneTransform(count: size.width / 2, rigor: rigor)
    column = LaneTransform(count: size.height, rigor: rigor)
    roots = (0...size.width / 2).flatMap { v in
      let angle = -2 * Double.pi * Double(v) / Double(size.width)
      return [Scalar(cos(angle)), Scalar(sin(angle))]
    }
  }

  static func rowPitch(_ size: Extent) -> Int {
    let group = LaneTransform<Scalar>.group
    let numbers = (size.width / 2 + 1) * group
    // A column's places must not fall on the same lines of the cache.
    return numbers * MemoryLayout<Scalar>.stride % 4096 == 0 ? numbers + group : numbers
  }

  /// The bytes of a thread's working memory.
  static func workBytes(_ size: Extent) -> Int {
    TileWork<Scalar>.count(size) * MemoryLayout<Scalar>.stride
  }

  /// Rows of the tile from planes to half spectra.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forwardRows(
    _ range: Range<Int>, _ tables: PlaceTables, _ work: TileWork<Scalar>, to scratch: UnsafeMutablePointer<Scalar>
  ) {
    work.strips.initialize(repeating: 0, count: work.stripCount)
    for y in range {
      let target = scratch + y * rowPitch
      let any = Scalar.gatherRow(
        work.row, work.strips, work.pitch, work.places, row: y, rowStride: tables.rowStride, width: size.width)
      guard any else {
        target.initialize(repeating: 0, count: columns * group)
        continue
      }
      row.execute(work.row, group, work.pairs, group, work: work.memory, inverse: false)
      roots.withUnsafeBufferPointer { Scalar.untangle(target, work.pairs, $0.baseAddress!, half) }
    }
  }

  /// All columns from half-transformed to the spectrum, where they lie `slab` numbers apart.
  @inline(__always)
  func forwardColumns(
    _ work: TileWork<Scalar>, from scratch: UnsafePointer<Scalar>, to spectrum: UnsafeMutablePointer<Scalar>, slab: Int
  ) {
    column.execute(
      scratch, rowPitch, spectrum, group, work: work.memory, inverse: false, repeats: columns, inputStep: group,
      outputStep: slab)
  }

  /// Back.
  @inline(__always)
  func inverseColumns(
    _ work: TileWork<Scalar>, from spectrum: UnsafePointer<Scalar>, slab: Int, to scratch: UnsafeMutablePointer<Scalar>
  ) {
    column.execute(
      spectrum, group, scratch, rowPitch, work: work.memory, inverse: true, repeats: columns, inputStep: slab,
      outputStep: group)
  }

  /// One column from half-transformed to the spectrum.
  @inline(__always)
  func forwardColumn(
    _ v: Int, _ work: TileWork<Scalar>, from scratch: UnsafePointer<Scalar>, to spectrum: UnsafeMutablePointer<Scalar>
  ) {
    column.execute(scratch + v * group, rowPitch, spectrum, group, work: work.memory, inverse: false)
  }

  /// Back.
  @inline(__always)
  func inverseColumn(
    _ v: Int, _ work: TileWork<Scalar>, from spectrum: UnsafePointer<Scalar>, to scratch: UnsafeMutablePointer<Scalar>
  ) {
    column.execute(spectrum, group, scratch + v * group, rowPitch, work: work.memory, inverse: true)
  }

  /// Rows of half spectra to planes, those that have a place there.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func inverseRows(
    _ range: Range<Int>, _ tables: PlaceTables, _ work: TileWork<Scalar>, from scratch: UnsafePointer<Scalar>,
    adding: Bool
  ) -> Bool {
    var isFinite = true
    for y in range where work.hasRow(y) {
      roots.withUnsafeBufferPointer { Scalar.tangle(work.pairs, scratch + y * rowPitch, $0.baseAddress!, half) }
      row.execute(work.pairs, group, work.row, group, work: work.memory, inverse: true)
      let finite = Scalar.scatterRow(
        work.row, work.strips, work.pitch, work.places, row: y, rowStride: tables.rowStride, width: size.width,
        adding: adding)
      isFinite = isFinite && finite
    }
    return isFinite
  }
}

/// What a thread works in.
final class TileWork<Scalar: ConvolutionScalar> {
  let places: LanePlaces<Scalar>
  /// Columns of a row of places, in whole groups of lanes.
  let pitch: Int
  let stripCount: Int
  let strips: UnsafeMutablePointer<Scalar>
  let row: UnsafeMutablePointer<Scalar>
  let pairs: UnsafeMutablePointer<Scalar>
  /// Columns of spectra.
  let columns: (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>)
  let memory: UnsafeMutablePointer<Scalar>
  private let all: Scratch<Scalar>

  init(_ size: Extent) {
    let lanes = LaneTransform<Scalar>.lanes
    places = LanePlaces(lanes: lanes)
    all = Scratch(count: Self.count(size))
    pitch = Self.pitch(size)
    stripCount = (lanes + 1) * pitch
    strips = all.base
    row = strips + stripCount
    pairs = row + lanes * pitch
    let column = size.height * 2 * lanes
    let first = pairs + lanes * pitch
    columns = (first, first + column)
    memory = first + 2 * column
  }

  private static func pitch(_ size: Extent) -> Int {
    let lanes = LaneTransform<Scalar>.lanes
    return (size.width + lanes - 1) / lanes * lanes
  }

  static func count(_ size: Extent) -> Int {
    let lanes = LaneTransform<Scalar>.lanes
    return (3 * lanes + 1) * pitch(size) + (2 * size.height + 2 * max(size.height, size.width / 2)) * 2 * lanes
  }

  /// Whether any lane has a place for row `y` of its tile.
  @inline(__always)
  func hasRow(_ y: Int) -> Bool {
    for lane in 0..<LaneTransform<Scalar>.lanes where places.planes[lane] != nil && places.rows[lane]![y] >= 0 {
      return true
    }
    return false
  }
}

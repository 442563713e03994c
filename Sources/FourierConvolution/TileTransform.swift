import CKernels
import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// The two-dimensional transform of a group of lanes of real tiles, between planes and half spectra.
///
/// Rows are gathered and transformed one at a time, while they are in the first-level cache; rows of zeros are known and
/// not transformed. Then columns, one at a time. Between the two, a tile of all lanes lies in `scratch`: rows of half
/// spectra, `rowPitch` numbers apart.
struct TileTransform<Scalar: FourierScalar>: Sendable {
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
  /// Numbers from a column of a spectrum to that of the next group of lanes; an odd number of groups, so that those of
  /// one frequency do not all fall on the same lines of the cache.
  var columnPitch: Int { (size.height | 1) * group }

  private let row: LaneTransform<Scalar>
  private let column: LaneTransform<Scalar>
  /// exp(-2πi v / width) for each column of the half spectrum.
  private let roots: [Scalar]

  init(_ size: Extent, _ provider: TransformProvider, rigor: PlanningRigor) {
    precondition(size.width % 2 == 0, "a tile has an even width, so that its columns pair up, not \(size.width)")
    self.size = size
    rowPitch = Self.rowPitch(size)
    row = LaneTransform(count: size.width / 2, provider, rigor: rigor)
    column = LaneTransform(count: size.height, provider, rigor: rigor)
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

  /// Numbers of a tile of half spectra.
  static func count(_ size: Extent) -> Int { size.height * rowPitch(size) }

  /// Rows of the tile from planes to half spectra.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forwardRows(
    _ range: Range<Int>, _ tables: PlaceTables, _ work: TileWork<Scalar>, to scratch: UnsafeMutablePointer<Scalar>
  ) {
    let present = work.presentRows(range)
    var next = 0
    for y in range {
      if next < present.count && present[next] == y {
        next += 1
      } else {
        (scratch + y * rowPitch).initialize(repeating: 0, count: columns * group)
      }
    }
    work.forEachFewRows(present) { rows in
      Scalar.kernels.pointee.gather_rows(
        work.row, work.strips, work.pitch, work.lanes, rows.baseAddress, rows.count, tables.rowStride, size.width)
      row.execute(
        work.row, group, work.pairs, group, work: work.memory, inverse: false, repeats: rows.count,
        inputStep: work.rowCount, outputStep: half * group)
      roots.withUnsafeBufferPointer {
        Scalar.kernels.pointee.untangle(
          scratch, rowPitch, work.pairs, $0.baseAddress!, half, rows.baseAddress, rows.count)
      }
    }
  }

  /// Some columns from half-transformed to the spectrum, where they lie `slab` numbers apart.
  @inline(__always)
  func forwardColumns(
    _ range: Range<Int>, _ work: TileWork<Scalar>, from scratch: UnsafePointer<Scalar>,
    to spectrum: UnsafeMutablePointer<Scalar>, slab: Int = 0
  ) {
    column.execute(
      scratch + range.lowerBound * group, rowPitch, spectrum, group, work: work.memory, inverse: false,
      repeats: range.count, inputStep: group, outputStep: slab)
  }

  /// Back.
  @inline(__always)
  func inverseColumns(
    _ range: Range<Int>, _ work: TileWork<Scalar>, from spectrum: UnsafePointer<Scalar>, slab: Int = 0,
    to scratch: UnsafeMutablePointer<Scalar>
  ) {
    column.execute(
      spectrum, group, scratch + range.lowerBound * group, rowPitch, work: work.memory, inverse: true,
      repeats: range.count, inputStep: slab, outputStep: group)
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
    work.forEachFewRows(work.presentRows(range)) { rows in
      roots.withUnsafeBufferPointer {
        Scalar.kernels.pointee.tangle(
          work.pairs, scratch, rowPitch, $0.baseAddress!, half, rows.baseAddress, rows.count)
      }
      row.execute(
        work.pairs, group, work.row, group, work: work.memory, inverse: true, repeats: rows.count,
        inputStep: half * group, outputStep: work.rowCount)
      let finite = Scalar.kernels.pointee.scatter_rows(
        work.row, work.strips, work.pitch, work.lanes, rows.baseAddress, rows.count, tables.rowStride, size.width,
        work.least, adding)
      isFinite = isFinite && finite
    }
    return isFinite
  }
}

/// Rows of a tile that are there, by number.
typealias RowList = UnsafeBufferPointer<Int32>

/// What a thread works in.
final class TileWork<Scalar: FourierScalar> {
  /// Where the lanes of a group come from or go to.
  let lanes: UnsafeMutablePointer<sk_lane>
  /// What lanes give is no less than this.
  var least = -Double.infinity
  /// Columns of a row of places, in whole groups of lanes.
  let pitch: Int
  /// Numbers of a row of all lanes.
  let rowCount: Int
  /// Rows that are taken at once: few enough to stay in the first-level cache.
  private let rowsAtOnce: Int
  /// A row of each lane.
  let strips: UnsafeMutablePointer<Scalar>
  /// Some rows, and their pairs.
  let row: UnsafeMutablePointer<Scalar>
  let pairs: UnsafeMutablePointer<Scalar>
  /// Columns of spectra.
  let columns: (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>)
  let memory: UnsafeMutablePointer<Scalar>
  private let all: Scratch<Scalar>
  private let list: UnsafeMutableBufferPointer<Int32>

  init(_ size: Extent) {
    let lanes = LaneTransform<Scalar>.lanes
    self.lanes = .allocate(capacity: lanes)
    self.lanes.initialize(repeating: sk_lane(), count: lanes)
    all = Scratch(count: Self.count(size))
    list = .allocate(capacity: size.height)
    pitch = Self.pitch(size)
    rowCount = lanes * pitch
    rowsAtOnce = Self.rowsAtOnce(size)
    strips = all.base
    row = strips + rowCount
    pairs = row + rowsAtOnce * rowCount
    let column = size.height * 2 * lanes
    let first = pairs + rowsAtOnce * rowCount
    columns = (first, first + column)
    memory = first + 2 * column
  }

  deinit {
    lanes.deallocate()
    list.deallocate()
  }

  /// Whether any lane has a place.
  var hasAny: Bool { (0..<LaneTransform<Scalar>.lanes).contains { lanes[$0].plane != nil } }

  private static func pitch(_ size: Extent) -> Int {
    let lanes = LaneTransform<Scalar>.lanes
    return (size.width + lanes - 1) / lanes * lanes
  }

  private static func rowsAtOnce(_ size: Extent) -> Int {
    let bytes = LaneTransform<Scalar>.lanes * pitch(size) * MemoryLayout<Scalar>.stride
    return max(1, min(size.height, (8 << 10) / bytes))
  }

  static func count(_ size: Extent) -> Int {
    let lanes = LaneTransform<Scalar>.lanes
    return (2 * rowsAtOnce(size) + 1) * lanes * pitch(size)
      + 2 * size.height * 2 * lanes
      + max(LaneTransform<Scalar>.workCount(size.height), LaneTransform<Scalar>.workCount(size.width / 2))
  }

  /// The rows of a tile that any lane has a place for.
  func presentRows(_ range: Range<Int>) -> RowList {
    let count = sk_list_rows(
      list.baseAddress, lanes, LaneTransform<Scalar>.lanes, range.lowerBound, range.upperBound)
    return RowList(rebasing: list[..<count])
  }

  /// Calls `body` for some of the rows at a time.
  @inline(__always)
  func forEachFewRows(_ rows: RowList, _ body: (RowList) -> Void) {
    for first in stride(from: 0, to: rows.count, by: rowsAtOnce) {
      body(RowList(rebasing: rows[first..<min(rows.count, first + rowsAtOnce)]))
    }
  }
}

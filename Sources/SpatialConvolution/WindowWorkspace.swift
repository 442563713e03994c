import CKernels
import SpectralCore

/// The units that are computed together, equally far apart.
struct WindowUnits {
  let first: Int
  let count: Int
  let step: Int

  /// The unit of a lane; idle lanes have that of the last one.
  subscript(lane: Int) -> Int { first + min(lane, count - 1) * step }
}

extension PrefetchRegion {
  /// Some rows of the planes of some units; of units that are no neighbours all rows.
  init<Scalar: TensorScalar>(
    _ first: UnsafePointer<Scalar>, _ planes: GroupPlanes, _ units: WindowUnits, rows: Range<Int>
  ) {
    let start = first + units.first * planes.count * planes.pixels
    if units.step == 1 {
      self.init(start, planes, count: units.count * planes.count, rows: rows)
    } else {
      let (all, unit) = (planes.count * planes.height, units.step * planes.count * planes.height)
      self.init(start, GroupPlanes(count: 1, height: unit, width: planes.width), count: units.count, rows: 0..<all)
    }
  }
}

/// What a thread of a pass over single planes works in.
///
/// A class, for a struct would be copied with every closure.
final class WindowWorkspace<Scalar: TensorScalar> {
  /// Copies of rows of the operand.
  let band: Scratch<Scalar>
  /// Packed filters, or copies of rows of gradients.
  let factors: Scratch<Scalar>
  let sums: Scratch<Scalar>
  /// A plane of sums that were sent elsewhere.
  let folded: Scratch<Scalar>
  /// What sums begin with, in each lane.
  let start: Scratch<Scalar>
  let prefetch = Prefetch()
  private let terms: Int
  /// From one row of a band to the next, and from one term's rows to the next.
  private let (pitch, termPitch): (Int, Int)
  private let runs: Scratch<sk_column_run>
  /// Where the planes of an interleaved band's lanes begin.
  private let sources: Scratch<UnsafeRawPointer?>

  init(_ tiles: WindowTiles<Scalar>) {
    (terms, runs) = (tiles.terms, tiles.columns.runs)
    (pitch, termPitch) = (tiles.columns.pitch, tiles.bandHeight * tiles.columns.pitch)
    band = Scratch(count: tiles.bandCount)
    factors = Scratch(count: tiles.factorCount)
    sums = Scratch(count: tiles.sumCount)
    folded = Scratch(count: tiles.scatterCount)
    start = Scratch(count: tiles.lanes)
    sources = Scratch(count: tiles.lanes)
  }

  /// Where place 0 of a band would be, of which only the places that are not zero are copied.
  func places(_ filled: Range<Int>) -> UnsafeMutablePointer<Scalar> {
    band.base - filled.lowerBound * pitch
  }

  /// Copies what some units have in a band.
  ///
  /// - Parameter plane: Where the plane of a unit and a term begins.
  @inline(__always)
  func fill(
    _ units: WindowUnits, _ band: Int, _ rows: AxisBands, rowPitch: Int,
    plane: (_ unit: Int, _ term: Int) -> UnsafePointer<Scalar>
  ) {
    let filled = rows.filled(band)
    for term in 0..<terms {
      copyRows(
        units, lanes: sources.count, to: self.band.base + term * termPitch, pitch: pitch,
        rows: rows.sources(band) + filled.lowerBound, count: filled.count, rowPitch: rowPitch, runs
      ) { plane($0, term) }
    }
  }

  /// Copies rows of planes (`windows.h`): of one plane, or of a plane for each lane into interleaved columns.
  ///
  /// - Parameters:
  ///   - units: Whose planes stand in the lanes; lanes beyond them read what the last one reads.
  ///   - rows: The rows of a plane, and from one to the next.
  ///   - runs: What a copied row is filled with.
  @inline(__always)
  func copyRows(
    _ units: WindowUnits, lanes: Int, to band: UnsafeMutablePointer<Scalar>, pitch: Int, rows: UnsafePointer<Int32>,
    count: Int, rowPitch: Int, _ runs: Scratch<sk_column_run>, plane: (_ unit: Int) -> UnsafePointer<Scalar>
  ) {
    guard lanes > 1 else {
      return Scalar.kernels.pointee.fill_band(
        band, pitch, plane(units.first), rowPitch, rows, count, runs.base, runs.count)
    }
    for lane in 0..<lanes {
      sources.base[lane] = UnsafeRawPointer(plane(units[lane]))
    }
    Scalar.kernels.pointee.interleave_band(
      band, pitch, sources.base, rowPitch, rows, count, runs.base, runs.count)
  }
}

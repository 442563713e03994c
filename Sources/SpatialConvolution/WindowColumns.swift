import CKernels
import SpectralCore

/// Which columns of a band the taps of each column of sums see.
///
/// In a plain band a vector spans neighbouring columns of sums; if windows move by more than a column, those with the
/// same remainder stand together. In an interleaved one every column is a vector.
struct WindowColumns {
  /// The taps of one residue.
  struct Residue {
    let taps: WindowTaps
    /// Where the pixels of each tap begin, in numbers.
    let offsets: Scratch<Int32>
    /// For each block of columns, the taps that see anything.
    let ranges: Scratch<Int32>
    /// Where sums are added that a boundary or a stride sends elsewhere.
    let targets: Scratch<sk_column_run>
  }

  let isInterleaved: Bool
  /// Columns of sums.
  let positions: Int
  /// Columns of sums of a block.
  let blockColumns: Int
  /// From the pixels of one column of sums to those of the next; in a plain band, of one vector to the next.
  let columnStep: Int
  /// Numbers of a row of a band.
  let pitch: Int
  /// What a row of a band is filled with.
  let runs: Scratch<sk_column_run>
  let residues: [Residue]

  /// The bytes of the tables.
  var byteCount: Int {
    residues.reduce(Scratch<sk_column_run>.byteCount(runs.count)) { bytes, residue in
      bytes + Scratch<Int32>.byteCount(residue.offsets.count) + Scratch<Int32>.byteCount(residue.ranges.count)
        + Scratch<sk_column_run>.byteCount(residue.targets.count)
    }
  }

  /// - Parameters:
  ///   - width: Numbers of a vector.
  ///   - vectors: Vectors of a block.
  init(_ axis: SlidingAxis, interleaved: Bool, width: Int, vectors: Int) {
    isInterleaved = interleaved
    positions = axis.positions
    blockColumns = interleaved ? vectors : vectors * width
    columnStep = interleaved ? axis.step * width : width
    let taps = axis.residues.map { WindowTaps($0.taps, step: axis.step) }
    let runs: [sk_column_run]
    let offset: (Int) -> Int
    if interleaved {
      let places = axis.places(axis.positions)
      runs = Array(columns: places, interior: axis.interior) { axis.source($0) }
      offset = { $0 * width }
      // An odd number of vectors, so that columns do not crowd the same sets of the cache.
      pitch = (places | 1) * width
    } else {
      let remainders = Array(Set(taps.flatMap(\.places).map { $0 % axis.step })).sorted()
      let length = axis.positions + taps.flatMap(\.places).map { $0 / axis.step }.max()!
      // Vectors of sums may reach beyond the last column.
      let used = (remainders.count - 1) * length + length + width
      let interior = axis.interior
      let known =
        axis.step == 1 ? interior.lowerBound - remainders[0]..<interior.upperBound - remainders[0] : 0..<0
      runs = Array(columns: used, interior: known.clamped(to: 0..<length)) { column in
        let (part, place) = column.quotientAndRemainder(dividingBy: length)
        return part < remainders.count ? axis.source(place * axis.step + remainders[part]) : nil
      }
      offset = { remainders.firstIndex(of: $0 % axis.step)! * length + $0 / axis.step }
      // Room for what filling writes beyond the end, and an odd number of vectors.
      pitch = ((used + 2 * width - 1) / width | 1) * width
    }
    self.runs = Scratch(runs)
    let places = 0..<axis.places(axis.positions)
    let first = places.first { axis.source($0) != nil } ?? .max
    let last = places.last { axis.source($0) != nil } ?? .min
    let blockColumns = blockColumns
    residues = zip(axis.residues, taps).map { residue, taps in
      var ranges: [Int32] = []
      ranges.reserveCapacity(2 * ((axis.positions + blockColumns - 1) / blockColumns))
      for start in stride(from: 0, to: axis.positions, by: blockColumns) {
        let end = min(axis.positions, start + blockColumns)
        let seeing = first > last ? 0..<0 : taps.taps(from: first - (end - 1) * axis.step, to: last - start * axis.step)
        ranges.append(Int32(seeing.lowerBound))
        ranges.append(Int32(seeing.upperBound))
      }
      return Residue(
        taps: taps, offsets: Scratch(taps.places.map { Int32(offset($0)) }), ranges: Scratch(ranges),
        targets: Scratch(axis.scatters ? [sk_column_run](columns: axis.positions) { axis.target(residue, $0) } : []))
    }
  }
}

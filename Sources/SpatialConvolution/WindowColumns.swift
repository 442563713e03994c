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
    /// The columns that are summed together, and the taps with which they see anything.
    let blocks: Scratch<sk_column_block>
    /// Where sums are added that a boundary or a stride sends elsewhere.
    let targets: Scratch<sk_column_run>
  }

  /// Columns of sums.
  let positions: Int
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
      bytes + Scratch<Int32>.byteCount(residue.offsets.count) + Scratch<sk_column_block>.byteCount(residue.blocks.count)
        + Scratch<sk_column_run>.byteCount(residue.targets.count)
    }
  }

  /// - Parameters:
  ///   - width: Numbers of a vector.
  ///   - vectors: The most vectors of a block.
  ///   - exact: Whether blocks are chosen so that few products are multiplied in vain, not all as large as they may be.
  init(_ axis: SlidingAxis, interleaved: Bool, exact: Bool, width: Int, vectors: Int) {
    positions = axis.positions
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
    let most = interleaved ? vectors : vectors * width
    residues = zip(axis.residues, taps).map { residue, taps in
      func block(_ start: Int, _ end: Int) -> sk_column_block {
        let seeing = first > last ? 0..<0 : taps.taps(from: first - (end - 1) * axis.step, to: last - start * axis.step)
        return sk_column_block(
          columns: Int32(end - start), first_tap: Int32(seeing.lowerBound), end_tap: Int32(seeing.upperBound))
      }
      let starts =
        exact && axis.positions <= 128
        ? Self.starts(axis.positions, most, block) : Array(stride(from: 0, to: axis.positions, by: most))
      let blocks = zip(starts, starts.dropFirst() + [axis.positions]).map(block)
      return Residue(
        taps: taps, offsets: Scratch(taps.places.map { Int32(offset($0)) }), blocks: Scratch(blocks),
        targets: Scratch(axis.scatters ? [sk_column_run](columns: axis.positions) { axis.target(residue, $0) } : []))
    }
  }

  /// Where blocks of columns begin if the fewest products are multiplied in vain: near a border neighbouring columns see
  /// something with other taps. To begin a block takes half as long as a tap of a column.
  private static func starts(_ columns: Int, _ most: Int, _ block: (Int, Int) -> sk_column_block) -> [Int] {
    var (costs, starts) = ([0], [0])
    for end in 1...columns {
      func cost(_ start: Int) -> Int {
        let block = block(start, end)
        return costs[start] + 2 * Int(block.columns * (block.end_tap - block.first_tap)) + 1
      }
      let start = (max(0, end - most)..<end).min { cost($0) < cost($1) }!
      costs.append(cost(start))
      starts.append(start)
    }
    return Array(sequence(first: starts[columns]) { $0 > 0 ? starts[$0] : nil }).reversed()
  }
}

/// The frequencies of a discrete transform of H x W pixels, of which the columns 0 ... W/2 are kept.
struct FrequencyGrid: Sendable {
  let height: Int
  let width: Int
  /// Of the kept columns, cycles per pixel, 0 to at most 0.5; and on with the same step up to `pitch` columns.
  let columns: [Double]
  /// Of the rows, from 0 up to 0.5 and then from below -0.5 back to 0.
  let rows: [Double]

  /// - Parameter pitch: The columns to have frequencies for, at least those that are kept.
  init(height: Int, width: Int, pitch: Int? = nil) {
    (self.height, self.width) = (height, width)
    columns = (0..<(pitch ?? width / 2 + 1)).map { Double($0) / Double(width) }
    rows = (0..<height).map { Double(2 * $0 <= height ? $0 : $0 - height) / Double(height) }
  }

  /// The columns that are kept.
  var half: Int { width / 2 + 1 }
  /// The row that stands for 0.5 and for -0.5 cycles per pixel at once; odd heights have none.
  var nyquistRow: Int? { height % 2 == 0 ? height / 2 : nil }
  /// The column that stands for 0.5 and for -0.5 cycles per pixel at once; odd widths have none.
  var nyquistColumn: Int? { width % 2 == 0 ? width / 2 : nil }
}

extension FilterExpression {
  /// The response that a bin of a transform gets: the mean over all frequencies that it stands for, and over their
  /// opposites where those could differ. So opposite bins get the same, and real images stay real.
  func value(_ grid: FrequencyGrid, row: Int, column: Int) -> Double {
    let (fx, fy) = (grid.columns[column], grid.rows[row])
    let xs = column == grid.nyquistColumn ? [fx, -fx] : [fx]
    let ys = row == grid.nyquistRow ? [fy, -fy] : [fy]
    let mirrors: [Double] = symmetry == .none ? [1, -1] : [1]
    var sum = 0.0
    for sign in mirrors { for y in ys { for x in xs { sum += value(sign * x, sign * y) } } }
    return sum / Double(mirrors.count * xs.count * ys.count)
  }
}

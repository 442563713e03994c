import Foundation
import SpectralCore

extension Kernel {
  /// What a kernel becomes when it is turned by 180 degrees about its middle.
  public enum Parity: String, Sendable {
    /// Itself: the response is real, but for a shift of half a pixel where a size is even.
    case even
    /// Its negative: the response is imaginary, but for that shift.
    case odd
    /// Something else.
    case none
  }

  /// What a kernel becomes when it is turned by 180 degrees about its middle. Differences of rounding do not count.
  public var parity: Parity {
    if matches({ (height - 1 - $0, width - 1 - $1) }) { return .even }
    return matches(factor: -1) { (height - 1 - $0, width - 1 - $1) } ? .odd : .none
  }

  /// Whether left and right are the same. Differences of rounding do not count.
  public var isSameLeftAndRight: Bool { matches { ($0, width - 1 - $1) } }
  /// Whether top and bottom are the same. Differences of rounding do not count.
  public var isSameTopAndBottom: Bool { matches { (height - 1 - $0, $1) } }
  /// Whether rows and columns are the same. Differences of rounding do not count.
  public var isSameTransposed: Bool { height == width && matches { ($1, $0) } }

  private func matches(factor: Double = 1, _ other: (Int, Int) -> (Int, Int)) -> Bool {
    let tolerance = roundingTolerance
    return taps.withUnsafeElements { taps in
      taps.indices.allSatisfy { place in
        let (row, column) = other(place / width, place % width)
        return abs(taps[place] - factor * taps[row * width + column]) <= tolerance
      }
    }
  }

  /// What rounding may do to a tap that took a few operations.
  private var roundingTolerance: Double { 16 * Double.unitRoundoff * taps.maximumMagnitude }

  /// The column and the row whose products are the taps, if there are such: then an image can be convolved with one
  /// after the other, in kH + kW steps a pixel instead of kH times kW.
  ///
  /// The taps have rank 1 if they are the product of the row and the column through the largest tap, divided by that
  /// tap. Differences of rounding do not count. The column is scaled to have the largest tap's root as its largest number,
  /// or the smallest whole numbers, where row and column are whole.
  public var factors: (column: [Double], row: [Double])? {
    taps.withUnsafeElements { taps in
      guard let pivot = taps.indices.max(by: { abs(taps[$0]) < abs(taps[$1]) }), taps[pivot] != 0 else { return nil }
      let (pivotRow, pivotColumn) = (pivot / width, pivot % width)
      let row = Array(taps[pivotRow * width..<(pivotRow + 1) * width])
      let column = (0..<height).map { taps[$0 * width + pivotColumn] / taps[pivot] }
      let tolerance = roundingTolerance
      for (r, factor) in column.enumerated() {
        for c in 0..<width where abs(taps[r * width + c] - factor * row[c]) > tolerance { return nil }
      }
      return Self.balanced(column, row)
    }
  }

  /// The same product with whole numbers, if there are small ones, else with equally large factors.
  private static func balanced(_ column: [Double], _ row: [Double]) -> (column: [Double], row: [Double]) {
    func isWhole(_ numbers: [Double]) -> Bool { numbers.allSatisfy { $0 == $0.rounded() } }
    if isWhole(row), let divisor = greatestCommonDivisor(row) {
      for factor in 1...64 {
        let multiples = column.map { ($0 * Double(factor) * 0x1p40).rounded() * 0x1p-40 }
        if divisor % factor == 0, isWhole(multiples) { return (multiples, row.map { $0 / Double(factor) }) }
      }
    }
    let (tall, wide) = (column.map(abs).max()!, row.map(abs).max()!)
    let factor = (wide / tall).squareRoot()
    return (column.map { $0 * factor }, row.map { $0 / factor })
  }

  private static func greatestCommonDivisor(_ numbers: [Double]) -> Int? {
    guard numbers.allSatisfy({ abs($0) < 0x1p31 }) else { return nil }
    var divisor = 0
    for number in numbers {
      var (a, b) = (divisor, Int(abs(number)))
      while b != 0 { (a, b) = (b, a % b) }
      divisor = a
    }
    return divisor
  }
}

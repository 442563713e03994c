import Layers
import Tensors

/// A place where a template fits.
public struct Match: Hashable, Sendable {
  /// The row of the image at which the template's first row lies.
  public let row: Int
  /// The column of the image at which the template's first column lies.
  public let column: Int
  /// The same between the pixels: the summit of the parabola through the scores above, here and below.
  public let exactRow: Double
  /// The same between the pixels: the summit of the parabola through the scores left, here and right.
  public let exactColumn: Double
  /// How well it fits.
  public let score: Double
}

/// Summits of a map of scores.
enum PeakSearch {
  /// The highest summits of at least a threshold, the best first, no two within a distance of each other (non-maximum
  /// suppression). Of equal ones the first by rows comes first.
  ///
  /// - Parameters:
  ///   - scores: `[H, W]`.
  ///   - separation: Two matches are at least so far apart in rows, or so far in columns.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func matches<Scalar: TensorScalar>(
    in scores: Tensor<Scalar>, count: Int, threshold: Double, separation: Extent
  ) -> [Match] {
    let (height, width) = (scores.shape[0], scores.shape[1])
    return scores.withUnsafeElements { s in
      let s = s.baseAddress!
      var summits: [Int] = []
      for row in 0..<height {
        for column in 0..<width where Double(s[row * width + column]) >= threshold {
          if isSummit(s, row, column, height, width) { summits.append(row * width + column) }
        }
      }
      summits.sort { s[$0] != s[$1] ? s[$0] > s[$1] : $0 < $1 }
      var found: [Match] = []
      for place in summits {
        guard found.count < count else { break }
        let (row, column) = (place / width, place % width)
        guard
          found.allSatisfy({
            abs($0.row - row) >= separation.height || abs($0.column - column) >= separation.width
          })
        else { continue }
        let exactRow =
          row > 0 && row < height - 1 ? summit(Double(s[place - width]), Double(s[place]), Double(s[place + width])) : 0
        let exactColumn =
          column > 0 && column < width - 1 ? summit(Double(s[place - 1]), Double(s[place]), Double(s[place + 1])) : 0
        found.append(
          Match(
            row: row, column: column, exactRow: Double(row) + exactRow, exactColumn: Double(column) + exactColumn,
            score: Double(s[place])))
      }
      return found
    }
  }

  /// Where a parabola through three values at -1, 0, 1 is highest, if the middle one is the largest.
  static func summit(_ before: Double, _ here: Double, _ after: Double) -> Double {
    let curvature = before - 2 * here + after
    return curvature < 0 ? min(max(0.5 * (before - after) / curvature, -0.5), 0.5) : 0
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func isSummit<Scalar: TensorScalar>(
  _ s: UnsafePointer<Scalar>, _ row: Int, _ column: Int, _ height: Int, _ width: Int
) -> Bool {
  let value = s[row * width + column]
  for y in max(0, row - 1)...min(height - 1, row + 1) {
    for x in max(0, column - 1)...min(width - 1, column + 1) where s[y * width + x] > value { return false }
  }
  return true
}

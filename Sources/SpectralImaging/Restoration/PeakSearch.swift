import SpectralConvolution
import SpectralCore

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

/// The local maxima of a map of scores.
struct PeakSearch<Scalar: TensorScalar> {
  /// A local maximum. The higher score comes first, of equal ones the first by rows.
  struct Place: Comparable {
    let row: Int
    let column: Int
    let score: Double

    static func < (a: Place, b: Place) -> Bool {
      a.score != b.score ? a.score > b.score : (a.row, a.column) < (b.row, b.column)
    }
  }

  /// `[H, W]`.
  private let scores: Tensor<Scalar>

  init(_ scores: Tensor<Scalar>) { self.scores = scores }

  /// All local maxima of at least a threshold, the best first.
  func places(atLeast threshold: Double) -> [Place] {
    let (height, width) = (scores.shape[0], scores.shape[1])
    return scores.withUnsafeElements { s in
      summits(s, height, width, threshold)
        .map { Place(row: $0 / width, column: $0 % width, score: Double(s[$0])) }
    }.sorted()
  }

  /// The first of some sorted places, no two within a distance of each other (non-maximum suppression).
  ///
  /// - Parameter separation: Two matches are at least so far apart in rows, or so far in columns.
  func matches(_ places: [Place], count: Int, separation: Extent) -> [Match] {
    let (height, width) = (scores.shape[0], scores.shape[1])
    return scores.withUnsafeElements { s in
      var found: [Match] = []
      for place in places {
        guard found.count < count else { break }
        let (row, column) = (place.row, place.column)
        guard
          found.allSatisfy({
            abs($0.row - row) >= separation.height || abs($0.column - column) >= separation.width
          })
        else { continue }
        let middle = row * width + column
        let exactRow =
          row > 0 && row < height - 1
          ? vertex(Double(s[middle - width]), Double(s[middle]), Double(s[middle + width])) : 0
        let exactColumn =
          column > 0 && column < width - 1
          ? vertex(Double(s[middle - 1]), Double(s[middle]), Double(s[middle + 1])) : 0
        found.append(
          Match(
            row: row, column: column, exactRow: Double(row) + exactRow, exactColumn: Double(column) + exactColumn,
            score: place.score))
      }
      return found
    }
  }

  /// Where a parabola through three values at -1, 0, 1 is highest, if the middle one is the largest.
  private func vertex(_ before: Double, _ here: Double, _ after: Double) -> Double {
    let curvature = before - 2 * here + after
    return curvature < 0 ? min(max(0.5 * (before - after) / curvature, -0.5), 0.5) : 0
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func summits<Scalar: TensorScalar>(
  _ s: UnsafeBufferPointer<Scalar>, _ height: Int, _ width: Int, _ threshold: Double
) -> [Int] {
  var summits: [Int] = []
  for row in 0..<height {
    for column in 0..<width where Double(s[row * width + column]) >= threshold {
      if isSummit(s.baseAddress!, row, column, height, width) { summits.append(row * width + column) }
    }
  }
  return summits
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

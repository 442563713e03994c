import SpectralConvolution
import SpectralCore

/// Σ (x - mean)² over the window at every place, by sums that run along with it (J. P. Lewis, "Fast normalized
/// cross-correlation", Vision Interface, 1995).
///
/// A window's sums are those of its left neighbour, plus a column, less a column; a column's are those of the one above,
/// plus a pixel, less a pixel. All in Double; each block of rows begins afresh, so that rounding does not pile up, and
/// blocks do not wait for each other.
enum LocalSums {
  private static let block = 64

  /// The energies of all windows, summed over the planes; 0 where there is nothing but rounding.
  ///
  /// - Parameters:
  ///   - planes: `[C, H, W]`.
  ///   - window: At most H x W.
  /// - Returns: `[H - h + 1, W - w + 1]`.
  static func energies<Scalar: TensorScalar>(_ planes: Tensor<Scalar>, window: Extent) -> Tensor<Double> {
    let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
    let (rows, columns) = (height - window.height + 1, width - window.width + 1)
    var energies = Tensor<Double>.zeros([rows, columns])
    energies.withUnsafeMutableElements { target in
      nonisolated(unsafe) let target = target.baseAddress!
      planes.withUnsafeElements { source in
        nonisolated(unsafe) let source = source.baseAddress!
        for channel in 0..<channels {
          let plane = source + channel * height * width
          // Less to cancel when the squares are subtracted.
          let mean =
            sumOverRows(height, grain: block) { row in doubleSum(plane + row * width, width) }
            / Double(height * width)
          let largest = largestDistance(plane, height * width, from: mean)
          // No sum of squares exceeds n largest², and each is the outcome of so many additions, each rounded once.
          let additions = Double(width + window.width + 2 * block + window.height)
          let rounding =
            additions * Double.unitRoundoff * Double(window.height * window.width) * largest * largest
          Parallel.forEach(
            (rows + block - 1) / block, workspace: { [Double](repeating: 0, count: 2 * width) }
          ) { index, sums in
            let range = index * block..<min(rows, (index + 1) * block)
            add(plane, width, range, window, mean, rounding, &sums, columns, to: target)
          }
        }
      }
    }
    return energies
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func doubleSum<Scalar: TensorScalar>(_ row: UnsafePointer<Scalar>, _ count: Int) -> Double {
  var sum = 0.0
  for i in 0..<count { sum += Double(row[i]) }
  return sum
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func largestDistance<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ count: Int, from mean: Double
) -> Double {
  var largest = 0.0
  for i in 0..<count { largest = max(largest, abs(Double(x[i]) - mean)) }
  return largest
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func add<Scalar: TensorScalar>(
  _ plane: UnsafePointer<Scalar>, _ width: Int, _ rows: Range<Int>, _ window: Extent, _ mean: Double,
  _ rounding: Double, _ columnSums: inout [Double], _ columns: Int, to energies: UnsafeMutablePointer<Double>
) {
  let pixels = Double(window.height * window.width)
  columnSums.withUnsafeMutableBufferPointer { columnSums in
    let sums = columnSums.baseAddress!
    let squares = sums + width
    func include(_ row: Int, _ sign: Double) {
      let x = plane + row * width
      for j in 0..<width {
        let value = Double(x[j]) - mean
        sums[j] += sign * value
        squares[j] += sign * value * value
      }
    }
    for j in 0..<2 * width { sums[j] = 0 }
    for row in rows.lowerBound..<rows.lowerBound + window.height { include(row, 1) }
    for row in rows {
      if row > rows.lowerBound {
        include(row + window.height - 1, 1)
        include(row - 1, -1)
      }
      var (sum, square) = (0.0, 0.0)
      for j in 0..<window.width - 1 {
        sum += sums[j]
        square += squares[j]
      }
      let target = energies + row * columns
      for column in 0..<columns {
        sum += sums[column + window.width - 1]
        square += squares[column + window.width - 1]
        let energy = square - sum * sum / pixels
        if energy > rounding { target[column] += energy }
        sum -= sums[column]
        square -= squares[column]
      }
    }
  }
}

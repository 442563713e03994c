import Foundation
import SpectralCore

/// Weights over an image, each the product of one for its row and one for its column.
struct SeparableWindow: Sendable {
  let vertical: [Double]
  let horizontal: [Double]

  /// A raised cosine: 1 in the middle, almost 0 at the border, so that the border leaves no cross in the spectrum.
  ///
  /// A wave's peak under it is four bins wide; off the peak it falls with the sixth power of the distance.
  static func hann(height: Int, width: Int) -> SeparableWindow {
    func weights(_ count: Int) -> [Double] {
      (0..<count).map { 0.5 - 0.5 * cos(2 * Double.pi * (Double($0) + 0.5) / Double(count)) }
    }
    return SeparableWindow(vertical: weights(height), horizontal: weights(width))
  }

  /// The sum of all weights.
  var sum: Double { vertical.reduce(0, +) * horizontal.reduce(0, +) }

  /// The weight of a pixel.
  func weight(_ row: Int, _ column: Int) -> Double { vertical[row] * horizontal[column] }

  /// A plane less its weighted mean, times the window, and the sum of the squared weights.
  ///
  /// - Parameter plane: `[H, W]`.
  func applied<Scalar: TensorScalar>(to plane: Tensor<Scalar>) -> (plane: Tensor<Scalar>, energy: Double) {
    let (height, width) = (vertical.count, horizontal.count)
    let grain = max(1, (1 << 14) / width)
    let windowed = plane.withUnsafeElements { source in
      nonisolated(unsafe) let source = source.baseAddress!
      let sum = sumOverRows(height, grain: grain) { vertical[$0] * weighted(source + $0 * width, horizontal) }
      let mean = sum / self.sum
      return Tensor<Scalar>([height, width]) { target in
        nonisolated(unsafe) let target = target.baseAddress!
        Parallel.forEach(height, grain: grain) { row in
          weigh(source + row * width, minus: mean, horizontal, times: vertical[row], to: target + row * width)
        }
      }
    }
    func squares(_ weights: [Double]) -> Double { weights.reduce(0) { $0 + $1 * $1 } }
    return (windowed, squares(vertical) * squares(horizontal))
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func weighted<Scalar: TensorScalar>(_ row: UnsafePointer<Scalar>, _ weights: [Double]) -> Double {
  var sum = 0.0
  for i in weights.indices { sum += Double(row[i]) * weights[i] }
  return sum
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func weigh<Scalar: TensorScalar>(
  _ row: UnsafePointer<Scalar>, minus mean: Double, _ weights: [Double], times factor: Double,
  to target: UnsafeMutablePointer<Scalar>
) {
  for i in weights.indices { target[i] = Scalar((Double(row[i]) - mean) * weights[i] * factor) }
}

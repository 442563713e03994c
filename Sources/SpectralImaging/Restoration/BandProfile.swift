import Foundation
import SpectralCore
import SpectralTransforms

/// The slope of images from row to row, or from column to column, as the median across: bands of uneven brightness have
/// it in every pixel of a row. The edges of things are in few, whatever their size, and leave the median as it is.
///
/// So bands can be told from a picture's own waves of that length, which in the spectrum are as strong.
struct BandProfile: Sendable {
  /// How often the strongest wave of a profile must exceed the usual one. In sixteen photographs, their quarters and
  /// their ninths it is at most 9 times as strong, but 15 times in parts of less than 128 pixels. Bands of an amplitude
  /// of 0.15 that were added, of three and a half periods and more, came to 9 and more, soft ones to 12 and more.
  static let least = 10.0
  /// The least side in which that holds.
  static let leastSide = 128

  /// The magnitudes of the profile's spectrum under a Hann window.
  private let magnitudes: [Double]
  /// Their median at long waves.
  private let usual: Double
  /// Periods along the side from one magnitude to the next.
  private let step: Double

  /// - Parameters:
  ///   - planes: `[C, H, W]`.
  ///   - weights: How much each pixel counts, `[H, W]`; those of less than a half are left out.
  ///   - isVertical: Whether slopes are from row to row, else from column to column.
  init<Scalar: FourierScalar>(_ planes: Tensor<Scalar>, _ weights: Tensor<Float>?, isVertical: Bool) {
    let (height, width) = (planes.shape[1], planes.shape[2])
    let count = (isVertical ? height : width) - 1
    var slopes = [Double](repeating: 0, count: count)
    slopes.withUnsafeMutableBufferPointer { slopes in
      nonisolated(unsafe) let slopes = slopes
      planes.withUnsafeElements { x in
        nonisolated(unsafe) let x = x
        Parallel.forEach(count, grain: 16) { place in
          for plane in 0..<planes.shape[0] {
            let own = UnsafeBufferPointer(rebasing: x[plane * height * width..<(plane + 1) * height * width])
            slopes[place] += medianSlope(own, weights, height, width, place, isVertical: isVertical)
          }
        }
      }
    }
    let mean = slopes.reduce(0, +) / Double(count)
    // Some four magnitudes to a period.
    let points = FastSize.next(4 * (count + 1))
    var padded = [Double](repeating: 0, count: points)
    for i in 0..<count {
      padded[i] = (slopes[i] - mean) * (0.5 - 0.5 * cos(2 * Double.pi * (Double(i) + 0.5) / Double(count)))
    }
    var spectrum = [Double](repeating: 0, count: 2 * (points / 2 + 1))
    RealTransform<Double>(size: [points]).forward(padded, &spectrum)
    let magnitudes = (0...points / 2).map { hypot(spectrum[2 * $0], spectrum[2 * $0 + 1]) }
    let step = Double(count + 1) / Double(points)
    let most = min(60, Double(count + 1) / 4)
    var long = magnitudes.indices.filter { (1.5...most).contains(Double($0) * step) }.map { Float(magnitudes[$0]) }
    (self.magnitudes, self.step) = (magnitudes, step)
    usual = long.isEmpty ? 0 : Double(RobustBackground.median(&long))
  }

  /// The strongest wave within half a period of so many: its periods from one side to the other, and how often it
  /// exceeds the usual one.
  func strongest(near periods: Double) -> (periods: Double, prominence: Double) {
    let range = Int(((periods - 0.5) / step).rounded(.up))...Int((periods + 0.5) / step)
    let best = range.clamped(to: 1...magnitudes.count - 2).max { magnitudes[$0] < magnitudes[$1] }!
    // The summit of the parabola through it and its neighbours.
    let (before, here, after) = (magnitudes[best - 1], magnitudes[best], magnitudes[best + 1])
    let curvature = before - 2 * here + after
    let offset = curvature < 0 ? min(max(0.5 * (before - after) / curvature, -0.5), 0.5) : 0
    return ((Double(best) + offset) * step, usual > 0 ? here / usual : 0)
  }
}

/// The median of the differences between two neighbouring rows, or columns.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func medianSlope<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ weights: Tensor<Float>?, _ height: Int, _ width: Int, _ place: Int,
  isVertical: Bool
) -> Double {
  let (step, pitch, count) = isVertical ? (width, 1, width) : (1, width, height)
  let start = place * step
  var differences: [Float] = []
  differences.reserveCapacity(count)
  if let weights {
    weights.withUnsafeElements { weights in
      for i in 0..<count {
        let here = start + i * pitch
        guard min(weights[here], weights[here + step]) >= 0.5 else { continue }
        differences.append(Float(x[here + step] - x[here]))
      }
    }
  } else {
    for i in 0..<count { differences.append(Float(x[start + i * pitch + step] - x[start + i * pitch])) }
  }
  return differences.isEmpty ? 0 : Double(RobustBackground.median(&differences))
}

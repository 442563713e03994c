import Foundation
import SpectralTransforms
import SpectralCore

/// Takes a wave of known frequency away from a plane.
///
/// Amplitude and phase are those that fit best, by least squares under a Hann window. This leaves no trace at the border,
/// where a notch would: a filter sees the wave end there, and an ending wave has more than one frequency.
struct WaveSubtraction {
  private let height: Int
  private let width: Int
  private let window: SeparableWindow

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    window = SeparableWindow.hann(height: height, width: width)
  }

  /// The mean of weights `[H, W]` under the window.
  func share(_ weights: Tensor<Float>) -> Double {
    weights.withUnsafeElements { weights in
      var sum = 0.0
      for row in 0..<height {
        for column in 0..<width { sum += Double(weights[row * width + column]) * window.weight(row, column) }
      }
      return sum / window.sum
    }
  }

  /// Subtracts the wave's best fit.
  ///
  /// - Parameters:
  ///   - plane: `[H, W]`.
  ///   - weights: How much each pixel counts besides the window, `[H, W]`; nil for all alike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func subtract<Scalar: TensorScalar>(
    _ wave: PeriodicNoise.Wave, from plane: inout Tensor<Scalar>, _ weights: Tensor<Float>? = nil
  ) {
    let (height, width) = (height, width)
    let (rows, columns) = (Turns(wave.fy, height), Turns(wave.fx, width))
    let windowed = window.applied(to: plane).plane
    // The normal equations of x ≈ a cos + b sin, over weighted pixels.
    var (xc, xs, cc, cs, ss) = (0.0, 0.0, 0.0, 0.0, 0.0)
    windowed.withUnsafeElements { x in
      for row in 0..<height {
        for column in 0..<width {
          let (c, s) = rows.product(columns, row, column)
          let share = weights.map { Double($0[row, column]) } ?? 1
          let (value, weight) = (share * Double(x[row * width + column]), share * window.weight(row, column))
          xc += value * c
          xs += value * s
          cc += weight * c * c
          cs += weight * c * s
          ss += weight * s * s
        }
      }
    }
    // At half a cycle per pixel there is a cosine only.
    let determinant = cc * ss - cs * cs
    let (a, b) =
      determinant > 1e-9 * cc * cc
      ? ((xc * ss - xs * cs) / determinant, (xs * cc - xc * cs) / determinant) : (xc / cc, 0)
    plane.withUnsafeMutableElements { x in
      nonisolated(unsafe) let x = x.baseAddress!
      Parallel.forEach(height, grain: max(1, (1 << 14) / width)) { row in
        for column in 0..<width {
          let (c, s) = rows.product(columns, row, column)
          x[row * width + column] -= Scalar(a * c + b * s)
        }
      }
    }
  }

  /// The cosines and sines of a frequency along an axis.
  private struct Turns {
    let cosines: [Double]
    let sines: [Double]

    init(_ frequency: Double, _ count: Int) {
      let angles = (0..<count).map { 2 * Double.pi * frequency * Double($0) }
      (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
    }

    /// Cosine and sine of the sum of two angles.
    @inline(__always)
    func product(_ other: Turns, _ row: Int, _ column: Int) -> (Double, Double) {
      let (c, s, d, t) = (cosines[row], sines[row], other.cosines[column], other.sines[column])
      return (c * d - s * t, s * d + c * t)
    }
  }
}

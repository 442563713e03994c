import Foundation
import SpectralTransforms
import SpectralCore

/// The power of images at each frequency under a Hann window, averaged over their planes, as logarithms.
struct PowerSpectrum: Sendable {
  let height: Int
  let width: Int
  /// Columns that are kept; the rest is Hermitian.
  var half: Int { width / 2 + 1 }
  /// ln |X|², `[H, W/2 + 1]`, of transforms divided by the sum of the window: a wave of amplitude a peaks at ln (a²/4).
  let logarithms: [Float]

  /// - Parameter images: `[..., H, W]`.
  init<Scalar: FourierScalar>(of images: Tensor<Scalar>) {
    let (height, width) = (images.shape[-2], images.shape[-1])
    let half = width / 2 + 1
    let planes = images.count / (height * width)
    let window = SeparableWindow.hann(height: height, width: width)
    let transform = RealTransform2D<Scalar>(height: height, width: width)
    let stack = images.reshaped(to: [planes, height, width])
    var power = [Float](repeating: 0, count: height * half)
    let factor = 1 / (window.sum * window.sum * Double(planes))
    for plane in 0..<planes {
      let windowed = window.applied(to: stack.rows(plane..<plane + 1).reshaped(to: [height, width])).plane
      let spectrum = transform.forward(windowed)
      power.withUnsafeMutableBufferPointer { power in
        nonisolated(unsafe) let power = power.baseAddress!
        spectrum.values.withUnsafeElements { x in
          nonisolated(unsafe) let x = x.baseAddress!
          Parallel.forEach(height, grain: max(1, (1 << 14) / half)) { row in
            addPower(x + 2 * row * half, half, times: factor, to: power + row * half)
          }
        }
      }
    }
    power.withUnsafeMutableBufferPointer { power in
      nonisolated(unsafe) let power = power
      Parallel.forEach(height, grain: max(1, (1 << 12) / half)) { row in
        for i in row * half..<(row + 1) * half { power[i] = log(max(power[i], .leastNormalMagnitude)) }
      }
    }
    (self.height, self.width, logarithms) = (height, width, power)
  }

  /// The value in any row and column, wrapped around and taken from the twin where it is not kept.
  subscript(row: Int, column: Int) -> Float {
    var (row, column) = ((row % height + height) % height, (column % width + width) % width)
    if column >= half { (row, column) = ((height - row) % height, width - column) }
    return logarithms[row * half + column]
  }

  /// The signed frequency of a row, in cycles per pixel.
  func verticalFrequency(_ row: Double) -> Double {
    row > Double(height) / 2 ? row / Double(height) - 1 : row / Double(height)
  }

  /// The distance of a bin from zero, in cycles per pixel.
  func distance(_ row: Int, _ column: Int) -> Double {
    hypot(Double(min(row, height - row)) / Double(height), Double(column) / Double(width))
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addPower<Scalar: TensorScalar>(
  _ row: UnsafePointer<Scalar>, _ count: Int, times factor: Double, to power: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    let (a, b) = (Double(row[2 * i]), Double(row[2 * i + 1]))
    power[i] += Float((a * a + b * b) * factor)
  }
}

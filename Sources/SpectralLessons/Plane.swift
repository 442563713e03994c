import Foundation
import SpectralKit

/// Pictures of planes of numbers, `[H, W]`.
package enum Plane {
  /// Black to white over a range; what lies outside of it is clipped.
  package static func grey(_ plane: Tensor<Double>, _ range: ClosedRange<Double>) -> RasterImage {
    let width = max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
    return RasterImage(
      pixels: plane.map { min(max(($0 - range.lowerBound) / width, 0), 1) }.converted()
        .reshaped(to: [1, plane.shape[0], plane.shape[1]]))
  }

  /// From the smallest value to the largest.
  package static func grey(_ plane: Tensor<Double>) -> RasterImage {
    let values = plane.elements
    return grey(plane, (values.min() ?? 0)...(values.max() ?? 1))
  }

  /// Magnitudes as the logarithm of their share in the largest, `decades` powers of ten down to black, frequency 0 in
  /// the middle.
  package static func spectrum(_ spectrum: Spectrum<Double>, decades: Double = 5) -> RasterImage {
    let magnitudes = centred(spectrum) { $0.magnitude }
    let largest = max(magnitudes.maximumMagnitude, .leastNormalMagnitude)
    return grey(magnitudes.map { log10(max($0 / largest, 1e-300)) }, -decades...0)
  }
}

extension Plane {
  /// Numbers whose sign matters: 0 is mid-grey, positive ones get lighter and red, negative ones darker and blue, so
  /// that the order also shows without colour. Beyond the limit they are clipped.
  package static func signed(_ plane: Tensor<Double>, limit: Double) -> RasterImage {
    let scale = 1 / max(limit, .leastNormalMagnitude)
    let count = plane.count
    return RasterImage(
      pixels: plane.withUnsafeElements { values in
        Tensor<Float>([3, plane.shape[0], plane.shape[1]]) { pixels in
          for i in 0..<count {
            let x = Float(min(max(values[i] * scale, -1), 1))
            let color: SIMD3<Float> =
              x >= 0
              ? SIMD3(0.5 + 0.5 * x, 0.5 + 0.3 * x, 0.5 + 0.1 * x)
              : SIMD3(0.5 + 0.5 * x, 0.5 + 0.36 * x, 0.5 + 0.12 * x)
            for c in 0..<3 { pixels[c * count + i] = color[c] }
          }
        }
      })
  }

  /// The same, the limit being the largest magnitude.
  package static func signed(_ plane: Tensor<Double>) -> RasterImage { signed(plane, limit: plane.maximumMagnitude) }
}

extension Plane {
  /// A number for each frequency, `[H, W]`, frequency 0 in the middle.
  static func centred(_ spectrum: Spectrum<Double>, _ body: (ComplexNumber<Double>) -> Double) -> Tensor<Double> {
    let (height, width) = (spectrum.height, spectrum.width)
    return Tensor([height, width]) { target in
      for i in target.indices {
        let (row, column) = ((i / width + (height + 1) / 2) % height, (i % width + (width + 1) / 2) % width)
        target[i] = body(spectrum[row, column])
      }
    }
  }

  /// The magnitude of a small filter's spectrum on 40 x 40 frequencies, black to white is 0 to the largest.
  package static func response(_ filter: Tensor<Double>, points: Int = 40) -> RasterImage {
    var padded = Tensor<Double>.zeros([points, points])
    for i in 0..<filter.count { padded[i / filter.shape[1], i % filter.shape[1]] = filter.elements[i] }
    let spectrum = RealTransform2D<Double>(height: points, width: points).forward(padded)
    return grey(centred(spectrum) { $0.magnitude }, 0...max(spectrum.values.maximumMagnitude, .leastNormalMagnitude))
  }

  /// A small picture, enlarged to squares, above another one.
  package static func pair(_ above: RasterImage, _ below: RasterImage) -> RasterImage {
    let (scale, side, gap) = (below.width / above.width, below.width, 4)
    let pixels = Tensor<Float>([3, 2 * side + gap, side]) { target in
      for i in target.indices {
        let (c, y, x) = (i / ((2 * side + gap) * side), i / side % (2 * side + gap), i % side)
        if y < side {
          target[i] = above.pixels[min(c, above.pixels.shape[0] - 1), y / scale, x / scale]
        } else {
          target[i] = y < side + gap ? 1 : below.pixels[min(c, below.pixels.shape[0] - 1), y - side - gap, x]
        }
      }
    }
    return RasterImage(pixels: pixels)
  }
}

extension Plane {
  /// The phase from -π (black) to π (white), frequency 0 in the middle.
  package static func phase(_ spectrum: Spectrum<Double>) -> RasterImage {
    grey(centred(spectrum) { atan2($0.imaginary, $0.real) }, -Double.pi...Double.pi)
  }

  /// Mid-grey is the mean; four standard deviations are black and white, so that a few strong pixels do not hide the
  /// rest.
  package static func balanced(_ plane: Tensor<Double>) -> RasterImage {
    let mean = plane.mean
    let deviation = max((plane - mean).norm / Double(plane.count).squareRoot(), 1e-12)
    return grey(plane, mean - 2 * deviation...mean + 2 * deviation)
  }
}

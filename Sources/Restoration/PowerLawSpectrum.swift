import Foundation
import Fourier
import Layers
import Tensors

/// How the power of a picture falls with frequency: S(f) = amplitude f^-exponent.
///
/// Pictures of the world have such spectra, with exponents around 2 (D. J. Field, "Relations between the statistics of
/// natural images and the response properties of cortical cells", Journal of the Optical Society of America A 4, 1987). S is
/// a density: for white noise of variance σ² it is σ² at every frequency. f is in cycles per pixel.
public struct PowerLawSpectrum: Hashable, Sendable {
  /// S at 1 cycle per pixel, in squared units of pixels.
  public var amplitude: Double
  /// How fast it falls.
  public var exponent: Double

  /// A spectrum.
  public init(amplitude: Double, exponent: Double) { (self.amplitude, self.exponent) = (amplitude, exponent) }

  /// The density at a frequency, given by the square of its distance from zero.
  func power(squaredFrequency: Double) -> Double { amplitude * pow(squaredFrequency, -exponent / 2) }

  /// Exponents that pictures have; a fit outside is taken to be at the end.
  static let exponents = 1.0...4.0
  /// Rings of frequencies, equally wide by logarithm, over which power is averaged.
  private static let rings = 16
  /// The least |H|² by which power is divided: below it, what is seen is noise.
  private static let leastResponse = 0.01

  /// The spectrum of the scene behind a blurred and noisy plane.
  ///
  /// In each of 16 rings of frequencies the scene's power is (Σ |Y|² - n σ²) / Σ |H|², over those of its n frequencies where
  /// |H|² > 0.01; Y is the transform under a Hann window, without which the picture's borders would fill all rings. A
  /// ring counts if its power is twice what the noise alone would vary by. A line through the logarithms is the fit.
  ///
  /// - Parameters:
  ///   - plane: `[H, W]`.
  ///   - noise: The deviation of the noise, in the units of pixels.
  init<Scalar: FourierScalar>(of plane: Tensor<Scalar>, blurredBy pointSpread: PointSpread<Scalar>, noise: Double) {
    let (height, width) = (plane.shape[0], plane.shape[1])
    let frame = PaddedFrame(
      image: Extent(height: height, width: width), pointSpread: pointSpread.extent, boundary: .circular)
    let blur = BlurOperator(pointSpread, frame)
    let windowed = HannWindow(height: height, width: width).applied(to: plane)
    let spectrum = blur.transform.forward(windowed.plane)
    let lowest = log(3 / Double(min(height, width)))
    let step = (log(0.5) - lowest) / Double(Self.rings)
    let rings = ringSums(
      spectrum.values, blur.response.values, width: width, rings: Self.rings,
      leastResponse: Self.leastResponse,
      ring: { squaredFrequency in
        let place = (0.5 * log(squaredFrequency) - lowest) / step
        return place >= 0 && place < Double(Self.rings) ? Int(place) : nil
      })

    let variance = noise * noise
    var points: [(x: Double, y: Double)] = []
    for ring in 0..<Self.rings where rings.count[ring] >= 4 {
      let power = rings.power[ring] / windowed.energy - rings.count[ring] * variance
      // The power of one frequency of noise varies by as much as its mean.
      guard power > 2 * variance * rings.count[ring].squareRoot(), rings.response[ring] > 0 else { continue }
      points.append((lowest + (Double(ring) + 0.5) * step, log(power / rings.response[ring])))
    }
    guard points.count >= 2 else {
      // Nothing but noise is to be seen, or too few frequencies to tell: all of the variance, at the usual exponent.
      let mean = plane.mean
      let total = plane.elements.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(plane.count)
      self.init(
        amplitude: max(total - variance, 0) / (2 * Double.pi * log(Double(max(height, width)) / 2 + 1)), exponent: 2)
      return
    }
    let (x, y) = (points.map(\.x).mean, points.map(\.y).mean)
    let slope =
      points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    let exponent = min(max(-slope, Self.exponents.lowerBound), Self.exponents.upperBound)
    self.init(amplitude: exp(y + exponent * x), exponent: exponent)
  }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
}

/// What the frequencies of each ring sum to.
private struct RingSums {
  let count: [Double]
  let power: [Double]
  let response: [Double]
}

/// Sums over rings of frequencies.
///
/// - Parameters:
///   - spectrum: `[H, W/2 + 1, 2]`.
///   - blur: The same, the blur's response.
///   - ring: The ring of a frequency, given by its square; nil for none.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func ringSums<Scalar: TensorScalar>(
  _ spectrum: Tensor<Scalar>, _ blur: Tensor<Scalar>, width: Int, rings: Int, leastResponse: Double,
  ring: (Double) -> Int?
) -> RingSums {
  let (height, half) = (spectrum.shape[0], spectrum.shape[1])
  // A block of three sums for each row, added up in order afterwards, so that threads do not matter.
  var sums = [Double](repeating: 0, count: height * 3 * rings)
  sums.withUnsafeMutableBufferPointer { sums in
    nonisolated(unsafe) let sums = sums.baseAddress!
    spectrum.withUnsafeElements { y in
      nonisolated(unsafe) let y = y.baseAddress!
      blur.withUnsafeElements { h in
        nonisolated(unsafe) let h = h.baseAddress!
        Parallel.forEach(height, grain: max(1, (1 << 13) / half)) { row in
          let own = sums + row * 3 * rings
          let fy = Double(min(row, height - row)) / Double(height)
          for column in 0..<half {
            let fx = Double(column) / Double(width)
            let i = 2 * (row * half + column)
            let response = Double(h[i]) * Double(h[i]) + Double(h[i + 1]) * Double(h[i + 1])
            guard response > leastResponse, row + column > 0, let ring = ring(fy * fy + fx * fx) else { continue }
            own[ring] += 1
            own[rings + ring] += Double(y[i]) * Double(y[i]) + Double(y[i + 1]) * Double(y[i + 1])
            own[2 * rings + ring] += response
          }
        }
      }
    }
  }
  func total(_ kind: Int) -> [Double] {
    (0..<rings).map { ring in
      stride(from: kind * rings + ring, to: sums.count, by: 3 * rings).reduce(0) { $0 + sums[$1] }
    }
  }
  return RingSums(count: total(0), power: total(1), response: total(2))
}

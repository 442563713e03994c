import Foundation
import SpectralCore

/// How strong the waves of each frequency are, whatever their direction: a spectrum summed up by rings.
public struct RadialProfile: Sendable {
  /// The middle of each ring, in cycles per pixel, from 0 (the mean) up to the corners' √½.
  public let frequencies: [Double]
  /// The root of the mean of |X|² over the ring; NaN where it has no frequency.
  public let magnitudes: [Double]
  private let reference: Double

  /// The profile of a spectrum, in rings as wide as the distance between neighbouring frequencies of its shorter axis.
  public init(_ spectrum: CenteredSpectrum) {
    let side = min(spectrum.height, spectrum.width)
    let rings = Int((0.5.squareRoot() * Double(side)).rounded()) + 1
    var sums = [Double](repeating: 0, count: rings)
    var counts = [Int](repeating: 0, count: rings)
    spectrum.magnitudes.withUnsafeElements { values in
      for row in 0..<spectrum.height {
        for column in 0..<spectrum.width {
          let (fx, fy) = spectrum.frequency(row: row, column: column)
          let ring = min(rings - 1, Int((hypot(fx, fy) * Double(side)).rounded()))
          let value = Double(values[row * spectrum.width + column])
          sums[ring] += value * value
          counts[ring] += 1
        }
      }
    }
    frequencies = (0..<rings).map { Double($0) / Double(side) }
    magnitudes = zip(sums, counts).map { ($0 / Double($1)).squareRoot() }
    reference = max(spectrum.largestMagnitude, .leastNormalMagnitude)
  }

  /// The magnitudes in decibels, relative to the spectrum's largest.
  public var decibels: [Double] { magnitudes.map { 20 * log10($0 / reference) } }

  /// The profile as a curve. The mean, and whatever is zero, has no place on it.
  public func chart(_ title: String) -> Chart {
    let points = zip(frequencies, decibels).dropFirst().map { Chart.Point($0, $1) }
    return Chart(
      title, horizontal: ChartAxis("distance from frequency 0, cycles per pixel", .linear),
      vertical: ChartAxis("magnitude, dB relative to the largest", .linear),
      series: [.init("root of the mean power of each ring", points, style: .smooth)],
      marks: [.init(x: 0.5, "Nyquist along the axes")])
  }
}

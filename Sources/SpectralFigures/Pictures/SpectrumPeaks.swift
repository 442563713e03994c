import Foundation
import SpectralCore

/// A wave that stands out in a spectrum.
public struct SpectrumPeak: Hashable, Sendable {
  /// Cycles per pixel to the right; Nyquist is 0.5.
  public let fx: Double
  /// Cycles per pixel downwards.
  public let fy: Double
  /// |X| in decibels, relative to ``CenteredSpectrum/reference``.
  public let decibels: Double
  /// Of the wave in the image, in the image's own units: it swings by so much up and down.
  public let amplitude: Double

  /// √(fx² + fy²), cycles per pixel.
  public var frequency: Double { hypot(fx, fy) }
  /// From crest to crest, in pixels.
  public var wavelength: Double { 1 / frequency }
  /// Where the wave runs, in degrees from 0 (to the right) to 90 (downwards) and below 180.
  public var direction: Double {
    let angle = atan2(fy, fx) * 180 / .pi
    return angle < 0 ? angle + 180 : angle >= 180 ? 0 : angle
  }
}

extension CenteredSpectrum {
  /// The strongest waves: frequencies whose magnitude is above that of their eight neighbours, the strongest first.
  /// Frequency 0, the mean, is none, and of each pair of opposite frequencies the one with fx above 0 is given, or with
  /// fy above 0 where fx is 0.
  public func peaks(most count: Int) -> [SpectrumPeak] {
    let (middleRow, middleColumn) = (height / 2, width / 2)
    var found: [(place: Int, magnitude: Float)] = []
    magnitudes.withUnsafeElements { values in
      for row in 0..<height {
        for column in 0..<width {
          let (u, v) = (row - middleRow, column - middleColumn)
          // Of an even axis the frequency -1/2 is its own opposite.
          let isOwnRow = u == 0 || 2 * u == -height
          let isOwnColumn = v == 0 || 2 * v == -width
          guard v > 0 || (isOwnColumn && (u > 0 || isOwnRow)), !(u == 0 && v == 0) else { continue }
          let own = values[row * width + column]
          guard own > 0, found.count < count || own > found.last!.magnitude else { continue }
          var isPeak = true
          for (dy, dx) in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)] {
            // Frequencies repeat, so the spectrum's edges touch.
            let other = (row + dy + height) % height * width + (column + dx + width) % width
            let isMean = other == middleRow * width + middleColumn
            if other != row * width + column && !isMean && values[other] > own { isPeak = false }
          }
          guard isPeak else { continue }
          let place = found.firstIndex { own > $0.magnitude } ?? found.count
          found.insert((row * width + column, own), at: place)
          if found.count > count { found.removeLast() }
        }
      }
    }
    return found.map { peak in
      let (row, column) = (peak.place / width, peak.place % width)
      let (fx, fy) = frequency(row: row, column: column)
      let isAlone = (2 * fx == -1 || fx == 0) && (2 * fy == -1 || fy == 0)
      return SpectrumPeak(
        fx: fx == -0.5 ? 0.5 : fx, fy: fy == -0.5 ? 0.5 : fy, decibels: decibels(Double(peak.magnitude)),
        amplitude: (isAlone ? 1 : 2) * Double(peak.magnitude) / Double(height * width))
    }
  }
}

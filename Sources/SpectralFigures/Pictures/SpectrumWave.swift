import Foundation
import SpectralImaging
import SpectralCore

/// One wave of an image: what stands at one place of its spectrum, and at the opposite one.
public struct SpectrumWave: Hashable, Sendable {
  /// Rows of the image.
  public let height: Int
  /// Pixels of a row.
  public let width: Int
  /// Cycles per pixel along the rows, to the right; that of the discrete transform which is nearest to what was asked.
  public let fx: Double
  /// Cycles per pixel down the columns.
  public let fy: Double
  /// |X|, in the units of the unnormalised transform.
  public let magnitude: Double
  /// The angle of X, in radians from -π to π.
  public let phase: Double
  /// How far the wave goes up and down from its middle; for frequency 0 the mean brightness.
  public let amplitude: Double

  /// Pixels from crest to crest; infinite for frequency 0.
  public var wavelength: Double { 1 / hypot(fx, fy) }
  /// The direction in which it runs, in degrees above -180 up to 180, counter-clockwise from the rows as one sees the
  /// picture.
  public var angle: Double { atan2(-fy, fx) * 180 / .pi }

  /// The wave alone, `[1, H, W]`: mid-grey with crests of 1 and troughs of 0, whatever its amplitude, so that it can be
  /// seen.
  public var picture: RasterImage {
    let amplitude: Float = fx == 0 && fy == 0 ? 0 : 0.5
    return RasterImage(
      pixels: Tensor([1, height, width]) { target in
        nonisolated(unsafe) let target = target
        // cos(a + b) = cos a cos b - sin a sin b: cosines of rows and columns, not of pixels.
        let across = (0..<width).map { Self.turn(fx * Double($0)) }
        Parallel.forEach(height, grain: max(1, 1 << 14 / max(1, width))) { row in
          let down = Self.turn(fy * Double(row) + phase / (2 * .pi))
          for column in 0..<width {
            target[row * width + column] =
              0.5 + amplitude * (across[column].cosine * down.cosine - across[column].sine * down.sine)
          }
        }
      })
  }

  private static func turn(_ turns: Double) -> (cosine: Float, sine: Float) {
    let angle = 2 * .pi * turns.remainder(dividingBy: 1)
    return (Float(cos(angle)), Float(sin(angle)))
  }
}

extension CenteredSpectrum {
  /// The wave whose frequency is the nearest to (fx, fy) cycles per pixel.
  ///
  /// - Precondition: both are from -0.5 to 0.5.
  public func wave(nearest fx: Double, _ fy: Double) -> SpectrumWave {
    precondition(max(abs(fx), abs(fy)) <= 0.5, "(\(fx), \(fy)) cycles per pixel is beyond Nyquist")
    // Even sizes have -0.5 and not 0.5, which is the same wave.
    func place(_ frequency: Double, _ count: Int) -> Int {
      (Int((frequency * Double(count)).rounded()) + count / 2 + count) % count
    }
    let (row, column) = (place(fy, height), place(fx, width))
    let frequency = frequency(row: row, column: column)
    let magnitude = Double(magnitudes[row, column])
    // A place that is its own opposite holds the whole wave, the others half of it.
    func isOwnOpposite(_ place: Int, _ count: Int) -> Bool { (2 * (place - count / 2)) % count == 0 }
    let share = isOwnOpposite(row, height) && isOwnOpposite(column, width) ? 1.0 : 2.0
    return SpectrumWave(
      height: height, width: width, fx: frequency.fx, fy: frequency.fy, magnitude: magnitude,
      phase: phase(row: row, column: column), amplitude: share * magnitude / Double(height * width))
  }
}

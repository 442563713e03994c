import Foundation
import SpectralKit

/// What is said of the waves that were taken away from an image.
struct PeriodicNoiseReport {
  let name: String
  let waves: [PeriodicNoise.Wave]

  /// A line for each wave, the strongest first.
  var lines: [String] {
    guard !waves.isEmpty else { return ["\(name): no wave stands out, nothing was taken away"] }
    return waves.map { wave in
      String(
        numbers:
          "%@: took away a wave of %.2f pixels at fx %.4f, fy %.4f, amplitude %.4g, %.1f deviations above the rest",
        name, wave.wavelength, Self.rounded(wave.fx), Self.rounded(wave.fy), wave.amplitude, wave.prominence)
    }
  }

  /// To four digits, and no minus before 0.
  private static func rounded(_ frequency: Double) -> Double { (frequency * 1e4).rounded() / 1e4 + 0 }
}

import Foundation
import SpectralTransforms
import SpectralImaging
import SpectralFigures
import SpectralCore
import TestSupport
import Testing

@Suite struct CenteredSpectrumTests {
  private func plane(_ height: Int, _ width: Int) -> Tensor<Double> {
    var random = RandomGenerator(seed: 6)
    return .normal([height, width], using: &random)
  }

  /// A sum of waves: amplitude, fx, fy, phase.
  private func waves(_ height: Int, _ width: Int, _ waves: [(Double, Double, Double, Double)], mean: Double = 0)
    -> Tensor<Double>
  {
    Tensor([height, width]) { values in
      for i in values.indices {
        let (y, x) = (Double(i / width), Double(i % width))
        values[i] = waves.reduce(mean) { $0 + $1.0 * cos(2 * .pi * ($1.1 * x + $1.2 * y) + $1.3) }
      }
    }
  }

  @Test(arguments: [(1, 1), (1, 6), (5, 1), (4, 4), (7, 5), (6, 9), (13, 8)])
  func everyFrequencyIsAtItsPlace(height: Int, width: Int) {
    let image = plane(height, width)
    let half = NaiveTransform(height: height, width: width)(image)
    let centered = CenteredSpectrum.halfSpectrum(of: image).centered
    let spectrum = CenteredSpectrum(image)
    #expect(centered.shape == [height, width, 2])
    for row in 0..<height {
      for column in 0..<width {
        let (fx, fy) = spectrum.frequency(row: row, column: column)
        #expect((-0.5..<0.5).contains(fx) && (-0.5..<0.5).contains(fy))
        var (u, v) = (Int((fy * Double(height)).rounded()), Int((fx * Double(width)).rounded()))
        let isOpposite = v < 0
        if isOpposite { (u, v) = (-u, -v) }
        u = (u + height) % height
        let (real, imaginary) = (half[u, v, 0], half[u, v, 1] * (isOpposite ? -1 : 1))
        let bound = ErrorBound.sum(count: height * width, magnitude: image.norm, scalar: Double.self)
        #expect(abs(centered[row, column, 0] - real) <= bound && abs(centered[row, column, 1] - imaginary) <= bound)
        let magnitude = hypot(real, imaginary)
        #expect(abs(Double(spectrum.magnitudes[row, column]) - magnitude) <= 4 * 0x1p-24 * magnitude + bound)
        // Angles are compared as points of the circle: π and -π are one.
        let phase = spectrum.phase(row: row, column: column)
        #expect(hypot(cos(phase) * magnitude - real, sin(phase) * magnitude - imaginary) <= 1e-6 * image.norm * 10)
      }
    }
  }

  @Test(arguments: CenteredSpectrum.Window.allCases)
  func wavesAreFoundWithTheirAmplitudes(window: CenteredSpectrum.Window) throws {
    let image = waves(
      64, 96, [(3, 12 / 96.0, -10 / 64.0, 0.3), (0.5, 0, 20 / 64.0, 1), (1, -30 / 96.0, 5 / 64.0, 2)], mean: 7)
    let spectrum = CenteredSpectrum(image, window: window)
    let peaks = spectrum.peaks(most: 3)
    let expected = [(3.0, 0.125, -0.15625), (1, 0.3125, -0.078125), (0.5, 0, 0.3125)]
    for (peak, wave) in zip(peaks, expected) {
      #expect(abs(peak.fx - wave.1) < 1e-12 && abs(peak.fy - wave.2) < 1e-12)
      // A window keeps magnitudes but for what a neighbour's flanks bring in: none here, they are bins apart.
      #expect(abs(peak.amplitude - wave.0) < 1e-4, "\(peak)")
      #expect(abs(peak.decibels - 20 * log10(wave.0 / 2 / 7)) < 1e-3)
    }
    #expect(abs(peaks[2].wavelength - 3.2) < 1e-9 && abs(peaks[2].direction - 90) < 1e-9)
    #expect(abs(peaks[0].direction - (180 - atan(1.25) * 180 / .pi)) < 1e-9)
  }

  @Test func nyquistIsItsOwnOpposite() throws {
    let image = waves(8, 8, [(2, 0.5, 0, 0), (1, 0.5, 0.5, 0)])
    let peaks = CenteredSpectrum(image).peaks(most: 5)
    #expect(peaks.map(\.fx) == [0.5, 0.5] && peaks.map(\.fy) == [0, 0.5])
    #expect(zip(peaks, [2.0, 1]).allSatisfy { abs($0.amplitude - $1) < 1e-6 })
    #expect(CenteredSpectrum(Tensor<Float>([3, 3], repeating: 2)).peaks(most: 4).allSatisfy { $0.amplitude < 1e-6 })
  }

  /// The cross that an image's border draws is gone under the bell: a ramp has nothing else.
  @Test func theBellRemovesTheCross() {
    let ramp = Tensor<Float>([64, 64]) { values in
      for i in values.indices { values[i] = Float(i % 64 + i / 64) / 64 }
    }
    let bare = CenteredSpectrum(ramp)
    let faded = CenteredSpectrum(ramp, window: .hann)
    #expect(bare.magnitudes[32, 60] > 100 * faded.magnitudes[32, 60])
    #expect(abs(bare.magnitudes[32, 32] - faded.magnitudes[32, 32]) < 1e-2 * bare.magnitudes[32, 32])
  }

  @Test func ringsAddUp() {
    let image = plane(20, 31)
    let spectrum = CenteredSpectrum(image)
    let profile = RadialProfile(spectrum)
    #expect(profile.frequencies.first == 0 && abs(profile.frequencies.last! - 0.5.squareRoot()) < 0.5 / 20)
    #expect(abs(profile.magnitudes[0] - abs(image.sum)) < 1e-5 * image.norm)
    // One wave is in one ring, and in no other.
    let wave = RadialProfile(CenteredSpectrum(waves(40, 40, [(1, 0.15, 0.2, 0)])))
    let ring = wave.frequencies.firstIndex { abs($0 - 0.25) < 1e-9 }!
    #expect(
      wave.magnitudes[ring] > 1 && wave.magnitudes.enumerated().allSatisfy { $0.offset == ring || $0.element < 1e-3 })
  }

  @Test func colorsSpanTheRange() {
    // 0 dB, -20 dB, -40 dB at known places.
    let image = waves(16, 16, [(0.2, 2 / 16.0, 0, 0), (0.02, 0, 5 / 16.0, 0)], mean: 1)
    let picture = CenteredSpectrum(image).picture(range: -40...0, map: .grey)
    #expect(abs(picture.pixels[0, 8, 8] - 1) < 1e-3)
    #expect(abs(picture.pixels[0, 8, 10] - 0.5) < 2e-3 && abs(picture.pixels[0, 8, 6] - 0.5) < 2e-3)
    #expect(picture.pixels[0, 13, 8] < 2e-3 && picture.pixels[0, 1, 1] == 0)
    let phase = CenteredSpectrum(waves(16, 16, [(1, 2 / 16.0, 0, .pi / 2)])).picture(.phase)
    let color = ColorMap.phase(0.75)
    #expect(abs(phase.pixels[2, 8, 10] - color.blue) < 1e-2 && abs(phase.pixels[0, 8, 10] - color.red) < 1e-2)
  }

  /// Half of a spectrum on the scale of the whole one: 6 dB less, in the colours of 6 dB less.
  @Test func twoSpectraOnOneScale() {
    let image = waves(16, 16, [(0.2, 2 / 16.0, 0, 0)], mean: 1)
    let whole = CenteredSpectrum(image)
    var half = CenteredSpectrum(0.5 * image)
    #expect(half.decibels(half.largestMagnitude) == 0)
    half.reference = whole.reference
    #expect(abs(half.decibels(half.largestMagnitude) + 20 * log10(2)) < 1e-5)
    let share = half.picture(range: -40...0, map: .grey).pixels[0, 8, 8]
    #expect(abs(share - Float(1 - 20 * log10(2.0) / 40)) < 2e-3)
  }

  @Test func usualRanges() {
    #expect(CenteredSpectrum(Tensor<Float>([8, 8], repeating: 1)).usualRange == -160...0)
    #expect(CenteredSpectrum(Tensor<Float>.zeros([8, 8])).usualRange == -160...0)
    var random = RandomGenerator(seed: 1)
    let noise = CenteredSpectrum(Tensor<Float>.normal([64, 64], using: &random))
    #expect(noise.usualRange == -40...0)
  }
}

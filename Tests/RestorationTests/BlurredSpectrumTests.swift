import Foundation
import SpectralImaging
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

@Suite struct BlurredSpectrumTests {
  /// White noise and nothing else. The mean power of n pixels of white noise under a window w has a relative deviation of
  /// sqrt(2 Σ w⁴) / Σ w², which is 1.94 sqrt(2 / n) for a Hann window in two dimensions, half of that for the noise's
  /// deviation. Where the blur lets half of the power or more pass, the noise could as well be a scene: a tenth of the
  /// frequencies for this blur. Five deviations are the tolerance.
  @Test(arguments: [0.001, 0.02, 3.0])
  func whiteNoiseIsNoise(deviation: Double) throws {
    var random = RandomGenerator(seed: 5)
    let noise = deviation * Tensor<Double>.normal([200, 300], using: &random) + 0.5
    let found = BlurredSpectrum(of: noise, blurredBy: try PointSpread(Kernel(.motion(length: 15, angle: 20)).taps))
      .noise
    #expect(abs(found / deviation - 1) < 5 * 0.5 * 1.94 * (2 / (0.9 * 60_000)).squareRoot(), "\(found)")
  }

  /// A blurred scene looks smooth to a mask of differences along one axis and full of noise along the other. What is left
  /// where the blur leaves nothing is the noise, if it is only the rounding to 8 bits: of deviation 1 / sqrt(12).
  @Test(arguments: [
    KernelShape.motion(length: 21, angle: 30), .motion(length: 15, angle: 0), .motion(length: 9, angle: 75),
    .disk(diameter: 9), .gaussian(deviation: 2), .box(Extent(5)),
  ])
  func roundingIsFoundBehindABlur(shape: KernelShape) throws {
    let kernel = Kernel(shape).taps
    for noise in [0, 0.004, 0.02] {
      let (picture, _) = Scenes.blurred(Scenes.drawn(260, 300), kernel, noise: noise)
      let truth = (noise * noise + 1 / (12 * 255.0 * 255.0)).squareRoot()
      let found = BlurredSpectrum(of: picture, blurredBy: try PointSpread(kernel)).noise
      // The scene is no sample of the model: a drawing has streaks and flat parts.
      // Where it is flat, rounding is no noise at all: without other noise less than 1 / sqrt(12) is seen.
      #expect(found > (noise == 0 ? 0.5 : 0.8) * truth && found < 1.25 * truth, "\(shape): \(found) for \(truth)")
    }
  }

  /// A scene made to measure: white noise filtered in the spectrum, so that it falls with a known exponent.
  @Test(arguments: [1.5, 2.0, 3.0])
  func theExponentIsFound(exponent: Double) throws {
    var random = RandomGenerator(seed: 8)
    let side = 256
    let scene = Scenes.withSpectrum(side, side, using: &random) { fx, fy in
      PowerLawSpectrum(amplitude: 1e-3, exponent: exponent, directions: [0.8, 0.2, -0.3, 0]).power(fx: fx, fy: fy)
    }
    let point = try PointSpread(Tensor<Double>([1, 1], [1]))
    let found = BlurredSpectrum(of: scene, blurredBy: point).scene
    // Fisher's information on the exponent is Σ (ln f - mean)² over the frequencies: about 0.25 for each of the 32,768, of
    // which the window leaves a quarter independent. Five deviations of 1 / sqrt(0.25 · 8192) are 0.11; what leaks from
    // the periodic picture's edges adds a little.
    #expect(abs(found.exponent - exponent) < 0.15, "\(found)")
    #expect(abs(found.directions[0] - 0.8) < 0.15 && abs(found.directions[2] + 0.3) < 0.15, "\(found)")
  }

  @Test func noiseThatContradictsThePictureIsCorrected() throws {
    let kernel = Kernel(.motion(length: 15, angle: 20)).taps
    let (picture, _) = Scenes.blurred(Scenes.drawn(200, 240), kernel, noise: 0.01)
    let spectrum = BlurredSpectrum(of: picture, blurredBy: try PointSpread(kernel))
    // Less than is found is impossible, a little more the same; more is believed; far more would leave nothing of the
    // picture.
    for told in [0, 0.001, 0.9 * spectrum.noise, 1.2 * spectrum.noise] {
      #expect(spectrum.noise(told: told) == spectrum.noise)
    }
    #expect(spectrum.noise(told: 0.015) == 0.015)
    let most = spectrum.noise(told: 100)
    #expect(most > 0.015 && most < 1)
    #expect(abs(spectrum.noise(told: 1000) / most - 1) < 1e-6)
  }

  /// Nothing to fit to: one value everywhere, or hardly any frequencies.
  @Test(arguments: [(1, 1), (1, 9), (3, 2), (12, 12)])
  func tinyAndEvenImages(height: Int, width: Int) throws {
    let point = try PointSpread(Tensor<Float>([1, 1], [1]))
    for level in [Float(0), 0.5] {
      let spectrum = BlurredSpectrum(of: Tensor<Float>([height, width], repeating: level), blurredBy: point)
      #expect(spectrum.noise > 0 && spectrum.noise < 1e-5)
      #expect(spectrum.scene.power(fx: 0.1, fy: 0.1).isFinite)
    }
    var random = RandomGenerator(seed: 1)
    let image = Tensor<Float>.uniform([height, width], in: 0..<1, using: &random)
    #expect(BlurredSpectrum(of: image, blurredBy: point).noise.isFinite)
  }
}

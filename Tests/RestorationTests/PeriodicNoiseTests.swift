import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct PeriodicNoiseTests {
  struct Sine { let fx, fy, amplitude: Double }

  /// A picture with waves added, clipped to 0...1 and rounded to 8 bits, as a file would have it.
  private func spoiled(_ picture: Tensor<Double>, _ waves: [Sine]) -> Tensor<Double> {
    let (height, width) = (picture.shape[-2], picture.shape[-1])
    var result = picture
    result.withUnsafeMutableElements { x in
      for i in x.indices {
        let (row, column) = (Double(i / width % height), Double(i % width))
        for (number, wave) in waves.enumerated() {
          x[i] += wave.amplitude * cos(2 * Double.pi * (wave.fx * column + wave.fy * row) + Double(number))
        }
        x[i] = (min(max(x[i], 0), 1) * 255).rounded() / 255
      }
    }
    return result
  }

  /// Each wave is found, to a twentieth of a bin and a tenth of its amplitude, and nothing else.
  private func expectFound(_ found: [PeriodicNoise.Wave], _ waves: [Sine], side: Int, amplitudeWithin: Double = 0.1) {
    #expect(found.count == waves.count, "\(found)")
    for wave in waves {
      let nearest = found.min { hypot($0.fx - wave.fx, $0.fy - wave.fy) < hypot($1.fx - wave.fx, $1.fy - wave.fy) }
      guard let nearest else { continue }
      #expect(hypot(nearest.fx - wave.fx, nearest.fy - wave.fy) < 0.05 / Double(side), "\(wave): \(nearest)")
      #expect(abs(nearest.amplitude / wave.amplitude - 1) < amplitudeWithin, "\(wave): \(nearest)")
    }
  }

  @Test(arguments: [
    [Sine(fx: 0.125, fy: 0.25, amplitude: 0.05)], [Sine(fx: 0.1237, fy: -0.2111, amplitude: 0.05)],
    [Sine(fx: 0.2013, fy: 0, amplitude: 0.04)], [Sine(fx: 0, fy: 0.31, amplitude: 0.04)],
    [Sine(fx: 0.08, fy: 0.03, amplitude: 0.06), Sine(fx: 0.33, fy: -0.4, amplitude: 0.03)],
  ])
  func wavesInADrawingAreFoundAndRemoved(waves: [Sine]) throws {
    // Dark and bright enough for nothing to be clipped.
    let scene = 0.8 * Scenes.drawn(240, 320) + 0.1
    let picture = spoiled(scene, waves)
    let noise = PeriodicNoise()
    let found = try noise.waves(in: picture)
    expectFound(found, waves, side: 240)
    let cleaned = try noise.removed(from: picture)
    #expect(cleaned.waves == found)
    let (before, after) = (Scenes.decibels(picture, scene), Scenes.decibels(cleaned.images, scene))
    #expect(after > before + 10, "\(before) dB to \(after) dB")
  }

  /// The same waves by a filter: as good in the middle, but not at the border.
  @Test func notchesForWaves() throws {
    let scene = 0.8 * Scenes.drawn(240, 320) + 0.1
    let waves = [Sine(fx: 0.08, fy: 0.03, amplitude: 0.06), Sine(fx: 0.33, fy: -0.4, amplitude: 0.03)]
    let picture = spoiled(scene, waves)
    let noise = PeriodicNoise()
    let filter = PeriodicNoise.notches(for: try noise.waves(in: picture), height: 240, width: 320)
    #expect(filter(0, 0) > 0.999 && filter(0.08, 0.03) < 0.01 && filter(-0.33, 0.4) < 0.01)
    let (filtered, subtracted) = (try filter.apply(to: picture), try noise.removed(from: picture).images)
    func middle(_ image: Tensor<Double>) -> Double {
      Scenes.decibels(Scenes.part(image, 80..<160, 80..<240), Scenes.part(scene, 80..<160, 80..<240))
    }
    #expect(middle(filtered) > middle(picture) + 10, "\(middle(picture)) dB to \(middle(filtered)) dB")
    #expect(Scenes.decibels(subtracted, scene) > Scenes.decibels(filtered, scene) + 2)
    #expect(PeriodicNoise.notches(for: [], height: 9, width: 9)(0.1, 0.2) == 1)
  }

  @Test func aDrawingHasNone() throws {
    for seed in 1...4 { #expect(try PeriodicNoise().waves(in: Scenes.drawn(240, 320, seed: UInt64(seed))) == []) }
    #expect(try PeriodicNoise().waves(in: Tensor<Float>([64, 64], repeating: 0.5)) == [])
    var random = RandomGenerator(seed: 3)
    #expect(try PeriodicNoise().waves(in: Tensor<Float>.normal([300, 300], using: &random)) == [])
    let clean = try PeriodicNoise().removed(from: Tensor<Float>([64, 64], repeating: 0.5))
    #expect(clean.waves.isEmpty && clean.images == Tensor([64, 64], repeating: 0.5))
  }

  /// A chessboard of single pixels is a wave of half a cycle per pixel along both axes, which has no twin.
  @Test func aWaveAtItsTwinsPlace() throws {
    let waves = [Sine(fx: 0.5, fy: 0.5, amplitude: 0.05)]
    let scene = 0.8 * Scenes.drawn(128, 128) + 0.1
    let found = try PeriodicNoise().waves(in: spoiled(scene, waves))
    expectFound(
      found.map { .init(fx: abs($0.fx), fy: abs($0.fy), amplitude: $0.amplitude, prominence: 0) }, waves, side: 128)
  }

  /// Every other pixel, row or column, which have no twin, in photographs and drawings.
  @Test(arguments: [(0.5, 0.5), (0.5, 0), (0, 0.5)])
  func wavesAtTheEndsOfTheAxes(fx: Double, fy: Double) throws {
    let wave = Sine(fx: fx, fy: fy, amplitude: 0.15)
    var scenes = [Scenes.drawn(240, 320), Scenes.drawn(241, 321)]
    if sharedData("images") != nil { scenes += try ["camera", "coins", "astronaut"].map { try Scenes.photograph($0) } }
    for scene in scenes {
      let scene = 0.7 * scene + 0.15
      let cleaned = try PeriodicNoise().removed(from: spoiled(scene, [wave]))
      let found = cleaned.waves.first { hypot(abs($0.fx) - fx, abs($0.fy) - fy) < 0.5 / Double(scene.shape[-2]) }
      // No more than the window's edge is missing of what an odd number of rows or columns leaves between two bins.
      #expect(abs((found?.amplitude ?? 0) / 0.15 - 1) < 0.1, "\(scene.shape): \(cleaned.waves)")
      #expect(Scenes.decibels(cleaned.images, scene) > Scenes.decibels(spoiled(scene, [wave]), scene) + 10)
    }
  }

  /// Bands as uneven lamps leave them, soft and with sharp edges, over photographs of half their contrast, and some of
  /// their whole. The picture has waves of that length itself: so the fit is off by these, and in coins by so much that
  /// nothing is asked of it.
  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: [
      ("camera", 50.0, 0.5), ("camera", 70, 0.5), ("camera", 100, 0.5), ("camera", 50, 1), ("camera", 70, 1),
      ("camera", 100, 1), ("astronaut", 50, 0.5), ("astronaut", 70, 0.5), ("astronaut", 100, 0.5), ("astronaut", 50, 1),
      ("astronaut", 70, 1), ("astronaut", 100, 1), ("coins", 50, 0.5), ("coins", 70, 0.5), ("coins", 100, 0.5),
      ("coins", 70, 1),
    ])
  func longBandsInAPhotographAreFound(name: String, period: Double, contrast: Double) throws {
    let photograph = contrast * (try Scenes.photograph(name)) + 0.5 * (1 - contrast)
    let amplitude = 0.15
    let (height, width) = (photograph.shape[1], photograph.shape[2])
    for hasSharpEdges in [false, true] {
      var picture = photograph
      picture.withUnsafeMutableElements { x in
        for i in x.indices {
          let wave = cos(2 * Double.pi * Double(i / width % height) / period + 1)
          x[i] += hasSharpEdges ? (wave > 0 ? amplitude : -amplitude) : amplitude * wave
          x[i] = (min(max(x[i], 0), 1) * 255).rounded() / 255
        }
      }
      let cleaned = try PeriodicNoise().removed(from: picture)
      #expect(
        cleaned.waves.contains {
          abs(abs($0.fy) - 1 / period) < 0.5 / Double(height) && abs($0.fx) < 0.5 / Double(width)
        },
        "\(name), \(period) rows, contrast \(contrast), \(hasSharpEdges ? "sharp" : "soft"): \(cleaned.waves)")
      // A square has a tenth of its power in overtones beyond the first two, and 19 % in all; what is clipped is lost.
      guard name != "coins" else { continue }
      #expect(
        Scenes.decibels(cleaned.images, photograph)
          > Scenes.decibels(picture, photograph) + (contrast == 1 ? 2 : hasSharpEdges ? 4 : 6))
    }
  }

  /// Waves that stand out by less than four deviations, and are much the same in every part of the picture.
  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: [("camera", 0.06, -0.03), ("camera", 0.045, 0.01), ("coins", 0.1, 0.02)])
  func faintEvenWavesAreFound(name: String, fx: Double, fy: Double) throws {
    let photograph = try Scenes.photograph(name)
    let picture = spoiled(photograph, [Sine(fx: fx, fy: fy, amplitude: 0.03)])
    let cleaned = try PeriodicNoise().removed(from: picture)
    let wave = cleaned.waves.first {
      hypot($0.fx - fx, $0.fy - fy) < 0.5 / Double(min(picture.shape[1], picture.shape[2]))
    }
    #expect(wave.map { $0.prominence < 4 } == true, "\(cleaned.waves)")
    #expect(Scenes.decibels(cleaned.images, photograph) > Scenes.decibels(picture, photograph) + 6)
  }

  /// Parts of photographs have other spectra than the whole: nothing is found in them either.
  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"), arguments: ["camera", "astronaut"])
  func aPartOfACleanPhotographHasNone(name: String) throws {
    let photograph = try Scenes.photograph(name)
    for (top, left) in [(0, 0), (0, 256), (256, 0), (256, 256), (128, 128)] {
      let part = Scenes.part(photograph, top..<top + 256, left..<left + 256)
      #expect(try PeriodicNoise().waves(in: part) == [], "\(name) from row \(top), column \(left)")
    }
  }

  /// Grass and fences have waves, too, but not through the whole picture.
  @Test func aWaveInAPartOfThePictureIsThePictures() throws {
    let scene = 0.8 * Scenes.drawn(256, 256) + 0.1
    let wave = Sine(fx: 0.1237, fy: 0.2111, amplitude: 0.1)
    let everywhere = spoiled(scene, [wave])
    expectFound(try PeriodicNoise().waves(in: everywhere), [wave], side: 256)
    var (part, opacity) = (scene, Tensor<Float>.zeros([256, 256]))
    for row in 0..<256 {
      for column in 60..<200 { (part[row, column], opacity[row, column]) = (everywhere[row, column], 1) }
    }
    #expect(try PeriodicNoise().waves(in: part) == [])
    // It is the whole picture if the rest is transparent.
    let found = try PeriodicNoise().removed(from: part, weights: opacity).waves
    #expect(found.contains { hypot($0.fx - wave.fx, $0.fy - wave.fy) < 0.5 / 256 }, "\(found)")
  }

  @Test func aWaveInOneColourIsFound() throws {
    let scene = 0.8 * Scenes.drawn(200, 200) + 0.1
    let wave = Sine(fx: 0.17, fy: 0.05, amplitude: 0.06)
    let picture = Tensor<Double>([3, 200, 200], scene.elements + spoiled(scene, [wave]).elements + scene.elements)
    let cleaned = try PeriodicNoise().removed(from: picture)
    // The amplitude is a root mean square over the three planes.
    expectFound(
      cleaned.waves, [Sine(fx: wave.fx, fy: wave.fy, amplitude: wave.amplitude / 3.0.squareRoot())], side: 200)
    let truth = Tensor<Double>([3, 200, 200], scene.elements + scene.elements + scene.elements)
    #expect(Scenes.decibels(cleaned.images, truth) > Scenes.decibels(picture, truth) + 8)
  }

  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: ["camera", "coins", "astronaut"])
  func aCleanPhotographHasNone(name: String) throws {
    let picture = try Scenes.photograph(name)
    #expect(try PeriodicNoise().waves(in: picture) == [])
    #expect(try PeriodicNoise().waves(in: picture.converted(to: Float.self)) == [])
  }

  /// Strong enough that blacks and whites are clipped: then a wave is no longer the same everywhere, and has overtones.
  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: ["camera", "coins", "astronaut"])
  func wavesInAPhotographAreRemoved(name: String) throws {
    let photograph = try Scenes.photograph(name)
    for waves in [
      [Sine(fx: 0.1237, fy: 0.2111, amplitude: 0.05)], [Sine(fx: 0.08, fy: -0.03, amplitude: 0.1)],
      [Sine(fx: 0.2, fy: 0, amplitude: 0.15), Sine(fx: 0.31, fy: -0.17, amplitude: 0.05)],
    ] {
      let picture = spoiled(photograph, waves)
      let cleaned = try PeriodicNoise().removed(from: picture)
      for wave in waves {
        #expect(
          cleaned.waves.contains { hypot($0.fx - wave.fx, $0.fy - wave.fy) < 0.1 / 303 },
          "\(wave) in \(name): \(cleaned.waves)")
      }
      let (before, after) = (Scenes.decibels(picture, photograph), Scenes.decibels(cleaned.images, photograph))
      print(
        "\(name), \(waves.map { "\($0.amplitude) at (\($0.fx), \($0.fy))" }.joined(separator: " and ")): "
          + String(format: "%.2f dB to %.2f dB, %d waves found", before, after, cleaned.waves.count))
      #expect(after > before + 9)
    }
  }

  @Test func whatCannotBe() {
    let small = #expect(throws: RestorationError.self) { try PeriodicNoise().waves(in: Tensor<Float>.zeros([31, 80])) }
    #expect(small?.description.contains("at least 32 x 32") == true)
    var image = Tensor<Float>.zeros([40, 40])
    image[2, 3] = .infinity
    let infinite = #expect(throws: RestorationError.self) { try PeriodicNoise().waves(in: image) }
    #expect(infinite?.description.contains("row 2, column 3") == true)
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let picture = spoiled(Scenes.drawn(200, 300), [Sine(fx: 0.2, fy: 0.1, amplitude: 0.1)]).converted(to: Float.self)
    let one = try withThreads(1) { try PeriodicNoise().removed(from: picture) }
    let four = try withThreads(4) { try PeriodicNoise().removed(from: picture) }
    #expect(one.waves == four.waves && one.images.hasSameBits(as: four.images))
  }
}

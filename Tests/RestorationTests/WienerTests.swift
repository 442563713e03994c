import Foundation
import Kernels
import Layers
import Restoration
import Tensors
import TestSupport
import Testing

@Suite struct WienerTests {
  /// scikit-image's `wiener` with a regularisation of 1 at every frequency. Gains are at most 1 / (2 sqrt(0.03)) = 2.9, and
  /// each side has the errors of a transform of image and kernel and one back.
  @Test(arguments: ["wiener", "wiener_odd"])
  func agreesWithScikitImage(name: String) throws {
    let reference = try Reference(name)
    let image = reference["image"]
    let restored = try WienerFilter(
      PointSpread(reference["psf"]), noise: .ratio(0.03), boundary: .circular)(image)
    let bound = 2 * 3 * 3 * ErrorBound.relativeL2(fastSize: false, scalar: Double.self, pointCount: image.count)
    #expect((restored - reference["restored"]).norm <= bound * image.norm)
    let single = try WienerFilter<Float>(
      PointSpread(reference["psf"].converted()), noise: .ratio(0.03), boundary: .circular)(image.converted())
    let wide = 3 * 3 * ErrorBound.relativeL2(fastSize: false, scalar: Float.self, pointCount: image.count)
    #expect((single.converted(to: Double.self) - reference["restored"]).norm <= 2 * wide * image.norm)
  }

  /// White noise of deviation σ: the mean of n magnitudes of a normal number has a relative deviation of
  /// sqrt((π/2 - 1) / n), times at most 3 since neighbouring masks overlap in nine pixels; five of them are the tolerance.
  @Test(arguments: [0.001, 0.02, 3.0])
  func noiseIsEstimated(deviation: Double) {
    var random = RandomGenerator(seed: 5)
    let slope = Tensor<Double>([200, 300]) { x in for i in x.indices { x[i] = Double(i % 300) / 100 + Double(i / 300) }
    }
    let noisy = slope + deviation * Tensor.normal([200, 300], using: &random)
    let relative = 5 * 3 * ((Double.pi / 2 - 1) / 59004).squareRoot()
    #expect(abs(NoiseEstimate.deviation(of: noisy) / deviation - 1) < relative)
    #expect(NoiseEstimate.deviation(of: Tensor<Double>([2, 9], repeating: 1)) == 0)
    // By hand: a single pixel of 1 meets the mask's nine taps, whose magnitudes sum to 16.
    var point = Tensor<Double>.zeros([9, 9])
    point[4, 4] = 1
    #expect(abs(NoiseEstimate.deviation(of: point) - (Double.pi / 2).squareRoot() * 16 / (6 * 49)) < 1e-15)
  }

  /// Motion blur and noise undone, with nothing known but the blur. The gain on a scene as seen through the blur, borders
  /// and all; the figures asserted are a decibel below what is printed.
  @Test(arguments: [
    (KernelShape.motion(length: 21, angle: 30), 0.01, 3.0), (.motion(length: 15, angle: 100), 0.002, 5.0),
    (.disk(diameter: 9), 0.01, 2.0), (.gaussian(deviation: 2), 0.01, 1.5),
  ])
  func aBlurredSceneIsRestored(shape: KernelShape, noise: Double, gain: Double) throws {
    let kernel = Kernel(shape).taps
    let (picture, scene) = Scenes.blurred(Scenes.drawn(260, 300), kernel, noise: noise)
    let restored = try WienerFilter(PointSpread(kernel))(picture)
    let (before, after) = (Scenes.decibels(picture, scene), Scenes.decibels(restored, scene))
    print("wiener, drawn scene, \(shape), noise \(noise): \(decimal(before)) dB to \(decimal(after)) dB")
    #expect(after - before > gain)
    let single = try WienerFilter<Float>(PointSpread(kernel.converted()))(picture.converted())
    #expect(abs(Scenes.decibels(single, scene) - after) < 0.01)
  }

  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: [("camera", 3.4), ("coins", 3.4), ("astronaut", 5.0)])
  func aPhotographIsRestored(name: String, gain: Double) throws {
    let kernel = Kernel(.motion(length: 21, angle: 30)).taps
    let (picture, scene) = Scenes.blurred(try Scenes.photograph(name), kernel, noise: 0.01)
    let wiener = try WienerFilter(PointSpread(kernel))(picture)
    let lucy = try RichardsonLucy(PointSpread(kernel), iterations: 20)(picture)
    let inverse = try InverseFilter(PointSpread(kernel))(picture)
    let before = Scenes.decibels(picture, scene)
    let after = [wiener, lucy, inverse].map { Scenes.decibels($0, scene) }
    print(
      "\(name), motion:21,30 and noise 0.01: \(decimal(before)) dB; wiener \(decimal(after[0])), richardson-lucy (20) "
        + "\(decimal(after[1])), inverse \(decimal(after[2])) dB")
    #expect(after[0] - before > gain)
    #expect(after[1] - before > 1)
    // What all this is for: division alone drowns the picture in its noise.
    #expect(after[2] < before)
  }

  /// A long blur with hardly any noise is where a border's ringing shows: by a rule it fills the picture, with an extension
  /// that fits the model it is gone.
  @Test func theBorderDoesNotRing() throws {
    let kernel = Kernel(.motion(length: 21, angle: 30)).taps
    let (picture, scene) = Scenes.blurred(Scenes.drawn(200, 220), kernel, noise: 0.002)
    let blur = try PointSpread(kernel)
    func decibels(_ boundary: Boundary, steps: Int) throws -> Double {
      Scenes.decibels(try WienerFilter(blur, boundary: boundary, borderSteps: steps)(picture), scene)
    }
    let (circular, tapered) = (try decibels(.circular, steps: 0), try decibels(.reflect, steps: 0))
    let completed = try decibels(.reflect, steps: 20)
    print(
      "border of a motion blur: circular \(decimal(circular)) dB, tapered \(decimal(tapered)) dB, completed "
        + "\(decimal(completed)) dB")
    #expect(tapered > circular + 3 && completed > tapered + 3)
    // Where it begins does not matter much for where it ends.
    for boundary in [Boundary.zero, .mirror, .replicate] {
      #expect(abs(try decibels(boundary, steps: 40) - completed) < 1, "\(boundary)")
    }
  }

  private func decimal(_ value: Double) -> String { String(format: "%.2f", value) }
}

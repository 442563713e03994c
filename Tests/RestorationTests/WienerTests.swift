import Foundation
import SpectralTransforms
import SpectralImaging
import SpectralConvolution
import SpectralCore
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

  /// The restored image is the expected scene, given the image, of a Gaussian model on the frame: with the blur as a matrix
  /// H and the pixels seen as M, x = Hᵀ Mᵀ (M (H Hᵀ + r) Mᵀ)⁻¹ y for a white scene. Solved densely, by elimination.
  @Test func theRestoredImageIsTheExpectedScene() throws {
    var random = RandomGenerator(seed: 11)
    let (height, width, h, w) = (7, 6, 3, 2)
    let image = Tensor<Double>.uniform([height, width], in: 0..<1, using: &random)
    let kernel = try PointSpread(Tensor<Double>.uniform([h, w], in: 0.1..<1, using: &random)).kernel
    let (rows, columns) = (FastSize.next(height + 2 * h), FastSize.next(width + 2 * w))
    let (top, left) = ((rows - height) / 2, (columns - width) / 2)
    // The places of the scene that a pixel gathers, with their weights.
    func blurred(_ pixel: Int) -> [Double] {
      var weights = [Double](repeating: 0, count: rows * columns)
      for i in 0..<h {
        for j in 0..<w {
          let row = (top + pixel / width - (i - h / 2) + rows) % rows
          let column = (left + pixel % width - (j - w / 2) + columns) % columns
          weights[row * columns + column] += kernel[i, j]
        }
      }
      return weights
    }
    let ratio = 0.01
    let operators = (0..<image.count).map(blurred)
    let covariance = operators.indices.map { i in
      operators.indices.map { j in
        zip(operators[i], operators[j]).reduce(i == j ? ratio : 0) { $0 + $1.0 * $1.1 }
      }
    }
    let mean = image.mean
    let weights = Self.solved(covariance, image.elements.map { $0 - mean })
    let expected = Tensor<Double>([height, width]) { target in
      for pixel in target.indices {
        let place = (top + pixel / width) * columns + left + pixel % width
        target[pixel] = mean + operators.indices.reduce(0) { $0 + weights[$1] * operators[$1][place] }
      }
    }
    func distance(steps: Int) throws -> Double {
      let method = try WienerFilter(PointSpread(kernel), noise: .ratio(ratio), borderSteps: steps)
      return try (method(image) - expected).norm
    }
    // Steps end when three in a row lower the energy by less than 5e-4 for each unknown pixel; if the following ones win
    // ten times as much, the squared distance in units of the scene's variance is at most this.
    let variance = (image - mean).dot(image - mean) / Double(image.count)
    let bound = (10 * 5e-4 * Double(rows * columns - image.count) * variance).squareRoot()
    let (solved, extended) = (try distance(steps: 200), try distance(steps: 0))
    #expect(solved < bound && extended > 2 * solved, "\(solved), bound \(bound), without steps \(extended)")
  }

  /// Gaussian elimination with pivots.
  private static func solved(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
    var (a, x) = (matrix, right)
    for k in x.indices {
      let pivot = x.indices[k...].max { abs(a[$0][k]) < abs(a[$1][k]) }!
      a.swapAt(k, pivot)
      x.swapAt(k, pivot)
      for i in x.indices where i != k {
        let factor = a[i][k] / a[k][k]
        guard factor != 0 else { continue }
        for j in k..<x.count { a[i][j] -= factor * a[k][j] }
        x[i] -= factor * x[k]
      }
    }
    return x.indices.map { x[$0] / a[$0][$0] }
  }

  /// What a user may tell of the noise, from nothing to a thousand times too much, and what a search over ratios would
  /// find.
  private func expectNoHarm(
    _ picture: Tensor<Double>, _ scene: Tensor<Double>, _ kernel: Tensor<Double>, noise: Double, _ name: String
  ) throws {
    let blur = try PointSpread(kernel)
    func decibels(_ noise: WienerFilter<Double>.Noise) throws -> Double {
      Scenes.decibels(try WienerFilter(blur, noise: noise)(picture), scene)
    }
    let before = Scenes.decibels(picture, scene)
    let (found, told) = (try decibels(.estimated), try decibels(.deviation(noise)))
    let best = try [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2].map { try decibels(.ratio($0)) }.max()!
    print(
      "\(name): \(decimal(before)) dB; auto \(decimal(found)), told \(decimal(told)), best ratio \(decimal(best)) dB")
    #expect(found > best - 0.5, "\(name)")
    #expect(told > found - 0.05, "\(name)")
    for factor in [0, 0.1, 10, 1000] {
      let wrong = try decibels(.deviation(factor * noise))
      #expect(wrong > before, "\(name), told \(factor) times the noise: \(decimal(wrong)) dB")
    }
  }

  @Test(arguments: [
    KernelShape.motion(length: 21, angle: 30), .motion(length: 15, angle: 0), .disk(diameter: 9),
    .gaussian(deviation: 2),
  ])
  func noNoiseSettingDoesHarm(shape: KernelShape) throws {
    let kernel = Kernel(shape).taps
    for noise in [0, 0.01, 0.05] {
      let (picture, scene) = Scenes.blurred(Scenes.drawn(200, 220), kernel, noise: noise)
      let truth = (noise * noise + 1 / (12 * 255.0 * 255.0)).squareRoot()
      try expectNoHarm(picture, scene, kernel, noise: truth, "drawn scene, \(shape), noise \(noise)")
    }
  }

  /// Clean photographs, in 8 and 16 bits, cut out of a larger scene and blurred as a whole with black around: where a
  /// border that is not solved for rings all over the picture, the more the less noise there is.
  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: ["camera", "coins", "astronaut"])
  func cleanPhotographsAreRestored(name: String) throws {
    let photograph = try Scenes.photograph(name)
    let (height, width) = (photograph.shape[1], photograph.shape[2])
    let plane = photograph.rows(0..<1).reshaped(to: [height, width])
    for shape in [KernelShape.motion(length: 21, angle: 30), .motion(length: 9, angle: 75)] {
      let kernel = Kernel(shape).taps
      for levels in [255.0, 65535.0] {
        let noise = 1 / (12.0.squareRoot() * levels)
        let part = Scenes.part(plane, 0..<260, 0..<260)
        let (picture, scene) = Scenes.blurred(part, kernel, noise: 0, levels: levels)
        try expectNoHarm(picture, scene, kernel, noise: noise, "\(name), \(shape), \(Int(levels)) levels, cut out")
        let dark = Tensor<Double>([260 + 2 * 24, 260 + 2 * 24]) { target in
          for i in target.indices {
            let (row, column) = (i / 308 - 24, i % 308 - 24)
            target[i] = (0..<260).contains(row) && (0..<260).contains(column) ? part[row, column] : 0
          }
        }
        let whole = Scenes.part(Scenes.circularlyBlurred(dark, kernel), 24..<284, 24..<284)
        try expectNoHarm(
          whole.map { ($0 * levels).rounded() / levels }, part, kernel, noise: noise,
          "\(name), \(shape), \(Int(levels)) levels, black around")
      }
    }
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
    // Both are solved to the same tolerance, not to the same bits.
    #expect(abs(Scenes.decibels(single, scene) - after) < 0.1)
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
    let completed = try decibels(.reflect, steps: 200)
    print(
      "border of a motion blur: circular \(decimal(circular)) dB, tapered \(decimal(tapered)) dB, completed "
        + "\(decimal(completed)) dB")
    #expect(tapered > circular + 2 && completed > tapered + 10)
    // Where it begins does not matter much for where it ends.
    for boundary in [Boundary.zero, .mirror, .replicate] {
      #expect(abs(try decibels(boundary, steps: 200) - completed) < 0.5, "\(boundary)")
    }
  }

  private func decimal(_ value: Double) -> String { String(format: "%.2f", value) }
}

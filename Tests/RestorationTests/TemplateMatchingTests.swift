import Foundation
import FourierConvolution
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct TemplateMatchingTests {
  /// By hand: the template -1 0 1 (its mean is zero, its norm √2) over 0 1 3 2.
  @Test func correlationByHand() throws {
    let template = Tensor<Double>([1, 3], [4, 5, 6])
    let image = Tensor<Double>([1, 4], [0, 1, 3, 2])
    let plain = try TemplateMatching(template, method: .correlation).scores(in: image)
    #expect(largestDifference(plain, Tensor<Double>([1, 2], [3, 1])) < 1e-14)
    // Less their means, the windows 0 1 3 and 1 3 2 have squares that sum to 14/3 and 2.
    let scores = try TemplateMatching(template).scores(in: image)
    #expect(largestDifference(scores, Tensor<Double>([1, 2], [3 / (2 * 14.0 / 3).squareRoot(), 0.5])) < 1e-14)
  }

  /// scikit-image in Double; both have the error of a convolution by transforms, over the norms by which it is divided.
  @Test func agreesWithScikitImage() throws {
    let reference = try Reference("match")
    let (image, template) = (reference["image"], reference["template"])
    let search = try TemplateMatching(template)
    let scores = try search.scores(in: image)
    #expect(scores.shape == [32, 30])
    let bound = 2 * ErrorBound.perChannelPair(image, template, pointCount: 4096) / leastNorm(image, template)
    #expect(largestDifference(scores, reference["scores"]) <= bound)
    let single = try TemplateMatching(template.converted(to: Float.self)).scores(in: image.converted())
    let wide = ErrorBound.perChannelPair(image.converted(to: Float.self), template.converted(), pointCount: 4096)
    #expect(largestDifference(single, reference["scores"]) <= 2 * wide / leastNorm(image, template))
    let best = try search.matches(inScores: scores, of: image, count: 1)[0]
    #expect(best.row == 11 && best.column == 17)
  }

  /// The least norm of a window less its mean, times that of the template.
  private func leastNorm(_ image: Tensor<Double>, _ template: Tensor<Double>) -> Double {
    let (h, w) = (template.shape[0], template.shape[1])
    var least = Double.infinity
    for row in 0...image.shape[0] - h {
      for column in 0...image.shape[1] - w {
        let window = Scenes.part(image, row..<row + h, column..<column + w)
        least = min(least, (window + -window.mean).norm)
      }
    }
    return least * (template + -template.mean).norm
  }

  /// OpenCV in single precision, three colours together. Its sums have 8 · 11 · 3 terms.
  @Test(arguments: [MatchingMethod.correlation, .normalized])
  func agreesWithOpenCV(method: MatchingMethod) throws {
    let reference = try Reference("match_colour")
    let (image, template) = (reference["image"], reference["template"])
    let scores = try TemplateMatching(template, method: method).scores(in: image)
    let expected = reference[method.rawValue]
    let unit = method == .correlation ? image.maximumMagnitude * template.elements.reduce(0) { $0 + abs($1) } : 1
    // Numerator and denominator each have such an error, and the window's energy may be small beside the image's.
    #expect(largestDifference(scores, expected) <= 4 * ErrorBound.sum(count: 264, magnitude: unit, scalar: Float.self))
  }

  /// With some grain, so that no part of it is the same everywhere.
  private let scene: Tensor<Double> = {
    var random = RandomGenerator(seed: 10)
    return Scenes.drawn(180, 210, seed: 4) + 0.03 * Tensor.normal([180, 210], using: &random)
  }()

  /// The very pixels under noise: the place is found to the pixel, in twenty pictures of different noise.
  @Test(arguments: [MatchingMethod.normalized, .phase])
  func aTemplateIsFoundUnderNoise(method: MatchingMethod) throws {
    let template = Scenes.part(scene, 71..<103, 120..<160).converted(to: Float.self)
    let search = try TemplateMatching(template, method: method)
    let deviation: Float = method == .phase ? 0.02 : 0.1
    for seed in 1...20 {
      var random = RandomGenerator(seed: UInt64(seed))
      let noisy = scene.converted(to: Float.self) + deviation * Tensor<Float>.normal(scene.shape, using: &random)
      let best = try search.matches(in: noisy, count: 1)[0]
      #expect(best.row == 71 && best.column == 120)
      #expect(abs(best.exactRow - 71) <= 0.5 && abs(best.exactColumn - 120) <= 0.5)
    }
  }

  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: [("camera", 100, 200), ("coins", 20, 250), ("astronaut", 60, 190)])
  func aPartOfAPhotographIsFoundUnderNoise(name: String, row: Int, column: Int) throws {
    let photograph = try Scenes.photograph(name)
    let template = Scenes.part(photograph, row..<row + 48, column..<column + 48)
    var random = RandomGenerator(seed: 11)
    let noisy = photograph + 0.1 * Tensor<Double>.normal(photograph.shape, using: &random)
    let search = try TemplateMatching(template)
    let matches = try search.matches(in: noisy, count: 2)
    print(
      "\(name): template at (\(matches[0].row), \(matches[0].column)), score \(matches[0].score), next \(matches[1].score)"
    )
    #expect(matches[0].row == row && matches[0].column == column)
  }

  /// Brightness and contrast do not matter to normalised scores, and the perfect fit scores 1.
  @Test func brightnessAndContrastDoNotMatter() throws {
    let template = Scenes.part(scene, 30..<50, 40..<65)
    let search = try TemplateMatching(template)
    let scores = try search.scores(in: scene)
    #expect(abs(scores[30, 40] - 1) < 1e-12)
    #expect(scores.elements.allSatisfy { (-1...1).contains($0) })
    let faded = try search.scores(in: 0.3 * scene + 0.6)
    let bound = 2 * ErrorBound.perChannelPair(scene, template, pointCount: 1 << 16) / leastNorm(scene, template)
    // Where a window is flat both are 0 by decision.
    #expect(largestDifference(faded, scores) <= max(bound, 1e-9))
    let negative = try search.scores(in: -1 * scene)
    #expect(abs(negative[30, 40] + 1) < 1e-12)
  }

  /// An exact copy scores 1, to the last bit; one that is brighter or has less contrast, to the bound of its sums. In
  /// single precision the map does not tell the copy from one that differs in a single pixel by a single step.
  @Test func exactCopiesReachOne() throws {
    for seed in 1...20 {
      var random = RandomGenerator(seed: UInt64(seed))
      var image = Tensor<Float>.uniform([60, 140], in: 0..<1, using: &random).map { ($0 * 255).rounded() / 255 }
      let (row, column) = (Int(random.uniform() * 40), Int(random.uniform() * 40))
      let template = Tensor<Float>([15, 17]) { pixels in
        for i in pixels.indices { pixels[i] = image[row + i / 17, column + i % 17] }
      }
      // Another copy further right, but for one pixel.
      for y in 0..<15 { for x in 0..<17 { image[row + y, column + 80 + x] = template[y, x] } }
      image[row + 3, column + 84] += image[row + 3, column + 84] > 0.5 ? -1 / 255 : 1 / 255
      let found = try TemplateMatching(template).matches(in: image, count: 5, threshold: 1)
      #expect(found.map { [$0.row, $0.column] } == [[row, column]], "\(seed): \(found)")
      #expect(found.first?.score == 1)
      let near = try TemplateMatching(template).matches(in: image, count: 1, threshold: 0.999)
      #expect(near.first?.column == column && near.first?.row == row)
      let faded = image.converted(to: Double.self).map { 0.3 * $0 + 0.1 }
      let copies = try TemplateMatching(template.converted(to: Double.self)).matches(in: faded, count: 5, threshold: 1)
      #expect(copies.map { [$0.row, $0.column] } == [[row, column]])
    }
  }

  @Test func severalCopiesAreFoundApart() throws {
    let stamp = Scenes.part(scene, 30..<46, 40..<60)
    var picture = Tensor<Double>([120, 150], repeating: 0.5)
    let places = [(5, 10), (60, 30), (61, 100), (100, 125)]
    for (row, column) in places {
      for y in 0..<16 { for x in 0..<20 { picture[row + y, column + x] = stamp[y, x] } }
    }
    let search = try TemplateMatching(stamp)
    let found = try search.matches(in: picture, count: 10, threshold: 0.9)
    #expect(Set(found.map { [$0.row, $0.column] }) == Set(places.map { [$0.0, $0.1] }))
    #expect(found.allSatisfy { $0.score > 1 - 1e-9 })
    #expect(try search.matches(in: picture, count: 2).count == 2)
    // Flat windows fit nothing, and do not divide by zero.
    #expect(try search.scores(in: picture)[30, 70] == 0)
    #expect(try search.matches(in: Tensor<Double>([40, 40], repeating: 0.25), count: 3, threshold: 0.1).isEmpty)
  }

  /// A bell drawn at a fraction of a pixel: near its summit the score is a parabola but for terms of fourth order.
  @Test(arguments: [(0.0, 0.0), (0.3, -0.2), (-0.4, 0.45)])
  func fractionsOfPixels(dy: Double, dx: Double) throws {
    func bell(_ height: Int, _ width: Int, _ y: Double, _ x: Double) -> Tensor<Double> {
      Tensor([height, width]) { pixels in
        for i in pixels.indices {
          let (v, u) = (Double(i / width) - y, Double(i % width) - x)
          pixels[i] = exp(-(u * u + v * v) / 32)
        }
      }
    }
    let template = bell(25, 25, 12, 12)
    let match = try TemplateMatching(template).matches(in: bell(60, 70, 30 + dy, 40 + dx), count: 1)[0]
    #expect(abs(match.exactRow - (18 + dy)) < 0.02 && abs(match.exactColumn - (28 + dx)) < 0.02)
  }

  @Test func whatCannotBe() throws {
    func message(_ body: () throws -> Void) -> String {
      (#expect(throws: RestorationError.self) { try body() })?.description ?? ""
    }
    #expect(message { _ = try TemplateMatching(Tensor<Float>([4, 4], repeating: 0.1)) }.contains("same everywhere"))
    #expect(message { _ = try TemplateMatching(Tensor<Float>([4, 0], repeating: 0.1)) }.contains("not empty"))
    let template = Scenes.part(scene, 0..<20, 0..<20)
    let search = try TemplateMatching(template)
    #expect(
      message { _ = try search.scores(in: .zeros([10, 30])) }.contains("20 x 20 is larger than the image of 10 x 30"))
    #expect(message { _ = try search.scores(in: .zeros([3, 30, 30])) }.contains("both grey, or both colour"))
    var image = scene
    image[5, 6] = .nan
    #expect(message { _ = try search.scores(in: image) }.contains("row 5, column 6"))
    for method in MatchingMethod.allCases {
      let limited = try TemplateMatching(template, method: method, memoryLimit: 1000)
      #expect(message { _ = try limited.scores(in: scene) }.contains("limit"))
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let template = Scenes.part(scene, 0..<20, 0..<20)
    for method in MatchingMethod.allCases {
      let search = try TemplateMatching(template, method: method)
      let one = try withThreads(1) { try search.scores(in: scene) }
      let four = try withThreads(4) { try search.scores(in: scene) }
      #expect(one.hasSameBits(as: four))
    }
  }
}

import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct MaskedMatchingTests {
  private struct Entry: Decodable {
    let shape: [Int]
    let values: [Double]

    var tensor: Tensor<Double> { Tensor(TensorShape(shape), values) }
  }

  /// What OpenCV and the definition in NumPy score, from Fixtures/make_masked.py.
  private static let cases: [String: [String: Entry]] = {
    let file = fixtures(of: #filePath).appendingPathComponent("masked.json")
    return try! JSONDecoder().decode([String: [String: Entry]].self, from: Data(contentsOf: file))
  }()

  private func tensor(_ planes: Int, _ name: String) throws -> Tensor<Double> {
    try #require(Self.cases["planes\(planes)"]?[name]).tensor
  }

  /// By hand: of 9 1 0 1 only 1 0 1 counts, less its mean 1/3 -2/3 1/3; the window 5 3 1 3 is the same, twice as contrasty,
  /// and 3 1 3 8 is not.
  @Test func byHand() throws {
    let template = Tensor<Double>([1, 4], [9, 1, 0, 1])
    let search = try TemplateMatching(template, opacity: Tensor([1, 4], [0, 1, 1, 1]))
    let image = Tensor<Double>([1, 5], [5, 3, 1, 3, 8])
    let scores = try search.scores(in: image)
    #expect(abs(scores[0, 0] - 1) < 1e-14)
    // Of 1 3 8 less its mean 4, and 1 0 1 less its mean 2/3, the products and the squares.
    let product = (-3.0 * 1 / 3) + (-1.0 * -2 / 3) + (4.0 * 1 / 3)
    #expect(abs(scores[0, 1] - product / ((9.0 + 1 + 16) * (1.0 / 9 + 4.0 / 9 + 1.0 / 9)).squareRoot()) < 1e-14)
  }

  /// OpenCV computes in single precision, with sums of 56 terms for each plane.
  @Test(arguments: [1, 3])
  func agreesWithOpenCV(planes: Int) throws {
    let search = try TemplateMatching(
      tensor(planes, "template"), opacity: tensor(planes, "disc").converted(to: Float.self))
    let scores = try search.scores(in: tensor(planes, "image"))
    let bound = 4 * ErrorBound.sum(count: 56 * planes, magnitude: 1, scalar: Float.self)
    #expect(largestDifference(scores, try tensor(planes, "opencv")) <= bound)
    let best = try search.matches(in: tensor(planes, "image"), count: 1, threshold: 1)
    #expect(best.map { [$0.row, $0.column] } == [[11, 13]])
  }

  /// The definition in NumPy. All sums are in `Double`, and no window is flat: their norms are at least a twentieth of the
  /// image's, so 400 times the relative error of a convolution bounds that of a score.
  @Test(arguments: [1, 3])
  func agreesWithTheDefinition(planes: Int) throws {
    let (image, template) = (try tensor(planes, "image"), try tensor(planes, "template"))
    let soft = try tensor(planes, "soft").converted(to: Float.self)
    let visible = try tensor(planes, "visible").converted(to: Float.self)
    let bound = 400 * ErrorBound.relativeL2(scalar: Double.self, pointCount: 1024) * Double(planes)
    for (opacity, imageOpacity, name) in [
      (soft, nil, "softScores"), (soft, visible, "visibleScores"), (nil, visible, "visibleOnlyScores"),
    ] {
      let search = try TemplateMatching(template, opacity: opacity)
      let scores = try search.scores(in: image, imageOpacity: imageOpacity)
      #expect(largestDifference(scores, try tensor(planes, name)) <= bound, "\(name)")
      // From pictures in single precision, which these pixels fit into exactly.
      let single = try TemplateMatching(template.converted(to: Float.self), opacity: opacity)
        .scores(in: image.converted(), imageOpacity: imageOpacity)
      #expect(largestDifference(single, try tensor(planes, name)) <= bound + 2 * Float.unitRoundoff)
    }
  }

  /// A mask of ones is no mask.
  @Test func aFullMaskIsNone() throws {
    let (image, template) = (try tensor(3, "image"), try tensor(3, "template"))
    let plain = try TemplateMatching(template).scores(in: image)
    let masked = try TemplateMatching(template, opacity: Tensor([7, 8], repeating: 1)).scores(in: image)
    #expect(largestDifference(plain, masked) < 1e-12)
  }

  /// A round icon on a scene is found by every method, whatever colour its transparent corners hide.
  @Test(arguments: MatchingMethod.allCases)
  func aRoundIconIsFound(method: MatchingMethod) throws {
    var random = RandomGenerator(seed: 3)
    var scene = 0.2 * Scenes.drawn(120, 150, seed: 5) + 0.6 + 0.01 * Tensor.normal([120, 150], using: &random)
    let opacity = Tensor<Float>([31, 31]) { x in
      for i in x.indices { x[i] = (i / 31 - 15) * (i / 31 - 15) + (i % 31 - 15) * (i % 31 - 15) <= 120 ? 1 : 0 }
    }
    let icon = Tensor<Double>([31, 31]) { x in
      for i in x.indices { x[i] = opacity.elements[i] == 0 ? 0 : (i / 31 / 3 + i % 31 / 4) % 2 == 0 ? 1 : 0.3 }
    }
    for y in 0..<31 { for x in 0..<31 where opacity[y, x] > 0 { scene[50 + y, 90 + x] = icon[y, x] } }
    let search = try TemplateMatching(icon, opacity: opacity, method: method)
    let best = try search.matches(in: scene, count: 1)[0]
    #expect(best.row == 50 && best.column == 90, "\(best)")
    if method == .normalized {
      #expect(best.score == 1)
      let plain = try TemplateMatching(icon).matches(in: scene, count: 1)[0]
      #expect(plain.score < 0.95)
    }
  }

  @Test func whatCannotBe() throws {
    func message(_ body: () throws -> Void) -> String {
      (#expect(throws: RestorationError.self) { try body() })?.description ?? ""
    }
    let template = Tensor<Float>([2, 3], [1, 2, 3, 4, 4, 4])
    #expect(message { _ = try TemplateMatching(template, opacity: .zeros([2, 3])) }.contains("transparent everywhere"))
    #expect(message { _ = try TemplateMatching(template, opacity: .zeros([3, 2])) }.contains("opacity"))
    #expect(message { _ = try TemplateMatching(template, opacity: Tensor([2, 3], repeating: 2)) }.contains("0 to 1"))
    // Only the second row is visible, and it is flat.
    #expect(
      message { _ = try TemplateMatching(template, opacity: Tensor([2, 3], [0, 0, 0, 1, 1, 1])) }
        .contains("same everywhere"))
    let search = try TemplateMatching(template, opacity: Tensor([2, 3], [1, 1, 1, 1, 1, 0.5]), memoryLimit: 100)
    #expect(message { _ = try search.scores(in: .zeros([40, 40])) }.contains("the limit is 100 bytes"))
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let search = try TemplateMatching(
      tensor(3, "template"), opacity: tensor(3, "soft").converted(to: Float.self))
    let one = try withThreads(1) { try search.scores(in: tensor(3, "image")) }
    let four = try withThreads(4) { try search.scores(in: tensor(3, "image")) }
    #expect(one.hasSameBits(as: four))
  }
}

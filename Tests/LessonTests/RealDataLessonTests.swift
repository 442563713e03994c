import SpectralKit
import TestSupport
import Testing

import SpectralLessons

/// What the lessons that train say of handwriting, where MNIST is there.
@Suite(.serialized, .enabled(if: sharedData("mnist") != nil, "needs ../shared/data/mnist"))
struct RealDataLessonTests {
  private func material() throws -> LessonMaterial {
    var data = try DatasetKind.mnist.load(from: sharedData("mnist")!.path)
    (data.training, data.test) = (data.training.prefix(20_000), data.test.prefix(2_000))
    return LessonMaterial(data: (data, name: "MNIST"))
  }

  @Test func aDenseLayerForgetsWhereInkIs() throws {
    let findings = try DenseLesson.measure(try material(), LessonProgress())
    let (dense, lenet) = (findings.dense, findings.lenet)
    print("MNIST moved by 0...8 pixels: dense \(dense), LeNet-5 \(lenet)")
    #expect(dense.count == 9 && lenet.count == 9)
    #expect(dense[0] > 0.87 && lenet[0] > 0.96)
    for shift in 0...6 { #expect(lenet[shift] > dense[shift], "shift \(shift)") }
    #expect(lenet[3] > dense[3] + 0.15 && dense[4] < 0.5 && dense[8] < 0.25)
    // Shuffled pixels are the same task for one, and not for the other.
    #expect(abs(findings.shuffledDense - dense[0]) < 0.03 && findings.shuffledLeNet < lenet[0] - 0.01)
    // The image that is shown: the dense layer knows it and loses it; LeNet-5 still knows it then.
    let lost = try #require(findings.denseAnswers.firstIndex { $0.label != findings.exampleLabel })
    #expect(lost > 0 && findings.lenetAnswers[lost].label == findings.exampleLabel)
  }

  @Test func leNetReadsHandwritingThroughEitherMethod() throws {
    let findings = try LeNetLesson.measure(try material(), LessonProgress())
    #expect(findings.trainings.allSatisfy { $0.accuracy > 0.96 }, "\(findings.trainings.map(\.accuracy))")
    // Every step passes the roundings of all before it on, so the curves part in the end.
    for (a, b) in zip(findings.trainings[0].losses, findings.trainings[1].losses).prefix(20) {
      #expect(abs(a - b) < 1e-3 * a)
    }
    #expect(findings.methodDifference < 1e-3)
  }
}

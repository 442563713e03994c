import Foundation
import SpectralKit
import TestSupport
import Testing

import SpectralLessons

/// What the lessons claim, held against what they computed.
@Suite struct LessonTests {
  private let material = LessonMaterial(data: (CentredDigits.load(training: 640, test: 200), name: "a few digits"))

  private func checked<L: Lesson>(_ lesson: L.Type, _ findings: L.Findings) throws {
    let page = L.page(of: findings)
    let (text, reader) = (page.text, ReportReader(try Report(title: "t", origin: "o", pages: [page]).html()))
    #expect(reader.problem == nil && reader.complaints.isEmpty, "\(reader.problem ?? "") \(reader.complaints)")
    #expect(text.exercises.count == 2 && text.notice.count >= 2 && text.numbers.count >= 3)
    #expect(L.listing.split(separator: "\n").count <= 30)
  }

  @Test func wordsAndNumbers() {
    #expect(
      Lessons.all.map { $0.word } == [
        "dense", "parameters", "convolution", "theorem", "waves", "filters", "sliding", "circular", "where", "learning",
        "lenet", "crossover",
      ])
    for (index, lesson) in Lessons.all.enumerated() {
      #expect(lesson.number == index + 1)
      #expect(Lessons.named(lesson.word)?.word == lesson.word)
      #expect(Lessons.named("\(index + 1)")?.word == lesson.word)
    }
    #expect(Lessons.named("0") == nil && Lessons.named("\(Lessons.all.count + 1)") == nil && Lessons.named("x") == nil)
  }

  @Test func theorem() throws {
    let findings = try TheoremLesson.measure(material, LessonProgress())
    // L{f}(s) of cos(0.4 n) 0.97^n, 128 samples, from the geometric series of exp(±0.4 i) 0.97 exp(-s).
    for sigma in [0.2, 0.0] {
      let values = TheoremLesson.laplace(findings.f, sigma: sigma, points: 512)
      for k in [0, 7, 33, 256] {
        let omega = 2 * .pi * Double(k) / 512
        let sum = [0.4, -0.4].map { turn -> ComplexNumber<Double> in
          let (radius, angle) = (0.97 * exp(-sigma), turn - omega)
          let (x, y) = (radius * cos(angle), radius * sin(angle))
          let (xn, yn) = (pow(radius, 128) * cos(128 * angle), pow(radius, 128) * sin(128 * angle))
          let below = (1 - x) * (1 - x) + y * y
          return ComplexNumber(((1 - xn) * (1 - x) + yn * y) / below, ((1 - xn) * y - yn * (1 - x)) / below)
        }.reduce(ComplexNumber(0)) { $0 + 0.5 * $1 }
        #expect((sum - values[k]).magnitude < 1e-12, "sigma \(sigma), k \(k)")
      }
    }
    // Both sides go through log2 512 = 9 stages of roundings, twice on the product's side.
    #expect(findings.lines.count == 6 && findings.lines.last!.sigma == 0)
    #expect(findings.lines.allSatisfy { $0.error > 0 && $0.error < 20 * Double.unitRoundoff })
    #expect(findings.spectrumError < 40 * Double.unitRoundoff)
    #expect(
      findings.imageError < 2 * Double.unitRoundoff * 16.squareRoot() * findings.image.norm * findings.kernel.norm)
    try checked(TheoremLesson.self, findings)
  }

  @Test func sliding() throws {
    let findings = try SlidingLesson.measure(material, LessonProgress())
    #expect(findings.maps.shape == [1, 4, 28, 28] && findings.integerError == 0)
    #expect(findings.difference > 0 && findings.difference < findings.promise)
    #expect(findings.sizes.allSatisfy { $0.formula == $0.computed } && findings.sizes.contains { $0.isPooling })
    let (image, kernel, result) = findings.small
    for i in 0..<5 {
      for j in 0..<5 {
        var sum = 0.0
        for a in 0..<3 { for b in 0..<3 { sum += image[i + a, j + b] * kernel[a, b] } }
        #expect(result[i, j] == sum)
      }
    }
    #expect(findings.rectified.elements == findings.maps.elements.map { max($0, 0) })
    try checked(SlidingLesson.self, findings)
  }

  @Test func parameters() throws {
    let findings = try ParametersLesson.measure(material, LessonProgress())
    #expect(findings.rows.first?.dense == 10_240 && findings.rows.last?.dense == 10_485_760)
    #expect(findings.rows.allSatisfy { $0.filter == 75 && $0.denseSeconds > 0 && $0.filterSeconds > 0 })
    #expect(findings.denseExponent == 2 && findings.filterExponent == 0 && findings.denseMap == 3072 * 784)
    try checked(ParametersLesson.self, findings)
  }

  @Test func convolution() throws {
    let findings = try ConvolutionLesson.measure(material, LessonProgress())
    // By hand: 1·1 + 2·2 - 5 + 3·9 and 3·1 - 5 + 2·8 + 1·9.
    #expect(findings.correlated[2, 2] == 27 && findings.convolved[2, 2] == 23)
    #expect(findings.integerError == 0 && findings.turnedError == 0)
    #expect(findings.convolutionAsymmetry == 0 && findings.correlationAsymmetry > 0)
    // The star in row 14, column 46: the head of its comet is 10 pixels above and to the left, or below and to the right.
    #expect(findings.convolvedStars[4, 36] > findings.convolvedStars[24, 56])
    #expect(findings.correlatedStars[24, 56] > findings.correlatedStars[4, 36])
    // An echo of each click, and nothing before the first; correlated, nothing after the last.
    for n in 0..<87 {
      var sum = 0.0
      for k in 0..<24 where (0..<64).contains(n - k) { sum += findings.clicks[n - k] * findings.echo[k] }
      #expect(abs(findings.echoed[n] - sum) < 1e-14)
    }
    #expect(
      findings.echoed[..<6].allSatisfy { $0 == 0 } && findings.correlatedEcho[(28 + 24)...].allSatisfy { $0 == 0 })
    #expect(findings.methodDifference < 1e-13)
    try checked(ConvolutionLesson.self, findings)
  }

  @Test func waves() throws {
    let findings = try WavesLesson.measure(material, LessonProgress())
    // 192² values in pairs, but for frequency 0 and the three that are Nyquist along an axis, which are alone.
    #expect(findings.waveCount == (192 * 192 - 4) / 2 + 3)
    #expect(findings.parsevalError < 1e-13 && findings.rebuilt.last!.error < 1e-13)
    for (before, after) in zip(findings.rebuilt, findings.rebuilt.dropFirst()) { #expect(after.error <= before.error) }
    for step in findings.rebuilt.dropLast() {
      #expect(abs(step.error - step.predictedError) < 1e-9, "\(step.count) waves")
    }
    let first = findings.strongest[0]
    #expect(findings.strongest.allSatisfy { $0.amplitude <= first.amplitude * (1 + 1e-12) })
    // A wave is what its frequency and amplitude say: its energy is half of the square of its amplitude.
    #expect(abs(first.picture.norm - first.amplitude * 192 / 2.0.squareRoot()) < 1e-2 * first.picture.norm)
    try checked(WavesLesson.self, findings)
  }

  @Test func filters() throws {
    let findings = try FiltersLesson.measure(material, LessonProgress())
    func kernel(_ name: String) -> FiltersLesson.KernelAnswer { findings.kernels.first { $0.name == name }! }
    // What textbooks say of them, f in cycles per pixel along the rows.
    let formulas: [(String, (Double) -> Double)] = [
      ("box", { f in f == 0 ? 1 : abs(sin(5 * .pi * f) / (5 * sin(.pi * f))) }),
      ("Sobel", { f in 8 * sin(2 * .pi * f) }), ("Laplacian", { f in 2 - 2 * cos(2 * .pi * f) }),
      ("sharpen", { f in 3 - 2 * cos(2 * .pi * f) }),
    ]
    for (name, formula) in formulas {
      for (k, gain) in kernel(name).measured.enumerated() {
        #expect(abs(gain - formula(Double(k) / 64)) < 1e-13, "\(name), k \(k)")
      }
    }
    // A bell of 1.5 pixels, but for what is cut off beyond three deviations; a wave that a Gabor kernel waits for.
    for (k, gain) in kernel("Gaussian").measured.enumerated() {
      let f = Double(k) / 64
      #expect(abs(gain - exp(-2 * pow(.pi * 1.5 * f, 2))) < 3e-3)
    }
    let gabor = kernel("Gabor").kernel
    #expect(abs(gabor.response(fx: 1.0 / 6, fy: 0).magnitude - 1) < 1e-9)
    for answer in findings.kernels {
      #expect(
        answer.error > 0 && answer.error < 1e-14 * answer.kernel.magnitudeSum && answer.returnError < 1e-15,
        "\(answer.name)")
    }
    #expect(findings.kernels.count == 7 && findings.filters.count == 15)
    for answer in findings.filters {
      #expect(answer.error < 1e-14, "\(answer.kind) \(answer.shape)")
      #expect(zip(answer.predicted, answer.measured).allSatisfy { abs($0 - $1) < 1e-13 })
    }
    let gaussian = findings.filters.first { $0.kind == "low-pass" && $0.shape == .gaussian }!
    for (k, gain) in gaussian.measured.enumerated() { #expect(abs(gain - exp(-pow(Double(k) / 6.4, 2) / 2)) < 1e-13) }
    // Gibbs: the ideal filter rings as high at any cut-off. The Gaussian never does.
    func edge(_ shape: FilterShape, _ cutoff: Double) -> FiltersLesson.Edge {
      findings.edges.first { $0.shape == shape && $0.cutoff == cutoff }!
    }
    for cutoff in [0.05, 0.025] { #expect(abs(edge(.ideal, cutoff).overshoot - 0.08949) < 1e-3) }
    #expect(abs(edge(.gaussian, 0.05).overshoot) < 1e-13)
    // Half the cut-off, twice the reach: nothing was cut short.
    let (wide, narrow) = (edge(.ideal, 0.025).settled, edge(.ideal, 0.05).settled)
    #expect(abs(Double(wide) / Double(narrow) - 2) < 0.1, "\(wide) \(narrow)")
    let orders = [1, 2, 4, 8].map { edge(.butterworth(order: $0), 0.05).overshoot }
    for (gentle, steep) in zip(orders, orders.dropFirst()) { #expect(gentle < steep) }
    #expect(orders.last! < edge(.ideal, 0.05).overshoot)
    // A cosine has the root mean square of its amplitude over √2.
    #expect(abs(findings.stripes - 0.15 / 2.0.squareRoot()) < 1e-12)
    #expect(findings.left.allSatisfy { $0 < 0.3 * findings.stripes }, "\(findings.left)")
    try checked(FiltersLesson.self, findings)
  }

  @Test func circular() throws {
    let findings = try CircularLesson.measure(material, LessonProgress())
    #expect(findings.insideDifference < 1e-13 && findings.borderDifference > 1e-3 && findings.spoiled == 32)
    #expect(findings.circularError < 1e-13 && findings.linearError < 1e-13)
    // A transform of 200 points tells frequencies apart to half a point.
    for sample in findings.sampled { #expect(abs(sample.formula - sample.measured) <= 0.5 / 200 + 1e-12, "\(sample)") }
    #expect(abs(findings.sampled.first { $0.frequency == 0.4 }!.measured - 0.2) < 1e-12)
    try checked(CircularLesson.self, findings)
  }

  @Test func whereThingsAre() throws {
    let findings = try WhereLesson.measure(material, LessonProgress())
    #expect(findings.isExact && findings.count == 75)
    // The promise of the Fourier method for a gradient of norm 1 and these weights.
    let norm = (findings.gradient.elements.reduce(0) { $0 + $1 * $1 }).squareRoot()
    let bound = 2 * Double.unitRoundoff * log2(64.0 * 64).squareRoot() * norm
    #expect(findings.fourierOutside <= bound && findings.fourierInside <= bound)
    #expect(findings.stack.map(\.measured) == [5, 6, 14, 16])
    #expect(findings.stack.allSatisfy { $0.formula == $0.measured })
    let errors = findings.equivariance.map(\.error)
    #expect(errors[0] < 1e-15 && errors[1] < 1e-14 && errors[2] == 0 && errors[3] > 1e-3 && errors[4] > 0.1)
    try checked(WhereLesson.self, findings)
  }

  @Test func learning() throws {
    let findings = try LearningLesson.measure(material, LessonProgress())
    #expect(findings.direct.errors.last! < 1e-3 && findings.fourier.errors.last! < 1e-3)
    for (a, b) in zip(findings.direct.losses, findings.fourier.losses) { #expect(abs(a - b) <= 1e-4 * a + 1e-9) }
    #expect(findings.direct.losses.last! < 1e-6 * findings.direct.losses[0])
    #expect(findings.fromPicture.errors.last! > findings.direct.errors.last!)
    #expect(findings.filters.count == findings.accuracies.count && findings.filters[0].shape == [6, 5, 5])
    #expect(findings.accuracies.last! > 0.8, "\(findings.accuracies)")
    try checked(LearningLesson.self, findings)
  }

  @Test func lenet() throws {
    let findings = try LeNetLesson.measure(material, LessonProgress())
    // 6 (25 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1), as in every textbook.
    let parameters = [156, 0, 0, 2416, 0, 0, 0, 48_120, 0, 10_164, 0, 850]
    let multiplyAdds = [784 * 150, 0, 0, 100 * 2400, 0, 0, 0, 48_000, 0, 10_080, 0, 840]
    #expect(findings.layers.map(\.parameterCount) == parameters)
    #expect(findings.layers.map(\.multiplyAdds) == multiplyAdds)
    #expect(findings.activations.count == findings.layers.count)
    for (layer, activation) in zip(findings.layers, findings.activations) {
      #expect(layer.output == activation.values.shape && layer.label == activation.label)
    }
    #expect(abs(findings.shares.reduce(0, +) - 1) < 1e-5)
    #expect(findings.shares.max() == findings.shares[findings.label])
    #expect(findings.trainings.allSatisfy { $0.accuracy > 0.8 } && findings.methodDifference < 1e-2)
    #expect(findings.methodDifference > 0)
    try checked(LeNetLesson.self, findings)
  }

  @Test func crossover() throws {
    // Few kernels, few images: the claims do not hang on a stop-watch that others disturb.
    let findings = try CrossoverLesson.measure(
      material, LessonProgress(), kernels: [3, 15, 31], budget: 0.01, images: 64)
    #expect(findings.curves.count == 3 && findings.imageShape == [1, 56, 56] && findings.imageCount == 64)
    for curve in findings.curves {
      #expect(curve.fourier.count == 3 && curve.direct.count >= 2)
      #expect(curve.fourier[curve.direct.count - 1] < curve.direct.last!, "\(curve)")
    }
    // The same network learns the same by either method, up to roundings that every step passes on.
    let (direct, fourier) = (findings.trainings[0], findings.trainings[1])
    #expect(direct.losses.count == 8 && direct.losses != fourier.losses)
    for (a, b) in zip(direct.losses, fourier.losses) { #expect(abs(a - b) < 1e-2 * a, "\(a) \(b)") }
    try checked(CrossoverLesson.self, findings)
  }

  @Test func enlarging() {
    let data = material.data.test
    let large = data.enlarged(times: 2)
    #expect(large.imageShape == [1, 56, 56] && large.count == data.count)
    let (small, image) = (data.image(at: 7), large.image(at: 7))
    for (y, x) in [(0, 0), (27, 30), (55, 54)] { #expect(image[0, y, x] == small[0, y / 2, x / 2]) }
  }

  @Test func dense() throws {
    let findings = try DenseLesson.measure(material, LessonProgress())
    #expect(findings.dense.count == 9 && findings.lenet.count == 9)
    #expect(findings.lenet[0] > findings.dense[0] && findings.dense[0] > 0.5, "\(findings.dense) \(findings.lenet)")
    #expect(findings.dense[0] - findings.dense[4] > 0.2 && findings.lenet[2] > findings.dense[2])
    // Shuffled pixels are the same task to the dense layer, and a harder one to LeNet-5.
    #expect(abs(findings.shuffledDense - findings.dense[0]) < 0.08)
    #expect(findings.shuffledLeNet < findings.lenet[0])
    #expect(findings.denseAnswers[0].label == findings.exampleLabel)
    #expect(findings.denseAnswers.contains { $0.label != findings.exampleLabel })
    try checked(DenseLesson.self, findings)
  }

  /// A picture without any contrast must not make a page fall over.
  @Test func aBlankPicture() throws {
    let blank = LessonMaterial(
      image: (RasterImage(pixels: .zeros([1, 3, 5])), name: "blank"), data: (material.data, name: ""))
    try checked(TheoremLesson.self, try TheoremLesson.measure(blank, LessonProgress()))
    try checked(SlidingLesson.self, try SlidingLesson.measure(blank, LessonProgress()))
    try checked(ConvolutionLesson.self, try ConvolutionLesson.measure(blank, LessonProgress()))
    try checked(WavesLesson.self, try WavesLesson.measure(blank, LessonProgress()))
    try checked(FiltersLesson.self, try FiltersLesson.measure(blank, LessonProgress()))
    try checked(CircularLesson.self, try CircularLesson.measure(blank, LessonProgress()))
    try checked(WhereLesson.self, try WhereLesson.measure(blank, LessonProgress()))
  }
}

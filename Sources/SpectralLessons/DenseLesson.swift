import SpectralFigures
import Foundation
import SpectralKit

/// Idea 1: a dense layer forgets space.
public enum DenseLesson: Lesson {
  public static let word = "dense"
  public static let title = "A dense layer forgets space"

  public static let listing = #"""
    import SpectralKit

    // One matrix from pixels to classes, and LeNet-5, on the same digits.
    let data = try DatasetKind.digits.load(limit: 2000)
    for model in [ModelKind.dense, .lenet5] {
      var configuration = TrainingConfiguration()
      (configuration.model, configuration.epochs, configuration.optimizer) = (model, 4, .adam)
      let network = try TrainingRun(configuration, data: data).run().network

      // The same test images, moved to the right.
      for shift in [0, 2, 4] {
        let images = Tensor<Float>([2000, 1, 28, 28]) { target in
          for n in 0..<2000 {
            let image = data.test.image(at: n).elements
            for i in 0..<784 { target[784 * n + i] = i % 28 < shift ? 0 : image[i - shift] }
          }
        }
        let moved = Dataset(
          name: "moved", images: images, labels: data.test.labels, classNames: data.test.classNames,
          normalization: data.test.normalization)
        print(model, "moved by", shift, Evaluation(of: network, on: moved).accuracy)
      }
    }
    """#

  /// What a network makes of one image at one shift.
  public struct Answer: Sendable {
    public let label: Int
    public let share: Double
  }

  public struct Findings: Sendable {
    public var imageShape: TensorShape
    public var classNames: [String]
    /// Accuracy on test images that were moved by 0, 1, ... 8 pixels.
    public var dense, lenet: [Double]
    /// Accuracy of networks that learned images with shuffled pixels, on images shuffled alike.
    public var shuffledDense, shuffledLeNet: Double
    public var testCount: Int
    /// One image at each shift, `[1, H, W]`, its class, and what both make of it.
    public var example: [Tensor<Float>]
    public var exampleLabel: Int
    public var denseAnswers, lenetAnswers: [Answer]
    /// One image, and the same with its pixels shuffled.
    public var shuffledExample: (Tensor<Float>, Tensor<Float>)
    /// The dense layer's weights, a picture for each class, `[classes, H, W]`.
    public var templates: Tensor<Double>
    public var seconds: Double
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let data = material.data
    let (shape, classes) = (data.training.imageShape, data.training.classNames.count)
    var random = RandomGenerator(seed: 1)
    let method = AutomaticConvolution<Float>()
    let epochs = max(2, 50_000 / data.training.count)
    // Shuffled pixels: the same shuffle for all images.
    var order = Array(0..<shape[1] * shape[2])
    for i in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(i, Int(random.next() % UInt64(i + 1))) }
    let shuffle = order
    let shuffled = DatasetPair(
      training: data.training.rearranged("shuffled") { shuffle[$0] },
      test: data.test.rearranged("shuffled") { shuffle[$0] })

    let denseNetwork = Chain {
      Flatten<Float>()
      Dense<Float>(inputs: shape.count, outputs: classes, using: &random)
    }
    let lenetNetwork = Models.lenet5(image: shape, classes: classes, method: method, using: &random)
    var dense = try LessonTraining(denseNetwork, on: data.training, epochs: epochs)
    var lenet = try LessonTraining(lenetNetwork, on: data.training, epochs: epochs)
    var shuffledDense = try LessonTraining(denseNetwork, on: shuffled.training, epochs: epochs)
    var shuffledLeNet = try LessonTraining(lenetNetwork, on: shuffled.training, epochs: epochs)
    let seconds = 2 * (dense.estimatedSeconds() + lenet.estimatedSeconds())
    progress.say("trains four networks on \(grouped(data.training.count)) images, about \(time(seconds))")
    try dense.run("dense", progress)
    try lenet.run("LeNet-5", progress)
    try shuffledDense.run("dense, shuffled pixels", progress)
    try shuffledLeNet.run("LeNet-5, shuffled pixels", progress)

    let moved = (0...8).map { data.test.movedRight(by: $0) }
    let heard = try moved.map { set in
      try progress.check()
      return (answers(dense.network, set), answers(lenet.network, set))
    }
    let example = example(heard, labels: data.test.labels)
    return Findings(
      imageShape: shape, classNames: data.test.classNames,
      dense: heard.map { accuracy($0.0, data.test.labels) }, lenet: heard.map { accuracy($0.1, data.test.labels) },
      shuffledDense: Evaluation(of: shuffledDense.network, on: shuffled.test).accuracy,
      shuffledLeNet: Evaluation(of: shuffledLeNet.network, on: shuffled.test).accuracy, testCount: data.test.count,
      example: moved.map { $0.image(at: example) }, exampleLabel: data.test.labels[example],
      denseAnswers: heard.map { $0.0[example] }, lenetAnswers: heard.map { $0.1[example] },
      shuffledExample: (data.test.image(at: example), shuffled.test.image(at: example)),
      templates: dense.network.second.parameters.weight.converted().reshaped(to: [classes, shape[1], shape[2]]),
      seconds: [dense.seconds, lenet.seconds, shuffledDense.seconds, shuffledLeNet.seconds].reduce(0, +))
  }

  /// The class that a network takes each image for, and the share its softmax gives it.
  private static func answers<L: Layer<Float>>(_ network: L, _ dataset: Dataset) -> [Answer] {
    Batches<Float>(dataset, batchSize: 256).flatMap { batch in
      let shares = network(batch.images).softmax()
      return (0..<batch.count).map { n in
        let row = shares.rows(n..<n + 1).elements
        let label = row.indices.max { row[$0] < row[$1] }!
        return Answer(label: label, share: Double(row[label]))
      }
    }
  }

  private static func accuracy(_ answers: [Answer], _ labels: [Int]) -> Double {
    Double(zip(answers, labels).filter { $0.label == $1 }.count) / Double(max(labels.count, 1))
  }

  /// The image that the dense layer knows until it moves, while LeNet-5 knows it for longest.
  private static func example(_ answers: [([Answer], [Answer])], labels: [Int]) -> Int {
    func held(_ network: ([Answer], [Answer]) -> [Answer], _ image: Int) -> Int {
      answers.prefix { network($0.0, $0.1)[image].label == labels[image] }.count
    }
    return labels.indices.max { a, b in
      func lead(_ image: Int) -> Int {
        let dense = held({ dense, _ in dense }, image)
        return dense == 0 ? -1 : held({ _, lenet in lenet }, image) - dense
      }
      return lead(a) < lead(b)
    } ?? 0
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    let pixels = findings.imageShape.count
    return LessonText(
      idea: """
        32 x 32 pixels become a vector of 1024 numbers, and one 1024 x 10 matrix classifies it. Which pixels were \
        neighbours, the matrix is never told.
        """,
      body: vector(findings, pixels: pixels) + shifts(findings),
      numbers: [
        .init("dense, images where they were", percent(findings.dense[0])),
        .init("LeNet-5, images where they were", percent(findings.lenet[0])),
        .init("dense, moved by 3 pixels", percent(findings.dense[3])),
        .init("LeNet-5, moved by 3 pixels", percent(findings.lenet[3])),
        .init("dense, pixels shuffled", percent(findings.shuffledDense)),
        .init("LeNet-5, pixels shuffled", percent(findings.shuffledLeNet)),
        .init("time of the four trainings", time(findings.seconds)),
      ],
      notice: [
        """
        Shuffled pixels are all the same to the dense layer (\(percent(findings.dense[0])) against \
        \(percent(findings.shuffledDense))). LeNet-5 loses \
        \(decimals(100 * (findings.lenet[0] - findings.shuffledLeNet), 1)) points: it had used that neighbours belong \
        together.
        """,
        """
        A shift of three pixels costs the dense layer \(decimals(100 * (findings.dense[0] - findings.dense[3]), 0)) \
        points and LeNet-5 \(decimals(100 * (findings.lenet[0] - findings.lenet[3]), 0)).
        """,
        """
        LeNet-5 is not immune. Its convolutions move with the digit, but behind them stand dense layers, which know each \
        place by its own weights.
        """,
      ],
      exercises: [
        .init(
          "Shuffle the pixels of all images, and the columns of the dense matrix alike. What changes?",
          answer: """
            Nothing: \(math: "W x = (W" + .power("P", "T") + ") (P x)") for every permutation \(math: "P"). So a dense \
            layer can learn shuffled images exactly as well.
            """),
        .init(
          "How could the dense layer be taught to stand a shift of three pixels, and what would it cost?",
          answer: """
            By showing it moved images in training (`Augmentation(shift: 3)`). It must then spend its one template per \
            class on 49 positions at once, so the template blurs and the accuracy in place falls. A convolution gets \
            every position from the same weights.
            """),
      ])
  }

  private static func vector(_ findings: Findings, pixels: Int) -> [Block] {
    let (height, width) = (findings.imageShape[1], findings.imageShape[2])
    let (image, shuffled) = findings.shuffledExample
    let classes = findings.templates.shape[0]
    return [
      .text(
        """
        A *dense* layer sees every pixel of the image with a weight of its own, and every class has its own set of \
        weights. The images here have \(height) x \(width) = \(pixels) pixels, so the matrix has \(pixels) x \
        \(classes) weights.
        """),
      .formula(
        .sub("y", "c") + "=" + .sum(over: "i = 1", to: "\(pixels)") + .sub("w", "c i") + .sub("x", "i") + "+"
          + .sub("b", "c")),
      .text("A sum does not mind its order. To the dense layer these two images are the same task:"),
      .pictures(
        [
          Picture(RasterImage(pixels: image), alt: "A test image.", caption: "an image", scale: 6),
          Picture(
            RasterImage(pixels: shuffled), alt: "The same pixels in random order: a cloud of dots.",
            caption: "its pixels, shuffled", scale: 6),
        ],
        caption: """
          Trained and judged on shuffled images, the dense layer reaches \(percent(findings.shuffledDense)) instead of \
          \(percent(findings.dense[0])); LeNet-5 reaches \(percent(findings.shuffledLeNet)) instead of \
          \(percent(findings.lenet[0])).
          """),
      .text(
        "What the matrix has learned can be looked at: one picture of weights for each class, laid over the image."),
      .pictures(
        (0..<classes).map {
          Picture(
            Plane.signed(findings.templates.rows($0..<$0 + 1).reshaped(to: [height, width])),
            alt: "Weights of the class \(findings.classNames[$0]).", caption: findings.classNames[$0], scale: 2)
        }, caption: "Lighter and red: ink here speaks for the class. Darker and blue: against it. Grey: no matter."),
    ]
  }

  private static func shifts(_ findings: Findings) -> [Block] {
    func points(_ accuracies: [Double]) -> [Chart.Point] {
      accuracies.enumerated().map { .init(Double($0.offset), 100 * $0.element) }
    }
    let stills = findings.example.indices.map { shift -> Still in
      func says(_ answer: Answer) -> String {
        "\(findings.classNames[answer.label]) (\(decimals(100 * answer.share, 0)) %\(answer.label == findings.exampleLabel ? "" : ", wrong"))"
      }
      return Still(
        "moved by \(shift): dense says \(says(findings.denseAnswers[shift])), LeNet-5 says \(says(findings.lenetAnswers[shift]))",
        pictures: [
          Picture(
            RasterImage(pixels: findings.example[shift]),
            alt: "The class \(findings.classNames[findings.exampleLabel]), moved by \(shift) pixels.", scale: 8)
        ])
    }
    return [
      .heading("Move the image"),
      .text(
        """
        Such templates lie at a fixed place. Now every test image is moved to the right, a pixel at a time. Nobody \
        trained for this: both networks saw centred images only.
        """),
      .chart(
        Chart(
          "Accuracy on \(grouped(findings.testCount)) test images that moved",
          horizontal: ChartAxis("pixels to the right", .linear),
          vertical: ChartAxis("accuracy, %", .linear),
          series: [.init("dense", points(findings.dense)), .init("LeNet-5", points(findings.lenet))]),
        alt: """
          Two falling curves. Dense from \(percent(findings.dense[0])) to \(percent(findings.dense[8])), LeNet-5 from \
          \(percent(findings.lenet[0])) to \(percent(findings.lenet[8])).
          """,
        caption:
          "A guess is right in 10 % of ten classes. Beyond five pixels or so parts of the wider digits leave the image."
      ),
      .table(
        Table(
          ["pixels", "dense", "LeNet-5"],
          findings.dense.indices.map { ["\($0)", percent(findings.dense[$0]), percent(findings.lenet[$0])] }),
        caption: "The same in numbers."),
      .animation(stills, caption: "One of the test images, and what either network takes it for."),
    ]
  }
}

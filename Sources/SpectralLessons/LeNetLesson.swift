import SpectralFigures
import Foundation
import SpectralKit

/// Idea 11: convolution, activation, pooling, dense, softmax.
public enum LeNetLesson: Lesson {
  public static let word = "lenet"
  public static let title = "LeNet: the architecture that stayed"

  public static let listing = #"""
    import SpectralKit

    var random = RandomGenerator(seed: 1)
    let method = FourierConvolution<Float>()
    let lenet = Chain {
      Convolution2D<Float>(
        inputChannels: 1, outputChannels: 6, kernel: 5, geometry: .init(padding: .same), method: method, using: &random)
      ReLU<Float>()
      MaxPooling2D<Float>(kernel: 2)
      Convolution2D<Float>(
        inputChannels: 6, outputChannels: 16, kernel: 5, method: method, using: &random)
      ReLU<Float>()
      MaxPooling2D<Float>(kernel: 2)
      Flatten<Float>()
      Dense<Float>(inputs: 400, outputs: 120, using: &random)
      ReLU<Float>()
      Dense<Float>(inputs: 120, outputs: 84, using: &random)
      ReLU<Float>()
      Dense<Float>(inputs: 84, outputs: 10, using: &random)
    }
    for row in lenet.summary(for: [1, 1, 28, 28]) { print(row.label, row.output, row.parameterCount) }
    let shares = lenet(.zeros([1, 1, 28, 28])).softmax()
    precondition(abs(shares.sum - 1) < 1e-5)
    """#

  /// A training through one method.
  public struct Training: Sendable {
    public let method: String
    public let losses: [Double]
    public let accuracy: Double
    public let seconds: Double
  }

  public struct Findings: Sendable {
    /// A row for each layer, for one image.
    public var layers: [LayerSummary]
    /// Direct, then Fourier.
    public var trainings: [Training]
    public var imageCount: Int
    /// One test image `[1, H, W]`, its class, and the classes' names.
    public var digit: Tensor<Float>
    public var label: Int
    public var classNames: [String]
    /// What each layer makes of it, `[1, C, H, W]` or `[1, F]`, by the layers' labels.
    public var activations: [(label: String, values: Tensor<Float>)]
    /// The shares of the classes.
    public var shares: [Double]
    /// The largest difference of the logits of the same weights through the two methods.
    public var methodDifference: Double
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let data = material.data
    func network(_ method: any ConvolutionMethod<Float>) -> some Sequenced {
      var random = RandomGenerator(seed: 11)
      return lenet(data.training.imageShape, classes: data.training.classNames.count, method, &random)
    }
    let epochs = max(2, 50_000 / data.training.count)
    var direct = try LessonTraining(network(SpatialConvolution()), on: data.training, epochs: epochs)
    var fourier = try LessonTraining(network(FourierConvolution()), on: data.training, epochs: epochs)
    progress.say(
      "trains LeNet-5 twice on \(grouped(data.training.count)) images, about "
        + time(direct.estimatedSeconds() + fourier.estimatedSeconds()))
    let accuracies = [
      try direct.train("direct", progress, test: data.test), try fourier.train("fft", progress, test: data.test),
    ]
    // Of the first test images that are taken for what they are, the one that was the hardest to tell.
    let batch = Batches<Float>(data.test.prefix(200), batchSize: max(1, min(200, data.test.count)))[0]
    let logits = fourier.network(batch.images)
    let shares = logits.softmax()
    let chosen =
      (0..<batch.count).filter { image in
        CrossEntropy().evaluate(logits.rows(image..<image + 1), [batch.labels[image]]).correct == 1
      }.min { shares[$0, batch.labels[$0]] < shares[$1, batch.labels[$1]] } ?? 0
    let image = batch.images.rows(chosen..<chosen + 1)
    let activations = fourier.network.activations(of: image)
    var other = direct
    other.adopt(parametersOf: fourier)
    return Findings(
      layers: fourier.network.summary(for: TensorShape([1] + data.training.imageShape.extents)),
      trainings: zip([("direct", direct), ("fft", fourier)], accuracies).map { named, accuracy in
        Training(method: named.0, losses: named.1.losses, accuracy: accuracy, seconds: named.1.seconds)
      },
      imageCount: data.training.count, digit: data.test.image(at: chosen), label: data.test.labels[chosen],
      classNames: data.test.classNames, activations: activations,
      shares: activations.last!.values.softmax().elements.map(Double.init),
      methodDifference: (other.network(batch.images) - logits).maximumMagnitude)
  }

  /// LeNet-5 in the order in which it is usually drawn.
  private static func lenet(
    _ image: TensorShape, classes: Int, _ method: any ConvolutionMethod<Float>, _ random: inout RandomGenerator
  ) -> some Sequenced {
    let features = 16 * ((image[1] / 2 - 4) / 2) * ((image[2] / 2 - 4) / 2)
    return Chain {
      Convolution2D<Float>(
        inputChannels: image[0], outputChannels: 6, kernel: 5, geometry: .init(padding: .same), method: method,
        using: &random)
      ReLU<Float>()
      MaxPooling2D<Float>(kernel: 2)
      Convolution2D<Float>(
        inputChannels: 6, outputChannels: 16, kernel: 5, method: method, using: &random)
      ReLU<Float>()
      MaxPooling2D<Float>(kernel: 2)
      Flatten<Float>()
      Dense<Float>(inputs: features, outputs: 120, using: &random)
      ReLU<Float>()
      Dense<Float>(inputs: 120, outputs: 84, using: &random)
      ReLU<Float>()
      Dense<Float>(inputs: 84, outputs: classes, using: &random)
    }
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    let (direct, fourier) = (findings.trainings[0], findings.trainings[1])
    let parameters = findings.layers.map(\.parameterCount).reduce(0, +)
    let convolutions = findings.layers.filter { $0.problem != nil }
    let multiplyAdds = findings.layers.map(\.multiplyAdds).reduce(0, +)
    let share = Double(convolutions.map(\.multiplyAdds).reduce(0, +)) / Double(max(multiplyAdds, 1))
    return LessonText(
      idea:
        """
        Convolution, activation, pooling; again; then dense layers and a softmax. LeNet-5 is of 1998; the order of its \
        layers has stayed.
        """,
      body: layers(findings) + digit(findings) + training(findings),
      numbers: [
        .init("parameters", grouped(parameters)),
        .init("of these in the convolutions", grouped(convolutions.map(\.parameterCount).reduce(0, +))),
        .init("multiply-adds for an image", "\(grouped(multiplyAdds)), \(percent(share)) of them in the convolutions"),
        .init("accuracy, trained through the definition", percent(direct.accuracy)),
        .init("accuracy, trained through spectra", percent(fourier.accuracy)),
        .init("the same weights through both methods, logits differ by", scientific(findings.methodDifference)),
        .init("time of the two trainings", "\(time(direct.seconds)) and \(time(fourier.seconds))"),
      ],
      notice: [
        """
        The convolutions hold \
        \(percent(Double(convolutions.map(\.parameterCount).reduce(0, +)) / Double(max(parameters, 1)))) of the \
        parameters and do \(percent(share)) of the work; the first dense layer holds most of the rest.
        """,
        """
        From layer to layer the maps get smaller and more: where is traded for what. In the first maps you recognise the \
        digit; in the last ones you do not, and need not.
        """,
        """
        Both curves fall together. At 5 x 5 the definition and the spectra are alternatives; the large kernels of the \
        next lesson decide the matter.
        """,
      ],
      exercises: [
        .init(
          "Where do the \(grouped(findings.layers[3].parameterCount)) parameters of the second convolution come from?",
          answer: "16 filters of 5 x 5 x 6 weights and 16 biases: 16 · 150 + 16 = 2416."),
        .init(
          "ReLU and max pooling may change places without any effect on the result. Why, and what would it save?",
          answer: """
            ReLU never turns a larger number into a smaller one, so the largest of four stays the largest. After the \
            pooling there is only a quarter of the numbers to rectify. `Models.lenet5` does so.
            """),
      ])
  }

  private static func layers(_ findings: Findings) -> [Block] {
    [
      .text(
        """
        A convolution finds patterns wherever they are. An *activation* (ReLU here) keeps what was found. *Pooling* \
        keeps the strongest answer of each 2 x 2 places, and with it a little less of where. After two rounds, dense \
        layers weigh what was found, and the *softmax* makes shares of their ten numbers:
        """),
      .formula(
        .sub("p", "c") + "=" + .fraction(.power("e", .sub("y", "c")), .sum(over: "k") + .power("e", .sub("y", "k")))),
      .text(
        """
        The network of 1998 had sigmoids where ReLU stands here, averaged where this one takes the largest, and compared \
        with drawn characters in the end.
        """),
      .table(
        Table(
          ["layer", "output", "parameters", "multiply-adds"],
          findings.layers.map {
            [
              arrowed($0.label), TensorShape(Array($0.output.extents.dropFirst())).description,
              grouped($0.parameterCount),
              grouped($0.multiplyAdds),
            ]
          }), caption: "Counted from the network itself, for one image."),
    ]
  }

  private static func arrowed(_ label: String) -> String { label.replacingOccurrences(of: "->", with: "→") }

  private static func digit(_ findings: Findings) -> [Block] {
    let maps = findings.activations.filter { $0.values.shape.rank == 4 }
    let rows = maps.map { label, values -> Block in
      let (count, height, width) = (values.shape[1], values.shape[2], values.shape[3])
      let planes: Tensor<Double> = values.reshaped(to: [count, height, width]).converted()
      let limit = planes.maximumMagnitude
      return .pictures(
        (0..<count).map {
          Picture(
            Plane.signed(planes.rows($0..<$0 + 1).reshaped(to: [height, width]), limit: limit),
            alt: "Map \($0 + 1) of \(count) after \(label).", scale: max(1, (count > 8 ? 77 : 100) / max(height, 1)))
        }, caption: "\(arrowed(label)): \(count) maps of \(height) x \(width).")
    }
    return [
      .heading("One digit on its way"),
      .pictures(
        [
          Picture(
            RasterImage(pixels: findings.digit), alt: "The test image, a \(findings.classNames[findings.label]).",
            scale: 5)
        ],
        caption: """
          Of the first 200 test images those that the network takes for what they are, and of these the one that it is \
          least sure of: \(findings.classNames[findings.label]).
          """),
    ] + rows + [
      .table(
        Table(
          ["class", "share"], zip(findings.classNames, findings.shares).map { [$0, "\(decimals(100 * $1, 2)) %"] }),
        caption: "The softmax of this image. The shares add up to \(decimals(100 * findings.shares.reduce(0, +), 2)) %."
      )
    ]
  }

  private static func training(_ findings: Findings) -> [Block] {
    let series = findings.trainings.map { lossCurve($0.method, $0.losses, isMarks: $0.method == "fft") }
    return [
      .heading("Trained through either method"),
      .chart(
        Chart(
          "LeNet-5 on \(grouped(findings.imageCount)) images", horizontal: ChartAxis("step", .linear),
          vertical: ChartAxis("cross-entropy"), series: series),
        alt: "Two loss curves that fall together.",
        caption: "The same images in the same order from the same weights; running means over about 25 steps."),
      .table(
        Table(
          ["method", "accuracy", "time of training"],
          findings.trainings.map { [$0.method, percent($0.accuracy), time($0.seconds)] }),
        caption: "On test images that neither has seen."),
    ]
  }
}

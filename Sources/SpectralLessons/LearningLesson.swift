import SpectralFigures
import Foundation
import SpectralKit

/// Idea 10: filters are learned by backpropagation.
public enum LearningLesson: Lesson {
  public static let word = "learning"
  public static let title = "Filters are learned"

  public static let listing = #"""
    import SpectralKit

    // A filter that nobody tells, and what it does to random images.
    var random = RandomGenerator(seed: 1)
    let hidden = Tensor<Float>.normal([1, 1, 5, 5], deviation: 0.3, using: &random)
    let method = FourierConvolution<Float>()
    var layer = Convolution2D<Float>(
      inputChannels: 1, outputChannels: 1, kernel: 5, bias: false, method: method, using: &random)
    var descent = SGD<Float>(learningRate: 0.05)
    for step in 0..<160 {
      let images = Tensor<Float>.normal([4, 1, 32, 32], using: &random)
      let (output, tape) = layer.forward(images)
      let (loss, gradient) = MeanSquaredError()(output, try method(images, hidden))
      descent.step(&layer, gradient, tape)
      if step % 40 == 0 { print("step \(step): loss \(loss)") }
    }
    let error = (layer.parameters.weight - hidden).maximumMagnitude
    precondition(error < 1e-3)
    print("the filter is found to within", error)
    """#

  /// The search for a hidden filter.
  public struct Search: Sendable {
    /// E.g. `direct`.
    public let name: String
    /// The loss before each step.
    public let losses: [Double]
    /// The largest distance of a weight from the hidden one, before each step and after the last.
    public let errors: [Double]
    /// The filter that was found, `[5, 5]`.
    public let found: Tensor<Double>
  }

  public struct Findings: Sendable {
    /// `[5, 5]`.
    public var hidden: Tensor<Double>
    /// From noise, through the direct and the Fourier method; then from pieces of the picture.
    public var direct, fourier, fromPicture: Search
    /// LeNet's first filters before training and after each epoch, `[6, 5, 5]`.
    public var filters: [Tensor<Double>]
    /// The accuracy on the test images at the same moments.
    public var accuracies: [Double]
    public var seconds: Double
  }

  static let steps = 160

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    // A ridge that is bright on one side: no symmetry that a wrong flip could hide behind.
    let hidden = Tensor<Float>(
      [1, 1, 5, 5],
      (0..<25).map { i in
        let (y, x) = (Double(i / 5) - 2, Double(i % 5) - 2)
        return Float(0.5 * (x + 0.4 * y) * exp(-(x * x + y * y) / 4) + 0.1 * exp(-(x - 1) * (x - 1) - y * y))
      })
    let direct = try search("direct", hidden, SpatialConvolution(), rate: 0.05, progress, images: noise)
    let fourier = try search("fft", hidden, FourierConvolution(), rate: 0.05, progress, images: noise)
    let pieces = pieces(material)
    let fromPicture = try search("picture", hidden, SpatialConvolution(), rate: 0.01, progress) { random in
      Tensor(
        [4, 1, 32, 32],
        (0..<4).flatMap { _ in
          pieces[Int(random.next() % UInt64(pieces.count))]
        })
    }
    let data = material.data.training
    var random = RandomGenerator(seed: 10)
    let network = Models.lenet5(
      image: data.imageShape, classes: data.classNames.count, method: AutomaticConvolution<Float>(), using: &random)
    var training = try LessonTraining(network, on: data, epochs: max(4, 50_000 / data.count))
    progress.say("trains LeNet-5 on \(grouped(data.count)) images, about \(time(training.estimatedSeconds()))")
    var (filters, accuracies) = ([Tensor<Double>](), [Double]())
    try training.run("LeNet-5", progress) { _, network in
      filters.append(network.firstFilters)
      accuracies.append(Evaluation(of: network, on: material.data.test).accuracy)
    }
    return Findings(
      hidden: hidden.reshaped(to: [5, 5]).converted(), direct: direct, fourier: fourier, fromPicture: fromPicture,
      filters: filters, accuracies: accuracies, seconds: training.seconds)
  }

  private static func noise(_ random: inout RandomGenerator) -> Tensor<Float> {
    .normal([4, 1, 32, 32], using: &random)
  }

  /// Pieces of 32 x 32 pixels of the picture, all together with mean 0 and variance 1.
  private static func pieces(_ material: LessonMaterial) -> [[Float]] {
    let grey = material.grey(side: 256)
    let mean = grey.mean
    let centred = grey.map { $0 - mean }
    let deviation = max(centred.norm / 256, 1e-9)
    return (0..<64).map { piece in
      (0..<1024).map { i in
        Float(centred[piece / 8 * 32 + i / 32, piece % 8 * 32 + i % 32] / deviation)
      }
    }
  }

  /// Gradient descent from zero weights, on the squared distance between what the layer gives and what the hidden filter
  /// gives.
  private static func search(
    _ name: String, _ hidden: Tensor<Float>, _ method: any ConvolutionMethod<Float>, rate: Double,
    _ progress: LessonProgress, images: (inout RandomGenerator) -> Tensor<Float>
  ) throws -> Search {
    var random = RandomGenerator(seed: 4)
    var layer = Convolution2D(weight: .zeros(like: hidden), bias: nil, method: method)
    var descent = SGD<Float>(learningRate: rate)
    var (losses, errors) = ([Double](), [Double]())
    for _ in 0..<steps {
      try progress.check()
      let batch = images(&random)
      let (output, tape) = layer.forward(batch)
      let (loss, gradient) = MeanSquaredError()(output, try method(batch, hidden))
      losses.append(loss)
      errors.append((layer.parameters.weight - hidden).maximumMagnitude)
      descent.step(&layer, gradient, tape)
    }
    errors.append((layer.parameters.weight - hidden).maximumMagnitude)
    return Search(
      name: name, losses: losses, errors: errors, found: layer.parameters.weight.reshaped(to: [5, 5]).converted())
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    LessonText(
      idea: """
        Nobody designs the filters of a network. They start as noise and are corrected by the gradient of the loss, step \
        by step.
        """,
      body: search(findings) + lenet(findings),
      numbers: [
        .init("hidden filter found through the definition, largest error", scientific(findings.direct.errors.last!)),
        .init("found through spectra, largest error", scientific(findings.fourier.errors.last!)),
        .init(
          "the two searches, largest difference of the losses",
          scientific(zip(findings.direct.losses, findings.fourier.losses).map { abs($0 - $1) }.max()!)),
        .init("found from pieces of the picture, largest error", scientific(findings.fromPicture.errors.last!)),
        .init(
          "LeNet-5 before and after training",
          "\(percent(findings.accuracies[0])) and \(percent(findings.accuracies.last!))"),
      ],
      notice: [
        "Both methods walk the same way down: the curves lie on each other until they reach the roundings of Float.",
        """
        From pieces of the picture the search is slower by far. A picture is mostly long waves, so what the filter does \
        to short ones hardly shows in the loss. What the data lack, a network does not learn.
        """,
        """
        LeNet's filters start as noise and end as edges and strokes in several directions; in most of their \
        spectra one direction becomes bright.
        """,
      ],
      exercises: [
        .init(
          "The filter gradient of a convolution is itself a convolution. Of what?",
          answer: """
            Of the images with the output gradient: \(math: "∂L / ∂w(a) =" + .sum(over: "i") + "g(i) x(i + a)"), a \
            correlation with a kernel as large as the output. In spectra it is one product per frequency, with spectra \
            that the forward pass has already computed.
            """),
        .init(
          "With a learning rate of 1.2 the search from noise diverges. Why, and where is the limit?",
          answer: """
            The loss is a parabola with curvature \(math: "2") along every weight, since the noise has variance 1. A step \
            multiplies the error by \(math: "1 - 2 η"), which grows beyond \(math: "η = 1"). (Batches scatter, so the \
            limit in practice is a little lower.)
            """),
      ])
  }

  private static func search(_ findings: Findings) -> [Block] {
    func series(_ name: String, _ values: [Double], _ style: Chart.Style, every step: Int = 1) -> Chart.Series {
      .init(
        name, stride(from: 0, to: values.count, by: step).map { .init(Double($0), max(values[$0], 1e-16)) },
        style: style)
    }
    func filter(_ values: Tensor<Double>, _ caption: String) -> Picture {
      Picture(
        Plane.signed(values, limit: findings.hidden.maximumMagnitude), alt: "5 by 5 weights: \(caption).",
        caption: caption,
        scale: 20)
    }
    return [
      .text(
        """
        A filter \(math: "h") is hidden. All we get are images and what the filter makes of them. A layer with weights \
        \(math: "w"), all zero at first, is asked the same, and the squared distance says how wrong it is:
        """),
      .formula(
        "L(w) =" + .fraction("1", "N") + .sum(over: "i") + .power("[(w ⋆ x)(i) - (h ⋆ x)(i)]", "2") + ",   w ← w - η"
          + .fraction("∂ L", "∂ w")),
      .chart(
        Chart(
          "The way down", horizontal: ChartAxis("step", .linear), vertical: ChartAxis("mean squared error"),
          series: [
            series("from noise, direct", findings.direct.losses, .smooth),
            series("from noise, fft", findings.fourier.losses, .dots, every: 8),
            series("from the picture, direct", findings.fromPicture.losses, .smooth),
          ]),
        alt:
          "The losses of both methods fall along the same straight line on a logarithmic axis; from the picture it falls slowly.",
        caption: "Four images of 32 x 32 pixels a step. Marks: the same search through spectra."),
      .pictures(
        [
          filter(findings.hidden, "hidden"), filter(findings.direct.found, "found, direct"),
          filter(findings.fourier.found, "found, fft"), filter(findings.fromPicture.found, "found from the picture"),
        ], caption: "After \(steps) steps. Grey is 0, lighter and red positive, darker and blue negative."),
      .chart(
        Chart(
          "Distance from the hidden filter", horizontal: ChartAxis("step", .linear),
          vertical: ChartAxis("largest error of a weight"),
          series: [
            series("from noise, direct", findings.direct.errors, .smooth),
            series("from noise, fft", findings.fourier.errors, .dots, every: 8),
            series("from the picture, direct", findings.fromPicture.errors, .smooth),
          ]),
        alt: "The largest error of a weight against the step, for both methods and for the picture.",
        caption: """
          The weights themselves: in the end within \(scientific(findings.direct.errors.last!)) of the hidden ones by the \
          definition, and within \(scientific(findings.fourier.errors.last!)) by spectra.
          """),
    ]
  }

  private static func lenet(_ findings: Findings) -> [Block] {
    let stills = findings.filters.enumerated().map { epoch, filters -> Still in
      let limit = filters.maximumMagnitude
      let count = filters.shape[0]
      let pictures = (0..<count).flatMap { o -> [Picture] in
        let filter = filters.rows(o..<o + 1).reshaped(to: [filters.shape[1], filters.shape[2]])
        return [
          Picture(
            Plane.pair(Plane.signed(filter, limit: limit), Plane.response(filter)),
            alt: "Filter \(o + 1) after \(epoch) epochs, and the magnitude of its spectrum below.", scale: 2)
        ]
      }
      return Still(
        epoch == 0
          ? "before training: accuracy \(percent(findings.accuracies[0]))"
          : "after epoch \(epoch): accuracy \(percent(findings.accuracies[epoch]))", pictures: pictures)
    }
    return [
      .heading("LeNet's first filters, epoch by epoch"),
      .text(
        """
        The same happens in LeNet-5, only that nobody knows the filters that it looks for: they are whatever helps the \
        layers behind them. Here are the six filters of its first layer, and below each the magnitude of its spectrum.
        """),
      .animation(
        stills,
        caption:
          "Above: weights, grey is 0. Below: spectra, frequency 0 in the middle, half a cycle per pixel at the edges."),
    ]
  }
}

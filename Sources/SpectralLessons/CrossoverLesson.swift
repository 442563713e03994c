import SpectralFigures
import SpectralBenchmarks
import SpectralKit

/// Idea 12: large kernels are where the frequency domain wins.
public enum CrossoverLesson: Lesson {
  public static let word = "crossover"
  public static let title = "Where the frequency domain wins"

  public static let listing = #"""
    import SpectralKit

    // A picture of 512 x 512 pixels under larger and larger kernels.
    var random = RandomGenerator(seed: 1)
    let picture = Tensor<Float>.uniform([1, 1, 512, 512], in: 0..<1, using: &random)
    let methods: [any ConvolutionMethod<Float>] = [SpatialConvolution(), FourierConvolution()]
    for side in [3, 11, 31, 63] {
      let kernel = Tensor<Float>.uniform([1, 1, side, side], in: 0..<1, using: &random)
      let same = ConvolutionGeometry(padding: .same)
      for method in methods {
        _ = try method(picture, kernel, same)  // the first call plans
        let time = try ContinuousClock().measure { _ = try method(picture, kernel, same) }
        print("\(side) x \(side)", method.name, time)
      }
    }
    """#

  /// A network with large kernels, trained through one method.
  public struct Training: Sendable {
    public let method: String
    public let losses: [Double]
    public let accuracy: Double
    public let seconds: Double
  }

  public struct Findings: Sendable {
    package var curves: [MethodCurves]
    /// Direct, then Fourier.
    public var trainings: [Training]
    public var imageCount: Int
    /// Channels, height and width of these images.
    public var imageShape: TensorShape
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    try measure(material, progress, kernels: [3, 5, 7, 9, 11, 15, 21, 31, 47, 63], budget: 0.06, images: 480)
  }

  /// Computes with these kernels, so many seconds for each point of a curve, and so many images to train on.
  package static func measure(
    _ material: LessonMaterial, _ progress: LessonProgress, kernels: [Int], budget: Double, images count: Int
  ) throws -> Findings {
    let shapes = [
      BenchmarkCase(name: "one image, 512 x 512", kind: .array, size: [512, 512], kernel: [3, 3]),
      BenchmarkCase(
        name: "depthwise, 4 x 64 x 56 x 56", kind: .layer, batch: 4, inputChannels: 64, outputChannels: 64,
        size: [56, 56], kernel: [3, 3], groups: 64),
      BenchmarkCase(
        name: "dense, 4 x 32 x 56 x 56 to 32", kind: .layer, batch: 4, inputChannels: 32, outputChannels: 32,
        size: [56, 56], kernel: [3, 3]),
    ]
    // Slow calls take longer than their share, whatever the budget.
    let seconds = (0.2 + 2 * budget) * Double(2 * shapes.count * kernels.count)
    progress.say("times \(2 * shapes.count) curves, about \(time(seconds)), and then trains a network twice")
    var done = 0.0
    let curves = try shapes.map { shape in
      try MethodCurves(shape, kernels: kernels, budget: budget) { kernel, method in
        try progress.check()
        progress.advance(
          done / Double(2 * shapes.count * kernels.count),
          "\(shape.name), kernel \(kernel) x \(kernel), \(method)")
        done += 1
      }
    }
    // A kernel of 31 x 31 has something to do where images are larger than it.
    let training = material.data.training.prefix(count).enlarged(times: 2)
    let test = material.data.test.prefix(500).enlarged(times: 2)
    return Findings(
      curves: curves, trainings: try trainings(training, test, progress), imageCount: training.count,
      imageShape: training.imageShape)
  }

  private static func trainings(
    _ images: Dataset, _ test: Dataset, _ progress: LessonProgress
  ) throws -> [Training] {
    let methods: [any ConvolutionMethod<Float>] = [SpatialConvolution(), FourierConvolution()]
    let sessions = try methods.map { method -> any Session in
      // The same seed, so the same network.
      var random = RandomGenerator(seed: 12)
      return try LessonTraining(
        network(images.imageShape, classes: images.classNames.count, method, &random), on: images, epochs: 4,
        batchSize: 32, rate: 1e-3)
    }
    let seconds = sessions.map { $0.estimatedSeconds() }.reduce(0, +)
    progress.say("trains the same network twice on \(grouped(images.count)) images, about \(time(seconds))")
    return try zip(methods, sessions).map { method, session in
      var session = session
      let accuracy = try session.train(method.name, progress, test: test)
      return Training(method: method.name, losses: session.losses, accuracy: accuracy, seconds: session.seconds)
    }
  }

  /// A residual network whose depthwise kernels reach across the image. They take `method`; the small ones between them
  /// are computed directly in any case.
  private static func network(
    _ image: TensorShape, classes: Int, _ method: any ConvolutionMethod<Float>, _ random: inout RandomGenerator
  ) -> some Layer<Float> {
    let width = 16
    func large(_ kernel: Int) -> Convolution2D<Float> {
      Convolution2D(
        inputChannels: width, outputChannels: width,
        kernel: AxisValues(kernel), geometry: ConvolutionGeometry(padding: .same, groups: width), method: method,
        initialization: .kaimingNormal, using: &random)
    }
    func small(_ inputs: Int, _ outputs: Int, _ kernel: Int) -> Convolution2D<Float> {
      Convolution2D(
        inputChannels: inputs, outputChannels: outputs,
        kernel: AxisValues(kernel), geometry: ConvolutionGeometry(padding: .same), method: SpatialConvolution(),
        initialization: .kaimingNormal, using: &random)
    }
    return Chain {
      small(image[0], width, 3)
      BatchNormalization<Float>(channels: width)
      ReLU<Float>()
      Residual {
        large(largeKernels[0])
        BatchNormalization<Float>(channels: width)
        small(width, 2 * width, 1)
        ReLU<Float>()
        small(2 * width, width, 1)
      }
      Residual {
        large(largeKernels[1])
        BatchNormalization<Float>(channels: width)
        small(width, 2 * width, 1)
        ReLU<Float>()
        small(2 * width, width, 1)
      }
      MaxPooling2D<Float>(kernel: 4)
      Flatten<Float>()
      Dense<Float>(inputs: width * (image[1] / 4) * (image[2] / 4), outputs: classes, using: &random)
    }
  }

  static let largeKernels = [31, 47]

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    let (direct, fourier) = (findings.trainings[0], findings.trainings[1])
    let difference = zip(direct.losses, fourier.losses).map { abs($0 - $1) }.max() ?? 0
    let small = findings.curves.filter { $0.direct[0] < $0.fourier[0] }.map(\.name)
    return LessonText(
      idea: """
        By definition a kernel costs its area, for every pixel. By spectra its size hardly matters. Somewhere the curves \
        cross.
        """,
      body: curves(findings) + training(findings),
      numbers: findings.curves.map { curve in
        .init(
          "spectra win: \(curve.name)",
          curve.crossing.map { "from about \(decimals($0, 0)) x \(decimals($0, 0))" }
            ?? (curve.fourier[0] < curve.direct[0] ? "at all sizes timed" : "at none of the sizes timed"))
      } + [
        .init("training through the definition", time(direct.seconds)),
        .init("training through spectra", time(fourier.seconds)),
        .init("spectra are faster by a factor of", "\(decimals(direct.seconds / fourier.seconds, 1))"),
        .init("accuracy, definition and spectra", "\(percent(direct.accuracy)) and \(percent(fourier.accuracy))"),
      ],
      notice: [
        """
        On logarithmic axes the direct curve rises with slope 2 in the end, twice the kernel, four times the time, and \
        the Fourier curve is nearly flat.
        """,
        """
        The two losses differ by at most \(scientific(difference)) at any step. The methods round differently, a \
        training amplifies every last bit, and still both go the same way.
        """,
        """
        Small kernels are another matter: at 3 x 3 the definition is the faster one here for \
        \(small.isEmpty ? "no shape" : small.joined(separator: " and for ")). A good library chooses, shape by shape.
        """,
      ],
      exercises: [
        .init(
          "Count the multiplications for an image of 512 x 512 under a kernel of 31 x 31, both ways, roughly.",
          answer: """
            Definition: \(math: .power("512", "2") + "·" + .power("31", "2")) ≈ 2.5 × 10⁸. Spectra: three transforms of \
            \(math: "2.5 " + .power("N", "2") + "log" + .power("N", "2")) operations with N = 542, about 4 × 10⁷, and \
            the product, which is small beside it.
            """),
        .init(
          "Why do spectra pay off earlier for a layer with many channels than for a depthwise one?",
          answer: """
            A layer with \(math: "C") inputs and \(math: "O") outputs transforms \(math: "C + O") planes, but multiplies \
            \(math: "C O") pairs: the price of a transform is shared by many products. Depthwise, every product pays for \
            its own transforms. (The direct method, too, is at its best with many channels: see where the curves cross \
            here.)
            """),
      ])
  }

  private static func curves(_ findings: Findings) -> [Block] {
    let text: [Block] = [
      .text(
        """
        For an image of \(math: "N") x \(math: "N") pixels and a kernel of \(math: "k") x \(math: "k") weights, the \
        definition takes
        """),
      .formula(
        .power("N", "2") + .power("k", "2") + .words("products, and spectra take about") + .power("N", "2") + "log N"),
      .text("operations. Timed on this machine, one call after the other, the two look like this."),
    ]
    return text
      + findings.curves.map { curve in
        func points(_ seconds: [Double]) -> [Chart.Point] {
          zip(curve.kernels, seconds).map { .init(Double($0), $1) }
        }
        let crossing = curve.crossing.map { [Chart.Mark(x: $0, "spectra win from \(decimals($0, 0))")] } ?? []
        return .chart(
          Chart(
            curve.name,
            horizontal: ChartAxis("taps of the kernel along each axis", ticks: curve.kernels.map(Double.init)),
            vertical: ChartAxis("time", unit: .seconds),
            series: [.init("direct", points(curve.direct)), .init("fft", points(curve.fourier))], marks: crossing),
          alt: """
            Time against kernel size for \(curve.name). Direct rises from \(time(curve.direct[0])) to \
            \(time(curve.direct.last!)), fft goes from \(time(curve.fourier[0])) to \(time(curve.fourier.last!)).
            """, caption: "Median of a few calls, forward pass, \(Parallel.threads) threads.")
      }
  }

  private static func training(_ findings: Findings) -> [Block] {
    let kernels = largeKernels.map { "\($0) x \($0)" }.joined(separator: " and ")
    let series = findings.trainings.map { lossCurve($0.method, $0.losses, isMarks: $0.method == "fft") }
    return [
      .heading("A network with large kernels"),
      .text(
        """
        A step of training has three passes, and each is a convolution with a kernel as large. Here is a small residual \
        network with depthwise kernels of \(kernels), which learns \(grouped(findings.imageCount)) images of \
        \(findings.imageShape[1]) x \(findings.imageShape[2]) pixels, four times each. Its large kernels go through one method or the other; the small ones between them, 3 x 3 \
        and 1 x 1, are computed directly in both trainings.
        """),
      .chart(
        Chart(
          "Loss of the same network through both methods", horizontal: ChartAxis("step", .linear),
          vertical: ChartAxis("cross-entropy", .linear),
          series: series),
        alt: "Two falling loss curves that lie close together.",
        caption: "Running means over about 25 steps. Marks: the same training through spectra."),
      .table(
        Table(
          ["method", "training", "accuracy"],
          findings.trainings.map { [$0.method, time($0.seconds), percent($0.accuracy)] }),
        caption: "The same images in the same order, from the same first weights."),
    ]
  }
}

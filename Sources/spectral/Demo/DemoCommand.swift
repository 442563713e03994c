import SpectralFigures
import Foundation
import SpectralLessons
import SpectralBenchmarks
import SpectralKit

/// `spectral demo`: the main job from end to end, on data that needs no files.
enum DemoCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let output = Flag(
    "--output", short: "-o", .folder(example: "demo"), default: "demo", "where pictures and numbers go")
  private static let epochs = Flag(
    "--epochs", .integer(1...1000, example: 8), default: "8", "how often each digit is seen")
  private static let limit = Flag(
    "--limit", .integer(1...DatasetKind.mostDigits, example: 5000), default: "20000",
    "how many digits are drawn to learn from")
  private static let seed = Flag(
    "--seed", .seed, default: "1", "where the first weights and the order of digits come from")

  static let specification = Specification(
    name: "demo", summary: "cross-check both methods, train LeNet-5 through spectra, write pictures",
    discussion: """
      Filters a picture by both methods and compares them; then trains LeNet-5 through the Fourier method on digits that \
      the program draws itself, and judges it by digits it has not seen. Pictures and numbers go to a folder, with a \
      README.txt that says what they are. Takes a minute or so on two cores.
      """,
    sections: [
      .init("Results", [output]),
      .init("Training", [epochs, limit, seed]),
      .init("Computation", [Common.threads, Common.deterministic]),
    ],
    examples: [.init("spectral demo --output demo", "Then look at demo/README.txt.")])

  static func run(_ arguments: Arguments) throws {
    Common.applyThreads(arguments)
    let folder = try Folder(arguments[output])
    let isDeterministic = arguments[Common.deterministic]

    Console.say("1. Both methods on one picture")
    let check = try crossCheck(folder, isDeterministic: isDeterministic)
    Console.say(lines: check.table("a zone plate").components(separatedBy: "\n") + [""])

    Console.say("2. LeNet-5 through the Fourier method")
    var request = TrainingRequest()
    request.convolution = .fft
    request.epochs = arguments[epochs]
    request.limit = arguments[limit]
    request.seed = arguments[seed]
    request.deterministic = isDeterministic
    let configuration = request.configuration()
    let data = try DatasetKind.digits.load(limit: configuration.limit)
    let (network, seconds) = try train(configuration, data, folder)
    let evaluation = Evaluation(of: network, on: data.test)
    try draw(network, evaluation, data, folder)
    try? Wisdom.save()

    let trained = configuration.epochs * data.training.count
    try folder.write("summary.json", summary(check, configuration, data, evaluation, seconds).description + "\n")
    try folder.write("README.txt", readme(check, configuration, data, evaluation, seconds))
    try Console.result(
      [
        "cross-check  largest difference \(scientific(check.difference.largest)), promised \(scientific(check.bound))"
          + (check.isKept ? ": kept" : ": BROKEN"),
        String(numbers: "accuracy     %.2f %% of %d test digits", 100 * evaluation.accuracy, evaluation.count),
        String(numbers: "training     %.0f images/s, ", Double(trained) / seconds) + duration(seconds),
        "results      \(folder.path)/README.txt",
      ].joined(separator: "\n"))
    guard check.isKept else {
      throw CommandError("the cross-check: the Fourier method's error exceeds what is promised")
    }
  }

  private static func crossCheck(_ folder: Folder, isDeterministic: Bool) throws -> CrossCheck {
    let scene = Scene.zonePlate(side: 640)
    let kernel = Kernel(.disk(diameter: 31)).taps
    let check = try CrossCheck(
      scene, kernel, boundary: .reflect, memoryLimit: nil, rigor: isDeterministic ? .estimate : .measure, runs: 9)
    try folder.write("cross-check-input.png", RasterImage(pixels: scene))
    let (direct, fourier) = check.results()
    try folder.write("cross-check-direct.png", DemoPictures.stretched(direct))
    try folder.write("cross-check-fft.png", DemoPictures.stretched(fourier))
    try folder.write("cross-check-difference.png", DemoPictures.stretched((fourier - direct).map { abs($0) }))
    return check
  }

  private static func train(
    _ configuration: TrainingConfiguration, _ data: DatasetPair, _ folder: Folder
  ) throws -> (network: any Layer<Float>, seconds: Double) {
    let steps = (data.training.count + configuration.batchSize - 1) / configuration.batchSize
    var progress = TrainingProgress(epochs: configuration.epochs, stepsPerEpoch: steps)
    var curve = LossCurve()
    var seconds = 0.0
    let metrics = try MetricsFile(path: folder.file("metrics.jsonl"))
    let checkpoint = folder.file("lenet5.safetensors")
    Interruption.watch()
    let outcome = try TrainingRun(configuration, data: data).run(
      checkpoint: CheckpointPolicy(path: checkpoint), shouldStop: { Interruption.pending != nil }
    ) { event in
      switch event {
      case .batch(let batch):
        seconds += batch.seconds
        curve.addStep(batch.loss)
      case .epoch(let epoch): curve.addEpoch(step: epoch.step, loss: epoch.loss)
      case .checkpoint: break
      }
      try metrics.record(event)
      progress.show(event)
    }
    if let signal = Interruption.pending, !outcome.isFinished {
      progress.clear()
      throw Interruption(
        signal: signal, description: "interrupted; spectral train --resume --checkpoint \(checkpoint) goes on")
    }
    let chart = curve.chart(title: "LeNet-5 through the Fourier method: loss")
    try folder.write("loss.svg", SVGFigure([chart]).text)
    return (outcome.network, seconds)
  }

  private static func draw(
    _ network: any Layer<Float>, _ evaluation: Evaluation, _ data: DatasetPair, _ folder: Folder
  ) throws {
    let shown = data.test.prefix(200)
    let answers = network(Batches<Float>(shown, batchSize: shown.count)[0].images)
    let classes = shown.classNames.count
    let predictions = answers.withUnsafeElements { answers in
      (0..<shown.count).map { n in (0..<classes).max { answers[n * classes + $0] < answers[n * classes + $1] }! }
    }
    try folder.write("digits.png", DemoPictures.contactSheet(shown, predictions: predictions))
    if let filters = firstFilters(network) { try folder.write("filters.png", DemoPictures.filters(filters)) }
    try folder.write("confusion.png", DemoPictures.confusion(evaluation.confusion, data.test))
  }

  /// The weights of the first convolution, `[O, C, kH, kW]`.
  private static func firstFilters<Network: Layer>(_ network: Network) -> Tensor<Float>? where Network.Scalar == Float {
    var filters: Tensor<Float>?
    network.parameters.forEach { _, tensor in if filters == nil && tensor.shape.rank == 4 { filters = tensor } }
    return filters
  }

  private static func scientific(_ value: Double) -> String { String(numbers: "%.2e", value) }

  private static func summary(
    _ check: CrossCheck, _ configuration: TrainingConfiguration, _ data: DatasetPair, _ evaluation: Evaluation,
    _ seconds: Double
  ) -> JSON {
    [
      "cross_check": check.json("zone plate"),
      "training": [
        "model": .string(configuration.model.rawValue), "convolution": .string(configuration.convolution.rawValue),
        "dataset": .string(configuration.dataset!.rawValue), "images": .integer(data.training.count),
        "epochs": .integer(configuration.epochs), "batch_size": .integer(configuration.batchSize),
        "optimizer": .string(configuration.optimizer.rawValue), "schedule": .string(configuration.schedule.description),
        "seed": .integer(Int(clamping: configuration.seed)), "threads": .integer(Parallel.threads),
        "deterministic": .boolean(configuration.deterministic), "seconds": .number(seconds),
        "images_per_second": .number(Double(configuration.epochs * data.training.count) / seconds),
      ],
      "evaluation": evaluation.json,
    ]
  }

  private static func readme(
    _ check: CrossCheck, _ configuration: TrainingConfiguration, _ data: DatasetPair, _ evaluation: Evaluation,
    _ seconds: Double
  ) -> String {
    """
    What spectral demo did, and what is here
    ========================================

    1. One picture through both methods
    -----------------------------------
    \(check.table("cross-check-input.png"))

    cross-check-input.png       a zone plate: rings up to 0.25 cycles per pixel at the edges, 0.35 in the corners
    cross-check-direct.png      seen through a disc of 31 pixels, by the definition; black to white is its range
    cross-check-fft.png         the same by spectra
    cross-check-difference.png  the distance between the two; white is \(scientific(check.difference.largest))

    2. LeNet-5, trained through the Fourier method
    ----------------------------------------------
    \(data.training.count) digits, drawn by the program, \(configuration.epochs) times each; batches of \
    \(configuration.batchSize); \(configuration.optimizer.rawValue), \(configuration.schedule) schedule.
    \(String(numbers: "Accuracy %.2f %% of %d digits it had not seen; %.0f images/s over ", 100 * evaluation.accuracy, evaluation.count, Double(configuration.epochs * data.training.count) / seconds))\
    \(duration(seconds)) of training.

    digits.png          test digits; those framed in red were taken for another
    filters.png         the six filters of the first convolution (orange positive, blue negative), and below each the
                        magnitude of its spectrum, frequency 0 in the middle, 0.5 cycles per pixel at the edges
    confusion.png       rows are the true digits, columns what they were taken for, brightness the root of the share
    loss.svg            the loss, step by step
    metrics.jsonl       one JSON object for every step and epoch; metrics.csv is the table of the epochs
    lenet5.safetensors  the network: spectral predict --checkpoint lenet5.safetensors IMAGE...
    summary.json        the numbers above

    """
  }
}

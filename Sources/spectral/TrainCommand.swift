import Foundation
import SpectralKit
import SpectralCore

/// `spectral train`: trains a network, and keeps it.
enum TrainCommand: Subcommand {
  private typealias Common = CommonFlags
  private static let standard = TrainingConfiguration()

  private static let dataset = Flag(
    "--dataset", .word(example: DatasetKind.mnist),
    "what to learn from; digits and centred-digits (centre of mass in the middle) are drawn, the others are read [digits]"
  )
  private static let limit = Flag(
    "--limit", .integer(1...(.max), example: 1000), "learn from the first N training images only")
  private static let background = Common.inkBackground
  private static let model = Flag(
    "--model", .word(example: ModelKind.lenet5), "the network [\(standard.model.rawValue)]")
  private static let convolution = Flag(
    "--convolution", .word(example: ConvolutionChoice.fft),
    "how convolutions are computed: the definition, spectra, or whichever promises to be faster "
      + "[\(standard.convolution.rawValue)]")
  private static let epochs = Flag(
    "--epochs", .integer(1...1_000_000, example: 5), "how often each image is seen [\(standard.epochs)]")
  private static let steps = Flag(
    "--steps", .integer(1...(.max), example: 500),
    "end once so many steps have been taken since the start of the run, also within an epoch; --resume goes on")
  private static let batchSize = Flag(
    "--batch-size", .integer(1...1_000_000, example: 64), "images of a step [\(standard.batchSize)]")
  private static let microBatch = Flag(
    "--micro-batch", .integer(1...1_000_000, example: 8),
    "images of a step that are taken at a time, by one of several ranks; their gradients are summed in a fixed order, so that "
      + "results depend on this number and not on that of ranks [all at once]")
  private static let optimizer = Flag(
    "--optimizer", .word(example: OptimizerKind.adam),
    "the rule that changes the weights [\(standard.optimizer.rawValue)]")
  private static let learningRate = Flag(
    "--learning-rate", .positive(example: 0.001), "the rate that the schedule changes [sgd 0.01, others 0.001]")
  private static let schedule = Flag(
    "--schedule", .schedule,
    "constant, step:EVERY,FACTOR (epochs), cosine, cosine:MINIMUM, warmup:STEPS, or warmup:STEPS,SCHEDULE "
      + "[\(standard.schedule)]")
  private static let seed = Flag(
    "--seed", .seed, "where the first weights and the order of images come from [\(standard.seed)]")
  private static let checkpoint = Flag(
    "--checkpoint", short: "-o", .outputFile("FILE", example: "lenet.safetensors"),
    "keep the network and the state of the run here, every few seconds and after every epoch; without it nothing is kept. "
      + "A file of this name that is there already is kept as FILE.previous, FILE.previous-2 ...; - is the standard "
      + "output, which gets it once, at the end")
  private static let resume = Flag(
    switch: "--resume",
    "go on where --checkpoint stands, bit for bit with --deterministic; settings that are not given are the "
      + "checkpoint's. Without such a file the run starts from the beginning")
  private static let metrics = Flag(
    "--metrics", .outputFile("FILE.jsonl", example: "metrics.jsonl"),
    "write one JSON object for every step and epoch here, and a CSV table of the epochs beside it; files that are there "
      + "already are kept as the checkpoint's are; - is the standard output, which gets no table")
  private static let overwrite = Flag(
    switch: "--overwrite", "do not keep checkpoint and metrics of an earlier run, but write over them")

  static let runsOnRanks = true

  static let specification = Specification(
    name: "train", summary: "train a network on images, through either method",
    discussion: """
      Trains a network to classify images. On a terminal a bar shows progress; SIGINT and SIGTERM end the run in good \
      order: the checkpoint is written, and the exit code is 130 or 143. A run whose loss or weights are no longer finite \
      ends there with exit code 1, and what it wrote last is kept.
      """,
    sections: [
      .init("Data", [dataset, Common.data, limit, background, Common.strict]),
      .init("Network", [model, convolution]),
      .init("Training", [epochs, steps, batchSize, microBatch, optimizer, learningRate, schedule, seed]),
      .init("Results", [checkpoint, resume, metrics, overwrite]),
      .init("Computation", [Common.transforms, Common.plan, Common.memoryLimit, Common.threads, Common.deterministic]),
    ],
    examples: [
      .init(
        "spectral train --convolution fft --checkpoint lenet.safetensors",
        "LeNet-5 through spectra, on digits that need no files."),
      .init(
        "spectral train --dataset mnist --data mnist --epochs 12 --checkpoint net.safetensors --resume",
        "Goes on if it was interrupted."),
      .init(
        "mpirun -q -n 4 spectral train --micro-batch 8 --deterministic --checkpoint net.safetensors",
        "Four ranks, and the checkpoint of one; in a build with MPI."),
    ])

  static func run(_ arguments: Arguments) throws {
    guard arguments.has(checkpoint) || !arguments[resume] else {
      throw UsageError("\(resume.name) needs the file to go on from: add \(checkpoint.example)")
    }
    guard !arguments[overwrite] || !arguments[resume] else {
      throw UsageError("\(overwrite.name) and \(resume.name) exclude each other: take one")
    }
    Common.applyThreads(arguments)
    let path = arguments.optional(checkpoint)
    // One of several ranks writes, for all.
    let kept = Ranks.speaks ? path : nil
    if let path, arguments[resume], AtomicFile.isStream(path) {
      throw UsageError("\(resume.name) goes on with a file, and \(path) is none: name the file with \(checkpoint.name)")
    }
    if let path, let metricsPath = arguments.optional(metrics), !AtomicFile.isStream(path) {
      func place(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
      guard ![metricsPath, MetricsFile.tablePath(for: metricsPath)].map(place).contains(place(path)) else {
        throw UsageError(
          "\(checkpoint.name) and \(metrics.name) would write to the same file \(path): give them different ones")
      }
    }
    // A launcher ends its ranks by a signal, and each at once: the checkpoint is whole.
    if Ranks.count == 1 { Interruption.watch() }
    // Held to the end: two runs must not take turns in writing one checkpoint.
    let lock = try kept.flatMap { try RunLock($0) }
    defer { withExtendedLifetime(lock) {} }
    let stored = try arguments[resume] ? path.flatMap(readIfThere) : nil
    if let stored, let last = arguments.optional(steps), last <= stored.step {
      throw UsageError(
        "\(steps.name) \(last): the checkpoint holds step \(stored.step) already: ask for more than that")
    }
    let request = try request(arguments)
    let configuration =
      try stored.map { try request.configuration(resuming: $0.configuration) } ?? request.configuration()
    if Ranks.count > 1 && configuration.microBatchSize == nil {
      throw UsageError(
        "\(Ranks.count) ranks share the micro-batches of a step, and there are none: add \(microBatch.example)")
    }
    let data = try kind(configuration).load(
      from: arguments.optional(Common.data), limit: configuration.limit, background: configuration.background
    ) { try TrainingRun.check(configuration, on: $0, resuming: stored) }
    try FileWarnings(arguments).tell(data)
    var run = TrainingRun(configuration, data: data, resuming: stored)
    run.exchange = Ranks.exchange
    try run.check()
    describe(configuration, data, stored, path, resumes: arguments[resume])

    let keepsEarlier = !arguments[overwrite]
    // All have read what is there before one of them replaces it.
    try Ranks.meet()
    let metricsFile = try (Ranks.speaks ? arguments.optional(metrics) : nil).map {
      try MetricsFile(
        path: $0, resumingAt: stored?.step ?? 0, epoch: stored?.epoch ?? 0, keepsEarlier: keepsEarlier)
    }
    metricsFile?.earlier.forEach(sayKept)
    var earlier = keepsEarlier && stored == nil ? try kept.flatMap(EarlierFile.init(keeping:)) : nil
    // What the run has not replaced needs no second name.
    defer { earlier?.forget() }
    let stepsPerEpoch = (data.training.count + configuration.batchSize - 1) / configuration.batchSize
    var progress = TrainingProgress(epochs: configuration.epochs, stepsPerEpoch: stepsPerEpoch)
    var step = stored?.step ?? 0
    defer { progress.clear() }
    let outcome = try run.run(
      checkpoint: kept.map { CheckpointPolicy(path: $0) }, until: arguments.optional(steps),
      shouldStop: { Interruption.pending != nil }
    ) { event in
      if case .batch(let batch) = event { step = batch.step + 1 }
      if case .checkpoint = event, let file = earlier {
        sayKept(file)
        earlier = nil
      }
      try metricsFile?.record(event)
      progress.show(event)
    }
    if Ranks.speaks { try? Wisdom.save() }
    // Until the last checkpoint is written, or has failed.
    try Ranks.meet()
    if let signal = Interruption.pending, !outcome.isFinished {
      progress.clear()
      throw Interruption(
        signal: signal,
        description: "interrupted after step \(step); "
          + (path.map {
            AtomicFile.isStream($0) ? "the state is written" : "\($0) holds the state, go on with --resume"
          }
            ?? "nothing was kept, for lack of --checkpoint"))
    }
    if !outcome.isFinished {
      progress.clear()
      Console.say(
        "stopped after step \(step), as \(steps.name) says"
          + (path == nil ? "; nothing was kept, for lack of --checkpoint" : "; --resume goes on"))
    }
    if let path {
      Console.say(AtomicFile.isStream(path) ? "\(path): the network is written." : "\(path) holds the network.")
    }
  }

  private static func sayKept(_ file: EarlierFile) {
    Console.say(
      "note: \(file.path) was there already and is now \(file.kept); \(resume.name) goes on with a run, and "
        + "\(overwrite.name) keeps nothing")
  }

  /// The checkpoint of a run to go on with. None yet is no error: the run may have been killed before its first one.
  private static func readIfThere(_ path: String) throws -> Checkpoint? {
    guard FileSystem.exists(path) else { return nil }
    return try Checkpoint(path: path)
  }

  private static func request(_ arguments: Arguments) throws -> TrainingRequest {
    var request = TrainingRequest()
    request.dataset = arguments.optional(dataset)
    request.model = arguments.optional(model)
    request.convolution = arguments.optional(convolution)
    request.memoryLimit = arguments.optional(Common.memoryLimit)
    try Common.checkTransforms(arguments, request.convolution, by: convolution.name)
    request.transforms = arguments.has(Common.transforms) ? arguments[Common.transforms] : nil
    request.planning = try Common.planning(arguments)
    request.epochs = arguments.optional(epochs)
    request.batchSize = arguments.optional(batchSize)
    request.microBatchSize = arguments.optional(microBatch)
    request.optimizer = arguments.optional(optimizer)
    request.learningRate = arguments.optional(learningRate)
    request.schedule = arguments.optional(schedule)
    request.seed = arguments.optional(seed)
    request.limit = arguments.optional(limit)
    request.background = arguments.optional(background)
    request.deterministic = arguments[Common.deterministic] ? true : nil
    return request
  }

  /// The data set that a configuration names.
  static func kind(_ configuration: TrainingConfiguration) throws -> DatasetKind {
    guard let kind = configuration.dataset else {
      throw CommandError("the checkpoint was trained on data that have no name here: say which with \(dataset.name)")
    }
    return kind
  }

  private static func describe(
    _ configuration: TrainingConfiguration, _ data: DatasetPair, _ stored: Checkpoint?, _ path: String?, resumes: Bool
  ) {
    let shape = data.training.imageShape
    Console.say(
      "\(configuration.model.rawValue) through \(configuration.convolution.rawValue) on \(data.training.count) images of "
        + "\(data.training.name) (\(shape)), tested on \(data.test.count); "
        + (Ranks.count > 1 ? "\(Ranks.count) ranks of " : "") + "\(Parallel.threads) threads")
    for remark in data.remarks { Console.say(remark) }
    if let stored, let images = stored.input.trainingImages, images != data.training.count {
      Console.say(
        "note: the checkpoint was trained on \(images) images, and goes on with \(data.training.count): the result is not "
          + "that of one run")
    }
    if let stored {
      Console.say(
        stored.epoch >= configuration.epochs
          ? "all \(configuration.epochs) epochs are done already: ask for more with --epochs"
          : "going on after step \(stored.step), in epoch \(stored.epoch + 1) of \(configuration.epochs)")
    } else if resumes, let path {
      Console.say("note: there is no \(path) yet, so the run starts from the beginning")
    } else if path == nil {
      Console.say("note: without --checkpoint the network is not kept")
    }
  }
}

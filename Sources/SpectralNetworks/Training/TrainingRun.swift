import AutomaticConvolution
import SpectralCore

/// A run from beginning to end, for a network that is known only by its word: what `spectral train` does.
public struct TrainingRun {
  /// What determines the run.
  public let configuration: TrainingConfiguration
  /// The images.
  public let data: DatasetPair
  /// Where the run starts from; nil from scratch.
  public let checkpoint: Checkpoint?
  /// Other processes that share the work of each step, if the configuration has micro-batches; nil if this one does all.
  public var exchange: (any GradientExchange)?

  /// A run.
  ///
  /// - Parameters:
  ///   - configuration: A new one, or one that agrees with the checkpoint.
  ///   - checkpoint: Where the run goes on.
  public init(_ configuration: TrainingConfiguration, data: DatasetPair, resuming checkpoint: Checkpoint? = nil) {
    self.configuration = configuration
    self.data = data
    self.checkpoint = checkpoint
  }

  /// The network before training.
  ///
  /// - Throws: ``TrainingError`` if the images do not suit the model.
  public func initialNetwork() throws -> any Layer<Float> { try Self.initialNetwork(configuration, data.outline) }

  private static func initialNetwork(
    _ configuration: TrainingConfiguration, _ data: DatasetOutline
  ) throws -> any Layer<Float> {
    // A stream of its own, so that weights do not depend on what else the seed is used for.
    var random = RandomGenerator(seed: configuration.seed &+ 0x5eed)
    return try configuration.model.network(
      image: data.imageShape, classes: data.classNames.count, method: configuration.method, using: &random)
  }

  /// Whether the run can begin.
  ///
  /// - Throws: ``TrainingError`` if the images do not suit the model, or a convolution cannot keep the memory limit;
  ///   `MemoryError` if the run does not fit into memory.
  public func check() throws { try Self.check(configuration, on: data.outline, resuming: checkpoint) }

  /// Whether a run on a data set could begin, before its pixels are read.
  ///
  /// - Throws: As ``check()``.
  public static func check(
    _ configuration: TrainingConfiguration, on data: DatasetOutline, resuming checkpoint: Checkpoint? = nil
  ) throws {
    _ = try checkedNetwork(configuration, data, checkpoint)
  }

  /// The network before training, once it is known that the run fits into memory.
  private static func checkedNetwork(
    _ configuration: TrainingConfiguration, _ data: DatasetOutline, _ checkpoint: Checkpoint?
  ) throws -> any Layer<Float> {
    let (image, classes) = (data.imageShape, data.classNames.count)
    try checkpoint?.input.check(data)
    try configuration.model.checkSize(image)
    let weights = configuration.model.weights(image: image, classes: classes)
    let slots = configuration.optimizer.stateCount
    // The weights, their gradients, what the optimizer remembers, and the bytes of a checkpoint; of a run that goes on
    // also those of the one that it began from.
    let wholeBatch = min(configuration.batchSize, data.trainingCount)
    let batch = min(configuration.microBatchSize ?? wholeBatch, wholeBatch)
    // Micro-batches have a gradient each, here and in what processes exchange.
    let micro = configuration.microBatchSize.map { 3 * ((wholeBatch + $0 - 1) / $0) } ?? 0
    let copies = 2 + slots + (1 + slots) * (checkpoint == nil ? 1 : 2) + micro
    let held = weights.times(copies) + data.memory
    let purpose = "training \(configuration.model.rawValue) on batches of \(batch) images of \(image)"
    try MemoryBudget.machine.require(held, for: purpose, remedy: "take smaller images, or a smaller network")
    let network = try initialNetwork(configuration, data)
    try configuration.checkMicroBatches(of: network)
    try network.requireMemory(
      for: TensorShape([batch] + image.extents), configuration.method, training: true, beside: held, purpose: purpose)
    let tested = max(1, min(data.testCount, Evaluation.batchSize(for: image, training: configuration.batchSize)))
    try network.requireMemory(
      for: TensorShape([tested] + image.extents), configuration.method, training: false, beside: held, purpose: purpose)
    return network
  }

  /// Trains: see ``TrainingLoop/run(checkpoint:until:shouldStop:onEvent:)``.
  ///
  /// - Returns: The network as it is in the end, and whether all epochs are done.
  @discardableResult
  public func run(
    checkpoint policy: CheckpointPolicy? = nil, until lastStep: Int? = nil, shouldStop: () -> Bool = { false },
    onEvent: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> (network: any Layer<Float>, isFinished: Bool) {
    func train<Network: Layer>(_ network: Network) throws -> (network: any Layer<Float>, isFinished: Bool)
    where Network.Scalar == Float {
      var loop =
        if let checkpoint {
          try TrainingLoop(resuming: checkpoint, configuration, network: network, data: data)
        } else {
          try TrainingLoop(configuration, network: network, data: data)
        }
      loop.exchange = exchange
      let isFinished = try loop.run(checkpoint: policy, until: lastStep, shouldStop: shouldStop, onEvent: onEvent)
      return (loop.network, isFinished)
    }
    return try train(try Self.checkedNetwork(configuration, data.outline, checkpoint))
  }
}

extension OptimizerKind {
  /// How many numbers it remembers of each weight.
  fileprivate var stateCount: Int { self == .sgd ? 1 : 2 }
}

import AutomaticConvolution
import Foundation
import SpectralCore

/// How far a run has come, and what this epoch has shown so far.
struct TrainingPosition: Codable, Hashable, Sendable {
  /// Epochs completed.
  var epoch = 0
  /// Batches of the present epoch that are done.
  var batch = 0
  /// Steps taken since the start of the run.
  var step = 0
  /// Sums over the present epoch.
  var lossSum = 0.0
  var correct = 0
  var images = 0
}

/// Trains a network on a data set: forward, loss, backward, step, again.
///
/// A value that holds the whole state of a run. The same configuration gives the same batches, and, deterministic, the
/// same bits; a loop that is read from a checkpoint goes on as if it had never stopped.
public struct TrainingLoop<Network: Layer>: Sendable where Network.Scalar == Float {
  /// What determines the run.
  public let configuration: TrainingConfiguration
  /// The network as it is now.
  public package(set) var network: Network
  var optimizer: any Optimizer<Float>
  var position = TrainingPosition()

  /// Other processes that share the work of each step; nil if this one does all. Needs micro-batches.
  package var exchange: (any GradientExchange)?

  private let data: DatasetPair

  /// A run from the start.
  ///
  /// - Throws: ``TrainingError`` if the configuration makes no sense.
  public init(_ configuration: TrainingConfiguration, network: Network, data: DatasetPair) throws {
    guard configuration.epochs >= 0, configuration.batchSize > 0 else {
      throw TrainingError(
        "\(configuration.epochs) epochs of batches of \(configuration.batchSize): both must be positive")
    }
    try configuration.checkMicroBatches(of: network)
    guard data.training.count > 0 else { throw TrainingError("there are no training images") }
    self.configuration = configuration
    self.network = network
    self.data = data
    optimizer = configuration.optimizer.optimizer(learningRate: configuration.baseLearningRate)
    optimizer.prepare(for: network)
  }

  /// Steps of an epoch; the last batch may be smaller.
  public var stepsPerEpoch: Int { (data.training.count + configuration.batchSize - 1) / configuration.batchSize }
  /// Steps of the whole run.
  public var totalSteps: Int { stepsPerEpoch * configuration.epochs }
  /// Steps taken so far.
  public var step: Int { position.step }
  /// Epochs completed so far.
  public var epoch: Int { position.epoch }
  /// Whether all epochs are done.
  public var isFinished: Bool { position.epoch >= configuration.epochs }

  /// Trains until the last epoch is over, step `lastStep` has been taken, or `shouldStop` says so, which is asked after
  /// every step.
  ///
  /// - Parameters:
  ///   - checkpoint: Where to write the state, and how often: see ``CheckpointPolicy``.
  ///   - lastStep: The step, counted from the start of the run, after which to stop; nil for that of the last epoch. One
  ///     that ends an epoch takes the epoch's evaluation along.
  ///   - onEvent: Hears of every step, epoch and checkpoint.
  /// - Returns: Whether all epochs are done.
  /// - Throws: ``TrainingDivergence`` once loss or weights are not finite: such a state is never written. Besides what
  ///   writing a checkpoint throws.
  @discardableResult
  public mutating func run(
    checkpoint: CheckpointPolicy? = nil, until lastStep: Int? = nil, shouldStop: () -> Bool = { false },
    onEvent: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> Bool {
    try run(checkpoint: checkpoint, until: lastStep, shouldStop: shouldStop) { try onEvent($1) }
  }

  /// The same for whoever looks at the run itself, or has a hand in it.
  ///
  /// - Parameters:
  ///   - willStep: Gets the loop and the batch before each step. It may change the loop; false ends the run.
  ///   - onEvent: Gets the loop as it is then beside the event.
  @discardableResult
  package mutating func run(
    checkpoint: CheckpointPolicy? = nil, until lastStep: Int? = nil, shouldStop: () -> Bool = { false },
    willStep: (inout Self, Batch<Float>) throws -> Bool = { _, _ in true },
    onEvent: (Self, TrainingEvent) throws -> Void
  ) throws -> Bool {
    var lastWritten = ContinuousClock.now
    var (kept, loss) = (nil as TrainingDivergence.Kept?, 0.0)
    func divergence(_ loop: Self) -> TrainingDivergence {
      TrainingDivergence(step: loop.step, loss: loss, learningRate: configuration.baseLearningRate, kept: kept)
    }
    let isWrittenOnce = checkpoint?.isWrittenOnce ?? false
    func write(_ loop: Self, ends: Bool) throws {
      guard loop.isFinite else { throw divergence(loop) }
      guard let checkpoint, ends || !isWrittenOnce else { return }
      try Checkpoint(loop, data: data).write(to: checkpoint.path)
      lastWritten = .now
      kept = .init(path: checkpoint.path, step: loop.step)
      try onEvent(loop, .checkpoint(path: checkpoint.path))
    }
    // So that a run that is killed early can be taken up, too.
    try write(self, ends: isFinished || step >= lastStep ?? .max)
    while !isFinished, step < lastStep ?? .max {
      let batches = Batches<Float>(
        data.training, batchSize: configuration.batchSize, shuffled: true, seed: configuration.seed,
        epoch: position.epoch, startingAt: position.batch)
      var before = ContinuousClock.now
      for batch in batches {
        guard try willStep(&self, batch) else { return false }
        var metrics = try sharedStep(on: batch)
        let now = ContinuousClock.now
        metrics.seconds = before.duration(to: now).seconds
        before = now
        try onEvent(self, .batch(metrics))
        loss = metrics.loss
        guard loss.isFinite else { throw divergence(self) }
        let stops = shouldStop() || (step >= lastStep ?? .max && position.batch < stepsPerEpoch)
        if let checkpoint, stops || lastWritten.duration(to: now).seconds >= checkpoint.interval {
          try write(self, ends: stops)
        }
        if stops { return false }
      }
      guard isFinite else { throw divergence(self) }
      let evaluation = Evaluation(
        of: network, on: data.test,
        batchSize: Evaluation.batchSize(for: data.training.imageShape, training: configuration.batchSize))
      let metrics = EpochMetrics(
        epoch: position.epoch, step: position.step, loss: evaluation.loss, accuracy: evaluation.accuracy,
        trainingLoss: position.lossSum / Double(max(position.images, 1)),
        trainingAccuracy: Double(position.correct) / Double(max(position.images, 1)))
      finishEpoch()
      try onEvent(self, .epoch(metrics))
      let stops = shouldStop()
      try write(self, ends: stops || isFinished || step >= lastStep ?? .max)
      if stops { return isFinished }
    }
    return isFinished
  }

  /// Whether all numbers of the run are finite: weights, what the network keeps besides, and what the optimizer
  /// remembers.
  package var isFinite: Bool {
    var isFinite = true
    var (network, optimizer) = (network, optimizer)
    network.parameters.forEach { isFinite = isFinite && $1.isFinite }
    network.updateState { _, state in if case .tensor(let tensor) = state { isFinite = isFinite && tensor.isFinite } }
    optimizer.updateState { isFinite = isFinite && $1.isFinite }
    return isFinite
  }

  /// The loop as it stands between two steps: after the last step of an epoch, at the beginning of the next.
  package var rested: Self {
    guard position.batch == stepsPerEpoch else { return self }
    var copy = self
    copy.finishEpoch()
    return copy
  }

  private mutating func finishEpoch() {
    position = TrainingPosition(epoch: position.epoch + 1, step: position.step)
  }

  /// One step on one batch, for whoever makes the batches.
  ///
  /// - Returns: Loss and accuracy of the batch before the step; `seconds` is left at 0.
  package mutating func step(on batch: Batch<Float>) -> BatchMetrics {
    setRate()
    let (logits, tape) = network.forward(batch.images)
    let (loss, gradient, correct) = CrossEntropy()(logits, batch.labels)
    optimizer.step(&network, gradient, tape)
    return finishStep(on: batch, loss, correct)
  }

  /// One step on one batch, in micro-batches if there are to be any, and with others if there are any.
  private mutating func sharedStep(on batch: Batch<Float>) throws -> BatchMetrics {
    guard let size = configuration.microBatchSize else { return step(on: batch) }
    setRate()
    let micro = MicroBatches(images: batch.count, size: size)
    let processes = exchange?.count ?? 1
    var terms = micro.share(of: exchange?.rank ?? 0, among: processes).map { term(micro.range($0), of: batch) }
    var gradient = network.parameters
    if let exchange {
      let parameters = gradient.count
      terms = micro.terms(
        try exchange.exchange(micro.bytes(terms, parameters: parameters, among: processes)), parameters: parameters)
    }
    let sum = MicroBatches.sum(terms[...])
    var start = 0
    gradient.update { _, tensor in
      tensor.withUnsafeMutableElements { numbers in
        for i in numbers.indices { numbers[i] = sum.gradient[start + i] }
        start += numbers.count
      }
    }
    optimizer.update(&network, gradient)
    return finishStep(on: batch, sum.loss, sum.correct)
  }

  /// What some images of a batch add to its step: the loss of the batch is the mean over its images.
  private func term(_ images: Range<Int>, of batch: Batch<Float>) -> MicroBatches.Term {
    let (logits, tape) = network.forward(batch.images.sliced(images, along: 0))
    var (loss, gradient, correct) = CrossEntropy()(logits, batch.labels[images])
    gradient *= Float(images.count) / Float(batch.count)
    var numbers: [Float] = []
    network.parameterGradient(gradient, tape).forEach { numbers += $1.elements }
    loss *= Double(images.count) / Double(batch.count)
    return MicroBatches.Term(gradient: numbers, loss: loss, correct: correct)
  }

  private mutating func setRate() {
    optimizer.learningRate = configuration.schedule.rate(
      at: position.step, of: totalSteps, base: configuration.baseLearningRate, stepsPerEpoch: stepsPerEpoch)
  }

  private mutating func finishStep(on batch: Batch<Float>, _ loss: Double, _ correct: Int) -> BatchMetrics {
    let metrics = BatchMetrics(
      epoch: position.epoch, step: position.step, loss: loss, accuracy: Double(correct) / Double(batch.count),
      learningRate: optimizer.learningRate, images: batch.count, seconds: 0, totalSteps: totalSteps)
    position.batch += 1
    position.step += 1
    position.lossSum += loss * Double(batch.count)
    position.correct += correct
    position.images += batch.count
    return metrics
  }
}

/// Where the state of a run is written, and how often.
public struct CheckpointPolicy: Hashable, Sendable {
  /// The file; replaced as a whole each time.
  public var path: String
  /// The most seconds of training between two writes; every epoch ends with one besides.
  public var interval: Double
  /// Whether the path leads to a stream or a device: it gets the state once, when the run ends.
  public var isWrittenOnce: Bool { AtomicFile.isStream(path) }

  /// A policy; every five seconds unless told.
  public init(path: String, interval: Double = 5) {
    self.path = path
    self.interval = interval
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

import AutomaticConvolution
import Datasets
import Layers
import Tensors

/// A run from beginning to end, for a network that is known only by its word: what `spectral train` does.
public struct TrainingRun {
  /// What determines the run.
  public let configuration: TrainingConfiguration
  /// The images.
  public let data: DatasetPair
  /// Where the run starts from; nil from scratch.
  public let checkpoint: Checkpoint?

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
  public func initialNetwork() throws -> any Layer<Float> {
    // A stream of its own, so that weights do not depend on what else the seed is used for.
    var random = RandomGenerator(seed: configuration.seed &+ 0x5eed)
    return try configuration.model.network(
      image: data.training.imageShape, classes: data.training.classNames.count,
      method: configuration.method, using: &random)
  }

  /// Whether the run can begin.
  ///
  /// - Throws: ``TrainingError`` if the images do not suit the model, or a convolution cannot keep the memory limit.
  public func check() throws { try check(initialNetwork()) }

  private func check(_ network: any Layer<Float>) throws {
    let batch = Shape([configuration.batchSize] + data.training.imageShape.extents)
    try network.checkMemory(for: batch, configuration.method, training: true)
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
      let isFinished = try loop.run(checkpoint: policy, until: lastStep, shouldStop: shouldStop, onEvent: onEvent)
      return (loop.network, isFinished)
    }
    let network = try initialNetwork()
    try check(network)
    return try train(network)
  }
}

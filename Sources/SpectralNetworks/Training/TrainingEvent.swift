/// Something that happened during training, for whoever watches: a progress bar, a metrics file, a plot.
public enum TrainingEvent: Sendable {
  /// A step was taken.
  case batch(BatchMetrics)
  /// An epoch is over and the test images have been classified.
  case epoch(EpochMetrics)
  /// The state was written to a file.
  case checkpoint(path: String)
}

/// What a step showed.
public struct BatchMetrics: Codable, Hashable, Sendable {
  /// The epoch, from 0.
  public var epoch: Int
  /// The step, from 0, counting on through the epochs.
  public var step: Int
  /// The mean loss over the batch, before the step.
  public var loss: Double
  /// The share of the batch that was classified right, before the step.
  public var accuracy: Double
  /// The learning rate of the step.
  public var learningRate: Double
  /// Images of the batch.
  public var images: Int
  /// Seconds since the last step of this epoch ended.
  public var seconds: Double
  /// Steps of the whole run.
  public var totalSteps: Int
}

/// What an epoch came to.
public struct EpochMetrics: Codable, Hashable, Sendable {
  /// The epoch, from 0.
  public var epoch: Int
  /// Steps taken since the start of the run.
  public var step: Int
  /// The mean loss over the test images.
  public var loss: Double
  /// The share of the test images that are classified right, 0 ... 1.
  public var accuracy: Double
  /// The mean loss over the epoch's batches.
  public var trainingLoss: Double
  /// The share of the epoch's images that were classified right when their turn came.
  public var trainingAccuracy: Double
}

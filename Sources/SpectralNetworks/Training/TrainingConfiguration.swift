import AutomaticConvolution
import Foundation
import SpectralImaging
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// Everything that determines a training run, but for the threads. A checkpoint carries it.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
  /// What is learned from; nil for data that the package has no name for.
  public var dataset: DatasetKind? = .digits
  /// The network.
  public var model = ModelKind.lenet5
  /// How convolutions are computed.
  public var convolution = ConvolutionChoice.automatic
  /// Who transforms tiles; the faster if nil.
  public var transforms: TransformProvider?
  /// How the method and its tiles are chosen; estimated if nil, and where the run is deterministic.
  public var planning: ConvolutionPlanning?
  /// The most working memory of a convolution, in bytes; no limit if nil. It decides on tiles, and so on the last bits.
  public var memoryLimit: Int?
  /// How many times each image is seen.
  public var epochs = 5
  /// Images of a step.
  public var batchSize = 64
  /// Images of a step that are taken at a time; all if nil. The gradients of such micro-batches are summed in a fixed order:
  /// this size affects the last bits of a result, and the number of processes does not.
  public var microBatchSize: Int?
  /// The rule that changes the parameters.
  public var optimizer = OptimizerKind.sgd
  /// The learning rate that the schedule changes; the optimizer's usual one if nil.
  public var learningRate: Double?
  /// How the learning rate changes.
  public var schedule = LearningRateSchedule.cosine()
  /// Where all random numbers come from.
  public var seed: UInt64 = 1
  /// Only so many training images; all if nil.
  public var limit: Int?
  /// What transparent pictures are put on; what their ink stands out from if nil.
  public var background: RGBColor?
  /// Whether the same run gives the same bits again.
  public var deterministic = false

  /// The settings that `spectral train` starts from.
  public init() {}

  /// The learning rate that the schedule changes.
  public var baseLearningRate: Double { learningRate ?? optimizer.defaultLearningRate }

  /// How convolutions are computed.
  public var method: any ConvolutionMethod<Float> {
    convolution.method(
      deterministic: deterministic, memoryLimit: memoryLimit, transforms: transforms ?? .fastest,
      planning: deterministic ? .estimated : planning ?? .estimated)
  }
}

extension TrainingConfiguration {
  /// Refuses micro-batches for a network that takes something from a batch as a whole.
  ///
  /// - Throws: ``TrainingError``.
  func checkMicroBatches<Network: Layer>(of network: Network) throws(TrainingError) {
    guard let size = microBatchSize else { return }
    guard size > 0 else { throw TrainingError("micro-batches of \(size) images: they need at least one") }
    var (network, state) = (network, nil as String?)
    network.updateState { name, _ in state = state ?? name }
    guard let state else { return }
    throw TrainingError(
      "the network keeps \(state) from each batch as a whole, which micro-batches would change: leave them away, or take a network "
        + "without normalization and dropout, such as lenet5", settings: [.model])
  }
}

extension KeyedDecodingContainer {
  /// A checkpoint may name its data by a word of the program that wrote it: that is none of ours.
  func decodeIfPresent(_: DatasetKind.Type, forKey key: Key) throws -> DatasetKind? {
    try decodeIfPresent(String.self, forKey: key).flatMap { DatasetKind(rawValue: $0) }
  }
}

/// Settings as a person gives them: what is nil was not said.
public struct TrainingRequest: Hashable, Sendable {
  /// See ``TrainingConfiguration``; all of these.
  public var dataset: DatasetKind?
  /// The network.
  public var model: ModelKind?
  /// How convolutions are computed.
  public var convolution: ConvolutionChoice?
  /// Who transforms tiles.
  public var transforms: TransformProvider?
  /// How the method and its tiles are chosen.
  public var planning: ConvolutionPlanning?
  /// The most working memory of a convolution, in bytes.
  public var memoryLimit: Int?
  /// How many times each image is seen.
  public var epochs: Int?
  /// Images of a step.
  public var batchSize: Int?
  /// Images of a step that are taken at a time.
  public var microBatchSize: Int?
  /// The rule that changes the parameters.
  public var optimizer: OptimizerKind?
  /// The learning rate that the schedule changes.
  public var learningRate: Double?
  /// How the learning rate changes.
  public var schedule: LearningRateSchedule?
  /// Where all random numbers come from.
  public var seed: UInt64?
  /// Only so many training images.
  public var limit: Int?
  /// What transparent pictures are put on.
  public var background: RGBColor?
  /// Whether the same run gives the same bits again.
  public var deterministic: Bool?

  /// Nothing said.
  public init() {}

  /// The configuration of a new run.
  public func configuration() -> TrainingConfiguration { merged(into: TrainingConfiguration()) }

  /// The configuration of a run that goes on from a checkpoint.
  ///
  /// More epochs, another method, provider of transforms, planning or memory limit, and determinism may be asked for; the
  /// rest must agree with the checkpoint, or the run would be neither the old one nor a new one.
  ///
  /// - Throws: ``TrainingError``, naming the first setting that disagrees.
  public func configuration(resuming stored: TrainingConfiguration) throws(TrainingError) -> TrainingConfiguration {
    func refusal(_ words: String, _ settings: CallerSetting...) -> TrainingError {
      TrainingError(
        "the checkpoint was made \(words): leave that as it was to go on, or begin anew",
        settings: settings + [.resuming])
    }
    func agree<Value: Equatable>(
      _ setting: CallerSetting, _ words: String, _ asked: Value?, _ stored: Value?
    ) throws(TrainingError) {
      guard let asked, asked != stored else { return }
      throw refusal("with \(words) \(stored.map { "\($0)" } ?? "none"), not \(asked)", setting)
    }
    try agree(.dataset, "the data set", dataset?.rawValue, stored.dataset?.rawValue)
    try agree(.model, "the network", model?.rawValue, stored.model.rawValue)
    try agree(.batchSize, "a batch size of", batchSize, stored.batchSize)
    if let microBatchSize, microBatchSize != stored.microBatchSize {
      let words = stored.microBatchSize.map { "with micro-batches of \($0)" } ?? "without micro-batches"
      throw refusal("\(words), not with micro-batches of \(microBatchSize)", .batchSize)
    }
    try agree(.optimizer, "the optimizer", optimizer?.rawValue, stored.optimizer.rawValue)
    try agree(.learningRate, "a learning rate of", learningRate, stored.baseLearningRate)
    try agree(.schedule, "the schedule", schedule, stored.schedule)
    try agree(.seed, "the seed", seed, stored.seed)
    try agree(.limit, "a limit of", limit, stored.limit)
    if let background, background != stored.background { throw refusal("with another background", .background) }
    if planning == .measured && stored.deterministic {
      throw TrainingError(
        "the checkpoint was made deterministically, and what measured planning chooses differs from run to run: plan by "
          + "estimate", settings: [.planning])
    }
    return merged(into: stored)
  }

  private func merged(into base: TrainingConfiguration) -> TrainingConfiguration {
    var result = base
    if let dataset { result.dataset = dataset }
    if let model { result.model = model }
    if let convolution { result.convolution = convolution }
    if let transforms { result.transforms = transforms }
    if let planning { result.planning = planning }
    if let memoryLimit { result.memoryLimit = memoryLimit }
    if let epochs { result.epochs = epochs }
    if let batchSize { result.batchSize = batchSize }
    if let microBatchSize { result.microBatchSize = microBatchSize }
    if let optimizer { result.optimizer = optimizer }
    if let learningRate { result.learningRate = learningRate }
    if let schedule { result.schedule = schedule }
    if let seed { result.seed = seed }
    if let limit { result.limit = limit }
    if let background { result.background = background }
    if let deterministic { result.deterministic = deterministic }
    return result
  }
}

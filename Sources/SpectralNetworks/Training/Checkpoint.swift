import AutomaticConvolution
import Foundation
import SpectralConvolution
import SpectralCore

/// The whole state of a training run in one safetensors file.
///
/// | name | contents |
/// |---|---|
/// | `model.NAME` | a parameter, e.g. `model.0.weight` |
/// | `state.NAME` | what the network keeps besides: running means, `U64` generator states |
/// | `optimizer.NAME` | what the optimizer remembers, e.g. `optimizer.0.weight.exp_avg` |
/// | metadata `configuration`, `position`, `input` | JSON: how to go on, and what the images are |
///
/// The file is written to a temporary one first, synced and renamed: on disk there is always the old one or the new
/// one, whole.
public struct Checkpoint: Sendable {
  private static let format = "spectralkit-checkpoint-1"

  /// What the network expects of an image, and what its answers are called.
  public struct Input: Codable, Hashable, Sendable {
    /// Channels, rows and columns.
    public var image: [Int]
    /// What is subtracted from each channel.
    public var mean: [Double]
    /// What each channel is divided by.
    public var deviation: [Double]
    /// The names of the classes.
    public var classes: [String]
    /// How many images the network was trained on; nil in checkpoints that do not say.
    public var trainingImages: Int?
  }

  /// What determined the run.
  public let configuration: TrainingConfiguration
  /// What the network expects.
  public let input: Input
  let position: TrainingPosition
  private let file: SafetensorsFile
  private let path: String

  /// Epochs that were completed.
  public var epoch: Int { position.epoch }
  /// Steps that were taken.
  public var step: Int { position.step }

  /// The present state of a run.
  package init<Network: Layer>(_ loop: TrainingLoop<Network>, data: DatasetPair) throws where Network.Scalar == Float {
    let normalization = data.training.normalization
    configuration = loop.configuration
    position = loop.position
    input = Input(
      image: data.training.imageShape.extents, mean: normalization.mean, deviation: normalization.deviation,
      classes: data.training.classNames, trainingImages: data.training.count)
    path = "the checkpoint"
    var file = SafetensorsFile(metadata: [
      "format": Self.format,
      "configuration": try Self.json(configuration),
      "position": try Self.json(position),
      "input": try Self.json(input),
      "optimizer": "\(loop.optimizer.label); \(loop.optimizer.stepCount) steps",
    ])
    var (network, optimizer) = (loop.network, loop.optimizer)
    network.parameters.forEach { file.put("model.\($0)", $1) }
    network.updateState { name, state in
      switch state {
      case .tensor(let tensor): file.put("state.\(name)", tensor)
      case .generator(let generator): file.put("state.\(name)", (0..<4).map { generator.state[$0] })
      }
    }
    optimizer.updateState { file.put("optimizer.\($0)", $1) }
    self.file = file
  }

  /// Reads a checkpoint.
  ///
  /// - Throws: `FileError` if the file is not a whole checkpoint.
  public init(path: String) throws {
    file = try SafetensorsFile(path: path)
    self.path = path
    guard file.metadata["format"] == Self.format else {
      throw FileError(path, "is a safetensors file, but not a checkpoint of `spectral train`: pass one that it wrote")
    }
    configuration = try Self.decode("configuration", file, path)
    position = try Self.decode("position", file, path)
    input = try Self.decode("input", file, path)
    let counts = [position.epoch, position.batch, position.step, position.images]
    guard input.image.count == 3, input.image.allSatisfy({ 1...1 << 16 ~= $0 }), !input.classes.isEmpty,
      input.mean.count == input.image[0], input.deviation.count == input.image[0],
      input.deviation.allSatisfy({ $0 > 0 }), counts.allSatisfy({ 0...1 << 40 ~= $0 }),
      1...1_000_000 ~= configuration.batchSize, 1...1_000_000 ~= configuration.microBatchSize ?? 1,
      0...1_000_000 ~= configuration.epochs, position.epoch <= 1_000_000
    else { throw FileError(path, "says things about its images that cannot be: take another checkpoint") }
  }

  /// The bytes of the weights in single precision.
  package var weights: MemoryEstimate {
    file.names.filter { $0.hasPrefix("model.") }
      .reduce(MemoryEstimate()) { $0 + MemoryEstimate(file[$1]!.shape.extents, scalarBytes: 4) }
  }

  /// The bytes of the file.
  package var fileData: Data { file.data }

  /// Writes the file, whole or not at all.
  public func write(to path: String) throws { try file.write(to: path) }

  /// The network with the weights of the checkpoint.
  ///
  /// - Parameter method: How convolutions are computed; as in training if nil.
  /// - Throws: `FileError` if the weights do not fit the network.
  public func network(method: (any ConvolutionMethod<Float>)? = nil) throws -> any Layer<Float> {
    try configuration.model.checkSize(TensorShape(input.image))
    let expected = configuration.model.weights(image: TensorShape(input.image), classes: input.classes.count)
    // Before a network is made: what the file says of its images decides on the size of weights.
    guard expected == weights else {
      throw FileError(
        path,
        "speaks of a \(configuration.model.rawValue) network for images of \(TensorShape(input.image)), whose weights take "
          + "\(expected), but holds \(weights) of them: take another checkpoint")
    }
    var random = RandomGenerator(seed: configuration.seed)
    let network = try configuration.model.network(
      image: TensorShape(input.image), classes: input.classes.count,
      method: method ?? configuration.method, using: &random)
    return try restored(network)
  }

  private func restored<Network: Layer>(_ network: Network) throws -> Network where Network.Scalar == Float {
    var network = network
    try restore(&network)
    return network
  }

  /// Puts the weights and the state of the checkpoint into a network of the same shape.
  func restore<Network: Layer>(_ network: inout Network) throws where Network.Scalar == Float {
    var failure: (any Error)?
    var known: Set<String> = []
    func attempt(_ name: String, _ body: () throws -> Void) {
      known.insert(name)
      guard failure == nil else { return }
      do { try body() } catch { failure = error }
    }
    network.updateParameters { name, parameter in
      attempt("model.\(name)") { parameter = try tensor("model.\(name)", like: parameter.shape) }
    }
    network.updateState { name, state in
      attempt("state.\(name)") {
        switch state {
        case .tensor(let old): state = .tensor(try tensor("state.\(name)", like: old.shape))
        case .generator:
          let words = try file.words("state.\(name)")
          guard words.count == 4, words.contains(where: { $0 != 0 }) else {
            throw FileError(path, "state.\(name) is not the state of a generator: take another checkpoint")
          }
          state = .generator(RandomGenerator(state: SIMD4(words)))
        }
      }
    }
    if let failure { throw failure }
    if let stray = file.names.first(where: { !$0.hasPrefix("optimizer.") && !known.contains($0) }) {
      throw FileError(
        path, "has \(stray), which a \(configuration.model.rawValue) network has not: it is of another model")
    }
  }

  /// Puts what the optimizer remembered back.
  func restore(_ optimizer: inout any Optimizer<Float>) throws {
    var failure: (any Error)?
    optimizer.updateState { name, value in
      guard failure == nil else { return }
      do { value = try tensor("optimizer.\(name)", like: value.shape) } catch { failure = error }
    }
    if let failure { throw failure }
    optimizer.stepCount = position.step
  }

  private func tensor(_ name: String, like shape: TensorShape) throws -> Tensor<Float> {
    guard file[name] != nil else {
      throw FileError(path, "has no \(name): it is of another model, or incomplete")
    }
    let tensor = try file.tensor(name, as: Float.self)
    guard tensor.shape == shape else {
      throw FileError(path, "\(name) has shape \(tensor.shape), the network's has \(shape): it is of another model")
    }
    return tensor
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // A run whose loss is not a number any more is still a run that can be kept.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func decode<Value: Decodable>(_ key: String, _ file: SafetensorsFile, _ path: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let text = file.metadata[key], let value = try? decoder.decode(Value.self, from: Data(text.utf8)) else {
      throw FileError(path, "has no readable \(key) in its metadata: take another checkpoint")
    }
    return value
  }
}

extension TrainingLoop {
  /// A run that goes on where a checkpoint left it.
  ///
  /// - Parameters:
  ///   - configuration: The checkpoint's, or ``TrainingRequest/configuration(resuming:)``.
  ///   - network: A network of the configuration's model; its weights are replaced.
  /// - Throws: `FileError` or ``TrainingError`` if the checkpoint does not fit.
  public init(
    resuming checkpoint: Checkpoint, _ configuration: TrainingConfiguration, network: Network, data: DatasetPair
  ) throws {
    try checkpoint.input.check(data.outline)
    try self.init(configuration, network: network, data: data)
    try checkpoint.restore(&self.network)
    try checkpoint.restore(&optimizer)
    position = checkpoint.position
    guard position.batch <= stepsPerEpoch, position.step == position.epoch * stepsPerEpoch + position.batch else {
      let images = checkpoint.input.trainingImages.map { "it was trained on \($0) images, these are " } ?? "these are "
      throw TrainingError(
        "the checkpoint stands at step \(position.step), batch \(position.batch) of epoch \(position.epoch), which is "
          + "none of a run with \(stepsPerEpoch) steps an epoch (\(images)\(data.training.count)): give it the data that "
          + "it was trained on")
    }
    guard isFinite else {
      throw TrainingError(
        "the checkpoint holds weights that are not finite, since its training diverged: begin anew with a smaller "
          + "learning rate")
    }
  }
}

extension Checkpoint.Input {
  /// - Throws: ``TrainingError`` if a run cannot go on with such images.
  func check(_ data: DatasetOutline) throws(TrainingError) {
    guard let difference = difference(from: data) else { return }
    throw TrainingError(
      "the checkpoint was trained on other data, \(difference): give it the data that it was trained on")
  }

  /// How images differ from those that a network takes, the network's first, e.g. `its classes are cat, dog and these are
  /// ant, dog`; nil if they do not.
  package func difference(from data: DatasetOutline) -> String? {
    guard image == data.imageShape.extents else {
      return "its images are \(TensorShape(image)) and these are \(data.imageShape)"
    }
    guard classes != data.classNames else { return nil }
    func list(_ names: [String]) -> String {
      names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }
    let missing = classes.filter { !data.classNames.contains($0) }
    let unknown = data.classNames.filter { !classes.contains($0) }
    let words =
      (missing.isEmpty ? [] : ["\(list(missing)) missing"])
      + (unknown.isEmpty ? [] : ["\(list(unknown)) unknown to it"])
    return "its classes are \(list(classes)) and these are \(list(data.classNames))"
      + (words.isEmpty ? ", in another order" : ", with \(words.joined(separator: " and "))")
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

/// Runs that are short enough for a test, on digits that the package draws.
private func smallRun(
  _ model: ModelKind, _ convolution: ConvolutionChoice = .fft, epochs: Int = 2, images: Int = 200
) -> TrainingRun {
  var request = TrainingRequest()
  request.model = model
  request.convolution = convolution
  request.epochs = epochs
  request.batchSize = 16
  request.deterministic = true
  request.seed = 5
  let digits = ProceduralDigits(seed: 5)
  let data = DatasetPair(
    training: digits.dataset(.training, count: images), test: digits.dataset(.test, count: 50))
  return TrainingRun(request.configuration(), data: data)
}

@Suite struct TrainingLoopTests {
  @Test(arguments: [(ModelKind.lenet5, 61_706), (.lenet5Classic, 61_706), (.dense, 7_850)])
  func modelsHaveTheParametersThatArithmeticGives(model: ModelKind, count: Int) throws {
    // LeNet-5: 6 (25 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1).
    let network = try smallRun(model).initialNetwork()
    #expect(network.parameters.count == count)
    #expect(network.outputShape(for: [3, 1, 28, 28]) == [3, 10])
  }

  @Test func lossesAgreeBetweenTheMethods() throws {
    func losses(_ convolution: ConvolutionChoice) throws -> [Double] {
      var losses: [Double] = []
      _ = try smallRun(.lenet5, convolution, epochs: 4, images: 400).run(onEvent: { event in
        if case .batch(let batch) = event { losses.append(batch.loss) }
      })
      return losses
    }
    let (fft, direct) = (try losses(.fft), try losses(.direct))
    #expect(fft.count == 100 && direct.count == 100)
    for (step, pair) in zip(fft, direct).enumerated() {
      #expect(abs(pair.0 - pair.1) <= 1e-3 * abs(pair.1), "step \(step): \(pair)")
    }
    let (first, last) = (fft.prefix(10).reduce(0, +), fft.suffix(10).reduce(0, +))
    #expect(last < first, "the loss does not fall")
  }

  @Test(arguments: [ModelKind.lenet5, .largeKernel])
  func aRunThatWasStoppedGoesOnBitForBit(model: ModelKind) throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let images = model == .lenet5 ? 200 : 48
    let run = smallRun(model, images: images)
    let whole = folder.appendingPathComponent("whole.safetensors").path
    #expect(try run.run(checkpoint: CheckpointPolicy(path: whole)).isFinished)

    var random = RandomGenerator(seed: 9)
    let part = folder.appendingPathComponent("part.safetensors").path
    var stops = 0
    var checkpoint: Checkpoint?
    while true {
      let stopAfter = Int.random(in: 1...max(2, images / 32), using: &random)
      var steps = 0
      let resumed = TrainingRun(run.configuration, data: run.data, resuming: checkpoint)
      let isFinished = try resumed.run(
        checkpoint: CheckpointPolicy(path: part), shouldStop: { steps >= stopAfter },
        onEvent: { if case .batch = $0 { steps += 1 } }
      ).isFinished
      if isFinished { break }
      stops += 1
      checkpoint = try Checkpoint(path: part)
    }
    #expect(stops > 1)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: whole)) == Data(contentsOf: URL(fileURLWithPath: part)),
      "the checkpoints differ after \(stops) stops")
  }

  @Test func theSameRunGivesTheSameBitsOnAnyNumberOfThreads() throws {
    func parameters(threads: Int) throws -> [String: Tensor<Float>] {
      try withThreads(threads) {
        try smallRun(.largeKernel, epochs: 1, images: 48).run().network.parameters.namedTensors
      }
    }
    let one = try parameters(threads: 1)
    let two = try parameters(threads: 2)
    let three = try parameters(threads: 3)
    #expect(one.count > 10)
    for (name, tensor) in one {
      #expect(two[name]!.hasSameBits(as: tensor) && three[name]!.hasSameBits(as: tensor), "\(name)")
    }
  }

  @Test func aCheckpointGivesTheNetworkBack() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("c.safetensors").path
    let run = smallRun(.lenet5, epochs: 1)
    let trained = try run.run(checkpoint: CheckpointPolicy(path: path)).network
    let loaded = try Checkpoint(path: path).network()
    let images = Batches<Float>(run.data.test, batchSize: 10)[0].images
    #expect(trained(images) == loaded(images))
    #expect(try Checkpoint(path: path).input.classes == run.data.test.classNames)
  }

  @Test func aCheckpointOfAnotherModelIsRefused() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("c.safetensors").path
    _ = try smallRun(.lenet5, epochs: 0).run(checkpoint: CheckpointPolicy(path: path))
    let checkpoint = try Checkpoint(path: path)
    let other = smallRun(.dense)
    #expect(throws: FileError.self) {
      try TrainingRun(other.configuration, data: other.data, resuming: checkpoint).run()
    }
    var request = TrainingRequest()
    request.model = .dense
    #expect(throws: TrainingError.self) { try request.configuration(resuming: checkpoint.configuration) }
    request = TrainingRequest()
    request.epochs = 40
    #expect(try request.configuration(resuming: checkpoint.configuration).epochs == 40)
  }

  /// The text is what checkpoints have held from the beginning; some name data by a word of the program that wrote them.
  @Test(arguments: [("digits", DatasetKind.digits), ("fashion-mnist", .fashionMNIST), ("leaves", nil)])
  func configurationsOfEarlierCheckpointsAreRead(word: String, dataset: DatasetKind?) throws {
    let text = """
      {"batchSize":32,"convolution":"fft","dataset":"\(word)","deterministic":true,"epochs":7,"learningRate":0.5,\
      "model":"lenet5-classic","optimizer":"adamw","planning":"estimate","schedule":"warmup:10,cosine:0.001","seed":3}
      """
    let configuration = try JSONDecoder().decode(TrainingConfiguration.self, from: Data(text.utf8))
    var expected = TrainingConfiguration()
    (expected.dataset, expected.model, expected.convolution) = (dataset, .lenet5Classic, .fft)
    (expected.planning, expected.epochs, expected.batchSize) = (.estimated, 7, 32)
    (expected.optimizer, expected.learningRate) = (.adamw, 0.5)
    (expected.schedule, expected.seed) = (.warmUp(steps: 10, then: .cosine(minimum: 0.001)), 3)
    expected.deterministic = true
    #expect(configuration == expected)
    guard dataset != nil else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    #expect(String(decoding: try encoder.encode(configuration), as: UTF8.self) == text)
    let damaged = Data(text.replacing("cosine:", with: "sine:").utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(TrainingConfiguration.self, from: damaged) }
  }

  @Test func aResumeErrorNamesWhatDiffers() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("c.safetensors").path
    let run = smallRun(.dense, epochs: 1, images: 64)
    try run.run(checkpoint: CheckpointPolicy(path: path))
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.input.trainingImages == 64)
    func words(_ change: (Dataset) -> Dataset) throws -> String {
      let data = DatasetPair(training: change(run.data.training), test: change(run.data.test))
      return try #require(throws: TrainingError.self) {
        try TrainingRun(run.configuration, data: data, resuming: checkpoint).check()
      }.description
    }
    func renamed(_ names: [String]) throws -> String {
      try words { data in
        Dataset(
          name: "other", images: .zeros([data.count, 1, 28, 28]), labels: data.labels, classNames: names)
      }
    }
    #expect(
      try renamed(["null"] + (1...9).map(String.init) + ["ten"]).contains("with 0 missing and null, ten unknown to it"))
    #expect(try renamed((0...9).reversed().map(String.init)).contains("in another order"))
    let small = try words { data in
      Dataset(name: "small", images: .zeros([data.count, 3, 16, 16]), labels: data.labels, classNames: data.classNames)
    }
    #expect(small.contains("its images are 1 x 28 x 28 and these are 3 x 16 x 16"))
    // 64 images in batches of 16 are four steps, 100 are seven.
    let more = smallRun(.dense, epochs: 2, images: 100)
    let error = try #require(throws: TrainingError.self) {
      try TrainingRun(more.configuration, data: more.data, resuming: checkpoint).run()
    }
    #expect(error.description.contains("it was trained on 64 images, these are 100"), "\(error)")
  }

  @Test func aDamagedCheckpointIsRefused() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("c.safetensors").path
    _ = try smallRun(.dense, epochs: 0).run(checkpoint: CheckpointPolicy(path: path))
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in [0, 7, 8, 100, whole.count / 2, whole.count - 1] {
      let cut = folder.appendingPathComponent("cut").path
      try whole.prefix(length).write(to: URL(fileURLWithPath: cut))
      #expect(throws: (any Error).self, "\(length) bytes") { try Checkpoint(path: cut) }
    }
    #expect(throws: (any Error).self) { try Checkpoint(path: folder.path) }
    #expect(throws: (any Error).self) { try Checkpoint(path: path + ".missing") }
  }

  @Test func metricsGoOnWhereTheCheckpointStands() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("m.jsonl").path
    func lines() throws -> [String] {
      try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
    let run = smallRun(.dense, epochs: 2, images: 64)
    do {
      // The lock on the file is held as long as the recorder is.
      let file = try MetricsFile(path: path)
      _ = try run.run(onEvent: file.record)
    }
    let all = try lines()
    #expect(all.count == 10)
    #expect(all.filter { $0.contains("\"event\":\"epoch\"") }.count == 2)
    #expect(all[1].contains("\"step\":1,"))
    for line in all { #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil) }
    _ = try MetricsFile(path: path, resumingAt: 4)
    #expect(try lines() == Array(all.prefix(5)))
    let table = try String(contentsOfFile: folder.appendingPathComponent("m.csv").path, encoding: .utf8)
    #expect(table.split(separator: "\n").count == 2)
  }
}

extension ParameterSpace {
  /// The tensors by name, for a space that is known only as some space.
  fileprivate var namedTensors: [String: Tensor<Float>] {
    var tensors: [String: Tensor<Float>] = [:]
    forEach { name, tensor in tensors[name] = tensor.converted(to: Float.self) }
    return tensors
  }
}

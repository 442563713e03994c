import Foundation
import SpectralKit
import TestSupport
import Testing

@Suite struct RunMemoryTests {
  @Test(arguments: ModelKind.allCases, [[1, 28, 28], [3, 32, 32], [1, 12, 47], [3, 61, 40]])
  func weightsAreKnownFromSizesAlone(model: ModelKind, image: [Int]) throws {
    var random = RandomGenerator(seed: 1)
    let network = try model.network(
      image: TensorShape(image), classes: 7, method: SpatialConvolution<Float>(), using: &random)
    #expect(model.weights(image: TensorShape(image), classes: 7).bytes == 4 * network.parameters.count)
  }

  /// Its first dense matrix alone has 120 x 16 x 3498 x 3498 numbers: 87.5 GiB.
  @Test func aNetworkForHugeImagesIsRefusedBeforeItIsMade() throws {
    let weights = ModelKind.lenet5.weights(image: [1, 14_000, 14_000], classes: 2)
    #expect(try #require(weights.bytes) > 120 * 16 * 3498 * 3498 * 4)
    let error = try #require(throws: MemoryError.self) {
      try MemoryBudget(limit: 1 << 30).require(weights, for: "training", remedy: "take smaller images")
    }
    #expect(error.description.contains("87.6 GiB") && error.description.contains("take smaller images"))
  }

  @Test func allLayersAndBatchesCount() throws {
    var random = RandomGenerator(seed: 1)
    let method = SpatialConvolution<Float>()
    let network = try ModelKind.largeKernel.network(image: [3, 64, 64], classes: 5, method: method, using: &random)
    func needed(_ batch: Int, training: Bool, held: Int = 0) throws -> Int {
      let error = try #require(throws: MemoryError.self) {
        try network.requireMemory(
          for: [batch, 3, 64, 64], method, training: training, beside: MemoryEstimate(bytes: held), purpose: "a test",
          budget: MemoryBudget(limit: 1))
      }
      return try #require(error.estimate.bytes)
    }
    // What training keeps of every layer is there at the same time.
    let outputs = network.summary(for: [8, 3, 64, 64]).reduce(0) { $0 + $1.output.count }
    #expect(try needed(8, training: true) > 4 * outputs)
    #expect(try needed(8, training: false) < needed(8, training: true))
    #expect(try needed(16, training: true) > 19 * needed(8, training: true) / 10)
    #expect(try needed(8, training: true, held: 1000) == needed(8, training: true) + 1000)
    // More images than an integer can count bytes of.
    #expect(throws: MemoryError.self) {
      try network.requireMemory(
        for: [1 << 46, 3, 64, 64], method, training: true, beside: MemoryEstimate(), purpose: "a test")
    }
    try network.requireMemory(
      for: [8, 3, 64, 64], method, training: true, beside: MemoryEstimate(), purpose: "a test",
      budget: MemoryBudget(limit: 1 << 30))
  }

  @Test func aCheckpointThatLiesAboutItsImagesIsRefused() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("net.safetensors").path
    let digits = ProceduralDigits(seed: 3)
    let data = DatasetPair(training: digits.dataset(.training, count: 16), test: digits.dataset(.test, count: 16))
    for model in [ModelKind.lenet5, .dense, .lenet5Classic] {
      var configuration = TrainingConfiguration()
      (configuration.model, configuration.epochs) = (model, 0)
      try TrainingRun(configuration, data: data).run(checkpoint: CheckpointPolicy(path: path))
      var file = try SafetensorsFile(path: path)
      file.metadata["input"] = file.metadata["input"]?.replacingOccurrences(of: "[1,28,28]", with: "[1,16384,16384]")
      try file.write(to: path)
      let error = try #require(throws: FileError.self) { try Checkpoint(path: path).network() }
      #expect(error.path == path && error.message.contains("1 x 16384 x 16384"), "\(error)")
    }
    // The weights of this one do not depend on the size of images; a picture of that size does not fit.
    var configuration = TrainingConfiguration()
    (configuration.model, configuration.epochs) = (.largeKernel, 0)
    try TrainingRun(configuration, data: data).run(checkpoint: CheckpointPolicy(path: path))
    var file = try SafetensorsFile(path: path)
    file.metadata["input"] = file.metadata["input"]?.replacingOccurrences(of: "[1,28,28]", with: "[1,65536,65536]")
    try file.write(to: path)
    let checkpoint = try Checkpoint(path: path)
    #expect(throws: MemoryError.self) {
      try checkpoint.requireMemory(checkpoint.network(), for: 1, SpatialConvolution<Float>())
    }
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

/// A run on digits that the package draws, at a learning rate of one's choice.
private func run(learningRate: Double, epochs: Int = 3) -> TrainingRun {
  var configuration = TrainingConfiguration()
  (configuration.model, configuration.convolution) = (.lenet5, .direct)
  (configuration.epochs, configuration.batchSize, configuration.deterministic) = (epochs, 16, true)
  configuration.learningRate = learningRate
  let digits = ProceduralDigits(seed: 3)
  let data = DatasetPair(training: digits.dataset(.training, count: 96), test: digits.dataset(.test, count: 20))
  return TrainingRun(configuration, data: data)
}

@Suite struct DivergenceTests {
  private let folder = temporaryFolder()

  @Test func aRunThatDivergesStopsAndKeepsItsLastFiniteState() throws {
    let path = folder.appendingPathComponent("net.safetensors").path
    var losses: [Double] = []
    var written: [Int] = []
    let error = try #require(throws: TrainingDivergence.self) {
      // After every step: none of the states that are written may be the one that diverged.
      try run(learningRate: 1e5).run(
        checkpoint: CheckpointPolicy(path: path, interval: 0),
        onEvent: { event in
          if case .batch(let batch) = event { losses.append(batch.loss) }
          if case .checkpoint = event { written.append(losses.count) }
        })
    }
    #expect(error.step == losses.count && error.step < 18 && error.learningRate == 1e5)
    let isFiniteBefore = losses.dropLast().allSatisfy { $0.isFinite }
    #expect(isFiniteBefore)
    #expect(error.kept?.path == path && error.kept?.step == written.last)
    #expect(error.description.contains("diverged in step \(error.step)"))
    #expect(error.description.contains(path) && error.description.contains("after step \(written.last!)"))
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.step == written.last)
    try checkpoint.network().parameters.forEach { #expect($1.isFinite, "\($0)") }
  }

  @Test func aRunWithoutCheckpointSaysSoToo() throws {
    let error = try #require(throws: TrainingDivergence.self) { try run(learningRate: 1e5).run() }
    #expect(error.kept == nil && !error.description.contains("holds"))
  }

  @Test func aCheckpointThatIsNotFiniteLoadsAndIsNotGoneOnWith() throws {
    let path = folder.appendingPathComponent("net.safetensors").path
    let sound = run(learningRate: 0.01, epochs: 1)
    try sound.run(checkpoint: CheckpointPolicy(path: path))
    var file = try SafetensorsFile(path: path)
    let name = "model.0.bias"
    file.put(name, Tensor<Float>(try file.tensor(name, as: Float.self).shape, repeating: -.nan))
    try file.write(to: path)
    let checkpoint = try Checkpoint(path: path)
    let network = try checkpoint.network()
    #expect(Evaluation(of: network, on: sound.data.test).loss.isNaN)
    let more = run(learningRate: 0.01, epochs: 2)
    let error = try #require(throws: TrainingError.self) {
      try TrainingRun(more.configuration, data: more.data, resuming: checkpoint).run()
    }
    #expect(error.description.contains("not finite"))
  }
}

import Foundation
import SpectralKit

extension Recipe {
  private static let network = "lenet5.safetensors"

  /// A training: one run for each method that it went on by.
  init(_ record: LiveTraining.Record) {
    // Each method with the step that it led to; nil for the end.
    let ends = record.settings.methods.dropFirst().map { Optional($0.step) } + [record.isFinished ? nil : record.steps]
    let legs = Array(zip(record.settings.methods.map(\.method), ends))
    self.init(command: Self.command(record, legs), swift: Self.program(record, legs))
  }

  private static func command(_ record: LiveTraining.Record, _ legs: [(ConvolutionChoice, Int?)]) -> String {
    let settings = record.settings
    return legs.enumerated().map { index, leg in
      var words = ["spectral", "train", "--checkpoint", network]
      if index == 0 {
        words += [
          "--dataset", settings.data.rawValue, "--model", "lenet5", "--epochs", "\(settings.epochs)", "--batch-size",
          "\(settings.batchSize)", "--learning-rate", decimal(settings.learningRate), "--schedule", "constant",
          "--seed",
          "\(settings.seed)", "--deterministic",
        ]
      } else {
        words.append("--resume")
      }
      if let folder = record.folder { words += shellFlag("--data", folder) }
      words += ["--convolution", leg.0.rawValue]
      if let end = leg.1 { words += ["--steps", "\(end)"] }
      return shellLine(words)
    }.joined(separator: " &&\n")
  }

  private static func program(_ record: LiveTraining.Record, _ legs: [(ConvolutionChoice, Int?)]) -> String {
    let settings = record.settings
    var lines = """
      import SpectralKit

      var configuration = TrainingConfiguration()
      configuration.dataset = .\(settings.data)
      (configuration.epochs, configuration.batchSize) = (\(settings.epochs), \(settings.batchSize))
      (configuration.learningRate, configuration.schedule) = (\(decimal(settings.learningRate)), .constant)
      (configuration.seed, configuration.deterministic) = (\(settings.seed), true)
      let data = try DatasetKind.\(settings.data).load(\(record.folder.map { "from: \(swiftLiteral($0))" } ?? ""))
      let file = CheckpointPolicy(path: "\(network)")
      """.components(separatedBy: "\n")
    for (index, leg) in legs.enumerated() {
      let end = leg.1.map { ", until: \($0)" } ?? ""
      let start = index == 0 ? "" : ", resuming: Checkpoint(path: file.path)"
      lines.append("configuration.convolution = .\(leg.0.rawValue)")
      lines.append("try TrainingRun(configuration, data: data\(start)).run(checkpoint: file\(end))")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

import Foundation
import SpectralKit

/// `spectral evaluate`: how well a trained network does on the test images.
enum EvaluateCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let dataset = Flag(
    "--dataset", .word(example: DatasetKind.mnist), "whose test images to classify [what the network was trained on]")
  private static let convolution = Flag(
    "--convolution", .word(example: ConvolutionChoice.direct), "how convolutions are computed [as in training]")
  private static let batchSize = Flag(
    "--batch-size", .integer(1...1_000_000, example: 256), default: "256", "images that are classified at once")

  static let specification = Specification(
    name: "evaluate", summary: "accuracy, loss and confusion matrix of a trained network",
    discussion: """
      Classifies the test images of a data set with a network that spectral train has kept, and prints the share that is \
      right, the mean cross-entropy, and how often each class was taken for each other.
      """,
    sections: [
      .init("Network", [Common.checkpoint, convolution]),
      .init("Data", [dataset, Common.data, batchSize, Common.strict]),
      .init("Output", [Common.json]),
      .init("Computation", [Common.transforms, Common.plan, Common.memoryLimit, Common.threads, Common.deterministic]),
    ],
    examples: [
      .init("spectral evaluate --checkpoint lenet.safetensors", "On the digits it was trained on."),
      .init(
        "spectral evaluate --checkpoint mnist.safetensors --data data/mnist --json",
        "One object with accuracy (0 to 1), loss, count and confusion."),
    ])

  static func run(_ arguments: Arguments) throws {
    let planning = try Common.planning(arguments)
    Common.applyThreads(arguments)
    let path = arguments[Common.checkpoint]
    let checkpoint = try Checkpoint(path: path)
    let input = checkpoint.input
    let kind = try arguments.optional(dataset) ?? TrainCommand.kind(checkpoint.configuration)
    // One training image is enough where they are drawn: only the test images count.
    let data = try kind.load(
      from: arguments.optional(Common.data), limit: kind.isDrawn ? 1 : nil,
      imageSize: (height: input.image[1], width: input.image[2]),
      colors: RasterImage.ColorModel(rawValue: input.image[0]),
      background: checkpoint.configuration.background)
    var test = data.test
    if let difference = input.difference(from: data.outline) {
      throw CommandError(
        "\(path): the network was trained on other data than \(kind.rawValue), \(difference): choose its own with "
          + "\(dataset.name) and \(Common.data.name)")
    }
    for remark in data.remarks { Console.say(remark) }
    try FileWarnings(arguments).tell(data)
    test.normalization = checkpoint.normalization
    let method = try checkpoint.method(arguments.optional(convolution), planning, arguments)
    let network = try checkpoint.network(method: method)
    try checkpoint.requireMemory(network, for: min(arguments[batchSize], test.count), method)
    let evaluation = Evaluation(of: network, on: test, batchSize: arguments[batchSize])
    try? Wisdom.save()
    try Console.result(
      arguments[Common.json] ? evaluation.json.description : evaluation.table(test.classNames))
  }
}

extension Checkpoint {
  /// How a network that was trained is computed: as in training, but for what the flags say.
  ///
  /// - Throws: `TrainingError` if measuring meets a training that was deterministic.
  func method(
    _ choice: ConvolutionChoice?, _ planning: ConvolutionPlanning?, _ arguments: Arguments
  ) throws -> any ConvolutionMethod<Float> {
    var request = TrainingRequest()
    request.convolution = choice
    try CommonFlags.checkTransforms(arguments, request.convolution, by: "--convolution")
    request.transforms = arguments.has(CommonFlags.transforms) ? arguments[CommonFlags.transforms] : nil
    request.planning = planning
    request.memoryLimit = arguments.optional(CommonFlags.memoryLimit)
    request.deterministic = arguments[CommonFlags.deterministic] ? true : nil
    return try request.configuration(resuming: configuration).method
  }

  /// What training did to pixels.
  var normalization: Normalization { Normalization(mean: input.mean, deviation: input.deviation) }
}

extension Evaluation {
  /// The contract: accuracy (0 ... 1), loss, count, confusion (rows are the true classes).
  var json: JSON {
    [
      "accuracy": .number(accuracy), "loss": .number(loss), "count": .integer(count),
      "confusion": .array(confusion.map { .array($0.map(JSON.integer)) }),
    ]
  }

  /// A table for people.
  func table(_ classNames: [String]) -> String {
    let width = max(classNames.map(\.count).max() ?? 0, 5)
    let columns = max(confusion.joined().map { "\($0)".count }.max() ?? 0, 3) + 1
    func cell(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    var lines = [
      String(numbers: "accuracy  %.2f %% of %d", 100 * accuracy, count),
      String(numbers: "loss      %.4f", loss), "",
      "confusion: rows are the true classes, columns what they were taken for",
      String(repeating: " ", count: width) + classNames.map { cell(String($0.prefix(columns - 1)), columns) }.joined(),
    ]
    for (name, row) in zip(classNames, confusion) {
      lines.append(cell(name, width) + row.map { cell($0 == 0 ? "." : "\($0)", columns) }.joined())
    }
    return lines.joined(separator: "\n")
  }
}

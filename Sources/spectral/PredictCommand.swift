import Foundation
import SpectralKit

/// `spectral predict`: what a trained network takes a picture for.
enum PredictCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let convolution = Flag(
    "--convolution", .word(example: ConvolutionChoice.direct), "how convolutions are computed [as in training]")

  static let specification = Specification(
    name: "predict", summary: "the class of pictures, by a trained network",
    discussion: """
      Prints for each picture its name, the most likely class, that class's probability, and the probabilities of all \
      classes (the softmax of the network's answers), separated by tabs. Pictures are made grey or colour and resized as \
      the network needs; digits are taken to be light on dark ground, as in the data it was trained on.
      """,
    operands: "IMAGE...", operandCount: 1...(.max),
    sections: [
      .init("Network", [Common.checkpoint, convolution]),
      .init("Output", [Common.json]),
      .init("Computation", [Common.plan, Common.memoryLimit, Common.threads, Common.deterministic]),
    ],
    examples: [
      .init("spectral predict --checkpoint lenet.safetensors seven.png", "PNG, JPEG, PGM or PPM."),
      .init(
        "spectral predict --checkpoint lenet.safetensors --json *.png", "One JSON object a line for each picture."),
    ])

  static func run(_ arguments: Arguments) throws {
    let planning = try Common.planning(arguments)
    Common.applyThreads(arguments)
    let checkpoint = try Checkpoint(path: arguments[Common.checkpoint])
    let method = try checkpoint.method(arguments.optional(convolution), planning, arguments)
    let network = try checkpoint.network(method: method)
    try network.checkMemory(for: Shape([1] + checkpoint.input.image), method, training: false)
    for path in arguments.operands {
      let image = try Image(path: path)
      guard image.pixels.count > 0 else { throw FileError(path, "the picture has no pixels") }
      let probabilities = probabilities(network, checkpoint.tensor(of: image))
      try Console.result(
        line(path, zip(checkpoint.input.classes, probabilities).map { ($0, $1) }, json: arguments[Common.json]))
    }
    try? Wisdom.save()
  }

  private static func probabilities(_ network: any Layer<Float>, _ image: Tensor<Float>) -> [Double] {
    network(image).converted(to: Double.self).softmax().elements
  }

  private static func line(_ path: String, _ classes: [(name: String, probability: Double)], json: Bool) -> String {
    // Of equal ones the first. A network that diverged answers NaN, and has no favourite.
    var best = classes[0]
    for candidate in classes where candidate.probability > best.probability { best = candidate }
    if json {
      let object: JSON = [
        "image": .string(path), "class": .string(best.name), "probability": .number(best.probability),
        "softmax": .object(classes.map { ($0.name, .number($0.probability)) }),
      ]
      return object.description
    }
    let all = classes.map { "\($0.name):" + String(format: "%.4f", $0.probability) }
    return [path, best.name, String(format: "%.4f", best.probability), all.joined(separator: " ")]
      .joined(separator: "\t")
  }
}

extension Checkpoint {
  /// A picture as the network wants it, `[1, C, H, W]`: colours, size, normalization.
  func tensor(of image: Image) -> Tensor<Float> {
    let (channels, height, width) = (input.image[0], input.image[1], input.image[2])
    var image = channels == 1 ? image.luminance : image
    if image.height != height || image.width != width { image = image.resized(height: height, width: width) }
    let area = height * width
    let normalization = normalization
    return image.pixels.withUnsafeElements { pixels in
      Tensor([1, channels, height, width]) { target in
        for i in target.indices {
          // A grey picture for a network of colours repeats its plane.
          target[i] = Float(normalization(Double(pixels[i % pixels.count]), channel: i / area))
        }
      }
    }
  }
}

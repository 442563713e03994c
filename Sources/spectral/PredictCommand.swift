import Foundation
import SpectralKit
import SpectralCore

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
      the network needs; digits are taken to be light on dark ground, as in the data it was trained on. Transparent \
      pictures are put on what their ink stands out from, and where digits are in dark ink inverted, which is said. A \
      picture that fails does not stop the others; the exit code is then 1.
      """,
    operands: "IMAGE...", operandsAreInputs: true, operandCount: 1...(.max),
    sections: [
      .init("Network", [Common.checkpoint, convolution]),
      .init("Pictures", [Common.inkBackground, Common.strict]),
      .init("Output", [Common.json]),
      .init("Computation", [Common.transforms, Common.plan, Common.memoryLimit, Common.threads, Common.deterministic]),
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
    try checkpoint.requireMemory(network, for: 1, method)
    var failures = 0
    for path in arguments.operands {
      do { try predict(path, by: network, checkpoint, arguments) } catch {
        guard arguments.operands.count > 1 else { throw error }
        failures += 1
        Console.say("spectral predict: \(error)")
      }
    }
    try? Wisdom.save()
    guard failures == 0 else {
      throw CommandError("\(failures) of \(arguments.operands.count) pictures failed, see above; the others are done")
    }
  }

  private static func predict(
    _ path: String, by network: any Layer<Float>, _ checkpoint: Checkpoint, _ arguments: Arguments
  ) throws {
    let image = try RasterImage(path: path)
    try FileWarnings(arguments).tell(image.warnings, of: path)
    guard image.pixels.count > 0 else { throw FileError(path, "the picture has no pixels") }
    let (seen, note) = checkpoint.opaque(image, on: arguments.optional(Common.inkBackground))
    if let note { Console.say("note: \(path) \(note)") }
    let logits = network(checkpoint.tensor(of: seen))
    guard logits.isFinite else {
      throw FileError(
        arguments[Common.checkpoint],
        "the network's answers are not finite, since its training diverged: train it again")
    }
    let probabilities = logits.converted(to: Double.self).softmax().elements
    try Console.result(
      line(path, zip(checkpoint.input.classes, probabilities).map { ($0, $1) }, json: arguments[Common.json]))
  }

  private static func line(_ path: String, _ classes: [(name: String, probability: Double)], json: Bool) -> String {
    // Of equal ones the first.
    var best = classes[0]
    for candidate in classes where candidate.probability > best.probability { best = candidate }
    if json {
      let object: JSON = [
        "image": .string(path), "class": .string(best.name), "probability": .number(best.probability),
        "softmax": .object(classes.map { ($0.name, .number($0.probability)) }),
      ]
      return object.description
    }
    let all = classes.map { "\($0.name.printable()):" + String(numbers: "%.4f", $0.probability) }
    return [
      path.printable(), best.name.printable(), String(numbers: "%.4f", best.probability), all.joined(separator: " "),
    ]
    .joined(separator: "\t")
  }
}

extension Checkpoint {
  /// A picture without transparency, and what was done about it, if something was.
  ///
  /// - Parameter background: What a transparent picture is put on; nil for what the training was told, or what the ink
  ///   stands out from.
  fileprivate func opaque(_ image: RasterImage, on background: RGBColor?) -> (image: RasterImage, note: String?) {
    guard image.isTransparent else { return (image.composed(on: .white), nil) }
    if let background = background ?? configuration.background {
      return (image.composed(on: background), "is transparent: put on \(background.text)")
    }
    let ground = image.inkBackground
    var composed = image.composed(on: ground)
    let note = "is transparent: put on \(ground.text), from which its ink stands out"
    guard ground == .white, configuration.dataset?.isLightOnDark == true else { return (composed, note) }
    composed.pixels = composed.pixels.map { 1 - $0 }
    return (composed, note + ", and inverted, as the network has learned light on dark")
  }

  /// A picture as the network wants it, `[1, C, H, W]`: colours, size, normalization.
  func tensor(of image: RasterImage) -> Tensor<Float> {
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

import SpectralImaging
import SpectralKit
import SpectralCore

/// `spectral hybrid`: one picture from nearby, another from afar.
enum HybridCommand: Subcommand {
  private static let cutoff = Flag(
    "--cutoff", .hybridCutoff, isRequired: true,
    "where the far picture ends and the near one begins: cycles per pixel as in 0.03, a wavelength as in 32px, or a fraction of "
      + "Nyquist as in 0.06nyq; two of them leave a gap between the pictures")
  private static let shape = Flag(
    "--shape", .filterShape, default: "gaussian", "of the filters: ideal, gaussian or butterworth with its order")
  private static let resize = Flag(
    switch: "--resize", "bring the far picture to the size of the near one, where they differ")
  private static let pyramid = Flag(
    "--pyramid", .outputFile("FILE", example: "steps.png"),
    "a picture of the result at full size, a half, a quarter and so on, as one sees it from further and further away")
  private static let output = Flag(
    "--output", short: "-o", .outputFile("FILE", example: "hybrid.png"),
    "where the result goes: .png, .jpg, .pgm or .ppm for a picture, .npy for all digits")

  static let specification = Specification(
    name: "hybrid", summary: "one picture from nearby, another from afar",
    discussion: """
      Adds the fast waves of the picture NEAR and the slow waves of the picture FAR. From nearby one sees the first; step \
      back, or shrink the result, and the second appears. The pictures should be aligned, e.g. face on face. Images are \
      PNG, JPEG, PGM, PPM, or .npy arrays; where one is grey and the other in colour, the result is in colour. Colours \
      count as much as they are opaque, and transparency is mixed like them.
      """,
    operands: "NEAR FAR", operandsAreInputs: true, operandCount: 2...2,
    sections: [
      .init("Task", [cutoff, shape, resize]),
      .init("Pixels", [ImageFlags.boundary, ImageFlags.linearLight]),
      .init(
        "Results",
        [
          output, ImageFlags.format, pyramid, ImageFlags.bitDepth, ImageFlags.quality, CommonFlags.background,
          ImageFlags.show,
          ImageFlags.graphics,
        ]),
      ImageFlags.computation, ImageFlags.talk,
    ],
    examples: [
      .init(
        "spectral hybrid face.png landscape.png --cutoff 32px -o hybrid.png --pyramid steps.png",
        "The face from nearby, the landscape from afar."),
      .init(
        "spectral hybrid a.jpg b.jpg --cutoff 0.02,0.06 --resize --show",
        "With a gap: slow waves up to 0.02 cycles per pixel, fast ones from 0.06."),
    ])

  static func run(_ arguments: Arguments) throws {
    guard !arguments[ImageFlags.quiet] || !arguments[ImageFlags.verbose] else {
      throw UsageError("\(ImageFlags.quiet.name) and \(ImageFlags.verbose.name) contradict each other: take one")
    }
    CommonFlags.applyThreads(arguments)
    let shows = arguments[ImageFlags.show] || arguments.has(ImageFlags.graphics)
    guard arguments.has(output) || arguments.has(pyramid) || shows else {
      throw UsageError(
        "nothing would be left of the result: add \(output.example) or \(ImageFlags.show.name)")
    }
    let (target, steps) = try (
      arguments.optional(output).map { try OutputPlace($0, output, format: arguments.optional(ImageFlags.format)) },
      arguments.optional(pyramid).map { try OutputPlace($0, pyramid, .picture) }
    )
    try OutputPlace.requireDistinct([target, steps])
    if let target { try ImageFlags.checkDepth(arguments, of: [target.path]) }
    let cutoffs = arguments[cutoff]
    let filters = HybridImage(
      far: .lowPass(arguments[shape], cutoff: cutoffs.far), near: .highPass(arguments[shape], cutoff: cutoffs.near))

    var stages = StageTimes()
    let (near, far) = try stages.measure("decode") { try read(arguments) }
    try target?.require(colors: near.channels, for: "")
    try steps?.require(colors: near.channels == 3 ? 3 : 1, for: "")
    let result: ImagePlanes<Double>
    do {
      result = try stages.measure("filter") {
        try near.filtered(with: far) { try filters(near: $0, far: $1, boundary: arguments[ImageFlags.boundary]) }
      }
    } catch let error as FrequencyFilterError {
      throw CommandError("\(error)")
    }
    if let target = target?.path {
      let format = try OutputFormat(
        arguments.optional(ImageFlags.format), path: target, isArray: result.origin.isArray)
      let note = try EditedImage(result, isSigned: false).write(
        to: target, as: format.picture, name: format.name(for: target),
        bitDepth: arguments.optional(ImageFlags.bitDepth)?.bits, quality: arguments[ImageFlags.quality],
        background: arguments.optional(CommonFlags.background) ?? .white
      ) { try stages.measure($0, $1) }
      if !arguments[ImageFlags.quiet] {
        note.report.lines(target, valueCount: result.planes.count).forEach(Console.say)
      }
    }
    if let steps = steps?.path {
      try stages.measure("pyramid") { try PictureStrip.pyramid(RasterImage(shown: result)).write(to: steps) }
    }
    if shows {
      try TerminalGraphics.show(
        RasterImage(shown: result), by: arguments.optional(ImageFlags.graphics), besideJSON: false)
    }
    if arguments[ImageFlags.verbose] { Console.say(stages.description) }
  }

  // MARK: Two pictures

  private static func read(_ arguments: Arguments) throws -> (near: ImagePlanes<Double>, far: ImagePlanes<Double>) {
    let (nearPath, farPath) = (arguments.operands[0], arguments.operands[1])
    func image(_ path: String) throws -> ImagePlanes<Double> {
      let image = try ImagePlanes<Double>(
        path: path, sizeLimit: arguments[ImageFlags.sizeLimit],
        light: arguments[ImageFlags.linearLight] ? .linear : .stored)
      try FileWarnings(arguments).tell(image.warnings, of: path)
      return image
    }
    var (near, far) = (try image(nearPath), try image(farPath))
    for (image, path) in [(near, nearPath), (far, farPath)] {
      try image.requireOpaque(for: arguments[ImageFlags.boundary], name: path)
      if let place = image.firstNonFinite {
        throw FileError(
          path,
          "the number at row \(place.row), column \(place.column) is NaN or infinite, and a transform would spread it over the "
            + "whole image: mend it first")
      }
    }
    // Both images, each filtered, and the result; the filters keep to a limit themselves.
    let channels = max(near.channels, far.channels)
    try ImageMemory(
      name: nearPath, shape: [channels, near.height, near.width], scalarBytes: MemoryLayout<Double>.stride, images: 5
    ).require(MemoryEstimate(far.planes.shape.extents, scalarBytes: 12), for: "combining")
    if (near.height, near.width) != (far.height, far.width) {
      guard arguments[resize] else {
        throw CommandError(
          "\(nearPath) has \(near.width) x \(near.height) pixels and \(farPath) \(far.width) x \(far.height): add "
            + "\(resize.name) to bring \(farPath) to the size of \(nearPath)")
      }
      guard [1, 3].contains(far.channels) else {
        throw FileError(
          farPath, "\(far.channels) channels are no picture that could be resized: resize the array first")
      }
      let resized = RasterImage(pixels: far.planes.converted(to: Float.self), alpha: far.alpha)
        .resized(height: near.height, width: near.width)
      far = ImagePlanes(
        planes: resized.pixels.converted(to: Double.self), alpha: resized.alpha, origin: far.origin, light: far.light)
    }
    if near.channels != far.channels {
      guard [1, 3].contains(near.channels), [1, 3].contains(far.channels) else {
        throw CommandError(
          "\(nearPath) has \(near.channels) channels and \(farPath) \(far.channels): give both as many, or 1 or 3")
      }
      (near.planes, far.planes) = (colored(near.planes), colored(far.planes))
    }
    return (near, far)
  }

  /// A grey plane three times, or three as they are.
  private static func colored(_ planes: Tensor<Double>) -> Tensor<Double> {
    guard planes.shape[0] == 1 else { return planes }
    return Tensor([3, planes.shape[1], planes.shape[2]], planes.elements + planes.elements + planes.elements)
  }
}

/// Where a hybrid's far picture ends and its near one begins.
struct HybridCutoffs: Sendable {
  let far: Frequency
  let near: Frequency
}

extension ValueFormat<HybridCutoffs> {
  /// One frequency, or two.
  static var hybridCutoff: Self {
    Self("CUTOFF|FAR,NEAR", example: "0.03") { text throws(ValueError) in
      let fields = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard (1...2).contains(fields.count) else {
        throw ValueError("must be one cut-off, or two: where the far picture ends, and where the near one begins")
      }
      var cutoffs: [Frequency] = []
      for field in fields {
        do { cutoffs.append(try Frequency(cutoff: field)) } catch {
          throw ValueError("\(error)", example: "0.03")
        }
      }
      return HybridCutoffs(far: cutoffs[0], near: cutoffs.last!)
    }
  }
}

extension ValueFormat<FilterShape> {
  /// `ideal`, `gaussian` or `butterworth:ORDER`.
  static var filterShape: Self {
    Self("ideal|gaussian|butterworth:ORDER", example: "butterworth:2") { text throws(ValueError) in
      do { return try FilterShape(parsing: text) } catch {
        throw ValueError("\(error)", example: "butterworth:2")
      }
    }
  }
}

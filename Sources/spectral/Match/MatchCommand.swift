import Foundation
import SpectralKit
import SpectralCore

/// `spectral match`: finds a small picture in a large one, or the shift between two.
enum MatchCommand: Subcommand {
  private static let method = Flag(
    "--method", .word(example: MatchingMethod.phase), default: MatchingMethod.normalized.rawValue,
    "normalized scores from -1 to 1, whatever brightness and contrast; correlation favours bright places; phase is most "
      + "exact where the image has the template's very pixels. Images of the same size: their shift, by any of them")
  private static let count = Flag("--count", .integer(1...100_000, example: 5), default: "1", "places to find at most")
  private static let threshold = Flag(
    "--threshold", thresholdFormat,
    "the least score of a place, which exact copies reach at 1; of a shift, the least correlation of what both show [any]"
  )
  private static let normalization = Flag(
    "--normalization", .word(example: SpectrumNormalization.phase),
    "what becomes of the magnitudes of the spectra when a shift is found: automatic weighs each frequency by how well the "
      + "images agree on it; none keeps them, for smooth images under noise; phase drops them, for detailed images whose "
      + "brightness changed [automatic; none for --method correlation]")
  private static let window = Flag(
    "--window", .word(example: RegistrationWindow.hann), default: RegistrationWindow.tukey.rawValue,
    "how images are faded out towards the border when a shift is found; none: they wrap around")
  private static let output = Flag(
    "--output", short: "-o", .outputFile("FILE", example: "heatmap.png"),
    "a map of the scores: a picture of the image's size, where each score stands at the template's middle and the places "
      + "are framed; or .npy for the numbers, by the template's first pixel")
  private static let show = Flag(
    switch: "--show", "draw the image on the terminal with the places framed (see --graphics)")

  private static var thresholdFormat: ValueFormat<Double> {
    ValueFormat("T", example: "0.8") { text throws(ValueError) in
      guard let number = Double(text), number.isFinite else { throw ValueError("must be a number") }
      return number
    }
  }

  static let specification = Specification(
    name: "match", summary: "find a small picture in a large one, or the shift between two",
    discussion: """
      Finds where a template fits an image: rows and columns of the image's pixels, from 0, at which the template's first \
      pixel lies, to fractions of a pixel. Places overlap by less than half. What is transparent does not count: a \
      template's alpha is its mask, as is the image's. A grey image and a colour one are compared by luminance. Images \
      are PNG, JPEG, PGM, PPM, or .npy arrays. The exit code is 1 if nothing reaches the threshold.

      For two images of the same size the result is the shift that takes the second to the first, to about a hundredth of \
      a pixel where the noise allows it, with its standard error and with a confidence from 0 to 1; below 0.3 it is a \
      guess, which is said.
      """,
    operands: "IMAGE TEMPLATE", operandsAreInputs: true, operandCount: 2...2,
    sections: [
      .init("Task", [method, count, threshold]),
      .init("Shift", [normalization, window]),
      .init("Results", [output, ImageFlags.format, CommonFlags.json, show, ImageFlags.graphics]),
      .init("Computation", [ImageFlags.sizeLimit, CommonFlags.strict, CommonFlags.threads]),
      .init("Talk", [ImageFlags.verbose]),
    ],
    examples: [
      .init("spectral match coins.png coin.png --count 5 --threshold 0.6", "Five places at most."),
      .init("spectral match page.png letter.png -o heatmap.png --json", "A picture of the scores, and JSON."),
      .init("spectral match after.png before.png", "By how much the camera moved."),
    ])

  static func run(_ arguments: Arguments) throws {
    CommonFlags.applyThreads(arguments)
    if let path = arguments.optional(output) {
      _ = try OutputPlace(path, output, inputs: ["map.png"], format: arguments.optional(ImageFlags.format))
    }
    let limit = arguments[ImageFlags.sizeLimit]
    let paths = arguments.operands
    let images = try paths.map { path in
      let image = try AnyImagePlanes(path: path, sizeLimit: limit)
      try FileWarnings(arguments).tell(image.warnings, of: path)
      return image
    }
    switch (images[0], images[1]) {
    case (.float(let image), .float(let template)): try run(image, template, arguments)
    case (let image, let template): try run(image.wide, template.wide, arguments)
    }
  }

  private static func run<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, _ template: ImagePlanes<Scalar>, _ arguments: Arguments
  ) throws {
    let isComparable = image.channels == template.channels
    let (x, t) = isComparable ? (image.planes, template.planes) : (image.luminance, template.luminance)
    // Beside what the search itself keeps to a limit: both images, the scores, sums of squares in double precision, and
    // the map.
    try ImageMemory(
      name: arguments.operands[0], shape: x.shape, scalarBytes: MemoryLayout<Scalar>.stride, images: 2
    ).require(
      MemoryEstimate(t.shape.extents, scalarBytes: MemoryLayout<Scalar>.stride)
        + MemoryEstimate([x.shape[1], x.shape[2]], scalarBytes: 48), for: "searching")
    let shows = arguments[show] || arguments.has(ImageFlags.graphics)
    let (imageOpacity, opacity) = (
      image.isTransparent ? image.alpha : nil, template.isTransparent ? template.alpha : nil
    )
    var stages = StageTimes()
    do {
      if x.shape == t.shape {
        guard arguments.optional(output) == nil && !shows else {
          throw UsageError(
            "images of the same size have a shift and no map of scores: leave \(output.name) and \(show.name) away")
        }
        let isPlain = arguments[method] == .correlation
        let search = Registration<Scalar>(
          normalization: arguments.optional(normalization) ?? (isPlain ? .none : .automatic),
          window: arguments[window], memoryLimit: memoryLimit)
        let shift = try stages.measure("registration") {
          try search.shift(from: t, to: x, opacity: opacity, movedOpacity: imageOpacity)
        }
        try ShiftReport(shift: shift, method: arguments[method], search: search, paths: arguments.operands)
          .print(asJSON: arguments[CommonFlags.json])
        if let least = arguments.optional(threshold), shift.peak < least {
          throw CommandError(
            "\(arguments.operands[0]): nothing reaches \(threshold.name) \(least), at its best shift the correlation is "
              + "\(beneath(least, shift.peak)): lower the threshold")
        }
      } else {
        guard !arguments.has(normalization), !arguments.has(window) else {
          throw UsageError(
            "\(normalization.name) and \(window.name) are for the shift between two images of the same size, and these are "
              + "\(image.height) x \(image.width) and \(template.height) x \(template.width): leave them away")
        }
        let search = try TemplateMatching(
          t, opacity: opacity, method: arguments[method], memoryLimit: memoryLimit)
        let scores = try stages.measure(arguments[method].rawValue) {
          try search.scores(in: x, imageOpacity: imageOpacity)
        }
        func matches(_ count: Int, _ threshold: Double) throws -> [Match] {
          try search.matches(inScores: scores, of: x, imageOpacity: imageOpacity, count: count, threshold: threshold)
        }
        let found = try stages.measure("search") {
          try matches(arguments[count], arguments.optional(threshold) ?? -.infinity)
        }
        let size = Extent(height: template.height, width: template.width)
        let map = ScoreMap(scores: scores, matches: found, template: size, method: arguments[method])
        if let path = arguments.optional(output) {
          let place = try OutputPlace(path, output, format: arguments.optional(ImageFlags.format)).path
          let format = try OutputFormat(arguments.optional(ImageFlags.format), path: place, isArray: false)
          try stages.measure("map") { try map.write(to: place, as: format) }
        }
        if shows {
          try TerminalGraphics.show(
            map.framed(RasterImage(shown: image)), by: arguments.optional(ImageFlags.graphics),
            besideJSON: arguments[CommonFlags.json])
        }
        let report = MatchReport(matches: found, template: size, method: arguments[method], paths: arguments.operands)
        try report.print(asJSON: arguments[CommonFlags.json])
        if found.isEmpty, let least = arguments.optional(threshold) {
          let best = try matches(1, -.infinity).first?.score ?? 0
          throw CommandError(
            "\(arguments.operands[0]): nothing reaches \(threshold.name) \(least), the best score is "
              + "\(beneath(least, best)): lower the threshold")
        }
      }
      if arguments[ImageFlags.verbose] { Console.say("\(arguments.operands[0]): \(stages.description)") }
    } catch let error as RestorationError {
      throw CommandError("\(arguments.operands.joined(separator: ", ")): \(error)")
    }
  }

  /// A score with as many digits as tell it from the threshold that it does not reach.
  private static func beneath(_ threshold: Double, _ score: Double) -> String {
    let short = significant(score)
    return Double(short).map { $0 < threshold } ?? false ? short : "\(score)"
  }

  /// Half of the machine's memory.
  private static var memoryLimit: Int { MachineMemory.physical / 2 }
}

extension AnyImagePlanes {
  /// The image in double precision.
  fileprivate var wide: ImagePlanes<Double> {
    switch self {
    case .double(let image): image
    case .float(let image):
      image.with(planes: image.planes.converted())
    }
  }
}

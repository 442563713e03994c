import Foundation
import SpectralKit

/// `spectral match`: finds a small picture in a large one, or the shift between two.
enum MatchCommand: Subcommand {
  private static let method = Flag(
    "--method", .word(example: MatchingMethod.phase), default: MatchingMethod.normalized.rawValue,
    "normalized scores from -1 to 1, whatever brightness and contrast; correlation favours bright places; phase is most "
      + "exact without noise, and for images of the same size gives their shift to 1/100 pixel")
  private static let count = Flag("--count", .integer(1...100_000, example: 5), default: "1", "places to find at most")
  private static let threshold = Flag(
    "--threshold", thresholdFormat, "the least score of a place [any]")
  private static let output = Flag(
    "--output", short: "-o", .text("FILE", example: "heatmap.png"),
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
      pixel lies, to fractions of a pixel. Places overlap by less than half. A grey image and a colour one are compared \
      by luminance. Images are PNG, JPEG, PGM, PPM, or .npy arrays. The exit code is 1 if nothing reaches the threshold.
      """,
    operands: "IMAGE TEMPLATE", operandCount: 2...2,
    sections: [
      .init("Task", [method, count, threshold]),
      .init("Results", [output, CommonFlags.json, show, ImageFlags.graphics]),
      .init("Computation", [ImageFlags.sizeLimit, CommonFlags.threads]),
      .init("Talk", [ImageFlags.verbose]),
    ],
    examples: [
      .init("spectral match coins.png coin.png --count 5 --threshold 0.6", "Five places at most."),
      .init("spectral match page.png letter.png -o heatmap.png --json", "A picture of the scores, and JSON."),
      .init("spectral match after.png before.png --method phase", "By how much the camera moved."),
    ])

  static func run(_ arguments: Arguments) throws {
    CommonFlags.applyThreads(arguments)
    if let path = arguments.optional(output), !path.lowercased().hasSuffix(".npy"),
      (try? ImageFormat(path: path)) == nil
    {
      throw UsageError("\(output.name) \(path) is no picture's name: end it in .npy, .png, .jpg, .pgm or .ppm")
    }
    let limit = arguments[ImageFlags.sizeLimit]
    let paths = arguments.operands
    switch (
      try AnyImagePlanes(path: paths[0], sizeLimit: limit), try AnyImagePlanes(path: paths[1], sizeLimit: limit)
    ) {
    case (.float(let image), .float(let template)): try run(image, template, arguments)
    case (let image, let template): try run(image.wide, template.wide, arguments)
    }
  }

  private static func run<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, _ template: ImagePlanes<Scalar>, _ arguments: Arguments
  ) throws {
    let isComparable = image.channels == template.channels
    let (x, t) = isComparable ? (image.planes, template.planes) : (image.luminance, template.luminance)
    let shows = arguments[show] || arguments.has(ImageFlags.graphics)
    var stages = StageTimes()
    do {
      if arguments[method] == .phase && x.shape == t.shape {
        guard arguments.optional(output) == nil && !shows else {
          throw UsageError(
            "images of the same size have a shift and no map of scores: leave \(output.name) and \(show.name) away")
        }
        let search = try PhaseCorrelation<Scalar>(memoryLimit: memoryLimit)
        let shift = try stages.measure("phase") { try search.shift(from: t, to: x) }
        try ShiftReport(shift: shift, paths: arguments.operands).print(asJSON: arguments[CommonFlags.json])
      } else {
        let search = try TemplateMatching(t, method: arguments[method], memoryLimit: memoryLimit)
        let scores = try stages.measure(arguments[method].rawValue) { try search.scores(in: x) }
        let matches = stages.measure("search") {
          search.matches(
            inScores: scores, count: arguments[count], threshold: arguments.optional(threshold) ?? -.infinity)
        }
        let size = Extent(height: template.height, width: template.width)
        let map = ScoreMap(scores: scores, matches: matches, template: size, method: arguments[method])
        if let path = arguments.optional(output) { try stages.measure("map") { try map.write(to: path) } }
        if shows {
          try TerminalGraphics.show(
            map.framed(Image(shown: image)), by: arguments.optional(ImageFlags.graphics),
            besideJSON: arguments[CommonFlags.json])
        }
        let report = MatchReport(matches: matches, template: size, method: arguments[method], paths: arguments.operands)
        try report.print(asJSON: arguments[CommonFlags.json])
        guard !matches.isEmpty else {
          throw CommandError(
            "\(arguments.operands[0]): nothing reaches \(threshold.name) \(arguments.optional(threshold)!), the best score is "
              + "\(significant(map.highest)): lower the threshold")
        }
      }
      if arguments[ImageFlags.verbose] { Console.say("\(arguments.operands[0]): \(stages.description)") }
    } catch let error as RestorationError {
      throw CommandError("\(arguments.operands.joined(separator: ", ")): \(error)")
    }
  }

  /// Half of the machine's memory.
  private static var memoryLimit: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory / 2) }
}

extension AnyImagePlanes {
  /// The image in double precision.
  fileprivate var wide: ImagePlanes<Double> {
    switch self {
    case .double(let image): image
    case .float(let image):
      ImagePlanes(planes: image.planes.converted(), alpha: image.alpha, origin: image.origin, light: image.light)
    }
  }
}

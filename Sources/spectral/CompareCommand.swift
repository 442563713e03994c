import Foundation
import SpectralBenchmarks
import SpectralKit
import SpectralCore

/// `spectral compare`: both methods on a picture.
enum CompareCommand: Subcommand {
  private typealias Common = CommonFlags

  private enum Precision: String, CaseIterable { case single, double }
  private enum Channels: String, CaseIterable { case luminance, each }

  private static let kernel = Flag(
    "--kernel", .kernel, default: "gaussian:4",
    "e.g. box:5, gaussian:4 or motion:21,30 (pixels and degrees), an array kH x kW in a file, or the numbers themselves; "
      + "spectral kernel --help tells all names")
  private static let boundary = Flag(
    "--boundary", .word(example: Boundary.zero), default: Boundary.reflect.rawValue,
    "what lies beyond the border of the picture")
  private static let channels = Flag(
    "--channels", .word(example: Channels.each), default: Channels.luminance.rawValue,
    "filter the luminance, or each colour by itself")
  private static let precision = Flag(
    "--precision", .word(example: Precision.double), default: Precision.single.rawValue, "of the computation")
  private static let runs = Flag(
    "--runs", .integer(1...1000, example: 5), default: "9",
    "how often each method is timed at most; after two seconds fewer are enough")
  private static let json = Flag(switch: "--json", "print one JSON object instead of a table; times are in seconds")

  static let specification = Specification(
    name: "compare", summary: "filter a picture by both methods: differences, promise, times",
    discussion: """
      Filters a picture with the direct and with the Fourier method, and prints the largest and the root-mean-square \
      difference between them, the error of each against the exact result, the error that is promised, and the median time of each. \
      Exact means: by the definition, in double precision for single, and for double in twice its digits, at as many \
      pixels as that takes a second or so. Black is 0 and white is 1; transparent is black. The exit code is 1 if the promise is broken.
      """,
    operands: "IMAGE", operandsAreInputs: true, operandCount: 1...1,
    sections: [
      .init("Task", [kernel, boundary, channels]),
      .init(
        "Computation",
        [
          precision, runs, Common.transforms, Common.plan, Common.memoryLimit, Common.strict, Common.threads,
          Common.deterministic,
        ]),
      .init("Output", [json]),
    ],
    examples: [
      .init("spectral compare photo.png --kernel gaussian:8", "A blur of 49 x 49 taps."),
      .init("spectral compare photo.jpg --kernel kernel.npy --channels each --json", "A kernel of your own."),
    ])

  static func run(_ arguments: Arguments) throws {
    Common.applyThreads(arguments)
    let planning = try Common.planning(arguments) ?? .estimated
    let path = arguments.operands[0]
    let source = try RasterImage(path: path)
    let warnings = FileWarnings(arguments)
    try warnings.tell(source.warnings, of: path)
    let image = source.composed(on: .black)
    let kernelValues = try arguments[kernel].kernel(warnings).taps
    let planes = arguments[channels] == .luminance ? image.luminance.pixels : image.pixels
    let rigor: PlanningRigor = arguments[Common.deterministic] ? .estimate : .measure
    func check<Scalar: AnyMethodScalar>(_: Scalar.Type) throws -> CrossCheck {
      do {
        return try CrossCheck(
          planes.converted(to: Scalar.self), kernelValues, boundary: arguments[boundary],
          memoryLimit: arguments.optional(Common.memoryLimit), transforms: arguments[Common.transforms], rigor: rigor,
          planning: planning, runs: arguments[runs])
      } catch {
        throw CommandError("\(path): \(error)")
      }
    }
    let result = try arguments[precision] == .single ? check(Float.self) : check(Double.self)
    try? Wisdom.save()
    try Console.result(arguments[json] ? result.json(path).description : result.table(path))
    guard result.isKept else {
      throw CommandError("\(path): the Fourier method's error exceeds the promised bound; please report this as a bug")
    }
  }
}

extension CrossCheck {
  /// What was found, as one object.
  func json(_ name: String) -> JSON {
    func distance(_ distance: Distance) -> JSON {
      ["largest": .number(distance.largest), "rms": .number(distance.rootMeanSquare)]
    }
    return [
      "image": .string(name), "height": .integer(problem.vertical.input), "width": .integer(problem.horizontal.input),
      "channels": .integer(problem.inputChannels),
      "kernel": [.integer(problem.vertical.kernel), .integer(problem.horizontal.kernel)],
      "boundary": .string(problem.geometry.boundary.rawValue), "precision": .string(precision),
      "threads": .integer(Parallel.threads), "tile": [.integer(tile.height), .integer(tile.width)],
      "difference": distance(difference), "direct_error": distance(directError),
      "fft_error": distance(fourierError), "exact_pixels": .integer(exactCount), "bound": .number(bound),
      "bound_kept": .boolean(isKept),
      "direct_seconds": .number(directSeconds), "fft_seconds": .number(fourierSeconds),
      "fft_speedup": .number(directSeconds / fourierSeconds),
    ]
  }

  /// What was found, as a table.
  func table(_ name: String) -> String {
    func row(_ label: String, _ distance: Distance, _ time: String) -> String {
      func cell(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
      }
      func number(_ value: Double) -> String { String(numbers: "%.2e", value) }
      return label.padding(toLength: 22, withPad: " ", startingAt: 0) + cell(number(distance.largest), 10)
        + cell(number(distance.rootMeanSquare), 11) + cell(time, 12)
    }
    let planes = problem.inputChannels == 1 ? "1 plane" : "\(problem.inputChannels) planes"
    let ratio = directSeconds / fourierSeconds
    let speed =
      ratio >= 1
      ? String(numbers: "fft is %.1f times as fast as direct", ratio)
      : String(numbers: "direct is %.1f times as fast as fft", 1 / ratio)
    return [
      "\(name.printable()): \(problem.vertical.input) x \(problem.horizontal.input) pixels, \(planes); kernel "
        + "\(problem.vertical.kernel) x \(problem.horizontal.kernel), boundary \(problem.geometry.boundary.rawValue); \(precision) precision, "
        + "\(Parallel.threads) threads, tiles of \(tile)",
      "",
      "                         largest        rms        time",
      row("direct - exact", directError, duration(directSeconds)),
      row("fft - exact", fourierError, duration(fourierSeconds)),
      row("fft - direct", difference, ""),
      "",
      "promised: 2 u sqrt(log2 N) |x| |k| = " + String(numbers: "%.2e", bound) + (isKept ? ", kept" : ", BROKEN"),
      speed,
    ].joined(separator: "\n")
  }
}

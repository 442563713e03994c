import Foundation
import SpectralBenchmarks
import SpectralKit
import SpectralCore

/// `spectral compare`: both methods on a picture, a signal or a volume.
enum CompareCommand: Subcommand {
  private typealias Common = CommonFlags

  private enum Precision: String, CaseIterable { case single, double }
  private enum Channels: String, CaseIterable { case luminance, each }

  private static let kernel = Flag(
    "--kernel", .kernel, default: "gaussian:4",
    "e.g. box:5, gaussian:4 or motion:21,30 (pixels and degrees), an array kH x kW in a file, or the numbers themselves; "
      + "spectral kernel --help tells all names, spectral convolve --help those for signals and volumes")
  private static let boundary = Flag(
    "--boundary", .boundary, default: Boundary.reflect.rawValue,
    "what lies beyond the border; a number of its own as in constant:0.5")
  private static let channels = Flag(
    "--channels", .word(example: Channels.each), default: Channels.luminance.rawValue,
    "filter a picture's luminance, or each colour by itself; of an array each channel is filtered")
  private static let precision = Flag(
    "--precision", .word(example: Precision.double), default: Precision.single.rawValue, "of the computation")
  private static let runs = Flag(
    "--runs", .integer(1...1000, example: 5), default: "9",
    "how often each method is timed at most; after two seconds fewer are enough")
  private static let json = Flag(switch: "--json", "print one JSON object instead of a table; times are in seconds")

  static let specification = Specification(
    name: "compare", summary: "filter a picture, a signal or a volume by both methods: differences, promise, times",
    discussion: """
      Filters a picture, or an array in a .npy file, a signal, an image or a volume, with the direct and with the Fourier method, and prints the largest and the root-mean-square \
      difference between them, the error of each against the exact result, the error that is promised, and the median time of each. \
      Exact means: by the definition, in double precision for single, and for double in twice its digits, at as many \
      pixels as that takes a second or so. Black is 0 and white is 1; transparent is black; an array's numbers are taken as they are. \
      \(Common.solver.name) replaces the method it belongs to by one of its solvers. The exit code is 1 if the promise is broken.
      """,
    operands: "FILE", operandsAreInputs: true, operandCount: 1...1,
    sections: [
      .init("Task", [kernel, ArrayRank.flag, boundary, channels]),
      .init(
        "Computation",
        [
          precision, runs, Common.solver, Common.transforms, Common.plan, Common.memoryLimit, Common.strict,
          Common.threads,
          Common.deterministic,
        ]),
      .init("Output", [json]),
    ],
    examples: [
      .init("spectral compare photo.png --kernel gaussian:8", "A blur of 49 x 49 taps."),
      .init("spectral compare photo.jpg --kernel kernel.npy --channels each --json", "A kernel of your own."),
      .init("spectral compare scan.npy --ndim 3 --kernel ball:7 --solver fft.whole", "A volume, by whole transforms."),
    ])

  static func run(_ arguments: Arguments) throws {
    Common.applyThreads(arguments)
    let planning = try Common.planning(arguments) ?? .estimated
    if arguments.has(Common.solver), planning == .measured {
      throw UsageError("\(Common.solver.name) leaves nothing for \(Common.plan.name) to choose: leave one of them away")
    }
    let path = arguments.operands[0]
    if FileName.standardDescriptor(path) == 0 { try Spool.standardInput() }
    let warnings = FileWarnings(arguments)
    let kernel = try arguments[kernel].loaded(warnings)
    let rigor: PlanningRigor = arguments[Common.deterministic] ? .estimate : .measure
    func check<Scalar: AnyMethodScalar>(_ planes: Tensor<Scalar>) throws -> CrossCheck {
      let taps = try kernel.taps(rank: planes.shape.rank - 1)
      do {
        return try CrossCheck(
          planes, taps, boundary: arguments[boundary], memoryLimit: arguments.optional(Common.memoryLimit),
          transforms: arguments[Common.transforms], rigor: rigor, planning: planning,
          solver: arguments.optional(Common.solver), runs: arguments[runs])
      } catch {
        throw CommandError("\(path): \(error)")
      }
    }
    let result: CrossCheck
    if try isArray(path) {
      let rank = try ArrayRank.of(path, under: kernel, arguments)
      switch (try AnyRankedArray(path, rank: rank), arguments[precision]) {
      case (.float(let array), .single): result = try check(array.planes)
      case (.float(let array), .double): result = try check(array.planes.converted(to: Double.self))
      case (.double(let array), .single): result = try check(array.planes.converted(to: Float.self))
      case (.double(let array), .double): result = try check(array.planes)
      }
    } else {
      let source = try RasterImage(path: path)
      try warnings.tell(source.warnings, of: path)
      let image = source.composed(on: .black)
      let planes = arguments[channels] == .luminance ? image.luminance.pixels : image.pixels
      result = try arguments[precision] == .single ? check(planes) : check(planes.converted(to: Double.self))
    }
    try? Wisdom.save()
    try Console.result(arguments[json] ? result.json(path).description : result.table(path))
    guard result.isKept else {
      throw CommandError("\(path): the Fourier method's error exceeds the promised bound; please report this as a bug")
    }
  }
}

/// Whether a file holds an array rather than a picture. What arrives through a pipe can be read once only, and is taken for
/// a picture.
private func isArray(_ path: String) throws -> Bool {
  var file = try InputFile(path)
  guard file.size != nil else { return false }
  return try file.peek(upTo: FileSignature.length).starts(with: NumPyHeader.magic)
}

extension CrossCheck {
  /// What was found, as one object.
  func json(_ name: String) -> JSON {
    func distance(_ distance: Distance) -> JSON {
      ["largest": .number(distance.largest), "rms": .number(distance.rootMeanSquare)]
    }
    func sizes(_ size: (ConvolutionAxis) -> Int) -> JSON { .array(problem.axes.map { .integer(size($0)) }) }
    var members: [(String, JSON)] = [(ArrayRank.name(problem.rank), .string(name))]
    if problem.rank == 2 {
      members += [("height", .integer(problem.vertical.input)), ("width", .integer(problem.horizontal.input))]
    } else {
      members += [("size", sizes(\.input))]
    }
    members += [
      ("channels", .integer(problem.inputChannels)), ("kernel", sizes(\.kernel)),
      ("boundary", .string(problem.geometry.boundary.rawValue)), ("precision", .string(precision)),
      ("threads", .integer(Parallel.threads)),
    ]
    if let tile { members += [("tile", [.integer(tile.height), .integer(tile.width)])] }
    members += [
      ("direct", .string(ways.direct)), ("fft", .string(ways.fourier)), ("difference", distance(difference)),
      ("direct_error", distance(directError)), ("fft_error", distance(fourierError)),
      ("exact_pixels", .integer(exactCount)), ("bound", .number(bound)), ("bound_kept", .boolean(isKept)),
      ("direct_seconds", .number(directSeconds)), ("fft_seconds", .number(fourierSeconds)),
      ("fft_speedup", .number(directSeconds / fourierSeconds)),
    ]
    return .object(members)
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
      "\(name.printable()): \(TensorShape(problem.axes.map(\.input))) \(["samples", "pixels", "voxels"][problem.rank - 1]), "
        + "\(planes); kernel \(TensorShape(problem.axes.map(\.kernel))), boundary \(problem.geometry.boundary.rawValue); "
        + "\(precision) precision, \(Parallel.threads) threads, \(tile.map { "tiles of \($0)" } ?? ways.fourier)",
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

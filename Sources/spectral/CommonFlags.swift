import SpectralKit

/// Flags that several subcommands share.
enum CommonFlags {
  static let threads = Flag(
    "--threads", .integer(1...1024, example: 2), "threads that work at once (default: one per processor)")
  static let method = Flag(
    "--method", .word(example: ConvolutionChoice.fft), default: ConvolutionChoice.automatic.rawValue,
    "the definition, spectra, or whichever promises to be faster")
  static let solver = Flag(
    "--solver", .text("NAME", example: "fft.whole"),
    "compute by this way alone, or say why it cannot; spectral benchmark --solvers lists them")
  static let transforms = Flag(
    "--transforms", .word(example: TransformProvider.fftw), default: TransformProvider.fastest.rawValue,
    "who transforms the rows and columns of tiles: FFTW, the built-in vector loops (which leave FFTW out altogether), or for "
      + "each length the faster of them")
  static let plan = Flag(
    "--plan", .word(example: ConvolutionPlanning.measured), default: ConvolutionPlanning.estimated.rawValue,
    "how automatic chooses method and tile, and fft its tile: by a cost model, or by timing the best few once; what is "
      + "measured is remembered across runs")
  static let background = Flag(
    "--background", .color,
    "the colour that transparent pixels are put on where the result has no transparency: white, black, grey, or "
      + "hexadecimal digits as in #ffcc00 [white]")
  static let strict = Flag(
    switch: "--strict",
    "refuse files that are damaged or break the rules of their format, instead of reading what can be read and saying what "
      + "is wrong")
  static let inkBackground = Flag(
    "--background", .color,
    "the colour that transparent pictures are put on [white for dark ink, black for light ink]")
  static let json = Flag(switch: "--json", "print JSON instead of text for people")
  static let checkpoint = Flag(
    "--checkpoint", .inputFile("FILE", example: "lenet.safetensors"), isRequired: true, "what spectral train wrote")
  static let data = Flag("--data", .folder(example: "data/mnist"), "the folder with the files of the data set")
  static let deterministic = Flag(
    switch: "--deterministic",
    "the same bits on every run of this machine and build, whatever the threads: plans are chosen by estimate, not by "
      + "stop-watch; without it, the last bits are not promised")
  static let memoryLimit = Flag(
    "--memory-limit", .byteSize,
    "working memory a convolution may take beside its arrays, e.g. 512MiB or 2GB; smaller tiles keep it (default: "
      + "no limit)")

  /// How methods and tiles are chosen; nil if it was not said.
  ///
  /// - Throws: ``UsageError`` if measuring meets determinism.
  static func planning(_ arguments: Arguments) throws(UsageError) -> ConvolutionPlanning? {
    guard arguments.has(plan) else { return nil }
    let planning = arguments[plan]
    if planning == .measured && arguments[deterministic] {
      throw UsageError(
        "\(plan.name) measure and \(deterministic.name) exclude each other, since what a stop-watch says differs from run "
          + "to run: leave one of them away")
    }
    return planning
  }

  /// Refuses to be told who transforms by a method that transforms nothing.
  ///
  /// - Parameters:
  ///   - choice: The method that was asked for, by this flag.
  ///   - name: The solver that was asked for.
  static func checkTransforms(
    _ arguments: Arguments, _ choice: ConvolutionChoice?, by flag: String, solver name: String? = nil
  ) throws(UsageError) {
    guard arguments.has(transforms) else { return }
    let asked = name.map { ("\(solver.name) \($0)", $0.hasPrefix("direct.")) }
    let (words, isDirect) = asked ?? ("\(flag) direct", choice == .direct)
    if isDirect {
      throw UsageError("\(words) transforms nothing, so that \(transforms.name) has no use: leave one of them away")
    }
  }

  /// Sets the number of threads for the whole process.
  static func applyThreads(_ arguments: Arguments) {
    if let count = arguments.optional(threads) { Parallel.threads = count }
  }
}

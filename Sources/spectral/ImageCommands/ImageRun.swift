import Foundation
import SpectralKit

/// A run of a command over its images: one after the other, a bar on a terminal, a line for what went wrong.
///
/// ```swift
/// static func run(_ arguments: Arguments) throws {
///   try ImageRun(arguments).apply(Blur(deviation: arguments[deviation]))
/// }
/// ```
struct ImageRun {
  let arguments: Arguments
  /// The images, at least one.
  let inputs: [String]
  /// Where changed images go, if that was said.
  let output: OutputPlace?
  /// The most bytes that a decoded image may take.
  let sizeLimit: Int

  /// Judges the arguments that all image commands share, and sets the number of threads.
  ///
  /// - Parameters:
  ///   - outputKind: What ``ImageFlags/output`` may name.
  ///   - sizeLimit: In place of ``ImageFlags/sizeLimit``, which the command then does not have.
  /// - Throws: ``UsageError`` or `FileError`.
  init(
    _ arguments: Arguments, outputKind: OutputPlace.Kind = .image, fileExtension: String? = nil, sizeLimit: Int? = nil
  ) throws {
    guard !arguments[ImageFlags.quiet] || !arguments[ImageFlags.verbose] else {
      throw UsageError("\(ImageFlags.quiet.name) and \(ImageFlags.verbose.name) contradict each other: take one")
    }
    CommonFlags.applyThreads(arguments)
    self.arguments = arguments
    self.sizeLimit = sizeLimit ?? arguments[ImageFlags.sizeLimit]
    let files = try ImageInputs(arguments.operands)
    let inputs = files.paths
    self.inputs = inputs
    if !arguments[ImageFlags.quiet] { files.omissions.forEach(Console.say) }
    output = try arguments.optional(ImageFlags.output).map {
      try OutputPlace(
        $0, ImageFlags.output, inputs: inputs, outputKind, fileExtension: fileExtension,
        format: arguments.optional(ImageFlags.format))
    }
    if let output { try ImageFlags.checkDepth(arguments, of: output.paths(for: inputs)) }
  }

  /// Where results of another kind go, e.g. those of `--before-after`.
  func place(_ flag: Flag<String>, _ kind: OutputPlace.Kind = .picture, fileExtension: String? = "png") throws
    -> OutputPlace?
  {
    try arguments.optional(flag).map {
      try OutputPlace($0, flag, inputs: inputs, kind, fileExtension: fileExtension)
    }
  }

  /// Refuses results of different flags that would be one file.
  func requireDistinct(_ others: OutputPlace?...) throws(UsageError) {
    try OutputPlace.requireDistinct([output] + others, inputs: inputs)
  }

  /// Whether `--show` or `--graphics` asks for a picture on the terminal.
  var shows: Bool { arguments[ImageFlags.show] || arguments.has(ImageFlags.graphics) }

  /// Refuses a run that would leave nothing behind.
  ///
  /// - Parameter others: Whether something else was asked for.
  func requireResult(orElse others: Bool = false) throws(UsageError) {
    guard output != nil || shows || others else {
      throw UsageError(
        "nothing would be left of the result: add \(ImageFlags.output.example) or \(ImageFlags.show.name)")
    }
  }

  /// Draws a picture on the terminal, if that was asked for.
  func show(_ image: @autoclosure () -> RasterImage) throws {
    guard shows else { return }
    try TerminalGraphics.show(image(), by: arguments.optional(ImageFlags.graphics), besideJSON: isJSON)
  }

  /// Draws a figure on the terminal, if that was asked for; where its labels could not be read, the bare picture and a
  /// line.
  func show(figure: () -> RasterImage, bare: () -> (image: RasterImage, caption: String)) throws {
    guard shows else { return }
    try TerminalGraphics.show(
      by: arguments.optional(ImageFlags.graphics), besideJSON: isJSON, figure: figure, bare: bare)
  }

  private var isJSON: Bool { arguments[CommonFlags.json] }

  /// Says something unless `--quiet` is given.
  func say(_ text: String) {
    guard !arguments[ImageFlags.quiet] else { return }
    if showsBar { ProgressBar.clear() }
    Console.say(text)
  }

  /// Whether the work within a single image may show a bar of its own.
  var showsBarWithin: Bool { inputs.count == 1 && Console.isInteractive && !arguments[ImageFlags.quiet] }

  private var showsBar: Bool { inputs.count > 1 && Console.isInteractive && !arguments[ImageFlags.quiet] }

  /// Calls `body` for each image. One that fails does not stop the others.
  ///
  /// - Throws: What the only image threw; with several, an error that counts those that failed, each of which has had
  ///   its line; ``Interruption`` between two images.
  func forEachImage(_ body: (String, inout StageTimes) throws -> Void) throws {
    guard inputs.count > 1 else {
      var stages = StageTimes()
      try body(inputs[0], &stages)
      return sayStages(inputs[0], stages)
    }
    Interruption.watch()
    var failures = 0
    for (index, input) in inputs.enumerated() {
      if let signal = Interruption.pending {
        if showsBar { ProgressBar.clear() }
        throw Interruption(signal: signal, description: "interrupted after \(index) of \(inputs.count) images")
      }
      if showsBar {
        ProgressBar.show(
          "image \(index + 1)/\(inputs.count)", fraction: Double(index) / Double(inputs.count),
          (input as NSString).lastPathComponent)
      }
      var stages = StageTimes()
      do {
        try body(input, &stages)
        sayStages(input, stages)
      } catch let error where error is UsageError || error is Interruption {
        if showsBar { ProgressBar.clear() }
        throw error
      } catch {
        failures += 1
        if showsBar { ProgressBar.clear() }
        Console.say("spectral: \(error)")
      }
    }
    if showsBar { ProgressBar.clear() }
    guard failures == 0 else {
      throw CommandError("\(failures) of \(inputs.count) images failed, see above; the others are done")
    }
  }

  private func sayStages(_ input: String, _ stages: StageTimes) {
    if arguments[ImageFlags.verbose] && !stages.stages.isEmpty { say("\(input): \(stages.description)") }
  }

  /// Reads an image in the precision that suits its file, with light as `--linear-light` says.
  ///
  /// - Throws: `FileError`, also for an image with NaN or infinity, which a transform would spread all over it.
  func read(_ path: String) throws -> AnyImagePlanes {
    let image = try AnyImagePlanes(
      path: path, sizeLimit: sizeLimit,
      light: arguments[ImageFlags.linearLight] ? .linear : .stored)
    try FileWarnings(arguments).tell(image.warnings, of: path)
    if let hint = image.shapeHint { say("note: \(path): \(hint)") }
    let place =
      switch image {
      case .float(let image): image.firstNonFinite
      case .double(let image): image.firstNonFinite
      }
    if let place {
      throw FileError(
        path,
        "the number at row \(place.row), column \(place.column)\(place.channel > 0 ? ", channel \(place.channel)" : "") is "
          + "NaN or infinite, and a transform would spread it over the whole image: mend it first")
    }
    return image
  }
}

import Foundation
import SpectralKit

/// `spectral convolve`: one kernel over one image, however large.
enum ConvolveCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let kernel = Flag(
    "--kernel", .kernel, isRequired: true,
    "box:N, disc:N, random:N (N pixels across), gaussian:SIGMA (pixels), an array kH x kW in a file, or the numbers "
      + "themselves, as in 1,2,1;2,4,2;1,2,1")
  private static let output = Flag(
    "--output", short: "-o", .text("FILE", example: "out.npy"), isRequired: true,
    "where the result goes: .npy for an array, .png, .jpg, .pgm or .ppm for a picture; may be the input")
  private static let boundary = Flag(
    "--boundary", .word(example: Boundary.mirror), default: Boundary.reflect.rawValue,
    "what lies beyond the border: zero; reflect dcba|abcd|dcba; mirror dcb|abcd|cba; replicate aaaa|abcd|dddd; circular "
      + "abcd|abcd|abcd")
  private static let operation = Flag(
    "--operation", .word(example: ConvolutionOperation.correlation), default: ConvolutionOperation.convolution.rawValue,
    "true convolution, with the kernel flipped, as in compare; or correlation, as conv2d has it unless told")
  private static let memoryLimit = Flag(
    Common.memoryLimit.name, .byteSize, default: "512MiB",
    "the most memory that the process may hold, e.g. 512MiB or 2GB; the image is taken in pieces that keep it")
  private static let quiet = Flag(switch: "--quiet", "say nothing unless something is wrong")
  private static let verbose = Flag(switch: "--verbose", "also say how it is done, how fast, and in how much memory")

  static let specification = Specification(
    name: "convolve", summary: "one kernel over one image, larger than the memory if need be",
    discussion: """
      Convolves an image with a kernel; the output has the size of the image. An array, H x W or H x W x C in a .npy \
      file, is streamed: a piece is read while another is convolved and a third is written. Up to 16 bits a number the \
      computation and the output are in single precision, else in double. If the run ends early, even by a kill, the same \
      command goes on where it stopped, and the result has the same bits. A picture is convolved as a whole. Channels are \
      taken one by one, transparency is left alone. An even kernel's odd pixel is at the end, as in conv2d --padding same.
      """,
    operands: "IMAGE", operandCount: 1...1,
    sections: [
      .init("Task", [kernel, output, boundary, operation]),
      .init("Computation", [Common.method, memoryLimit, Common.threads]),
      .init("Talk", [quiet, verbose]),
    ],
    examples: [
      .init(
        "spectral convolve big.npy --kernel k.npy -o out.npy --memory-limit 512MiB",
        "An image of any size within half a gibibyte."),
      .init("spectral convolve photo.png --kernel gaussian:8 -o soft.png", "A blur of 49 x 49 taps."),
      .init(
        "spectral convolve x.npy --kernel=-1,0,1 --operation correlation --boundary replicate -o dx.npy",
        "Differences along the rows."),
    ])

  static func run(_ arguments: Arguments) throws {
    guard !arguments[quiet] || !arguments[verbose] else {
      throw UsageError("\(quiet.name) and \(verbose.name) contradict each other: take one")
    }
    Common.applyThreads(arguments)
    let path = arguments.operands[0]
    let talk: StreamingProgress.Talk = arguments[quiet] ? .none : arguments[verbose] ? .much : .little
    if try isPicture(path) {
      try convolvePicture(path, arguments, talk)
    } else {
      try stream(path, arguments, talk)
    }
  }

  private static func isPicture(_ path: String) throws -> Bool {
    var file = try InputFile(path)
    // A pipe cannot be read again, and holds no picture that could be named.
    guard file.size != nil else { return false }
    return ImageFormat(firstBytes: try file.read(upTo: 8)) != nil
  }

  // MARK: Arrays

  private static func stream(_ path: String, _ arguments: Arguments, _ talk: StreamingProgress.Talk) throws {
    let target = arguments[output]
    guard (try? ImageFormat(path: target)) == nil else {
      throw UsageError("\(output.name) \(target) is a picture's name, but \(path) is an array: name a file .npy")
    }
    let convolution = StreamedConvolution(
      kernel: try arguments[kernel].values(), boundary: arguments[boundary], operation: arguments[operation],
      method: arguments[Common.method], memoryLimit: try workingLimit(arguments))
    Interruption.watch()
    var progress = StreamingProgress(path, to: target, talk: talk)
    let report: StreamReport
    do {
      report = try convolution.run(
        from: path, to: target, shouldStop: { Interruption.pending != nil }, onEvent: { progress.show($0) })
    } catch {
      progress.clear()
      throw error is ConvolutionError ? CommandError("\(memoryLimit.name): \(error)") : error
    }
    progress.clear()
    guard report.isFinished else {
      throw Interruption(
        signal: Interruption.pending ?? SIGINT,
        description:
          "interrupted after \(report.progress.rows) of \(report.progress.totalRows) rows; \(target).partial "
          + "holds them, the same command goes on")
    }
    progress.show(report)
  }

  /// What the limit on the process leaves for the work.
  private static func workingLimit(_ arguments: Arguments) throws -> Int {
    let limit = arguments[memoryLimit]
    guard limit > programBytes else {
      throw CommandError(
        "\(memoryLimit.name): the program itself needs about \(ByteCount(programBytes)), the limit is \(ByteCount(limit)): "
          + "raise the limit")
    }
    return limit - programBytes
  }

  /// The program without its work: code, stacks, plans. It holds some 25 MiB; a fixed number, since the work is cut by
  /// what is left, and a run that is resumed must be cut as it was.
  private static let programBytes = 40 << 20

  // MARK: Pictures

  private static func convolvePicture(_ path: String, _ arguments: Arguments, _ talk: StreamingProgress.Talk) throws {
    let target = arguments[output]
    do { _ = try ImageFormat(path: target) } catch {
      throw UsageError("\(output.name) \(target) is no picture's name, but \(path) is a picture: name a file .png")
    }
    let values = try arguments[kernel].values().converted(to: Float.self)
    let limit = try workingLimit(arguments)
    // The file, the decoded picture and its convolution are there at once.
    var image = try Image(path: path, sizeLimit: limit / 3)
    let shape = image.pixels.shape
    let geometry = ConvolutionGeometry(
      kernel: Extent(height: values.shape[0], width: values.shape[1]), padding: .same, boundary: arguments[boundary],
      operation: arguments[operation])
    let method = arguments[Common.method].method(
      for: Float.self, deterministic: true, memoryLimit: limit - 2 * image.pixels.byteCount)
    let clock = ContinuousClock()
    let start = clock.now
    do {
      image.pixels = try method(
        image.pixels.reshaped(to: [shape[0], 1, shape[1], shape[2]]),
        values.reshaped(to: [1, 1, values.shape[0], values.shape[1]]), geometry
      ).reshaped(to: shape)
    } catch {
      throw CommandError("\(memoryLimit.name): \(error)")
    }
    let seconds = (clock.now - start).seconds
    try image.write(to: target)
    if talk != .none { Console.say("\(target) (\(shape)): \(method.name) in \(duration(seconds))") }
  }
}

import Foundation
import SpectralKit
import SpectralCore

/// `spectral convolve`: one kernel over signals, images and volumes, however large.
enum ConvolveCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let kernel = Flag(
    "--kernel", .kernel, isRequired: true,
    "e.g. box:5, gaussian:4 or motion:21,30 (pixels and degrees), an array kH x kW in a file, or the numbers themselves, "
      + "as in 1,2,1;2,4,2;1,2,1; spectral kernel --help tells all names. For signals and volumes box:N and gaussian:SIGMA, "
      + "or a number for each axis, as in gaussian:1,2,2; for volumes ball:DIAMETER; an array kL or kD x kH x kW; 1,2,1"
  )
  private static let operation = Flag(
    "--operation", .word(example: ConvolutionOperation.correlation), default: ConvolutionOperation.convolution.rawValue,
    "true convolution, with the kernel flipped, as in compare; or correlation, as conv2d has it unless told")
  private static let signed = Flag(
    switch: "--signed",
    "draw results around 0: 0 is mid-grey, the ends are the largest magnitude; so are those of kernels whose taps all but "
      + "cancel, as of slopes; else a picture's values outside 0...1 are clipped, and counted")
  private static let memoryLimit = Flag(
    Common.memoryLimit.name, .byteSize,
    "the most memory that the process may hold, e.g. 512MiB or 2GB: an array is taken in pieces that keep it, a picture "
      + "that would not fit is refused [512MiB for arrays, half of the machine's for pictures]")
  private static let part = Flag(
    "--part", .part,
    "compute one part of the result and leave the others to other runs of the same command, on this machine or on others that "
      + "see the same disk: at a time or one after another, in any order; a run that was killed goes on when it is repeated. "
      + "The last to end finishes the file")
  private static let join = Flag(
    switch: "--join",
    "finish a file whose parts are all there, once its bytes have been compared with their checksums, or say which parts are "
      + "missing")

  static let runsOnRanks = true

  static let specification = Specification(
    name: "convolve", summary: "one kernel over images, signals or volumes, larger than the memory if need be",
    discussion: """
      Convolves images with a kernel; the output has the size of the image. \(ImageFlags.discussion) Channels are taken \
      one by one. An even kernel's odd pixel is at the end, as in conv2d --padding same. Signals and volumes are .npy \
      arrays, and so are their results; \(ArrayRank.flag.name) says which of them an array is, where its shape does not. Three \
      axes are those of a volume under a kernel for volumes alone.

      An array that becomes an array is streamed: a piece is read while another is convolved and a third is written. Up \
      to 16 bits a number the computation and the output are in single precision, else in double. If the run ends early, \
      even by a kill, the same command goes on where it stopped, and the result has the same bits. From the standard input \
      or to the standard output it goes through a temporary file. Everything else is convolved as a whole.
      """,
    operands: ImageFlags.operands, operandsAreInputs: true, operandCount: ImageFlags.operandCount,
    sections: [
      .init("Task", [kernel, ArrayRank.flag, operation]), ImageFlags.pixels,
      .init("Results", ImageFlags.results.flags + [signed]),
      .init("Several runs for one file", [part, join]),
      .init("Computation", [Common.method, Common.transforms, memoryLimit, Common.strict, Common.threads]),
      ImageFlags.talk,
    ],
    examples: [
      .init(
        "spectral convolve big.npy --kernel k.npy -o out.npy --memory-limit 512MiB",
        "An image of any size within half a gibibyte."),
      .init("spectral convolve photo.png --kernel gaussian:8 -o soft.png", "A blur of 49 x 49 taps."),
      .init(
        "spectral convolve photo.jpg --kernel sobel:x --luminance -o edges.png", "Slopes around mid-grey."),
      .init("spectral convolve photos --kernel motion:21,30 --linear-light -o moved", "All images of a folder."),
      .init(
        "spectral convolve x.npy --kernel=-1,0,1 --operation correlation --boundary replicate -o dx.npy",
        "Differences along the rows."),
      .init(
        "spectral convolve scan.npy --ndim 3 --kernel gaussian:1,2,2 -o soft.npy",
        "A volume, less blurred from slice to slice than within them."),
      .init(
        "spectral convolve big.npy --kernel k.npy -o out.npy --part 3/8", "The third of eight runs that share the work."
      ),
    ])

  static func run(_ arguments: Arguments) throws {
    try Common.checkTransforms(arguments, arguments[Common.method], by: Common.method.name)
    try checkParts(arguments)
    try checkRanks(arguments)
    if arguments.operands.contains(where: { FileName.standardDescriptor($0) == 0 }) { try Spool.standardInput() }
    let streams = try ImageInputs(arguments.operands).paths.map { (try? isStreamed($0, arguments)) ?? false }
    let budget = try budget(arguments, isStreamed: streams.allSatisfy { $0 })
    let program = MemoryEstimate(bytes: programBytes)
    // Beside the taps there are those in the precision of the image, flipped or scaled.
    let bytesPerTap = MemoryLayout<Double>.stride + 2 * MemoryLayout<Float>.stride
    let kernel = try arguments[kernel].loaded(
      within: budget, bytesPerTap: bytesPerTap, beside: program, FileWarnings(arguments))
    // The file, the decoded picture and its convolution are there at once.
    func whole(_ kernel: Kernel) -> (held: MemoryEstimate, limit: Int) {
      let held = MemoryEstimate([kernel.height, kernel.width], scalarBytes: bytesPerTap) + program
      return (held, max(0, budget.bytes - (held.bytes ?? .max)))
    }
    let isAllStreamed = streams.allSatisfy { $0 }
    let planar = isAllStreamed ? nil : Kernel(try kernel.taps(rank: 2))
    let run = try ImageRun(
      arguments, outputKind: isAllStreamed ? .anything : .image, sizeLimit: planar.map { whole($0).limit / 3 } ?? 0)
    try run.requireResult()
    try run.forEachImage { input, stages in
      if try isStreamed(input, arguments), let target = run.output?.path(for: input) {
        let taps = try kernel.taps(rank: ArrayRank.of(input, under: kernel, arguments))
        // Success is reported once the target has everything.
        var reportSuccess = {}
        if AtomicFile.isStream(target) {
          try Spool.write(to: target) {
            reportSuccess = try stream(taps, from: input, to: $0, as: target, arguments)
          }
        } else {
          reportSuccess = try stream(taps, from: input, to: target, as: target, arguments)
        }
        reportSuccess()
      } else {
        guard Ranks.count == 1 else {
          throw CommandError(
            "\(input): several ranks convolve an array in a .npy file that becomes an array: leave mpirun away, or name a .npy "
              + "file with -o y.npy and leave flags for pictures away")
        }
        guard !isInParts(arguments) else {
          throw CommandError(
            "\(input): only an array in a .npy file that becomes an array is computed in parts: leave "
              + "\(arguments.has(part) ? part.name : join.name) away, or name a .npy file with -o y.npy and leave flags for "
              + "pictures away")
        }
        if let rank = arguments.optional(ArrayRank.flag), rank != 2 {
          throw CommandError(
            "\(input): a \(ArrayRank.name(rank)) is convolved from a .npy file to a .npy file, as numbers: add "
              + "-o y.npy, and leave flags for pictures away")
        }
        let kernel = try planar ?? Kernel(kernel.taps(rank: 2))
        let edit = KernelEdit(
          kernel: kernel, boundary: arguments[ImageFlags.boundary], operation: arguments[operation],
          method: arguments[Common.method], transforms: arguments[Common.transforms], budget: budget,
          held: whole(kernel).held, wantsSigned: arguments[signed])
        try run.apply(edit, to: input, &stages)
      }
    }
  }

  /// Refuses what several ranks cannot do together.
  private static func checkRanks(_ arguments: Arguments) throws {
    guard Ranks.count > 1 else { return }
    if isInParts(arguments) {
      throw UsageError(
        "\(arguments.has(part) ? part.name : join.name) is for runs that do not know each other, and mpirun started "
          + "\(Ranks.count) that do: leave one of them away")
    }
    guard arguments.operands.count == 1, let input = arguments.operands.first, !FileSystem.isFolder(input) else {
      throw UsageError("several ranks convolve one array: name one, or leave mpirun away")
    }
    if let stream = stream(arguments) {
      throw UsageError("\(stream): several ranks read and write files: name files on a disk that all of them see")
    }
  }

  /// A standard stream, a pipe or a device among the files.
  private static func stream(_ arguments: Arguments) -> String? {
    (arguments.operands + [arguments.optional(ImageFlags.output)].compactMap { $0 })
      .first { FileName.standardDescriptor($0) != nil || AtomicFile.isStream($0) }?.printable(most: 300)
  }

  private static func isInParts(_ arguments: Arguments) -> Bool { arguments.has(part) || arguments[join] }

  /// Refuses parts of what cannot be written by several runs.
  private static func checkParts(_ arguments: Arguments) throws(UsageError) {
    guard isInParts(arguments) else { return }
    if arguments.has(part) && arguments[join] {
      throw UsageError("\(part.name) and \(join.name) exclude each other: compute the parts, then join them")
    }
    if let stream = stream(arguments) {
      throw UsageError(
        "\(stream): parts are read from files and written to one file: name files on a disk that all runs "
          + "see")
    }
  }

  /// Whether an image is an array that becomes an array number by number.
  private static func isStreamed(_ path: String, _ arguments: Arguments) throws -> Bool {
    let needsWhole =
      arguments[ImageFlags.linearLight] || arguments[ImageFlags.luminance] || arguments[ImageFlags.show]
      || arguments.has(ImageFlags.graphics)
    guard !needsWhole, let output = arguments.optional(ImageFlags.output) else { return false }
    if let format = arguments.optional(ImageFlags.format) {
      guard format == .npy else { return false }
    } else if FileName.standardDescriptor(output) == nil && (try? ImageFormat(path: output)) != nil {
      return false
    }
    var file = try InputFile(path)
    let start = try file.peek(upTo: FileSignature.length)
    // What is named like an array, and is none, is told so.
    return ImageFormat(firstBytes: start) == nil
      && (start.starts(with: NumPyHeader.magic) || file.size == nil
        || (path as NSString).pathExtension.lowercased() == "npy")
  }

  /// - Parameter name: What messages call the target.
  /// - Returns: What reports the success.
  private static func stream(
    _ kernel: Tensor<Double>, from path: String, to target: String, as name: String, _ arguments: Arguments
  ) throws -> () -> Void {
    let budget = try budget(arguments, isStreamed: true)
    let convolution = StreamedConvolution(
      kernel: kernel, boundary: arguments[ImageFlags.boundary], operation: arguments[operation],
      method: arguments[Common.method], transforms: arguments[Common.transforms],
      memoryLimit: budget.bytes - programBytes)
    let talk: StreamingProgress.Talk =
      arguments[ImageFlags.quiet] ? .none : arguments[ImageFlags.verbose] ? .much : .little
    // A launcher ends its ranks by a signal, and each at once: what is safe is safe.
    if Ranks.count == 1 { Interruption.watch() }
    var progress = StreamingProgress(path, to: name, talk: talk)
    let report: StreamReport
    var peak: Int?
    do {
      if Ranks.count > 1 {
        (report, peak) = try Ranks.run(convolution, from: path, to: target, &progress)
      } else if arguments[join] {
        report = try convolution.join(from: path, to: target, onEvent: { progress.show($0) })
      } else {
        report = try convolution.run(
          from: path, to: target, part: arguments.optional(part), shouldStop: { Interruption.pending != nil },
          onEvent: { progress.show($0) })
      }
    } catch let error as MemoryError {
      progress.clear()
      // The limit is on the process.
      throw CommandError(
        "\(memoryLimit.name): "
          + MemoryError(
            purpose: error.purpose, estimate: error.estimate + MemoryEstimate(bytes: programBytes), budget: budget,
            remedy: error.remedy
          ).description)
    } catch {
      progress.clear()
      throw error
    }
    progress.clear()
    guard report.isFinished else {
      throw Interruption(
        signal: Interruption.pending ?? SIGINT,
        description:
          "interrupted after \(report.progress.rows) of \(report.progress.totalRows) \(report.progress.unit); "
          + (name == target
            ? "\(target).partial holds them, the same command goes on" : "nothing was written to \(name)"))
    }
    return { arguments[join] ? progress.show(joined: report) : progress.show(report, peak: peak) }
  }

  /// What the process may hold.
  private static func budget(_ arguments: Arguments, isStreamed: Bool) throws -> MemoryBudget {
    let usual = isStreamed ? MemoryBudget(limit: 512 << 20) : MemoryBudget(limit: MachineMemory.physical / 2)
    let budget = arguments.optional(memoryLimit).map { MemoryBudget(limit: $0) } ?? usual
    guard budget.bytes > programBytes else {
      throw CommandError(
        "\(memoryLimit.name): the program itself needs about \(ByteCount(programBytes)), the limit is "
          + "\(ByteCount(budget.bytes)): raise the limit")
    }
    return budget
  }

  /// The program without its work: code, stacks, plans. It holds some 25 MiB; a fixed number, since the work is cut by
  /// what is left, and a run that is resumed must be cut as it was.
  private static let programBytes = 40 << 20
}

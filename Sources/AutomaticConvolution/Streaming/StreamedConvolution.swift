import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// Convolves a signal, an image or a volume in a file, of any size, with one kernel: from `.npy` to `.npy`, a panel at a
/// time.
///
/// Memory is bounded by ``memoryLimit`` whatever the size of the array: a panel is read while another is convolved and
/// a third is written. The output has the size of the array. Pixels lie where `same` padding puts them: with an even
/// kernel the odd pixel is added at the end.
///
/// The work can end at any moment, even by a kill, and goes on when the same convolution is run again: it then ends
/// with the same bytes as the one left alone. `output.partial` holds the data meanwhile, `output.journal` says how far
/// they go, with checksums by which damage to either is found and computed anew; the output itself is replaced in one
/// step at the end.
///
/// The work can also be cut into parts, ``run(from:to:part:shouldStop:onEvent:)``: runs on one machine or several, which see
/// the files on a shared disk, compute a part each, at a time or one after another in any order. What they leave is, byte
/// for byte, what one run leaves.
///
/// Results do not depend on the number of threads or parts; on the memory limit only by rounding.
public struct StreamedConvolution: Sendable {
  /// The kernel, `[kL]` for signals, `[kH, kW]` for images or `[kD, kH, kW]` for volumes, rounded to the precision of the
  /// computation.
  public var kernel: Tensor<Double>
  /// What the array is taken to be beyond its border.
  public var boundary: Boundary
  /// Whether the kernel is flipped.
  public var operation: ConvolutionOperation
  /// How panels are convolved.
  public var method: ConvolutionChoice
  /// Who transforms tiles.
  public var transforms: TransformProvider
  /// The most memory that the work may take, in bytes, everything included that grows with array, kernel or threads.
  public var memoryLimit: Int

  /// A convolution; unless told, true convolution, with a reflecting boundary.
  ///
  /// - Precondition: the kernel has one to three axes and is not empty.
  public init(
    kernel: Tensor<Double>, boundary: Boundary = .reflect, operation: ConvolutionOperation = .convolution,
    method: ConvolutionChoice = .automatic, transforms: TransformProvider = .fastest, memoryLimit: Int = 512 << 20
  ) {
    precondition(
      ConvolutionProblem.ranks.contains(kernel.shape.rank) && kernel.count > 0,
      "a kernel has one to three axes and is not empty, not \(kernel.shape)")
    self.kernel = kernel
    self.boundary = boundary
    self.operation = operation
    self.method = method
    self.transforms = transforms
    self.memoryLimit = memoryLimit
  }

  /// Convolves the array in one file into another, which may be the same.
  ///
  /// Numbers of up to 16 bits and single precision are computed, and written, in single precision, all others in double.
  ///
  /// - Parameters:
  ///   - input: An array in a `.npy` file with as many axes as the kernel, or one more: then the last axis is that of
  ///     channels, `L x C`, `H x W x C` or `D x H x W x C`, and each channel is convolved by itself.
  ///   - output: Where the result goes, an array of the same shape. Parts do not replace a file that is there.
  ///   - part: The part that is computed; nil for everything. All parts need the same settings, the memory limit included.
  ///   - shouldStop: Asked after every panel; if true, what has been done is made safe and the work ends.
  ///   - onEvent: Told how it goes.
  /// - Throws: `FileError` for files, `MemoryError` if the memory limit cannot be kept.
  public func run(
    from input: String, to output: String, part: StreamPart? = nil, shouldStop: () -> Bool = { false },
    onEvent: (StreamEvent) -> Void = { _ in }
  ) throws -> StreamReport {
    let file = try NumPyReader(input)
    return isSingle(file)
      ? try run(try StreamTask<Float>(self, file), to: output, part, shouldStop, onEvent)
      : try run(try StreamTask<Double>(self, file), to: output, part, shouldStop, onEvent)
  }

  /// Finishes a file whose parts have all been computed, once its bytes have been compared with the checksums of the parts.
  ///
  /// The last part to end finishes the file by itself: then there is nothing left to do, and that is no error.
  ///
  /// - Parameters:
  ///   - input: The array, as for the parts.
  ///   - output: Where the result goes.
  ///   - onEvent: Told how much has been compared.
  /// - Throws: `FileError`, also if parts are missing, damaged, or of another task, with their names.
  public func join(
    from input: String, to output: String, onEvent: (StreamEvent) -> Void = { _ in }
  ) throws -> StreamReport {
    let file = try NumPyReader(input)
    return isSingle(file)
      ? try join(try StreamTask<Float>(self, file), to: output, onEvent)
      : try join(try StreamTask<Double>(self, file), to: output, onEvent)
  }

  /// Gets a file ready for parts that begin and end together: what another task has left there is thrown away.
  ///
  /// - Returns: Why that was of no use; nil if it is, or if there was nothing.
  /// - Throws: `FileError`, `MemoryError`.
  package func prepare(from input: String, to output: String) throws -> String? {
    let file = try NumPyReader(input)
    return isSingle(file)
      ? try PartialFile.prepare(output, StreamTask<Float>(self, file).work)
      : try PartialFile.prepare(output, StreamTask<Double>(self, file).work)
  }

  /// Computes a part beside others that have begun at the same time, after ``prepare(from:to:)``. Together they replace a file
  /// that is there.
  ///
  /// - Parameter together: Called with what was done before, once the file is open: it returns when all others have theirs open,
  ///   so that none of them finishes the file too early.
  package func run(
    _ part: StreamPart, together: @escaping (StreamProgress) throws -> Void, from input: String, to output: String,
    shouldStop: () -> Bool, onEvent: (StreamEvent) -> Void
  ) throws -> StreamReport {
    let file = try NumPyReader(input)
    return isSingle(file)
      ? try run(try StreamTask<Float>(self, file), to: output, part, together: together, shouldStop, onEvent)
      : try run(try StreamTask<Double>(self, file), to: output, part, together: together, shouldStop, onEvent)
  }

  private func isSingle(_ file: NumPyReader) -> Bool {
    switch file.header.type {
    case .float32, .float16, .bfloat16, .bool, .uint8, .int8, .uint16, .int16: true
    case .float64, .int32, .uint32, .int64, .uint64: false
    }
  }

  private func join<Scalar>(
    _ task: StreamTask<Scalar>, to path: String, _ onEvent: (StreamEvent) -> Void
  ) throws -> StreamReport {
    let (plan, description) = (task.plan, task.plan.description)
    onEvent(.planned(description))
    let clock = ContinuousClock()
    let (start, total) = (clock.now, plan.layout.pixels)
    var pixels = 0
    try PartialFile.join(path, task.work) { panels in
      pixels += plan.pixels(ofPanels: panels)
      // Parts of other divisions may have computed a panel twice.
      onEvent(.progress(description.progress(pixels: min(pixels, total))))
    }
    return StreamReport(
      plan: description, progress: description.progress(pixels: total), computedPixels: 0,
      seconds: (clock.now - start) / .seconds(1), secondsWaitingForInput: 0, secondsWaitingForOutput: 0, isWhole: true)
  }

  /// The report on a part of more parts than there are panels, which has nothing to do.
  private func report<Scalar>(
    onNothing task: StreamTask<Scalar>, _ path: String, _ part: StreamPart, _ onEvent: (StreamEvent) -> Void
  ) throws -> StreamReport {
    let (plan, description) = (task.plan, task.plan.description)
    let missing = try PartialFile.missing(path, task.work)
    onEvent(.planned(description))
    return StreamReport(
      plan: description, progress: description.progress(pixels: 0, of: 0), computedPixels: 0, seconds: 0,
      secondsWaitingForInput: 0, secondsWaitingForOutput: 0, part: part, missingPanels: missing.count,
      missingParts: StreamPart.holding(missing, of: plan.panels, count: part.count), isWhole: missing.isEmpty)
  }

  private func run<Scalar>(
    _ task: StreamTask<Scalar>, to path: String, _ part: StreamPart?,
    together: ((StreamProgress) throws -> Void)? = nil,
    _ shouldStop: () -> Bool, _ onEvent: (StreamEvent) -> Void
  ) throws -> StreamReport {
    let (file, plan) = (task.file, task.plan)
    // The others may have finished the file before a part without a share begins.
    if let part, part.share(of: plan.panels).isEmpty {
      let report = try report(onNothing: task, path, part, onEvent)
      try together?(report.progress)
      return report
    }
    let output =
      try part.map { try PartialFile.part($0, of: path, task.work, replaces: together != nil) }
      ?? PartialFile.whole(path, task.work)
    onEvent(.planned(plan.description))
    var loop = PanelLoop(
      plan: plan, kernel: plan.layout.oriented(kernel.converted(to: Scalar.self)),
      reader: PanelReader<Scalar>(
        file: file, layout: plan.layout, boundary: boundary, size: plan.seen, shape: plan.problem.inputShape),
      writer: PanelWriter(file: output, plan: plan))
    if let reason = output.reasonToStartAnew { onEvent(.startingAnew(reason: reason)) }
    if let reason = output.damage { onEvent(.recomputing(reason: reason, after: loop.progress)) }
    if !output.unitsDone.isEmpty { onEvent(.resuming(loop.progress)) }
    do {
      try together?(loop.progress)
      try loop.run(shouldStop, onEvent)
      guard try file.identity() == task.identity else {
        output.discard()
        throw FileError(file.path, "the file was changed while it was read: run again")
      }
      if loop.isFinished && part == nil { try output.finish() }
    } catch {
      output.discard(evenRecords: false)
      throw error
    }
    var report = loop.report
    report.part = part
    report.isWhole = loop.isFinished && part == nil
    if let part {
      let missing = try output.endPart()
      report.missingPanels = missing.count
      report.missingParts = StreamPart.holding(missing, of: plan.panels, count: part.count)
      report.isWhole = output.isFinished
    }
    return report
  }
}

/// A convolution that has met its file.
private struct StreamTask<Scalar: AnyMethodScalar> {
  let file: NumPyReader
  let plan: PanelPlan<Scalar>
  /// Size and last change of the file when the work began.
  let identity: String
  let work: PartialWork

  init(_ convolution: StreamedConvolution, _ file: NumPyReader) throws {
    let (boundary, kernel) = (convolution.boundary, convolution.kernel)
    guard Scalar(boundary.value).isFinite else {
      throw FileError(
        file.path,
        "its numbers are convolved in single precision, which cannot hold the boundary's \(boundary.value): take a number below "
          + "3e38, or save the array as float64")
    }
    let layout = try ArrayLayout(file, rank: kernel.shape.rank)
    let plan = try PanelPlan<Scalar>(
      layout, kernel: kernel.shape.extents, operation: convolution.operation, choice: convolution.method,
      transforms: convolution.transforms, memoryLimit: convolution.memoryLimit)
    let identity = try file.identity()
    (self.file, self.plan, self.identity) = (file, plan, identity)
    work = PartialWork(
      byteCount: plan.outputByteCount, task: convolution.task(plan, file, identity), units: plan.panels,
      ranges: { try plan.forEachRange(of: $0, $1) })
  }
}

extension StreamedConvolution {
  /// What determines every bit of the output.
  fileprivate func task<Scalar>(_ plan: PanelPlan<Scalar>, _ file: NumPyReader, _ identity: String) -> [String] {
    let (header, layout) = (file.header, plan.layout)
    let numbers = kernel.withUnsafeElements { Checksum.of(UnsafeRawBufferPointer($0)) }
    return [
      "input \(identity), \(header.type.rawValue)\(header.isBigEndian ? " big-endian" : "")"
        + "\(header.isFortranOrder ? " Fortran" : ""), \(layout.shape)",
      "kernel \(kernel.shape), checksum \(numbers.hexadecimal)",
      "boundary \(boundary.rawValue)", "operation \(operation.rawValue)", "method \(plan.choice.rawValue)",
      "panels \(plan.blocks.length) x \(TensorShape(plan.cuts.map(\.length)))", "by \(plan.way)",
      "transforms \(transforms.rawValue)",
    ]
  }
}

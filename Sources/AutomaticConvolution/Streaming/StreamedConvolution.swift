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
/// Results do not depend on the number of threads; on the memory limit only by rounding.
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
  ///   - output: Where the result goes, an array of the same shape.
  ///   - shouldStop: Asked after every panel; if true, what has been done is made safe and the work ends.
  ///   - onEvent: Told how it goes.
  /// - Throws: `FileError` for files, `MemoryError` if the memory limit cannot be kept.
  public func run(
    from input: String, to output: String, shouldStop: () -> Bool = { false },
    onEvent: (StreamEvent) -> Void = { _ in }
  ) throws -> StreamReport {
    let file = try NumPyReader(input)
    switch file.header.type {
    case .float32, .float16, .bfloat16, .bool, .uint8, .int8, .uint16, .int16:
      return try run(file, to: output, shouldStop, onEvent, Float.self)
    case .float64, .int32, .uint32, .int64, .uint64:
      return try run(file, to: output, shouldStop, onEvent, Double.self)
    }
  }

  private func run<Scalar: AnyMethodScalar>(
    _ file: NumPyReader, to path: String, _ shouldStop: () -> Bool, _ onEvent: (StreamEvent) -> Void, _: Scalar.Type
  ) throws -> StreamReport {
    guard Scalar(boundary.value).isFinite else {
      throw FileError(
        file.path,
        "its numbers are convolved in single precision, which cannot hold the boundary's \(boundary.value): take a number below "
          + "3e38, or save the array as float64")
    }
    let layout = try ArrayLayout(file, rank: kernel.shape.rank)
    let plan = try PanelPlan<Scalar>(
      layout, kernel: kernel.shape.extents, operation: operation, choice: method, transforms: transforms,
      memoryLimit: memoryLimit)
    let identity = try file.identity()
    let output = try PartialFile(
      path, byteCount: plan.outputByteCount, task: task(plan, file, identity), units: plan.panels,
      ranges: { try plan.forEachRange(of: $0, $1) })
    let description = plan.description
    onEvent(.planned(description))
    if let reason = output.reasonToStartAnew { onEvent(.startingAnew(reason: reason)) }
    let progress = plan.progress(panelsDone: output.unitsDone)
    if let reason = output.damage { onEvent(.recomputing(reason: reason, after: progress)) }
    if output.unitsDone > 0 { onEvent(.resuming(progress)) }

    var loop = PanelLoop(
      plan: plan, kernel: layout.oriented(kernel.converted(to: Scalar.self)),
      reader: PanelReader<Scalar>(
        file: file, layout: layout, boundary: boundary, size: plan.seen, shape: plan.problem.inputShape),
      writer: PanelWriter(file: output, plan: plan))
    do {
      try loop.run(shouldStop, onEvent)
      guard try file.identity() == identity else {
        output.discard()
        throw FileError(file.path, "the file was changed while it was read: run again")
      }
      if loop.isFinished { try output.finish() }
    } catch {
      if output.unitsDone == 0 { output.discard() }
      throw error
    }
    return loop.report(description)
  }

  /// What determines every bit of the output.
  private func task<Scalar>(_ plan: PanelPlan<Scalar>, _ file: NumPyReader, _ identity: String) -> [String] {
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

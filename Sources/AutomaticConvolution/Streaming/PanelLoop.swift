import Dispatch
import SpectralCore

/// Takes panel after panel through reading, convolving and writing: the next is read and the last is written while one
/// is convolved.
struct PanelLoop<Scalar: AnyMethodScalar> {
  private let plan: PanelPlan<Scalar>
  private let kernel: Tensor<Scalar>
  private let reader: PanelReader<Scalar>
  private let writer: PanelWriter<Scalar>

  private let firstPanel: Int
  private var panelsDone: Int
  private var seconds = 0.0
  private var secondsWaitingForInput = 0.0
  private var secondsWaitingForOutput = 0.0

  /// What a panel of outputs sees.
  private struct Panel {
    let pixels: Tensor<Scalar>
    let missing: MissingPixels?
  }

  /// What was written is made safe after so many bytes or seconds. A kill costs little more work than that.
  private static var safetyInterval: (bytes: Int, seconds: Double) { (64 << 20, 0.5) }

  /// - Parameter kernel: Its slices, rows and columns as the work takes them.
  init(plan: PanelPlan<Scalar>, kernel: Tensor<Scalar>, reader: PanelReader<Scalar>, writer: PanelWriter<Scalar>) {
    self.plan = plan
    self.kernel = kernel.reshaped(to: plan.problem.filterShape)
    self.reader = reader
    self.writer = writer
    firstPanel = writer.file.unitsDone
    panelsDone = firstPanel
  }

  var isFinished: Bool { panelsDone == plan.panels }

  /// - Parameter description: What the plan was announced as.
  func report(_ description: StreamPlan) -> StreamReport {
    let progress = plan.progress(panelsDone: panelsDone)
    return StreamReport(
      plan: description, progress: progress,
      computedPixels: progress.pixels - plan.progress(panelsDone: firstPanel).pixels, seconds: seconds,
      secondsWaitingForInput: secondsWaitingForInput, secondsWaitingForOutput: secondsWaitingForOutput)
  }

  /// - Returns: When all panels are done, or when `shouldStop` says so; what has been done is then safe.
  mutating func run(_ shouldStop: () -> Bool, _ onEvent: (StreamEvent) -> Void) throws {
    let clock = ContinuousClock()
    let start = clock.now
    func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }
    // Queues of their own: a global one would start no thread while all processors compute.
    let (readQueue, writeQueue) = (
      DispatchQueue(label: "SpectralKit reading"), DispatchQueue(label: "SpectralKit writing")
    )
    let (method, plan, reader, writer) = (plan.method, plan, reader, writer)

    func reading(_ panel: Int) -> Background<Panel>? {
      guard panel < plan.panels else { return nil }
      return Background(on: readQueue) {
        var (pixels, isFinite) = try reader.read(plan.corners(panel))
        reader.dropFromCache(after: panel, of: plan)
        let missing = isFinite || plan.choice != .fft ? nil : MissingPixels(takenFrom: &pixels, extents: plan.seen)
        return Panel(pixels: pixels, missing: missing)
      }
    }
    func writing(_ output: Tensor<Scalar>, _ panel: Int, makesSafe: Bool) -> Background<Void> {
      Background(on: writeQueue) {
        if panel == 0 { try writer.writeHeader() }
        try writer.write(output, panel: panel)
        if makesSafe { try writer.file.record(unitsDone: panel + 1) }
      }
    }

    var next = reading(panelsDone)
    var last: Background<Void>?
    // Nobody may be at work on the files any more when this returns.
    defer {
      _ = try? next?.value()
      _ = try? last?.value()
    }
    var (unsafeBytes, lastSafe) = (0, start)
    while let current = next {
      var instant = clock.now
      let input = try current.value()
      secondsWaitingForInput += seconds(since: instant)
      next = reading(panelsDone + 1)
      var output = method.forward(input.pixels, kernel, bias: nil, plan.problem)
      input.missing?.spoil(&output, kernel: plan.kernel)
      instant = clock.now
      try last?.value()
      secondsWaitingForOutput += seconds(since: instant)
      panelsDone += 1
      onEvent(.progress(plan.progress(panelsDone: panelsDone)))
      let stops = !isFinished && shouldStop()
      unsafeBytes += output.byteCount
      let makesSafe =
        stops || isFinished || unsafeBytes >= Self.safetyInterval.bytes
        || seconds(since: lastSafe) >= Self.safetyInterval.seconds
      if makesSafe { (unsafeBytes, lastSafe) = (0, clock.now) }
      last = writing(output, panelsDone - 1, makesSafe: makesSafe)
      if stops { break }
    }
    let instant = clock.now
    try last?.value()
    secondsWaitingForOutput += seconds(since: instant)
    self.seconds = seconds(since: start)
  }
}

extension PanelReader {
  /// Drops from the system's cache what no panel after this one sees: along the outermost axis that is cut, everything before
  /// the next block.
  fileprivate func dropFromCache<Method>(after panel: Int, of plan: PanelPlan<Method>) {
    let axis = plan.cuts.firstIndex { $0.pieces > 1 } ?? 2
    let fresh = plan.blocks.fresh(panel)
    func start(_ block: Int) -> Int {
      guard block < plan.blocks.total else { return layout.extents[axis] }
      return plan.cuts[axis].start(plan.pieces(block)[axis]) - plan.before[axis]
    }
    dropFromCache(start(fresh.lowerBound)..<start(fresh.upperBound), axis: axis)
  }
}

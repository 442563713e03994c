import Dispatch
import SpectralCore

/// Takes panel after panel through reading, convolving and writing: the next is read and the last is written while one
/// is convolved.
struct PanelLoop<Scalar: AnyMethodScalar> {
  private let plan: PanelPlan<Scalar>
  private let kernel: Tensor<Scalar>
  private let reader: PanelReader<Scalar>
  private let writer: PanelWriter<Scalar>

  /// The panels that are still to be done, in ascending order.
  private let panels: [Int]
  private var panelsDone = 0
  private let pixelsAtStart: Int
  private var pixelsDone: Int
  private let pixelsToDo: Int
  private let description: StreamPlan
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
    let file = writer.file
    panels = file.share.filter { !file.unitsDone.contains($0) }
    pixelsAtStart = plan.pixels(ofPanels: file.unitsDone)
    pixelsDone = pixelsAtStart
    pixelsToDo = plan.pixels(ofPanels: file.share)
    description = plan.description
  }

  /// Whether the share is done.
  var isFinished: Bool { panelsDone == panels.count }

  /// How much of the share is done.
  var progress: StreamProgress { description.progress(pixels: pixelsDone, of: pixelsToDo) }

  /// What has been done.
  var report: StreamReport {
    StreamReport(
      plan: description, progress: progress, computedPixels: pixelsDone - pixelsAtStart, seconds: seconds,
      secondsWaitingForInput: secondsWaitingForInput, secondsWaitingForOutput: secondsWaitingForOutput)
  }

  /// - Returns: When all panels of the share are done, or when `shouldStop` says so; what has been done is then safe.
  mutating func run(_ shouldStop: () -> Bool, _ onEvent: (StreamEvent) -> Void) throws {
    let clock = ContinuousClock()
    let start = clock.now
    func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }
    // Queues of their own: a global one would start no thread while all processors compute.
    let (readQueue, writeQueue) = (
      DispatchQueue(label: "SpectralKit reading"), DispatchQueue(label: "SpectralKit writing")
    )
    let (method, plan, reader, writer, panels) = (plan.method, plan, reader, writer, panels)

    func reading(_ index: Int) -> Background<Panel>? {
      guard index < panels.count else { return nil }
      let panel = panels[index]
      return Background(on: readQueue) {
        var (pixels, isFinite) = try reader.read(plan.corners(panel))
        reader.dropFromCache(after: panel, of: plan)
        let missing = isFinite || plan.choice != .fft ? nil : MissingPixels(takenFrom: &pixels, extents: plan.seen)
        return Panel(pixels: pixels, missing: missing)
      }
    }
    func writing(_ output: Tensor<Scalar>, _ panel: Int, recording safe: Range<Int>?) -> Background<Void> {
      Background(on: writeQueue) {
        if panel == 0 { try writer.writeHeader() }
        try writer.write(output, panel: panel)
        if let safe { try writer.file.record(safe) }
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
    // Panels follow each other in what is recorded at once.
    var firstUnsafe = panels.first ?? 0
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
      let panel = panels[panelsDone]
      panelsDone += 1
      pixelsDone += plan.pixels(ofPanels: CollectionOfOne(panel))
      onEvent(.progress(progress))
      let stops = !isFinished && shouldStop()
      unsafeBytes += output.byteCount
      let makesSafe =
        stops || isFinished || panels[panelsDone] > panel + 1 || unsafeBytes >= Self.safetyInterval.bytes
        || seconds(since: lastSafe) >= Self.safetyInterval.seconds
      last = writing(output, panel, recording: makesSafe ? firstUnsafe..<panel + 1 : nil)
      if makesSafe {
        (unsafeBytes, lastSafe) = (0, clock.now)
        firstUnsafe = isFinished ? 0 : panels[panelsDone]
      }
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

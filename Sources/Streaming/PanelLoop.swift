import AutomaticConvolution
import Dispatch
import Layers
import Tensors

/// Takes panel after panel through reading, convolving and writing: the next is read and the last is written while one
/// is convolved.
struct PanelLoop<Scalar: AnyMethodScalar> {
  private let plan: PanelPlan<Scalar>
  private let kernel: Tensor<Scalar>
  private let reader: PanelReader<Scalar>
  private let writer: PanelWriter

  private let firstPanel: Int
  private var panelsDone: Int
  private var seconds = 0.0
  private var secondsWaitingForInput = 0.0
  private var secondsWaitingForOutput = 0.0

  /// Bytes after which what was written is made safe. A kill costs no more work than that.
  private static var safetyInterval: Int { 64 << 20 }

  /// - Parameter kernel: `[kH, kW]`.
  init(plan: PanelPlan<Scalar>, kernel: Tensor<Scalar>, reader: PanelReader<Scalar>, writer: PanelWriter) {
    self.plan = plan
    self.kernel = kernel.reshaped(to: plan.problem.filterShape)
    self.reader = reader
    self.writer = writer
    firstPanel = writer.file.unitsDone
    panelsDone = firstPanel
  }

  var isFinished: Bool { panelsDone == plan.panels }

  var report: StreamReport {
    let progress = plan.progress(panelsDone: panelsDone)
    return StreamReport(
      plan: plan.description, progress: progress,
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

    func reading(_ panel: Int) -> Background<Tensor<Scalar>>? {
      guard panel < plan.panels else { return nil }
      return Background(on: readQueue) {
        let (row, column) = plan.place(panel)
        return try reader.read(
          row: plan.rows.start(row) - plan.before.height, column: plan.columns.start(column) - plan.before.width)
      }
    }
    func writing(_ output: Tensor<Scalar>, _ panel: Int, makesSafe: Bool) -> Background<Void> {
      Background(on: writeQueue) {
        if panel == 0 { try writer.writeHeader() }
        let (row, column) = plan.place(panel)
        try writer.write(
          output, row: plan.rows.start(row), column: plan.columns.start(column), rows: plan.rows.fresh(row),
          columns: plan.columns.fresh(column))
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
    var unsafeBytes = 0
    while let current = next {
      var instant = clock.now
      let input = try current.value()
      secondsWaitingForInput += seconds(since: instant)
      next = reading(panelsDone + 1)
      let output = method.forward(input, kernel, bias: nil, plan.problem)
      instant = clock.now
      try last?.value()
      secondsWaitingForOutput += seconds(since: instant)
      let stops = panelsDone + 1 < plan.panels && shouldStop()
      unsafeBytes += output.byteCount
      let makesSafe = stops || panelsDone + 1 == plan.panels || unsafeBytes >= Self.safetyInterval
      if makesSafe { unsafeBytes = 0 }
      last = writing(output, panelsDone, makesSafe: makesSafe)
      panelsDone += 1
      onEvent(.progress(plan.progress(panelsDone: panelsDone)))
      if stops { break }
    }
    let instant = clock.now
    try last?.value()
    secondsWaitingForOutput += seconds(since: instant)
    self.seconds = seconds(since: start)
  }
}

import Foundation
import SpectralKit

/// Tells whoever watches how a streamed convolution goes: a bar on a terminal, nothing elsewhere, and a line at the end.
struct StreamingProgress {
  /// How much is said.
  enum Talk { case none, little, much }

  private let input: String
  private let output: String
  private let talk: Talk
  private let showsBar: Bool
  private let clock = ContinuousClock()
  private var start: ContinuousClock.Instant
  private var lastShown: ContinuousClock.Instant?
  /// Pixels that an earlier run had done.
  private var pixelsAtStart = 0

  init(_ input: String, to output: String, talk: Talk, isInteractive: Bool = Console.isInteractive) {
    self.input = input
    self.output = output
    self.talk = talk
    showsBar = isInteractive && talk != .none
    start = clock.now
  }

  mutating func show(_ event: StreamEvent) {
    switch event {
    case .planned(let plan):
      if let hint = plan.shapeHint { say("note: \(input): \(hint); see \(ArrayRank.flag.name)") }
      if talk == .much { describe(plan) }
    case .startingAnew(let reason):
      say("note: \(output).partial is not used (\(reason)): starting anew")
    case .recomputing(let reason, let progress):
      say(
        "note: \(output).partial is damaged after \(progress.rows) of \(progress.totalRows) \(progress.unit) (\(reason)): computing the "
          + "rest anew")
    case .resuming(let progress):
      pixelsAtStart = progress.pixels
      say("going on after \(progress.rows) of \(progress.totalRows) \(progress.unit), which \(output).partial holds")
    case .progress(let progress): if showsBar { show(progress) }
    }
  }

  private func say(_ text: String) { if talk != .none { Console.say(text) } }

  private func describe(_ plan: StreamPlan) {
    Console.say(
      "\(input): \(plan.array) in \(plan.precision) precision, by \(plan.way), \(plan.panels) pieces of "
        + "\(plan.blocksPerPanel > 1 ? "\(plan.blocksPerPanel) times " : "")\(plan.block); "
        + "\(Parallel.threads) threads, about \(ByteCount(plan.estimatedBytes)) of working memory")
  }

  private mutating func show(_ progress: StreamProgress) {
    let now = clock.now
    if let lastShown, (now - lastShown).seconds < 0.1 { return }
    lastShown = now
    let rate = Double(progress.pixels - pixelsAtStart) / max((now - start).seconds, 1e-9)
    let left = Double(progress.totalPixels - progress.pixels) / max(rate, 1)
    ProgressBar.show(
      "\(progress.unit.dropLast()) \(progress.rows)/\(progress.totalRows)", fraction: progress.fraction,
      String(numbers: "%.1f Mpixel/s, ", rate * 1e-6) + "\(duration(left.rounded(.up))) left")
  }

  /// Says that parts have been joined.
  func show(joined report: StreamReport) {
    say("\(output) (\(report.plan.array)): all parts are there, and the file is finished")
  }

  /// Says what was done.
  ///
  /// - Parameter peak: The most memory that a process held; nil for this one.
  func show(_ report: StreamReport, peak: Int? = nil) {
    let plan = report.plan
    let method = "\(plan.precision) precision by \(plan.method.rawValue)"
    let ranks = Ranks.count > 1 ? " on \(Ranks.count) ranks" : ""
    if let part = report.part {
      say("\(output): part \(part), \(work(report, by: method)); \(remainder(report))")
    } else {
      say("\(output) (\(plan.array)): \(method)\(ranks) in \(duration(report.seconds))")
    }
    guard talk == .much, report.computedPixels > 0 else { return }
    Console.say(
      String(
        numbers: "%.4f s per megapixel, ", report.seconds / max(Double(report.computedPixels) * 1e-6, 1e-12))
        + "waited \(duration(report.secondsWaitingForInput)) for input and \(duration(report.secondsWaitingForOutput)) for "
        + "output; at most \(ByteCount(peak ?? ResidentMemory.peak)) of memory\(Ranks.count > 1 ? " each" : "")")
  }

  /// What a part has done.
  private func work(_ report: StreamReport, by method: String) -> String {
    let progress = report.progress
    guard progress.totalPixels > 0 else {
      return "has nothing to do, as there are \(report.plan.panels) pieces in all (a lower memory limit makes more)"
    }
    guard report.computedPixels > 0 else { return "was done" }
    return "\(progress.totalRows) \(progress.unit): \(method) in \(duration(report.seconds))"
  }

  /// What the other parts have left to do.
  private func remainder(_ report: StreamReport) -> String {
    if report.isWhole { return "all parts are done, and the file is finished" }
    if report.missingPanels == 0 { return "all parts are done, and the last run to end finishes the file" }
    let most = 8
    let parts = report.missingParts.prefix(most).map(\.description).joined(separator: ", ")
    let more = report.missingParts.count > most ? " and \(report.missingParts.count - most) more" : ""
    return "still to come: \(parts)\(more)"
  }

  /// Removes the bar, so that a line can take its place.
  func clear() { if showsBar { ProgressBar.clear() } }
}

import AutomaticConvolution
import Foundation
import Layers
import Streaming
import Tensors
import TestSupport
import Testing

/// Runs that end early, and those that go on from them.
@Suite struct ResumeTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  /// Some dozens of panels.
  private var convolution: StreamedConvolution {
    var random = RandomGenerator(seed: 1)
    return StreamedConvolution(
      kernel: .normal([15, 12], using: &random), method: .fft, memoryLimit: 500_000)
  }

  private func writeImage(seed: UInt64 = 2) throws {
    var random = RandomGenerator(seed: seed)
    try Tensor<Float>.normal([600, 800], using: &random).writeNPY(to: path("x.npy"))
  }

  private struct Outcome {
    var report: StreamReport
    var resumedPixels = 0
    var reason: String?
  }

  /// Runs until so many panels are done.
  private func run(
    _ convolution: StreamedConvolution, to output: String = "y.npy", panels: Int = .max,
    atEnd: () -> Void = {}
  ) throws -> Outcome {
    var (done, resumedPixels, reason) = (0, 0, String?.none)
    let report = try convolution.run(
      from: path("x.npy"), to: path(output),
      shouldStop: {
        if done >= panels { atEnd() }
        return done >= panels
      }
    ) { event in
      switch event {
      case .planned: break
      case .progress: done += 1
      case .resuming(let progress): resumedPixels = progress.pixels
      case .startingAnew(let why): reason = why
      }
    }
    return Outcome(report: report, resumedPixels: resumedPixels, reason: reason)
  }

  @Test func aStoppedRunGoesOnToTheSameBits() throws {
    try writeImage()
    let whole = try run(convolution, to: "whole.npy")
    #expect(whole.report.isFinished && whole.report.plan.panels > 10 && whole.resumedPixels == 0)
    var pixels = 0
    // Three legs, on different numbers of threads.
    for (threads, panels) in [(1, 3), (3, 4), (2, Int.max)] {
      let leg = try withThreads(threads) { try run(convolution, panels: panels) }
      #expect(leg.resumedPixels == pixels && leg.reason == nil)
      pixels += leg.report.computedPixels
      #expect(leg.report.progress.pixels == pixels && leg.report.isFinished == (panels == .max))
      if panels < .max { #expect(names == ["whole.npy", "x.npy", "y.npy.journal", "y.npy.partial"]) }
    }
    #expect(pixels == 600 * 800)
    #expect(try data("y.npy") == data("whole.npy"))
    #expect(names == ["whole.npy", "x.npy", "y.npy"])
  }

  @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
    try writeImage()
    try Data("old".utf8).write(to: folder.appendingPathComponent("y.npy"))
    #expect(try !run(convolution, panels: 2).report.isFinished)
    #expect(try data("y.npy") == Data("old".utf8))
    #expect(try run(convolution).report.isFinished)
    #expect(try Tensor<Float>(npy: path("y.npy")).shape == [600, 800])
  }

  /// Whatever changes the result is not mixed with what was done before.
  @Test(arguments: ["kernel", "boundary", "operation", "method", "input", "limit", "partial"])
  func anotherTaskStartsAnew(_ change: String) throws {
    try writeImage()
    #expect(try !run(convolution, panels: 3).report.isFinished)
    var other = convolution
    var word = change
    switch change {
    case "kernel": other.kernel = other.kernel.map { $0 * 2 }
    case "boundary": other.boundary = .circular
    case "operation": other.operation = .correlation
    case "method": other.method = .direct
    case "input": try writeImage(seed: 3)
    case "limit": (other.memoryLimit, word) = (1 << 23, "panels")
    default:
      word = "cut short"
      truncate(path("y.npy.partial"), 1000)
    }
    let outcome = try run(other)
    #expect(outcome.report.isFinished && outcome.resumedPixels == 0)
    #expect(outcome.reason?.contains(word) == true, "\(outcome.reason ?? "no reason")")
    _ = try run(other, to: "whole.npy")
    #expect(try data("y.npy") == data("whole.npy"))
  }

  /// A kill may leave the journal at any byte: it is believed as far as its lines are whole.
  @Test func aJournalCutAnywhereIsNoHarm() throws {
    try writeImage()
    _ = try run(convolution, to: "whole.npy")
    let whole = try data("whole.npy")
    #expect(try !run(convolution, panels: 3).report.isFinished)
    let (journal, partial) = (try data("y.npy.journal"), try data("y.npy.partial"))
    #expect(String(decoding: journal, as: UTF8.self).hasSuffix("done 3 panels\n"))
    for count in stride(from: 1, through: journal.count, by: 7) {
      try journal.prefix(count).write(to: folder.appendingPathComponent("y.npy.journal"))
      try partial.write(to: folder.appendingPathComponent("y.npy.partial"))
      let next = try run(convolution, panels: 2)
      #expect(next.resumedPixels == 0 || count == journal.count)
      #expect(try run(convolution).report.isFinished)
      #expect(try data("y.npy") == whole && names == ["whole.npy", "x.npy", "y.npy"])
    }
  }

  @Test func filesOfOthersAreLeftAlone() throws {
    try writeImage()
    for name in ["y.npy.partial", "y.npy.journal"] {
      try Data("precious".utf8).write(to: folder.appendingPathComponent(name))
      let error = #expect(throws: FileError.self) { try run(convolution) }
      #expect(error?.path == path(name) && error?.message.contains("in the way") == true)
      #expect(try data(name) == Data("precious".utf8))
      try FileManager.default.removeItem(atPath: path(name))
      for other in names where other != "x.npy" { try FileManager.default.removeItem(atPath: path(other)) }
    }
  }

  @Test func twoRunsCannotWriteOneFile() throws {
    try writeImage()
    let outcome = try run(convolution, panels: 2) {
      let error = #expect(throws: FileError.self) { try run(convolution) }
      #expect(error?.message.contains("another run is writing this file") == true)
    }
    #expect(!outcome.report.isFinished)
    #expect(try run(convolution).resumedPixels > 0)
  }

  @Test func anInputThatChangesMeanwhileIsAnError() throws {
    try writeImage()
    for change in [{ truncate(path("x.npy"), 100_000) }, { utimes(path("x.npy"), nil) }] {
      try writeImage()
      var isChanged = false
      let error = #expect(throws: FileError.self) {
        try convolution.run(
          from: path("x.npy"), to: path("y.npy"),
          onEvent: { event in
            guard case .progress = event, !isChanged else { return }
            isChanged = true
            _ = change()
          })
      }
      #expect(error?.path == path("x.npy"))
      #expect(error?.message.contains("while it was read") == true, "\(String(describing: error))")
      #expect(!names.contains("y.npy"))
    }
  }
}

import AutomaticConvolution
import Foundation
import SpectralCore
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
    var damage: String?
  }

  /// Runs until so many panels are done.
  private func run(
    _ convolution: StreamedConvolution, to output: String = "y.npy", panels: Int = .max,
    atEnd: () -> Void = {}
  ) throws -> Outcome {
    var done = 0
    var outcome = (resumedPixels: 0, reason: String?.none, damage: String?.none)
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
      case .resuming(let progress): outcome.resumedPixels = progress.pixels
      case .startingAnew(let why): outcome.reason = why
      case .recomputing(let why, _): outcome.damage = why
      }
    }
    return Outcome(
      report: report, resumedPixels: outcome.resumedPixels, reason: outcome.reason, damage: outcome.damage)
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
    #expect(String(decoding: journal, as: UTF8.self).contains("done panels 0..<3"))
    for count in stride(from: 1, through: journal.count, by: 7) {
      try journal.prefix(count).write(to: folder.appendingPathComponent("y.npy.journal"))
      try partial.write(to: folder.appendingPathComponent("y.npy.partial"))
      let next = try run(convolution, panels: 2)
      #expect(next.resumedPixels == 0 || count == journal.count)
      #expect(next.damage == nil && next.reason == nil)
      #expect(try run(convolution).report.isFinished)
      #expect(try data("y.npy") == whole && names == ["whole.npy", "x.npy", "y.npy"])
    }
  }

  /// A journal whose lines are not what was written is not believed, and that is said.
  @Test func aDamagedJournalIsFound() throws {
    try writeImage()
    _ = try run(convolution, to: "whole.npy")
    let whole = try data("whole.npy")
    #expect(try !run(convolution, panels: 3).report.isFinished)
    let (journal, partial) = (try data("y.npy.journal"), try data("y.npy.partial"))
    let text = String(decoding: journal, as: UTF8.self)
    let record = try #require(text.range(of: "done panels 0..<3"))
    let magic = try #require(text.firstIndex(of: "\n"))
    // Claims of more work than was done, or than there is, and lines that came from elsewhere.
    var damaged = [
      "0..<1000000", "0..<4611686018427387904", "0..<9223372036854775807", "0..<0", "-1..<3", "0..<4", "3..<0",
    ].map { units in
      Data(text.replacingCharacters(in: record, with: "done panels \(units)").utf8)
    }
    damaged.append(journal + Data("done panels 3..<9\n".utf8))
    damaged.append(journal + Data(text[record.lowerBound...].utf8))
    // A bit of any byte after the first line.
    var random = RandomGenerator(seed: 9)
    for _ in 0..<40 {
      var bytes = journal
      let place = Int.random(in: text.utf8.distance(from: text.startIndex, to: magic) + 1..<bytes.count, using: &random)
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      damaged.append(bytes)
    }
    for bytes in damaged {
      try bytes.write(to: folder.appendingPathComponent("y.npy.journal"))
      try partial.write(to: folder.appendingPathComponent("y.npy.partial"))
      let next = try run(convolution)
      #expect(next.report.isFinished)
      #expect(
        next.damage != nil || next.reason != nil || bytes.last != UInt8(ascii: "\n"),
        "\(String(decoding: bytes, as: UTF8.self))")
      #expect(try data("y.npy") == whole && names == ["whole.npy", "x.npy", "y.npy"])
    }
  }

  /// The data that a journal vouches for are looked at again: the first record that does not match and all after it are
  /// computed anew.
  @Test func damagedDataAreComputedAnew() throws {
    try writeImage()
    _ = try run(convolution, to: "whole.npy")
    // Each leg leaves a record.
    let first = try run(convolution, panels: 3).report.progress.pixels
    let second = try run(convolution, panels: 3).report.progress.pixels
    #expect(first < second && second < 600 * 800)
    let (journal, partial) = (try data("y.npy.journal"), try data("y.npy.partial"))
    // The header, the first record's pixels, the second's, and what no record speaks of.
    for (place, kept) in [(0, 0), (300, 0), (128 + 4 * (second - 1), first), (partial.count - 1, second)] {
      try journal.write(to: folder.appendingPathComponent("y.npy.journal"))
      var bytes = partial
      bytes[place] ^= 1
      try bytes.write(to: folder.appendingPathComponent("y.npy.partial"))
      let next = try run(convolution, panels: 1)
      #expect(next.resumedPixels == kept && (next.damage != nil) == (kept < second), "\(place): \(next)")
      // And its new records hold.
      let last = try run(convolution)
      #expect(last.resumedPixels == next.report.progress.pixels && last.damage == nil)
      #expect(try data("y.npy") == data("whole.npy"))
    }
  }

  /// Journals without checksums were left by versions before this one.
  @Test func anOlderJournalStartsAnewAndSaysSo() throws {
    try writeImage()
    _ = try run(convolution, to: "whole.npy")
    #expect(try !run(convolution, panels: 3).report.isFinished)
    let lines = String(decoding: try data("y.npy.journal"), as: UTF8.self).split(separator: "\n").dropFirst().dropLast()
      .map { $0.split(separator: " #")[0] }
    let old = (["SpectralKit journal 1"] + lines + ["done 3 panels"]).joined(separator: "\n") + "\n"
    try Data(old.utf8).write(to: folder.appendingPathComponent("y.npy.journal"))
    let next = try run(convolution)
    #expect(next.report.isFinished && next.resumedPixels == 0)
    #expect(next.reason?.contains("another version") == true, "\(next.reason ?? "no reason")")
    #expect(try data("y.npy") == data("whole.npy"))
  }

  @Test func filesOfOthersAreLeftAlone() throws {
    try writeImage()
    for name in ["y.npy.partial", "y.npy.journal"] {
      try Data("precious".utf8).write(to: folder.appendingPathComponent(name))
      let error = #expect(throws: FileError.self) { try run(convolution) }
      #expect(error?.path == path(name) && error?.message.contains("in the way") == true)
      // Nobody is told to delete what may be the only copy of something.
      #expect(error?.message.contains("delete") == false)
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

import AutomaticConvolution
import Dispatch
import Foundation
import SpectralConvolution
import SpectralCore
import Synchronization
import TestSupport
import Testing

/// Convolutions that are computed in parts: whatever the order, the bytes are those of one run.
@Suite struct PartTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  /// Some dozens of panels.
  private var convolution: StreamedConvolution {
    var random = RandomGenerator(seed: 1)
    return StreamedConvolution(kernel: .normal([15, 12], using: &random), method: .fft, memoryLimit: 500_000)
  }

  private func writeImage(_ extents: [Int] = [600, 800], seed: UInt64 = 2) throws {
    var random = RandomGenerator(seed: seed)
    try Tensor<Float>.normal(TensorShape(extents), using: &random).writeNPY(to: path("x.npy"))
  }

  /// Runs a part until so many of its panels are done.
  @discardableResult
  private func run(
    _ part: (Int, Int), of convolution: StreamedConvolution, panels: Int = .max, to output: String = "y.npy",
    onEvent: (StreamEvent) -> Void = { _ in }
  ) throws -> StreamReport {
    var done = 0
    return try convolution.run(
      from: path("x.npy"), to: path(output), part: StreamPart(part.0, of: part.1), shouldStop: { done >= panels }
    ) { event in
      if case .progress = event { done += 1 }
      onEvent(event)
    }
  }

  private func whole(_ convolution: StreamedConvolution) throws -> (bytes: Data, panels: Int) {
    let report = try convolution.run(from: path("x.npy"), to: path("whole.npy"))
    #expect(report.isFinished && report.isWhole)
    return (try data("whole.npy"), report.plan.panels)
  }

  /// Signals, images and volumes, with channels and without, under every boundary; parts that end early, and are repeated, in
  /// random order.
  @Test(
    arguments: zip(
      [[40_000], [7000, 3], [90, 31, 29], [160, 50, 2], [31, 20, 17, 2], [1, 1, 9000]],
      Boundary.allCases + [.constant(1)]))
  func anyOrderGivesTheBytesOfOneRun(_ extents: [Int], _ boundary: Boundary) throws {
    var random = RandomGenerator(seed: 3)
    try writeImage(extents)
    let rank = extents.count - (extents == [7000, 3] || extents.count == 4 ? 1 : 0)
    for (index, method) in [ConvolutionChoice.fft, .direct].enumerated() {
      let convolution = StreamedConvolution(
        kernel: .normal(TensorShape([4, 3, 7].suffix(rank)), using: &random), boundary: boundary, method: method,
        memoryLimit: 200 << 10)
      let (bytes, panels) = try whole(convolution)
      // Also more parts than there are panels.
      let count = index == 0 ? min(8, panels) : min(20, panels + 2)
      var left = Array(1...count)
      while !left.isEmpty {
        let place = Int.random(in: left.indices, using: &random)
        let report = try run((left[place], count), of: convolution, panels: Int.random(in: 1...4, using: &random))
        #expect(report.isWhole == (report.missingPanels == 0) && report.isWhole == names.contains("y.npy"))
        let isMissing = report.missingParts.contains(StreamPart(left[place], of: count))
        #expect(isMissing == !report.isFinished)
        if report.isFinished { left.remove(at: place) }
      }
      #expect(try data("y.npy") == bytes, "\(extents), \(boundary), \(count) parts of \(panels) panels")
      #expect(names == ["whole.npy", "x.npy", "y.npy"])
      try FileManager.default.removeItem(atPath: path("y.npy"))
    }
  }

  /// Parts that are at work at a time share the file; exactly one of them gives it its name.
  @Test(arguments: [2, 4, 7]) func partsRunAtOnce(_ count: Int) throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    for _ in 0..<5 {
      let reports = Mutex<[StreamReport]>([])
      DispatchQueue.concurrentPerform(iterations: count) { index in
        do {
          let report = try run((index + 1, count), of: convolution)
          reports.withLock { $0.append(report) }
        } catch {
          Issue.record(error)
        }
      }
      #expect(reports.withLock { $0.allSatisfy(\.isFinished) && $0.contains(where: \.isWhole) })
      #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
      try FileManager.default.removeItem(atPath: path("y.npy"))
    }
  }

  /// What any journal vouches for is not done again: neither by parts of another division nor by a run of the whole.
  @Test func divisionsCanBeMixed() throws {
    try writeImage()
    let (bytes, panels) = try whole(convolution)
    try run((1, 2), of: convolution)
    let second = try run((2, 4), of: convolution)
    #expect(second.isFinished && second.computedPixels == 0)
    try run((3, 4), of: convolution, panels: 2)
    var resumed = 0
    let rest = try convolution.run(
      from: path("x.npy"), to: path("y.npy"),
      onEvent: { if case .resuming(let progress) = $0 { resumed = progress.pixels } })
    #expect(panels >= 8 && resumed > 600 * 400 && rest.computedPixels == 600 * 800 - resumed && rest.isWhole)
    #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])

    // And the other way round.
    try FileManager.default.removeItem(atPath: path("y.npy"))
    var done = 0
    _ = try convolution.run(
      from: path("x.npy"), to: path("y.npy"), shouldStop: { done == 3 },
      onEvent: { if case .progress = $0 { done += 1 } })
    #expect(try run((1, panels), of: convolution).computedPixels == 0)
    #expect(try run((1, 1), of: convolution).isWhole)
    #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
  }

  @Test func joiningNamesWhatIsMissing() throws {
    try writeImage()
    let (bytes, panels) = try whole(convolution)
    func join() throws -> StreamReport { try convolution.join(from: path("x.npy"), to: path("y.npy")) }
    #expect(throws: FileError(path("y.npy"), "no part of this file has been computed: run its parts first")) {
      try join()
    }
    let report = try run((2, 4), of: convolution)
    #expect(report.missingParts.map(\.description) == ["1/4", "3/4", "4/4"] && report.missingPanels > panels / 2)
    try run((1, 4), of: convolution)
    try run((3, 4), of: convolution, panels: 1)
    let error = #expect(throws: FileError.self) { try join() }
    #expect(error?.message.contains("of \(panels) panels are missing, of parts 3/4, 4/4: compute them") == true)
    try run((4, 4), of: convolution)
    #expect(try run((3, 4), of: convolution).isWhole)
    // The last part has done it, and that is no error.
    #expect(try join().isWhole)
    #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
  }

  /// All parts are done, but the last was killed before it could finish the file: joining does it, and compares the bytes.
  @Test func joiningComparesTheBytes() throws {
    try writeImage()
    let (bytes, panels) = try whole(convolution)
    try run((2, 2), of: convolution)
    try run((1, 2), of: convolution, panels: panels)
    let finished = try data("y.npy")
    try FileManager.default.removeItem(atPath: path("y.npy"))
    // The same journals, as they were before the end.
    try run((2, 2), of: convolution)
    let second = try data("y.npy.part-2-of-2.journal")
    try FileManager.default.removeItem(atPath: path("y.npy.part-2-of-2.journal"))
    try FileManager.default.removeItem(atPath: path("y.npy.partial"))
    try run((1, 2), of: convolution)
    try second.write(to: folder.appendingPathComponent("y.npy.part-2-of-2.journal"))
    for place in [10, 5000, finished.count - 1] {
      var damaged = finished
      damaged[place] ^= 1
      try damaged.write(to: folder.appendingPathComponent("y.npy.partial"))
      let error = #expect(throws: FileError.self) { try convolution.join(from: path("x.npy"), to: path("y.npy")) }
      let part = place == finished.count - 1 ? "2/2" : "1/2"
      #expect(error?.message.contains("the bytes of part \(part) are not those") == true)
    }
    try finished.write(to: folder.appendingPathComponent("y.npy.partial"))
    var compared = 0
    let report = try convolution.join(from: path("x.npy"), to: path("y.npy")) { event in
      if case .progress(let progress) = event { compared = progress.pixels }
    }
    #expect(report.isWhole && report.computedPixels == 0 && compared == 600 * 800)
    #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
  }

  /// A part that finds its own bytes damaged mends them.
  @Test func aDamagedPartIsMended() throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    try run((2, 3), of: convolution)
    var partial = try data("y.npy.partial")
    // The middle row is the middle part's.
    partial[128 + 300 * 800 * 4] ^= 1
    try partial.write(to: folder.appendingPathComponent("y.npy.partial"))
    try run((1, 3), of: convolution)
    for isDamaged in [true, false] {
      var damage: String?
      try run((2, 3), of: convolution) { if case .recomputing(let reason, _) = $0 { damage = reason } }
      #expect((damage != nil) == isDamaged)
    }
    #expect(try run((3, 3), of: convolution).isWhole)
    #expect(try data("y.npy") == bytes)
  }

  /// A kill may leave a journal at any byte.
  @Test func aJournalCutAnywhereIsNoHarm() throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    try run((1, 2), of: convolution, panels: 3)
    let (journal, partial) = (try data("y.npy.part-1-of-2.journal"), try data("y.npy.partial"))
    for count in stride(from: 1, through: journal.count, by: 23) {
      try journal.prefix(count).write(to: folder.appendingPathComponent("y.npy.part-1-of-2.journal"))
      try partial.write(to: folder.appendingPathComponent("y.npy.partial"))
      #expect(try !run((2, 2), of: convolution).isWhole)
      #expect(try run((1, 2), of: convolution).isWhole)
      #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
      try FileManager.default.removeItem(atPath: path("y.npy"))
    }
  }

  /// What parts have computed is not thrown away for a part that does not belong to them.
  @Test(arguments: ["kernel", "boundary", "operation", "method", "input", "panels"])
  func partsOfAnotherTaskAreRefused(_ change: String) throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    try run((1, 2), of: convolution)
    var other = convolution
    switch change {
    case "kernel": other.kernel = other.kernel.map { $0 * 2 }
    case "boundary": other.boundary = .circular
    case "operation": other.operation = .correlation
    case "method": other.method = .direct
    case "panels": other.memoryLimit = 1 << 23
    default:
      try FileManager.default.copyItem(atPath: path("x.npy"), toPath: path("old.npy"))
      try writeImage(seed: 3)
    }
    let before = (names, try data("y.npy.part-1-of-2.journal"), try data("y.npy.partial"))
    for attempt in [
      { _ = try run((2, 2), of: other) }, { _ = try run((1, 2), of: other) },
      { _ = try other.join(from: path("x.npy"), to: path("y.npy")) },
    ] {
      let error = #expect(throws: FileError.self) { try attempt() }
      #expect(error?.message.contains("part 1/2 is of another task (it was begun with \(change)") == true)
      #expect(error?.message.contains("remove \(path("y.npy")).partial and its journals") == true)
    }
    #expect(before == (names, try data("y.npy.part-1-of-2.journal"), try data("y.npy.partial")))
    if change != "input" {
      #expect(try run((2, 2), of: convolution).isWhole)
      #expect(try data("y.npy") == bytes)
    }
  }

  @Test func onlyOneRunDoesOnePart() throws {
    try writeImage()
    let busy = "another run is writing this file"
    var errors: [String] = []
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch { errors.append("\(error)") }
    }
    var isFirst = true
    try run((1, 2), of: convolution, panels: 1) { event in
      guard case .progress = event, isFirst else { return }
      isFirst = false
      attempt { _ = try run((1, 2), of: convolution) }
      attempt { _ = try convolution.run(from: path("x.npy"), to: path("y.npy")) }
      attempt { _ = try convolution.join(from: path("x.npy"), to: path("y.npy")) }
      attempt { _ = try run((2, 2), of: convolution) }
    }
    #expect(errors.count == 3, "\(errors)")
    for (error, words) in zip(
      errors, ["part 1/2 is being computed by another run: wait for its end", busy, "are being computed: wait"])
    { #expect(error.contains(words), "\(error)") }
  }

  @Test func aFileThatIsThereIsNotReplaced() throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    for part in 1...2 { try run((part, 2), of: convolution) }
    let error = #expect(throws: FileError.self) { try run((1, 2), of: convolution) }
    #expect(error?.message.contains("this file is there, finished or of another origin") == true)
    #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
    // Nor is it joined if it is not what the parts would make.
    try bytes.dropLast().write(to: folder.appendingPathComponent("y.npy"))
    let other = #expect(throws: FileError.self) { try convolution.join(from: path("x.npy"), to: path("y.npy")) }
    #expect(other?.message.contains("is not what they would make") == true)
  }

  @Test func filesOfOthersAreLeftAlone() throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    let precious = [Data("precious".utf8), Data(repeating: 7, count: bytes.count)]
    for (name, content) in [("y.npy.partial", precious[0]), ("y.npy.partial", precious[1])]
      + ["y.npy.journal", "y.npy.part-1-of-2.journal", "y.npy.part-2-of-2.journal"].map({ ($0, precious[0]) })
    {
      try content.write(to: folder.appendingPathComponent(name))
      let error = #expect(throws: FileError.self) { try run((1, 2), of: convolution) }
      #expect(error?.path == path(name) && error?.message.contains("in the way") == true, "\(name)")
      #expect(try data(name) == content && names == ["whole.npy", "x.npy", name].sorted())
      try FileManager.default.removeItem(atPath: path(name))
    }
    // A name that only looks like that of a journal.
    try precious[0].write(to: folder.appendingPathComponent("y.npy.part-01-of-2.journal"))
    for part in [2, 1] { try run((part, 2), of: convolution) }
    #expect(try data("y.npy") == bytes && data("y.npy.part-01-of-2.journal") == precious[0])
  }

  /// Parts that lose their data begin anew, and say so.
  @Test func aFileThatWasCutShortIsBegunAnew() throws {
    try writeImage()
    let (bytes, _) = try whole(convolution)
    try run((1, 2), of: convolution)
    truncate(path("y.npy.partial"), 1000)
    var reason: String?
    let report = try run((2, 2), of: convolution) { if case .startingAnew(let why) = $0 { reason = why } }
    #expect(reason == "it was cut short" && !report.isWhole && report.missingParts.map(\.index) == [1])
    // A file that is gone takes its journals with it.
    try FileManager.default.removeItem(atPath: path("y.npy.partial"))
    #expect(try !run((1, 2), of: convolution).isWhole)
    #expect(try run((2, 2), of: convolution).isWhole)
    #expect(try data("y.npy") == bytes && names == ["whole.npy", "x.npy", "y.npy"])
  }
}

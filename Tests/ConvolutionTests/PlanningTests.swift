import AutomaticConvolution
import Foundation
import SpectralTransforms
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import Synchronization
import SpectralCore
import TestSupport
import Testing

private func problem(
  _ input: TensorShape, outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1
) throws -> ConvolutionProblem {
  try ConvolutionProblem(
    ConvolutionGeometry(stride: AxisValues(stride), padding: .same, groups: groups), input: input,
    filter: [outputs, input[1] / groups, kernel, kernel])
}

@Suite struct PlanningTests {
  @Test(arguments: [
    ConvolutionPlan.direct, .directSolver("direct.window"), .fourierWhole, .fourier(tile: nil), .fourier(tile: 32),
    .fourier(tile: Extent(height: 7, width: 1000)),
  ])
  func aPlanIsReadFromItsDescription(_ plan: ConvolutionPlan) {
    #expect(ConvolutionPlan(plan.description) == plan)
  }

  @Test(arguments: [
    "", "fast", "direct 3", "fft 3", "fft 3 x", "fft 3 x x", "fft 0 x 4", "fft -3 x 4", "fft 3 y 4", "fft  3 x 4",
  ])
  func aTextThatIsNoPlan(_ text: String) { #expect(ConvolutionPlan(text) == nil) }

  @Test func candidatesComeInTheOrderOfTheirEstimate() throws {
    for (training, pass) in [(false, ConvolutionPass.forward), (true, .filterGradient)] {
      for problem in [
        try problem([2, 8, 40, 40], outputs: 8, kernel: 5), try problem([1, 1, 7, 7], outputs: 1, kernel: 3),
        try problem([1, 4, 200, 300], outputs: 4, kernel: 31, groups: 4),
        try problem([1, 3, 64, 64], outputs: 16, kernel: 7, stride: 2),
      ] {
        let fourier = FourierConvolution<Float>()
        let tiles = fourier.candidates(problem, training: training)
        #expect(!tiles.isEmpty && tiles.map(\.seconds) == tiles.map(\.seconds).sorted())
        #expect(Set(tiles.map(\.tile)).count == tiles.count && tiles.allSatisfy { $0.seconds > 0 })
        #expect(tiles[0].tile == fourier.tile(for: problem, training: training))
        // The same sum, in another order.
        let seconds = try #require(fourier.estimatedSeconds(pass, problem))
        #expect(abs(tiles[0].seconds / seconds - 1) < 1e-12)
        let automatic = AutomaticConvolution<Float>()
        let all = automatic.candidates(problem, pass)
        #expect(all.map(\.seconds) == all.map(\.seconds).sorted() && all.count == tiles.count + 2)
        #expect(all.filter { $0.plan == .direct }.count == 1 && all.filter { $0.plan == .fourierWhole }.count == 1)
        #expect(automatic.plan(problem, pass) == all[0].plan)
      }
    }
  }

  @Test func candidatesKeepToALimitAndToATile() throws {
    let problem = try problem([2, 8, 40, 40], outputs: 8, kernel: 5)
    let all = FourierConvolution<Float>().candidates(problem, training: false)
    // So much that one of the tiles has room for the work of one thread.
    let middle = FourierConvolution<Float>(tile: all[all.count / 2].tile)
    let limit = try withThreads(1) { try middle.workingMemory(.forward, problem) }
    let limited = FourierConvolution<Float>(memoryLimit: limit)
    let few = limited.candidates(problem, training: false)
    #expect(!few.isEmpty && few.count < all.count)
    for candidate in few {
      var method = limited
      method.tile = candidate.tile
      #expect(try method.workingMemory(.forward, problem) <= limit)
    }
    #expect(FourierConvolution<Float>(memoryLimit: 100).candidates(problem, training: false).isEmpty)
    #expect(FourierConvolution<Float>(tile: 20).candidates(problem, training: true).map(\.tile) == [20])
    // Nothing fits: the direct method if that does, else the Fourier method says what it would need.
    let direct = SpatialConvolution<Float>()
    let tight = FourierConvolution<Float>(memoryLimit: 100)
    #expect(AutomaticConvolution(direct: direct, fourier: tight).plan(problem) == .direct)
    #expect(throws: ConvolutionError.self) {
      try AutomaticConvolution(direct: nil, fourier: tight).workingMemory(.forward, problem)
    }
  }

  /// A single tap multiplies; through spectra it would cost digits, too.
  @Test func aSingleTapIsMultipliedDirectly() throws {
    for problem in [
      try problem([4, 1, 9, 7], outputs: 1, kernel: 1), try problem([8, 64, 28, 28], outputs: 256, kernel: 1),
      try problem([1, 4, 300, 400], outputs: 4, kernel: 1, groups: 4),
    ] {
      for pass in ConvolutionPass.allCases {
        #expect(AutomaticConvolution<Float>().candidates(problem, pass).map(\.plan) == [.direct])
        #expect(AutomaticConvolution<Double>().plan(problem, pass) == .direct)
      }
      #expect(AutomaticConvolution<Float>(direct: nil).plan(problem) != .direct)
    }
  }

  @Test func aPlanIsMadeOnce() throws {
    let plans = RecentCache<PlanKey, ConvolutionPlan>(capacity: 8)
    let made = Mutex(0)
    func plan(_ kernel: Int, training: Bool, threads: Int?) throws -> ConvolutionPlan {
      let problem = try problem([1, 1, 9, 9], outputs: 1, kernel: kernel)
      return plans.value(PlanKey(problem: problem, training: training, threads: threads)) {
        made.withLock { $0 += 1 }
        return .fourier(tile: Extent(kernel))
      }
    }
    for _ in 0..<3 {
      #expect(try plan(3, training: false, threads: nil) == .fourier(tile: 3))
      #expect(try plan(5, training: false, threads: nil) == .fourier(tile: 5))
      #expect(try plan(5, training: true, threads: nil) == .fourier(tile: 5))
      #expect(try plan(5, training: true, threads: 2) == .fourier(tile: 5))
    }
    #expect(made.withLock { $0 } == 4)
  }

  /// In steady state a call looks its plan up; the cost model of some hundred tiles would take a thousand times as long.
  @Test func lookingUpAPlanIsQuick() throws {
    let problem = try problem([2, 8, 128, 128], outputs: 8, kernel: 15)
    let automatic = AutomaticConvolution<Float>()
    _ = automatic.plan(problem)
    let clock = ContinuousClock()
    let model = (0..<5).map { _ in clock.measure { _ = automatic.candidates(problem) } }.min()!
    let lookups = (0..<5).map { _ in clock.measure { for _ in 0..<20 { _ = automatic.plan(problem) } } }.min()!
    #expect(lookups < model, "20 lookups take \(lookups), the cost model \(model)")
  }
}

@Suite struct MeasuredPlanningTests {
  private let folder = temporaryFolder()
  private var file: CacheFile { CacheFile(folder.appendingPathComponent("plans"), title: PlanBook.title) }

  private func automatic(
    _ book: PlanBook, direct: SpatialConvolution<Float>? = SpatialConvolution()
  ) -> AutomaticConvolution<Float> {
    AutomaticConvolution(
      direct: direct, fourier: FourierConvolution(rigor: .estimate), planning: .measured, book: book)
  }

  @Test func whatWasMeasuredIsRememberedByTheFile() throws {
    // Plans are remembered for a number of threads, which other tests change.
    try withThreads(2) {
      let problem = try problem([2, 4, 30, 30], outputs: 4, kernel: 5)
      let plans = try ConvolutionPass.allCases.map { try measured(problem, $0) }
      // Both gradients belong to one training step.
      #expect(plans[1] == plans[2])
      let lines = (file.read() ?? "").split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains(Processor.model) && $0.contains("float32") })

      // A book that reads this file measures nothing: it says what the file says.
      let told = ConvolutionPlan.fourier(tile: FourierConvolution<Float>().candidates(problem, training: false)[3].tile)
      try file.write(PlanBook.encode(PlanBook.decode(file.read()!).mapValues { _ in told }))
      #expect(automatic(PlanBook(file)).plan(problem) == told)
    }
  }

  private func measured(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) throws -> ConvolutionPlan {
    let automatic = automatic(PlanBook(file))
    let plan = automatic.plan(problem, pass)
    #expect(automatic.candidates(problem, pass).contains { $0.plan == plan })
    return plan
  }

  /// A file that is damaged, of another version, of another processor, or that names a tile which cannot be, counts as
  /// none, and is mended.
  @Test(arguments: ["damaged", "other version", "other processor", "impossible tile", "no plan"])
  func aFileThatSaysNothing(_ what: String) throws {
    // Plans are remembered for a number of threads, which other tests change.
    try withThreads(2) {
      let problem = try problem([2, 4, 30, 30], outputs: 4, kernel: 5)
      let sound = automatic(PlanBook(file)).plan(problem)
      let text = file.read()!
      let (key, impossible) = (String(text.prefix { $0 != "\t" }), "fft 2 x 2")
      switch what {
      case "damaged": try Data("SpectralKit convolution plans 1\n0\n\(text)".utf8).write(to: file.url)
      case "other version":
        try CacheFile(file.url, title: "SpectralKit convolution plans 0").write("\(key)\t\(impossible)\n")
      case "other processor": try file.write("An abacus\(key.dropFirst(Processor.model.count))\t\(impossible)\n")
      case "impossible tile": try file.write("\(key)\t\(impossible)\n")
      default: try file.write("\(key)\tat leisure\n\(key)\n\t\t\n")
      }
      let automatic = automatic(PlanBook(file))
      let plan = automatic.plan(problem)
      #expect(automatic.candidates(problem).contains { $0.plan == plan }, "\(plan), at first \(sound)")
      let plans = PlanBook.decode(file.read() ?? "")
      #expect(plans[key] == plan && plans.count == (what == "other processor" ? 2 : 1))
    }
  }

  @Test func manyBooksFillOneFile() throws {
    let file = file
    Parallel.forEach(24) { index in
      _ = PlanBook(file).plan("\(index)", accept: { _ in true }, measure: { .fourier(tile: Extent(index + 1)) })
    }
    let plans = PlanBook.decode(file.read() ?? "")
    #expect(plans.count == 24 && plans["7"] == .fourier(tile: 8))
  }

  @Test func aPlaceThatCannotBeWrittenDoesNoHarm() throws {
    let blocked = folder.appendingPathComponent("blocked")
    try Data().write(to: blocked)
    let book = PlanBook(CacheFile(blocked.appendingPathComponent("plans"), title: PlanBook.title))
    let problem = try problem([1, 1, 12, 12], outputs: 1, kernel: 3)
    let automatic = automatic(book)
    // Plans are remembered for a number of threads, which other tests change.
    withThreads(2) { #expect(automatic.plan(problem) == automatic.plan(problem)) }
  }

  @Test func resultsAreRightWhateverIsChosen() throws {
    let problem = try problem([2, 3, 25, 31], outputs: 4, kernel: 5)
    var random = RandomGenerator(seed: 5)
    let (x, w, g) = (
      Tensor<Float>.normal(problem.inputShape, using: &random),
      Tensor<Float>.normal(problem.filterShape, using: &random),
      Tensor<Float>.normal(problem.outputShape, using: &random)
    )
    let bounds = PassBounds(problem, x: x, w: w, g: g, points: 64)
    let reference = ReferenceConvolution()
    let (x64, w64, g64) = (x.converted(to: Double.self), w.converted(to: Double.self), g.converted(to: Double.self))
    for direct in [SpatialConvolution<Float>(), nil] {
      let method = automatic(PlanBook(nil), direct: direct)
      #expect(method.name == (direct == nil ? "fft" : "automatic"))
      let y = reference.forward(x64, w64, bias: nil, problem)
      #expect(largestDifference(method.forward(x, w, bias: nil, problem), y) <= bounds.forward)
      let (output, tape) = method.record(x, w, bias: nil, problem)
      let step = method.gradients(g, tape, wantsInput: true)
      #expect(largestDifference(output, y) <= bounds.forward)
      #expect(
        largestDifference(step.input!, reference.inputGradient(g64, w64, problem)) <= bounds.inputGradient)
      #expect(largestDifference(step.filter, reference.filterGradient(g64, x64, problem)) <= bounds.filterGradient)
      if direct == nil { #expect(method.plan(problem) != .direct) }
    }
  }

  /// Single solvers of the direct method take part in the race, are remembered by their names, and are taken again.
  @Test func directSolversAreTimedAndRememberedByName() throws {
    try withThreads(2) {
      let problem = try problem([2, 16, 20, 20], outputs: 16, kernel: 3)
      let own = try SpatialConvolution<Float>().solver(.forward, problem)
      let all = automatic(PlanBook(nil)).candidates(problem)
      let named = all.compactMap { candidate -> String? in
        if case .directSolver(let name) = candidate.plan { name } else { nil }
      }
      // Every solver that can do it, but for the one that the direct method takes anyway.
      let able = SpatialConvolution<Float>.solvers.map(\.name).filter {
        (try? SpatialConvolution<Float>(solver: $0).workingMemory(.forward, problem)) != nil
      }
      #expect(Set(named) == Set(able).subtracting([own]) && named.contains("direct.unfold"))
      #expect(all.map(\.seconds) == all.map(\.seconds).sorted())
      #expect(
        !AutomaticConvolution<Float>().candidates(problem).contains {
          if case .directSolver = $0.plan { true } else { false }
        })

      _ = automatic(PlanBook(file)).plan(problem)
      try file.write(PlanBook.encode(PlanBook.decode(file.read()!).mapValues { _ in .directSolver("direct.unfold") }))
      let told = automatic(PlanBook(file))
      #expect(told.plan(problem) == .directSolver("direct.unfold") && told.choice(problem).name == "direct.unfold")
      var random = RandomGenerator(seed: 6)
      let (x, w) = (
        Tensor<Float>.normal(problem.inputShape, using: &random),
        Tensor<Float>.normal(problem.filterShape, using: &random)
      )
      #expect(
        told.forward(x, w, bias: nil, problem)
          == (try SpatialConvolution<Float>(solver: "direct.unfold")).forward(x, w, bias: nil, problem))
    }
  }

  @Test func theProcessorIsTheFirstOfItsList() {
    let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel\t\t: 7\n\nprocessor\t: 1\nmodel name\t: Other\n"
    #expect(Processor.describe(text) == "Some CPU @ 2 GHz 7")
    #expect(Processor.describe("nothing\n:\n") == "unknown processor")
    #expect(!Processor.model.isEmpty && !Processor.model.contains("\t") && !Processor.model.contains("\n"))
  }
}

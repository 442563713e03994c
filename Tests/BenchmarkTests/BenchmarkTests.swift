import AutomaticConvolution
import Foundation
import SpectralConvolution
import SpectralBenchmarks
import SpectralCore
import TestSupport
import Testing

@Suite struct BenchmarkTests {
  private func settings(_ pass: BenchmarkPass, _ method: ConvolutionChoice) -> BenchmarkSettings {
    var settings = BenchmarkSettings()
    (settings.pass, settings.method, settings.deterministic, settings.budget) = (pass, method, true, 0)
    return settings
  }

  private let small = BenchmarkCase(
    name: "small", kind: .layer, batch: 2, inputChannels: 4, outputChannels: 6, size: [15, 18], kernel: [4, 4],
    groups: 2)

  /// The error that is printed is that of the method: small, and not for lack of looking.
  @Test(arguments: BenchmarkPass.allCases, [1, 2, 3])
  func theErrorIsSmall(_ pass: BenchmarkPass, _ stride: Int) throws {
    for precision in BenchmarkCase.Precision.allCases {
      for method in ConvolutionChoice.allCases {
        var benchmark = small
        (benchmark.stride, benchmark.precision) = (stride, precision)
        let result = try Benchmark.run(benchmark, settings(pass, method))
        let error = try #require(result.relativeError)
        #expect(error < (precision == .single ? 1e-6 : 1e-14), "\(result)")
        #expect(precision == .double || error > 0, "\(result)")
        #expect(result.samples == 3 && result.minimumSeconds > 0 && result.minimumSeconds <= result.medianSeconds)
      }
    }
  }

  @Test func casesAreReadAsTheyWereWritten() throws {
    let json = #"[{"name":"a","kind":"image","height":9,"width":8,"kernel":3}]"#
    let cases = try JSONDecoder().decode([BenchmarkCase].self, from: Data(json.utf8))
    #expect(try cases[0].problem().outputShape == [1, 1, 9, 8])
    let again = try JSONDecoder().decode([BenchmarkCase].self, from: JSONEncoder().encode(cases))
    #expect(again == cases)
  }

  @Test(
    arguments: ["-1", "0", "2147483648", "9223372036854775807", "9223372036854775808", "1.5", "1e300"],
    ["batch", "inputChannels", "outputChannels", "height", "width", "kernel", "groups", "stride"])
  func aSizeThatCannotBeIsNamedWithItsCase(size: String, field: String) {
    var sizes = ["height": "16", "width": "16", "kernel": "3"]
    sizes[field] = size
    let fields = sizes.map { "\"\($0)\":\($1)" }.joined(separator: ",")
    for kind in ["image", "conv2d"] {
      let json = "[{\"name\":\"odd one\",\"kind\":\"\(kind)\",\(fields)}]"
      let error = #expect(throws: ConvolutionError.self) {
        for benchmark in try BenchmarkCase.list(json: Data(json.utf8)) { _ = try benchmark.problem() }
      }
      #expect(error?.description.hasPrefix("case odd one: \(field) is ") == true, "\(error!)")
    }
  }

  @Test func aCaseBeyondTheMachinesMemoryIsRefused() {
    let most = Int(Int32.max)
    for benchmark in [
      BenchmarkCase(name: "vast", kind: .array, size: [most, most], kernel: [3, 3]),
      BenchmarkCase(name: "vast", kind: .array, size: [3, 3], kernel: [most, most]),
      BenchmarkCase(
        name: "vast", kind: .layer, batch: most, inputChannels: most, outputChannels: most, size: [most, most],
        kernel: [most, most], precision: .double),
    ] {
      let error = #expect(throws: ConvolutionError.self) {
        try Benchmark.run(benchmark, settings(.forward, .automatic))
      }
      #expect(error?.description.contains("case vast takes") == true, "\(error!)")
    }
  }

  @Test func theBuiltInCasesCanBeAndHaveNamesOfTheirOwn() throws {
    let all = BenchmarkCase.builtIn + BenchmarkCase.varied + BenchmarkCase.swept
    for benchmark in all { _ = try benchmark.problem() }
    #expect(Set(all.map(\.name)).count == all.count)
  }

  @Test func aMemoryLimitThatCannotBeKeptIsAnError() {
    var settings = settings(.forward, .fft)
    settings.memoryLimit = 100
    #expect(throws: (any Error).self) { try Benchmark.run(small, settings) }
  }

  @Test func regretIsAtLeastNothing() throws {
    for pass in BenchmarkPass.allCases {
      let regret = try Regret.measure(small, settings(pass, .automatic))
      #expect(regret.ratio >= 1 && regret.entrants.contains { $0.plan == regret.chosen.plan })
      #expect(regret.entrants.map(\.seconds) == regret.entrants.map(\.seconds).sorted())
      #expect(regret.entrants.count >= 2 && regret.entrants.allSatisfy { $0.seconds.isFinite && $0.estimate > 0 })
    }
  }
}

@Suite struct SweepTests {
  @Test func aSweepTimesEveryMethodAtEveryKernel() throws {
    var settings = BenchmarkSettings()
    (settings.deterministic, settings.budget) = (true, 0)
    let shape = BenchmarkCase(name: "small", kind: .array, size: [12, 16], kernel: [99, 99])
    var seen = 0
    let sweep = try KernelSweep.run(shape, settings) { _ in seen += 1 }
    #expect(sweep.points.map(\.kernel) == [3, 5, 7, 9, 11] && seen == 15)
    for point in sweep.points { #expect(Set(point.results.keys) == Set(ConvolutionChoice.allCases)) }
  }

  @Test func whatGrowsIsWhatIsSaid() throws {
    let depthwise = BenchmarkCase.swept[1]
    let wider = try #require(Growth.channels.resized(depthwise, to: 8))
    #expect(try wider.problem().inputShape == [4, 8, 56, 56] && wider.groups == 8)
    #expect(try #require(Growth.batch.resized(depthwise, to: 3)).problem().inputShape == [3, 256, 56, 56])
    #expect(try #require(Growth.kernel.resized(depthwise, to: 31)).problem().filterShape == [256, 1, 31, 31])
    #expect(try #require(Growth.image.resized(depthwise, to: 64)).problem().inputShape == [4, 256, 64, 64])
    // A kernel larger than the image, and a batch of a single image, make no sense.
    #expect(Growth.kernel.resized(depthwise, to: 63) == nil)
    #expect(Growth.batch.resized(BenchmarkCase.swept[2], to: 2) == nil)
    for growth in Growth.allCases {
      for size in growth.sizes { _ = try #require(growth.resized(growth.usualShape, to: size)).problem() }
    }
  }

  @Test func workIsCounted() throws {
    let benchmark = BenchmarkCase(
      name: "a", kind: .layer, batch: 2, inputChannels: 3, outputChannels: 5, size: [8, 8], kernel: [3, 3])
    let work = try benchmark.work(.forward)
    #expect(work.operations == Double(2 * 2 * 5 * 64 * 3 * 9))
    #expect(work.bytes == Double(4 * (2 * 3 * 64 + 5 * 3 * 9 + 2 * 5 * 64)))
    #expect(try benchmark.work(.training).operations == 3 * work.operations)
  }
}

@Suite struct MachineLimitsTests {
  /// Not how fast the machine is, but that the figures hang together.
  @Test func limitsAreThoseOfAMachine() {
    let limits = withThreads(1) { MachineLimits.measure(memoryLimit: 32 << 20) }
    #expect(limits.threads == 1 && limits.processor == Processor.model)
    for rate in [limits.singleOperations, limits.doubleOperations] { #expect(rate > 1e8 && rate < 1e13) }
    for rate in [limits.memory.copy, limits.memory.triad, limits.secondLevel.copy, limits.secondLevel.triad] {
      #expect(rate > 1e7 && rate < 1e13)
    }
    let least = limits.leastSeconds(operations: 1e9, bytes: 1e9, precision: .double)
    #expect(least.arithmetic == 1e9 / limits.doubleOperations && least.memory <= 1e9 / limits.memory.triad)
  }
}

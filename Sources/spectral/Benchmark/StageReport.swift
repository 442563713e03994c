import Foundation
import SpectralBenchmarks
import SpectralKit

/// What the stages of the Fourier method take, and what share of the machine's limits they reach.
enum StageReport {
  static func run(_ request: BenchmarkCommand.Request) throws {
    let known = BenchmarkCase.builtIn + BenchmarkCase.varied
    // Volumes have no stages: only a file asks for them, and is told so.
    let cases = try request.cases(usual: BenchmarkCase.builtIn.filter { $0.size.count < 3 }, known: known)
      .filter { request.settings.pass == .forward || $0.kind == .layer }
    let limits = MachineLimits.measure(memoryLimit: request.settings.memoryLimit)
    for (index, benchmark) in cases.enumerated() {
      let result = try StageBenchmark.measure(benchmark, request.settings)
      if request.isJSON {
        try Console.result(json(result, limits).description)
      } else {
        if index > 0 { try Console.result("") }
        try Console.result(table(result, limits))
      }
    }
  }

  /// The share of a limit that a rate reaches, by the thread: stages add up their threads' seconds.
  static func share(_ amount: Double, _ seconds: Double, of limit: Double, _ limits: MachineLimits) -> Double {
    seconds > 0 ? amount / seconds / (limit / Double(limits.threads)) : 0
  }

  private static func operations(_ result: StageBenchmark, _ limits: MachineLimits) -> Double {
    result.benchmark.precision == .double ? limits.doubleOperations : limits.singleOperations
  }

  private static func table(_ result: StageBenchmark, _ limits: MachineLimits) -> String {
    let total = result.seconds * Double(limits.threads)
    func rate(_ amount: Double, _ seconds: Double) -> String {
      aligned(amount > 0 ? String(numbers: "%.1f", amount / seconds * 1e-9) : "-", 10)
    }
    var lines = [
      "\(result.benchmark.name): \(result.pass == .forward ? "inference" : "training step"), tiles of \(result.tile), "
        + "\(limits.threads) thread\(limits.threads == 1 ? "" : "s"), \(duration(result.seconds))",
      padded("stage", 22) + aligned("time", 7) + aligned("GFLOP/s", 10) + aligned("of FMA", 9) + aligned("GB/s", 10)
        + aligned("of memory", 11) + aligned("of L2", 9),
    ]
    for stage in result.stages where stage.seconds > 0 {
      let s = stage.seconds
      func share(_ amount: Double, of limit: Double, _ width: Int) -> String {
        guard amount > 0 else { return aligned("-", width) }
        return aligned(String(numbers: "%.0f %%", 100 * StageReport.share(amount, s, of: limit, limits)), width)
      }
      lines.append(
        padded(stage.stage.title, 22) + aligned(String(numbers: "%.0f %%", 100 * s / total), 7)
          + rate(stage.operations, s) + share(stage.operations, of: operations(result, limits), 9)
          + rate(stage.bytes, s) + share(stage.bytes, of: limits.memory.copy, 11)
          + share(stage.bytes, of: limits.secondLevel.copy, 9))
    }
    lines.append(
      padded("other, and waiting", 22) + aligned(String(numbers: "%.0f %%", 100 * result.otherSeconds / total), 7))
    return lines.joined(separator: "\n")
  }

  private static func json(_ result: StageBenchmark, _ limits: MachineLimits) -> JSON {
    [
      "name": .string(result.benchmark.name), "pass": .string(result.pass.rawValue),
      "tile": [.integer(result.tile.height), .integer(result.tile.width)], "threads": .integer(limits.threads),
      "min_s": .number(result.seconds), "other_thread_s": .number(result.otherSeconds),
      "stages": .array(
        result.stages.map { stage in
          [
            "stage": .string("\(stage.stage)"), "thread_s": .number(stage.seconds),
            "flops": .number(stage.operations), "bytes": .number(stage.bytes),
            "share_of_arithmetic_limit": .number(
              share(stage.operations, stage.seconds, of: operations(result, limits), limits)),
            "share_of_memory_limit": .number(share(stage.bytes, stage.seconds, of: limits.memory.copy, limits)),
            "share_of_second_level_limit": .number(
              share(stage.bytes, stage.seconds, of: limits.secondLevel.copy, limits)),
          ]
        }),
    ]
  }
}

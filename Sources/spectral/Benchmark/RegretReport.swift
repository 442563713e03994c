import Foundation
import SpectralBenchmarks
import SpectralKit

/// How far the automatic choice is from the best of all candidates, case by case.
enum RegretReport {
  /// What counts as good: so much longer than the best.
  private static let tolerance = 1.1

  static func run(_ request: BenchmarkCommand.Request) throws {
    let all = BenchmarkCase.builtIn + BenchmarkCase.varied
    let list = try request.cases(usual: all).filter { request.settings.pass == .forward || $0.kind == .layer }
    if !request.settings.deterministic && !RateMeasurement.isDone {
      Console.say("measuring this machine's rates first, once")
      do { try RateMeasurement.run() } catch { Console.say("the rates hold for this run only: \(error)") }
    }
    var ratios: [Double] = []
    for benchmark in list {
      let regret = try Regret.measure(benchmark, request.settings)
      ratios.append(regret.ratio)
      try Console.result(request.isJSON ? json(regret).description : row(regret))
    }
    let good = ratios.filter { $0 <= tolerance }.count
    let worst = ratios.max() ?? 1
    if request.isJSON {
      let summary: JSON = [
        "cases": .integer(ratios.count), "within_10_percent": .integer(good), "worst_ratio": .number(worst),
      ]
      try Console.result(summary.description)
    } else {
      try Console.result(
        "within 10 % of the best on \(good) of \(ratios.count)"
          + (ratios.isEmpty ? "" : String(numbers: "; the worst takes %.2f times as long", worst)))
    }
  }

  private static func row(_ regret: Regret) -> String {
    let (chosen, best) = (regret.chosen, regret.best)
    return padded(regret.benchmark.name, 26) + padded("\(chosen.plan)", 15) + aligned(duration(chosen.seconds), 8)
      + "   best " + padded("\(best.plan)", 15) + aligned(duration(best.seconds), 8)
      + String(numbers: "   ratio %.2f", regret.ratio) + (regret.ratio > tolerance ? "  <-" : "")
  }

  private static func json(_ regret: Regret) -> JSON {
    [
      "name": .string(regret.benchmark.name), "pass": .string(regret.pass.rawValue),
      "threads": .integer(Parallel.threads), "chosen": .string("\(regret.chosen.plan)"),
      "best": .string("\(regret.best.plan)"), "ratio": .number(regret.ratio),
      "candidates": .array(
        regret.entrants.map {
          ["plan": .string("\($0.plan)"), "estimate_s": .number($0.estimate), "min_s": .number($0.seconds)]
        }),
    ]
  }
}

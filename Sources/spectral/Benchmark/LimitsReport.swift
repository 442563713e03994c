import Foundation
import SpectralBenchmarks
import SpectralKit

/// What the machine can do at most.
enum LimitsReport {
  static func run(_ request: BenchmarkCommand.Request) throws {
    let limits = MachineLimits.measure(memoryLimit: request.settings.memoryLimit)
    try Console.result(request.isJSON ? CaseReport.encoded(limits) : table(limits))
  }

  private static func table(_ limits: MachineLimits) -> String {
    func row(_ what: String, _ rate: Double, _ unit: String) -> String {
      padded(what, 48) + String(numbers: "%8.1f ", rate * 1e-9) + unit
    }
    return [
      "\(limits.processor); \(limits.threads) thread\(limits.threads == 1 ? "" : "s")",
      row("fused multiply-adds, single precision", limits.singleOperations, "GFLOP/s"),
      row("fused multiply-adds, double precision", limits.doubleOperations, "GFLOP/s"),
      row("copy within the second-level caches", limits.secondLevel.copy, "GB/s"),
      row("triad within the second-level caches", limits.secondLevel.triad, "GB/s"),
      row("copy from memory to memory", limits.memory.copy, "GB/s"),
      row("triad from memory to memory", limits.memory.triad, "GB/s"),
    ].joined(separator: "\n")
  }
}

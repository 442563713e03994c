import Foundation
import SpectralBenchmarks
import SpectralKit

/// A line of times for each case.
enum CaseReport {
  static func run(_ request: BenchmarkCommand.Request) throws {
    let known = BenchmarkCase.builtIn + BenchmarkCase.varied
    let cases = try request.cases(usual: BenchmarkCase.builtIn, known: known).filter {
      request.settings.pass == .forward || $0.kind == .layer
    }
    var refusals = 0
    for benchmark in cases {
      do {
        let result = try Benchmark.run(benchmark, request.settings)
        try Console.result(request.isJSON ? encoded(result) : row(result))
      } catch let error as ConvolutionError {
        // Hardly any solver can do every case.
        guard request.settings.solver != nil, cases.count > 1 else {
          throw CommandError("\(benchmark.name): \(error)")
        }
        Console.say("\(benchmark.name): \(error)")
        refusals += 1
      }
    }
    if let solver = request.settings.solver, refusals == cases.count, refusals > 0 {
      throw CommandError("\(solver) can do none of these cases, see above: name others, or another solver")
    }
  }

  /// A result as one line of JSON.
  static func encoded(_ result: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(result), as: UTF8.self)
  }

  private static func row(_ result: BenchmarkResult) -> String {
    let error = result.relativeError.map { String(numbers: "%.1e", $0) } ?? "-"
    return padded(result.name, 24) + padded(result.pass, 10) + padded(result.method, 16)
      + String(
        numbers: "%10.3f ms (min %.3f)   error %@", result.medianSeconds * 1e3, result.minimumSeconds * 1e3, error)
  }
}

/// A text with spaces behind it, at least one.
func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}

/// A text with spaces before it.
func aligned(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

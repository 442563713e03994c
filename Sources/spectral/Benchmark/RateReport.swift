import SpectralKit

/// How fast this machine does each kind of work that estimates count.
enum RateReport {
  static func run(_ request: BenchmarkCommand.Request) throws {
    let factors = try RateMeasurement.run().sorted { $0.key < $1.key }
    if request.isJSON {
      return try Console.result("\(JSON.object(factors.map { ($0.key, .number($0.value)) }))")
    }
    for (work, factor) in factors {
      try Console.result(padded(work, 56) + String(numbers: "%6.2f", factor) + " times the time of the fixed rates")
    }
  }
}

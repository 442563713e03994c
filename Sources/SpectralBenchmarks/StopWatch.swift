import Foundation

/// Repeated timings of one piece of work.
public struct Timings: Sendable {
  /// Seconds of each run, in order.
  public let samples: [Double]

  /// The middle of the samples: what an ordinary run takes.
  public var median: Double {
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The fastest: what the work takes when nothing disturbs it.
  public var minimum: Double { samples.min()! }

  /// Times `body` after warming up: at least three times, until `budget` seconds or `most` runs are over.
  ///
  /// Warming up takes a run, and at least a fifth of a second: a new thread shares its parent's core until the system
  /// has noticed.
  public static func measure(budget: Double = 1.2, most: Int = 15, _ body: () -> Void) -> Timings {
    let arrival = DispatchTime.now().uptimeNanoseconds
    repeat { body() } while DispatchTime.now().uptimeNanoseconds - arrival < 200_000_000
    var samples: [Double] = []
    let start = DispatchTime.now().uptimeNanoseconds
    while true {
      let before = DispatchTime.now().uptimeNanoseconds
      body()
      let after = DispatchTime.now().uptimeNanoseconds
      samples.append(Double(after - before) * 1e-9)
      if samples.count >= 3 && (Double(after - start) * 1e-9 > budget || samples.count >= most) { break }
    }
    return Timings(samples: samples)
  }
}

import Foundation

/// Where the numbers of an axis are, as a share of its length, and which of them are written.
public struct ChartScale: Sendable {
  /// The axis.
  public let axis: ChartAxis
  /// The numbers at its two ends.
  public let domain: ClosedRange<Double>

  /// A scale on which `values` have a place.
  ///
  /// - Parameter snug: Whether it ends where the values end, give or take a little; else at round numbers.
  public init(_ axis: ChartAxis, values: [Double], snug: Bool) {
    self.axis = axis
    let values = values.filter(axis.canShow)
    guard var low = values.min(), var high = values.max() else {
      domain = axis.spread == .linear ? 0...1 : 1...10
      return
    }
    switch axis.spread {
    case .linear:
      if low == high { (low, high) = (low - 1, high + 1) }
      let step = Self.step(high - low, most: 8)
      let margin = snug ? 0.02 * (high - low) : 0
      domain =
        snug ? low - margin...high + margin : (low / step).rounded(.down) * step...(high / step).rounded(.up) * step
    case .logarithmic:
      if low == high { (low, high) = (low / 2, high * 2) }
      if snug {
        let margin = pow(high / low, 0.025)
        domain = low / margin...high * margin
      } else {
        let rounds = Self.roundNumbers(low / 10...high * 10, axis.unit, high < 4 * low ? .all : .some)
        domain = (rounds.last { $0 <= low } ?? low)...(rounds.first { $0 >= high } ?? high)
      }
    }
  }

  /// A scale that begins and ends at given numbers.
  ///
  /// - Precondition: the axis can show both, and they differ.
  public init(_ axis: ChartAxis, domain: ClosedRange<Double>) {
    precondition(
      axis.canShow(domain.lowerBound) && axis.canShow(domain.upperBound) && domain.lowerBound < domain.upperBound,
      "\(axis.title) cannot run over \(domain)")
    (self.axis, self.domain) = (axis, domain)
  }

  /// Where a number is: 0 at the lower end, 1 at the upper.
  public func position(_ value: Double) -> Double {
    let (low, high) = (domain.lowerBound, domain.upperBound)
    return switch axis.spread {
    case .linear: (value - low) / (high - low)
    case .logarithmic: log(value / low) / log(high / low)
    }
  }

  /// The numbers to be written: those of the axis, or at most so many round ones.
  public func ticks(most: Int) -> [Double] {
    if let ticks = axis.ticks { return ticks.filter { domain.contains($0) } }
    switch axis.spread {
    case .linear:
      let step = Self.step(domain.upperBound - domain.lowerBound, most: most)
      let first = Int((domain.lowerBound / step - 1e-9).rounded(.up))
      let last = Int((domain.upperBound / step + 1e-9).rounded(.down))
      return first <= last ? (first...last).map { Double($0) * step } : []
    case .logarithmic:
      // Give or take the last bits of the ends.
      let range = domain.lowerBound * (1 - 1e-9)...domain.upperBound * (1 + 1e-9)
      for density in [Density.all, .some] {
        let numbers = Self.roundNumbers(range, axis.unit, density)
        if numbers.count <= most { return numbers }
      }
      let powers = Self.roundNumbers(range, axis.unit, .powers)
      let stride = max(1, (powers.count + most - 1) / most)
      return powers.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
    }
  }

  /// A step of 1, 2 or 5 times a power of ten that makes at most so many.
  private static func step(_ length: Double, most: Int) -> Double {
    let least = length / Double(max(most, 1))
    let power = pow(10, log10(least).rounded(.down))
    return [1, 2, 5].map { $0 * power }.first { $0 >= least * (1 - 1e-9) } ?? 10 * power
  }

  /// How many numbers of a decade count as round.
  private enum Density {
    /// Powers of ten; of bytes powers of 1024, and 32 times these.
    case powers
    /// And twice and five times these; of bytes powers of two.
    case some
    /// And all whole multiples below the next power.
    case all
  }

  private static func roundNumbers(_ range: ClosedRange<Double>, _ unit: ChartAxis.Unit, _ density: Density) -> [Double]
  {
    let (base, factors): (Double, [Double]) =
      switch (unit, density) {
      case (.bytes, .powers): (1024, [1, 32])
      case (.bytes, _): (1024, (0..<10).map { Double(1 << $0) })
      case (_, .powers): (10, [1])
      case (_, .some): (10, [1, 2, 5])
      case (_, .all): (10, (1...9).map { Double($0) })
      }
    let lowest = Int((log(range.lowerBound) / log(base)).rounded(.down))
    let highest = Int((log(range.upperBound) / log(base)).rounded(.up))
    return (lowest...highest).flatMap { power in factors.map { $0 * pow(base, Double(power)) } }.filter(range.contains)
  }
}

import Foundation
import SpectralCore

/// What an axis measures, and how its numbers are spread and written.
public struct ChartAxis: Sendable {
  /// How numbers are spread along it.
  public enum Spread: Sendable {
    /// Equal differences are equally far apart.
    case linear
    /// Equal ratios are equally far apart; numbers that are not above zero have no place.
    case logarithmic
  }

  /// How its numbers are written.
  public enum Unit: Sendable {
    /// As they are.
    case plain
    /// A time: `20 µs`, `5 ms`.
    case seconds
    /// An amount of memory, in powers of 1024: `64 MiB`.
    case bytes
  }

  /// What it measures, with the unit if ``unit`` does not write it.
  public var title: String
  /// How numbers are spread.
  public var spread: Spread
  /// How numbers are written.
  public var unit: Unit
  /// The numbers to be written along it, in place of round ones; some are left out where room is short.
  public var ticks: [Double]?

  /// An axis.
  public init(_ title: String, _ spread: Spread = .logarithmic, unit: Unit = .plain, ticks: [Double]? = nil) {
    self.title = title
    self.spread = spread
    self.unit = unit
    self.ticks = ticks
  }

  package func canShow(_ value: Double) -> Bool { value.isFinite && (spread == .linear || value > 0) }

  /// A number as it is written along the axis.
  public func label(_ value: Double) -> String {
    switch unit {
    case .plain: Self.plain(value)
    case .seconds: Self.scaled(value, [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")])
    case .bytes: Self.scaled(value, [(0x1p40, "TiB"), (0x1p30, "GiB"), (0x1p20, "MiB"), (0x1p10, "KiB"), (1, "B")])
    }
  }

  /// At most four digits, and thousands apart; what is very large or small as a power of ten.
  private static func plain(_ value: Double) -> String {
    if value != 0 && (abs(value) >= 1e7 || abs(value) < 0.999e-4) { return power(value) }
    guard abs(value) >= 1000 else { return String(numbers: "%.4g", value) }
    let digits = "\(Int(value.rounded().magnitude))"
    var grouped = ""
    for (place, digit) in digits.enumerated() {
      if place > 0 && (digits.count - place) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    return (value < 0 ? "-" : "") + grouped
  }

  /// `10⁷`, `2.5·10⁻⁵`.
  private static func power(_ value: Double) -> String {
    let parts = String(numbers: "%.2e", value).split(separator: "e")
    let mantissa = String(numbers: "%g", Double(parts[0]) ?? 1)
    let superscripts: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]
    let exponent = String("\(Int(parts[1]) ?? 0)".map { superscripts[$0] ?? $0 })
    return mantissa == "1" ? "10\(exponent)" : "\(mantissa)·10\(exponent)"
  }

  /// In the largest of the units that leaves at least 1 before the point.
  private static func scaled(_ value: Double, _ units: [(size: Double, name: String)]) -> String {
    // A little below 1 rounds to it.
    let unit = units.first { abs(value) >= 0.9995 * $0.size } ?? units.last!
    return value == 0 ? "0" : String(numbers: "%.4g %@", value / unit.size, unit.name)
  }
}

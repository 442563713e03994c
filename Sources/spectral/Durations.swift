import Foundation

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}

/// A time as people read it: `1.23 ms`, `4.5 s`, `2 min 10 s`.
func duration(_ seconds: Double) -> String {
  switch seconds {
  case ..<1e-3: String(numbers: "%.3g µs", seconds * 1e6)
  case ..<1: String(numbers: "%.3g ms", seconds * 1e3)
  case ..<60: String(numbers: "%.3g s", seconds)
  case ..<3600: "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  default: "\(Int(seconds) / 3600) h \(Int(seconds) / 60 % 60) min"
  }
}

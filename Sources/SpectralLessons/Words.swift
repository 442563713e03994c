import Foundation

/// A number with so many digits after the point.
package func decimals(_ value: Double, _ digits: Int) -> String { String(numbers: "%.\(digits)f", value) }

/// A small or large number as people write it: `2.2 × 10⁻¹⁶`.
package func scientific(_ value: Double, _ digits: Int = 1) -> String {
  guard value != 0, value.isFinite else { return value == 0 ? "0" : String(numbers: "%g", value) }
  let parts = String(numbers: "%.\(digits)e", value).split(separator: "e")
  let superscripts: [Character: Character] = [
    "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
  ]
  let exponent = String("\(Int(parts[1])!)".map { superscripts[$0] ?? $0 })
  return exponent == "⁰" ? String(parts[0]) : "\(parts[0]) × 10\(exponent)"
}

/// A share of one as `97.3 %`.
package func percent(_ share: Double) -> String { decimals(100 * share, 1) + " %" }

/// A whole number with its thousands apart: `10,485,760`.
package func grouped(_ number: Int) -> String {
  let digits = Array("\(number.magnitude)")
  var text = ""
  for (place, digit) in digits.enumerated() {
    if place > 0 && (digits.count - place) % 3 == 0 { text += "," }
    text.append(digit)
  }
  return (number < 0 ? "−" : "") + text
}

/// A time as people read it: `1.2 ms`, `4.5 s`, `2 min 10 s`.
package func time(_ seconds: Double) -> String {
  switch seconds {
  case ..<1e-3: String(numbers: "%.3g µs", seconds * 1e6)
  case ..<1: String(numbers: "%.3g ms", seconds * 1e3)
  case ..<60: String(numbers: "%.2g s", seconds)
  default: "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }
}

/// An amount of memory in powers of 1024: `300 B`, `40 KiB`.
package func bytes(_ count: Int) -> String {
  var (value, unit) = (Double(count), "B")
  for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, larger) }
  return String(numbers: "%.3g %@", value, unit)
}

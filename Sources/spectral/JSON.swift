import Foundation

/// A value of JSON whose objects keep the order in which they were written.
enum JSON: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, CustomStringConvertible
{
  case string(String)
  case number(Double)
  case integer(Int)
  case boolean(Bool)
  case array([JSON])
  case object([(String, JSON)])
  case null

  init(stringLiteral value: String) { self = .string(value) }
  init(floatLiteral value: Double) { self = .number(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .boolean(value) }
  init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
  init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// The text, in one line. JSON knows neither NaN nor infinity: they become null.
  var description: String {
    switch self {
    case .string(let text): Self.quoted(text)
    case .number(let number):
      // A whole number is written as one, so that 0.0 and -0.0 do not surprise.
      number.isFinite ? (number == number.rounded() && abs(number) < 0x1p53 ? "\(Int(number))" : "\(number)") : "null"
    case .integer(let number): "\(number)"
    case .boolean(let value): "\(value)"
    case .array(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.quoted($0)): \($1)" }.joined(separator: ", ") + "}"
    case .null: "null"
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        quoted += String(format: "\\u%04x", scalar.value)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

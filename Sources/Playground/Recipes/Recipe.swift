/// How to do with the command, and with the library, what the page shows.
struct Recipe: Encodable {
  /// A line for a shell, or several that follow from each other.
  let command: String
  /// A program.
  let swift: String
  /// The files that both read, as the page offers them.
  var needs: [String] = []
}

// MARK: What shells and Swift read

/// Words as one line for a shell.
func shellLine(_ words: [String]) -> String {
  words.map { word in
    let isPlain =
      !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:,+=".contains($0)) }
    return isPlain
      ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }.joined(separator: " ")
}

/// A file's name as an operand that is not taken for a flag.
func operand(_ name: String) -> String { name.hasPrefix("-") ? "./\(name)" : name }

/// A flag with its value, which may begin like a flag itself.
func flag(_ name: String, _ value: String) -> [String] {
  value.hasPrefix("-") ? ["\(name)=\(value)"] : [name, value]
}

/// A text as a literal of Swift.
func literal(_ text: String) -> String {
  var literal = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": literal += "\\\""
    case "\\": literal += "\\\\"
    // What cannot be seen, or hides what can.
    case _ where [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory):
      literal += "\\u{\(String(scalar.value, radix: 16))}"
    default: literal.unicodeScalars.append(scalar)
    }
  }
  return literal + "\""
}

/// A number with all its digits and no more, as `Double` reads it.
func digits(_ number: Double) -> String {
  guard number == number.rounded(), abs(number) < 1e15, number.sign == .plus || number != 0 else { return "\(number)" }
  return "\(Int(number))"
}

/// Rows of numbers as the command reads them: commas between them, semicolons between rows.
func rowsText(_ rows: [[Double]]) -> String {
  rows.map { $0.map(digits).joined(separator: ",") }.joined(separator: ";")
}

/// Rows of numbers as a literal of Swift.
func rowsLiteral(_ rows: [[Double]]) -> String {
  "[" + rows.map { "[\($0.map(digits).joined(separator: ", "))]" }.joined(separator: ", ") + "]"
}

// What shells, the command and Swift read.

/// Words as one line for a shell.
///
/// Byte by byte, as shells read: for them a quote is one whatever follows it, though Swift takes it and an accent behind it
/// for one character.
func shellLine(_ words: [String]) -> String {
  words.map { word in
    let bytes = Array(word.utf8)
    let isPlain =
      !bytes.isEmpty && bytes.allSatisfy { plainBytes.contains($0) } && bytes[0] != UInt8(ascii: "=")
    guard !isPlain else { return word }
    let quoted = bytes.flatMap { $0 == UInt8(ascii: "'") ? Array("'\\''".utf8) : [$0] }
    return "'" + String(decoding: quoted, as: UTF8.self) + "'"
  }.joined(separator: " ")
}

private let plainBytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,+=".utf8)

/// Whether a shell or a command may take a word for a flag.
private func isLikeFlag(_ word: String) -> Bool { word.utf8.first == UInt8(ascii: "-") }

/// A file's name as an operand that is not taken for a flag.
func shellOperand(_ name: String) -> String { isLikeFlag(name) ? "./" + name : name }

/// A flag with its value, which may begin like a flag itself.
func shellFlag(_ name: String, _ value: String) -> [String] {
  isLikeFlag(value) ? ["\(name)=\(value)"] : [name, value]
}

/// A text as a literal of Swift.
func swiftLiteral(_ text: String) -> String {
  var literal = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": literal += "\\\""
    case "\\": literal += "\\\\"
    case _ where scalar.isHidden:
      literal += "\\u{\(String(scalar.value, radix: 16))}"
    default: literal.unicodeScalars.append(scalar)
    }
  }
  return literal + "\""
}

extension Unicode.Scalar {
  /// Whether it cannot be seen, or hides what can.
  var isHidden: Bool {
    [.control, .format, .lineSeparator, .paragraphSeparator].contains(properties.generalCategory)
  }
}

/// A number with all its digits and no more, as `Double` reads it.
func decimal(_ number: Double) -> String {
  guard number == number.rounded(), abs(number) < 1e15, number.sign == .plus || number != 0 else { return "\(number)" }
  return "\(Int(number))"
}

/// Rows of numbers as the command reads them: commas between them, semicolons between rows.
func rowsText(_ rows: [[Double]]) -> String {
  rows.map { $0.map(decimal).joined(separator: ",") }.joined(separator: ";")
}

/// Rows of numbers as a literal of Swift.
func rowsLiteral(_ rows: [[Double]]) -> String {
  "[" + rows.map { "[\($0.map(decimal).joined(separator: ", "))]" }.joined(separator: ", ") + "]"
}

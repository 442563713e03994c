/// What a subcommand understands, in words: the parser and the help are made from it.
struct Specification: Sendable {
  /// Flags that belong together.
  struct Section: Sendable {
    let title: String
    let flags: [any AnyFlag]

    init(_ title: String, _ flags: [any AnyFlag]) {
      self.title = title
      self.flags = flags
    }
  }

  /// Words that operands or values may be made of, and what they mean.
  struct Words: Sendable {
    let title: String
    let entries: [(word: String, meaning: String)]

    init(_ title: String, _ entries: [(word: String, meaning: String)]) {
      self.title = title
      self.entries = entries
    }
  }

  /// A command line that works, and what it does.
  struct Example: Sendable {
    let command: String
    let purpose: String

    init(_ command: String, _ purpose: String) {
      self.command = command
      self.purpose = purpose
    }
  }

  /// The word after `spectral`.
  let name: String
  /// One line for the list of subcommands.
  let summary: String
  /// A paragraph for its own help.
  let discussion: String
  /// What the help calls the operands, e.g. `IMAGE...`.
  var operands = ""
  /// Whether the operands name files that are read.
  var operandsAreInputs = false
  /// How many operands there may be.
  var operandCount = 0...0
  /// Words that operands or values may be made of.
  var words: Words?
  let sections: [Section]
  let examples: [Example]

  /// All flags.
  var flags: [any AnyFlag] { sections.flatMap(\.flags) }

  /// The text of `--help`.
  var help: String {
    let required = flags.filter(\.isRequired).map { " \($0.name) \($0.placeholder ?? "")" }.joined()
    let others = flags.allSatisfy(\.isRequired) ? "" : " [flags]"
    var lines = ["Usage: spectral \(name)\(required)\(others)\(operands.isEmpty ? "" : " \(operands)")", ""]
    lines += wrapped(discussion, width: Self.width)
    if let words {
      lines += ["", "\(words.title):"]
      for (word, meaning) in words.entries { lines += Self.lines(word, meaning) }
    }
    for section in sections {
      lines += ["", "\(section.title):"]
      for flag in section.flags { lines += Self.lines(flag) }
    }
    lines += ["", "Examples:"]
    for example in examples {
      lines += ["  \(example.command)"] + wrapped(example.purpose, width: Self.width - 6).map { "      " + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let width = 100
  private static let column = 30

  private static func lines(_ flag: any AnyFlag) -> [String] {
    let names = [flag.short, flag.name].compactMap { $0 }.joined(separator: ", ")
    var text = flag.help
    if flag.isRequired { text += " (required)" }
    if let standard = flag.defaultText { text += " [\(standard)]" }
    return lines("\(names)\(flag.placeholder.map { " \($0)" } ?? "")", text)
  }

  /// A word and what it means, beside each other where there is room.
  private static func lines(_ word: String, _ text: String) -> [String] {
    let head = "  " + word
    let body = wrapped(text, width: width - column)
    if head.count <= column - 2 {
      return [head + String(repeating: " ", count: column - head.count) + (body.first ?? "")]
        + body.dropFirst().map { String(repeating: " ", count: column) + $0 }
    }
    return [head] + body.map { String(repeating: " ", count: column) + $0 }
  }
}

/// A text as lines of at most so many characters, broken between words; its own line breaks stay.
func wrapped(_ text: String, width: Int) -> [String] {
  text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph -> [String] in
    var lines = [""]
    for word in paragraph.split(separator: " ") {
      if lines.last!.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if lines.last!.count + 1 + word.count <= width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

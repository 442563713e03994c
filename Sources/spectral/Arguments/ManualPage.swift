import Foundation

/// The manual page `spectral(1)`, made from what the subcommands understand, in the language of man(7).
struct ManualPage {
  private var lines: [String] = []

  init(version: String, summary: String, notes: String, _ specifications: [Specification]) {
    // No date: the page of a version is the same whenever it is made.
    lines.append(".TH SPECTRAL 1 \"\" \(Self.argument("SpectralKit \(version)")) \"User Commands\"")
    section("NAME")
    text("spectral - " + summary.prefix(1).lowercased() + summary.dropFirst().drop { $0 == "." })
    section("SYNOPSIS")
    lines += [".B spectral", ".I COMMAND", "[flags]", ".PP", ".B spectral", "\\-\\-help | \\-\\-version"]
    section("DESCRIPTION")
    text(summary)
    for specification in specifications {
      lines += [".TP", ".B \(Self.argument(specification.name))"]
      text(specification.summary)
    }
    lines.append(".PP")
    text(notes)
    for specification in specifications { add(specification) }
    section("EXIT STATUS")
    text("0 for success, 1 for failure, 2 for wrong usage, 130 and 143 for an interrupted run.")
  }

  /// The page.
  var source: String { lines.joined(separator: "\n") }

  private mutating func add(_ specification: Specification) {
    section("spectral \(specification.name)".uppercased())
    lines += [".B spectral \(Self.escaped(specification.name))"]
    for flag in specification.flags where flag.isRequired {
      lines.append(".RI \(Self.argument("\(flag.name) ")) \(Self.argument(flag.placeholder ?? ""))")
    }
    if !specification.flags.allSatisfy(\.isRequired) { lines.append("[flags]") }
    if !specification.operands.isEmpty { lines.append(".I \(Self.argument(specification.operands))") }
    lines.append(".PP")
    text(specification.discussion)
    if let words = specification.words {
      subsection(words.title)
      for (word, meaning) in words.entries { item(word, meaning) }
    }
    for section in specification.sections {
      subsection(section.title)
      for flag in section.flags {
        let names = [flag.short, flag.name].compactMap { $0 }.joined(separator: ", ")
        var meaning = flag.help
        if flag.isRequired { meaning += " (required)" }
        if let standard = flag.defaultText { meaning += " [\(standard)]" }
        lines += [".TP", ".BI \(Self.argument(names)) \(Self.argument(flag.placeholder.map { " \($0)" } ?? ""))"]
        text(meaning)
      }
    }
    subsection("Examples")
    for example in specification.examples { item(example.command, example.purpose) }
  }

  private mutating func section(_ title: String) { lines.append(".SH \(Self.argument(title))") }
  private mutating func subsection(_ title: String) { lines.append(".SS \(Self.argument(title))") }

  private mutating func item(_ head: String, _ body: String) {
    lines += [".TP", ".B \(Self.argument(head))"]
    text(body)
  }

  private mutating func text(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(line.isEmpty ? ".PP" : Self.escaped(String(line)))
    }
  }

  /// Text that is nothing but text: hyphens are those that are typed, and no line is a request.
  private static func escaped(_ text: String) -> String {
    let plain = text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }

  /// Text as one argument of a request.
  private static func argument(_ text: String) -> String {
    "\"" + escaped(text).replacingOccurrences(of: "\"", with: "\\(dq") + "\""
  }
}

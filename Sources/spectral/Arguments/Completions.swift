import Foundation

/// The shells for which the command completes words.
enum CompletionShell: String, CaseIterable {
  case bash, zsh, fish

  /// A script for the shell, made from what the subcommands understand.
  func script(_ specifications: [Specification]) -> String {
    let lines =
      switch self {
      case .bash: Self.bash(specifications)
      // Zsh finds out by the first line what a file completes.
      case .zsh: ["#compdef spectral"] + Self.zsh(specifications)
      case .fish: Self.fish(specifications)
      }
    let note = "# Completions of spectral for \(rawValue), made by spectral help --completions \(rawValue)."
    return (lines.prefix { $0.hasPrefix("#") } + [note] + lines.drop { $0.hasPrefix("#") }).joined(separator: "\n")
  }

  /// A text between single quotes.
  private static func quoted(_ text: String) -> String { "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'" }

  /// What stands in the help as one short line.
  private static func line(_ text: String) -> String {
    let sentence = text.prefix { $0 != ":" && $0 != ";" }
    return String(sentence.count > 60 ? sentence.prefix(57) + "..." : sentence)
  }

  // MARK: Bash

  private static func bash(_ specifications: [Specification]) -> [String] {
    var values: [String] = []
    for specification in specifications {
      for flag in specification.flags where flag.placeholder != nil {
        let names = [flag.name, flag.short].compactMap { $0 }.map { "\(specification.name):\($0)" }
        let words = flag.takesFile ? nil : flag.words.joined(separator: " ")
        values.append("    \(names.joined(separator: "|"))) \(words.map { "words=\(quoted($0))" } ?? "return") ;;")
      }
    }
    let flags = specifications.map { specification in
      let names = specification.flags.flatMap { [$0.name, $0.short].compactMap { $0 } } + ["--help"]
      return "    \(specification.name)) flags=\(quoted(names.joined(separator: " "))) ;;"
    }
    let operands = specifications.filter { !$0.operandWords.isEmpty }.map {
      "    \($0.name)) words=\(quoted($0.operandWords.joined(separator: " "))) ;;"
    }
    let commands = (specifications.map(\.name) + ["help", "--help", "--version"]).joined(separator: " ")
    // Where nothing is offered, `-o default` has the shell offer files.
    return [
      "_spectral() {", "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}",
      "  local command=${COMP_WORDS[1]} words= flags=", "  COMPREPLY=()", "  if [ \"$COMP_CWORD\" -eq 1 ]; then",
      "    COMPREPLY=($(compgen -W \(quoted(commands)) -- \"$current\"))", "    return", "  fi",
      "  case $command:$previous in",
    ] + values + [
      "    *) case $command in"
    ] + operands.map { "  " + $0 } + ["    esac ;;", "  esac", "  case $command in"] + flags + [
      "  esac", "  case $current in", "    -*) words=$flags ;;", "  esac",
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))", "}", "complete -o default -F _spectral spectral",
    ]
  }

  // MARK: Zsh

  private static func zsh(_ specifications: [Specification]) -> [String] {
    func escaped(_ text: String) -> String {
      ["\\", "[", "]", ":"].reduce(text) { $0.replacingOccurrences(of: $1, with: "\\" + $1) }
    }
    func list(_ words: [String]) -> String {
      words.map { $0.replacingOccurrences(of: ":", with: "\\:") }.joined(separator: " ")
    }
    let cases = specifications.flatMap { specification -> [String] in
      let flags = specification.flags.map { flag -> String in
        let names = [flag.short, flag.name].compactMap { $0 }
        let value = flag.placeholder.map { placeholder -> String in
          let words = list(flag.words)
          let action = flag.takesFile ? "_files" : words.isEmpty ? " " : "(\(words))"
          return ":\(escaped(placeholder)):\(action)"
        }
        let rest = quoted("[\(escaped(line(flag.help)))]\(value ?? "")")
        let head = names.count > 1 ? "'*'{\(names.joined(separator: ","))}" : quoted("*\(names[0])")
        return "        \(head)\(rest) \\"
      }
      let words = list(specification.operandWords)
      let operands =
        specification.operandCount.upperBound == 0
        ? "" : quoted(words.isEmpty ? "*:file:_files" : "*:word:(\(words))")
      return ["      \(specification.name)) _arguments -S \\"] + flags + ["        '--help[this help]' \(operands) ;;"]
    }
    return ["_spectral() {", "  local -a commands", "  commands=("]
      + specifications.map { "    " + quoted("\($0.name):\(line($0.summary))") }
      + [
        "  )", "  if (( CURRENT == 2 )); then", "    _describe command commands", "  else",
        "    local command=$words[2]", "    shift words", "    (( CURRENT-- ))", "    case $command in",
      ] + cases + [
        "    esac", "  fi", "}",
        // Sourced by hand the function is only named; found in fpath it is the file's own name that is called.
        "if [ \"$funcstack[1]\" = _spectral ]; then _spectral \"$@\"; else compdef _spectral spectral; fi",
      ]
  }

  // MARK: Fish

  private static func fish(_ specifications: [Specification]) -> [String] {
    func quoted(_ text: String) -> String {
      "'" + ["\\", "'"].reduce(text) { $0.replacingOccurrences(of: $1, with: "\\" + $1) } + "'"
    }
    return specifications.flatMap { specification -> [String] in
      let seen = quoted("__fish_seen_subcommand_from \(specification.name)")
      let flags = specification.flags.map { flag -> String in
        var words = ["complete -c spectral -n \(seen) -l \(flag.name.drop { $0 == "-" })"]
        if let short = flag.short { words.append("-s \(short.dropFirst())") }
        if flag.placeholder != nil { words.append(flag.takesFile ? "-r -F" : "-x") }
        if !flag.takesFile, !flag.words.isEmpty { words.append("-a \(quoted(flag.words.joined(separator: " ")))") }
        return (words + ["-d \(quoted(line(flag.help)))"]).joined(separator: " ")
      }
      let operands =
        specification.operandWords.isEmpty
        ? [] : ["complete -c spectral -n \(seen) -f -a \(quoted(specification.operandWords.joined(separator: " ")))"]
      let summary = quoted(line(specification.summary))
      return ["complete -c spectral -n __fish_use_subcommand -f -a \(specification.name) -d \(summary)"] + flags
        + operands
    }
  }
}

extension Specification {
  /// The words that operands may be, or begin with.
  fileprivate var operandWords: [String] { operandsAreInputs ? [] : words?.entries.compactMap(\.word.typedPart) ?? [] }
}

extension AnyFlag {
  /// Whether the value may name a file or a folder.
  fileprivate var takesFile: Bool {
    role != nil || placeholder.map { $0.contains("FILE") || $0.contains("DIR") } ?? false
  }

  /// The words that the value may be, or begin with: those of the placeholder that are written small.
  fileprivate var words: [String] {
    (placeholder ?? "").split(separator: "|").compactMap { String($0).typedPart }
  }
}

extension String {
  /// The part before what is only named: `kaiser:` of `kaiser:BETA`, nothing of `FILE`, all of `zero`.
  fileprivate var typedPart: String? {
    let parts = split(separator: ":", maxSplits: 1).map(String.init)
    guard let first = parts.first, first.isWord else { return nil }
    return parts.count > 1 ? first + ":" : first
  }

  /// Whether it is a word to be typed as it stands, and not a name for what is to be typed.
  private var isWord: Bool {
    first.map { $0.isLowercase || $0.isNumber } ?? false
      && allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-" || $0 == ".") }
  }
}

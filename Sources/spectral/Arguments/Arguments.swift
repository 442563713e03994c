/// What a subcommand was called with: the values of its flags, and its operands.
///
/// `--flag value` and `--flag=value` mean the same, `--` ends the flags, and of a flag that is given twice the last one
/// counts, unless it is one of those that add up. Every value has been read once by the time a subcommand runs, so that wrong usage is found before any work.
struct Arguments {
  /// What is not a flag, e.g. the names of images.
  private(set) var operands: [String] = []
  private var texts: [String: String] = [:]
  /// All flags as they were given, by their long names; a switch with an empty text.
  private var given: [(name: String, text: String)] = []

  /// Sorts the words of a command line.
  ///
  /// - Throws: ``UsageError``.
  init(_ words: some Sequence<String>, for specification: Specification) throws(UsageError) {
    let flags = Dictionary(
      uniqueKeysWithValues: specification.flags.flatMap { flag in
        [flag.name, flag.short].compactMap { $0 }.map { ($0, flag) }
      })
    var words = Array(words)[...]
    while let word = words.popFirst() {
      if word == "--" {
        operands += words
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let flag = flags[parts[0]] else { throw Self.unknown(parts[0], specification) }
      if flag.placeholder == nil {
        if parts.count > 1 { throw UsageError("\(flag.name) takes no value: write just \(flag.name)") }
        given.append((flag.name, ""))
      } else if parts.count > 1 {
        given.append((flag.name, parts[1]))
      } else {
        // A flag where a value should be is a value forgotten; a file of that name can be given as --flag=value.
        guard let value = words.first, value != "--", flags[value.prefix { $0 != "=" }.description] == nil else {
          throw UsageError("\(flag.name) needs a value: e.g. \(flag.example)")
        }
        words = words.dropFirst()
        given.append((flag.name, value))
      }
    }
    if specification.operandsAreInputs { operands = operands.map { FileRole.input.path($0) } }
    given = given.map { name, text in (name, flags[name]?.role?.path(text) ?? text) }
    for (name, text) in given {
      if let flag = flags[name], flag.placeholder != nil { try flag.check(text) }
      texts[name] = text
    }
    for flag in specification.flags {
      if flag.isRequired && texts[flag.name] == nil {
        throw UsageError("\(flag.name) is missing: e.g. \(flag.example)")
      }
    }
    try checkCount(specification)
    try checkStandardStreams(specification)
  }

  private func checkStandardStreams(_ specification: Specification) throws(UsageError) {
    var use = StandardStreamUse()
    if specification.operandsAreInputs {
      for operand in operands { try use.note(operand, .input, specification.operands) }
    }
    for flag in specification.flags {
      if let role = flag.role, let text = texts[flag.name] { try use.note(text, role, flag.name) }
    }
    if use.takesOutput { Console.divertResults() }
  }

  private func checkCount(_ specification: Specification) throws(UsageError) {
    let range = specification.operandCount
    if operands.count < range.lowerBound {
      throw UsageError("\(specification.operands) is missing: e.g. \(specification.examples[0].command)")
    }
    if operands.count > range.upperBound {
      let extra = operands[range.upperBound]
      throw UsageError(
        range.upperBound == 0
          ? "'\(extra)' is not expected here: all is said with flags, see spectral \(specification.name) --help"
          : "'\(extra)' is one too many: name one \(specification.operands)")
    }
  }

  private static func unknown(_ name: String, _ specification: Specification) -> UsageError {
    let names = specification.flags.map(\.name) + ["--help"]
    // A single dash is the usual slip: -output for --output.
    let whole = "--" + name.drop { $0 == "-" }
    let suggestion = names.contains(whole) ? whole : nearest(to: whole, in: names)
    return UsageError(
      "\(name) is not a flag of spectral \(specification.name)"
        + (suggestion.map { ": did you mean \($0)?" } ?? ": see spectral \(specification.name) --help"))
  }

  /// Flags of a group in the order in which they were given, each as often as it was, with their texts.
  func occurrences(of flags: [any AnyFlag]) -> [(flag: any AnyFlag, text: String)] {
    given.compactMap { name, text in flags.first { $0.name == name }.map { ($0, text) } }
  }

  /// Whether a flag was given.
  func has<Value>(_ flag: Flag<Value>) -> Bool { texts[flag.name] != nil }

  /// Whether a switch was given.
  subscript(flag: Flag<Bool>) -> Bool { has(flag) }

  /// The value of a flag that is required or has a default.
  subscript<Value>(flag: Flag<Value>) -> Value {
    guard let value = optional(flag) else { preconditionFailure("\(flag.name) has no default") }
    return value
  }

  /// The value of a flag, or of its default; nil if there is neither.
  func optional<Value>(_ flag: Flag<Value>) -> Value? {
    guard let text = texts[flag.name] ?? flag.defaultText else { return nil }
    do { return try flag.value(text) } catch { preconditionFailure("\(error)") }
  }
}

import SpectralCore

/// A flag of the command: its name, what follows it, and what it means.
struct Flag<Value: Sendable>: AnyFlag {
  /// E.g. `--stride`.
  let name: String
  /// A second, short name, e.g. `-o`.
  let short: String?
  /// How the value is read; nil for a switch, which has none.
  let format: ValueFormat<Value>?
  /// What it means, for the help.
  let help: String
  /// The text that stands for a flag that is not given.
  let defaultText: String?
  /// Whether it must be given.
  let isRequired: Bool

  /// A flag with a value.
  ///
  /// - Parameter defaultText: What it is if not given; read like any other text.
  init(
    _ name: String, short: String? = nil, _ format: ValueFormat<Value>, default defaultText: String? = nil,
    isRequired: Bool = false, _ help: String
  ) {
    self.name = name
    self.short = short
    self.format = format
    self.help = help
    self.defaultText = defaultText
    self.isRequired = isRequired
  }

  var placeholder: String? { format?.placeholder }

  var role: FileRole? { format?.role }

  /// Reads a value, naming the flag if that fails.
  func value(_ text: String) throws(UsageError) -> Value {
    guard let format else { preconditionFailure("\(name) is a switch and has no value") }
    do { return try format.read(text) } catch {
      if let example = error.example { throw UsageError("\(name) \(error.problem): e.g. \(name) \(example)") }
      throw UsageError("\(name) \(error.problem), not '\(text.printable(most: 100))': e.g. \(name) \(format.example)")
    }
  }

  func check(_ text: String) throws(UsageError) { _ = try value(text) }

  var example: String { "\(name) \(format?.example ?? "")" }
}

extension Flag<Bool> {
  /// A flag without a value: given or not.
  init(switch name: String, _ help: String) {
    self.name = name
    short = nil
    format = nil
    self.help = help
    defaultText = nil
    isRequired = false
  }
}

/// A flag whatever its value.
protocol AnyFlag: Sendable {
  var name: String { get }
  /// A second, short name.
  var short: String? { get }
  /// What the help calls the value; nil for a switch.
  var placeholder: String? { get }
  /// What the file is for that the value may name.
  var role: FileRole? { get }
  var help: String { get }
  var defaultText: String? { get }
  var isRequired: Bool { get }
  /// The flag with a value that works.
  var example: String { get }
  /// Throws unless the text can be read.
  func check(_ text: String) throws(UsageError)
}

/// The command was called in a way that means nothing: exit code 2.
struct UsageError: Error, CustomStringConvertible {
  /// One sentence that names the flag and the remedy.
  let description: String

  init(_ description: String) { self.description = description }
}

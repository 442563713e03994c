import Foundation
import SpectralKit
import SpectralCore

/// What the file is for that a value names; of such a name `-` means the standard input or output.
enum FileRole: Sendable {
  case input, output

  /// The path that a word names: `-` is a name for the standard stream, `./-` for a file.
  func path(_ word: String) -> String {
    guard word == "-" else { return word }
    return self == .input ? "/dev/stdin" : "/dev/stdout"
  }

  /// The descriptor of its standard stream.
  var descriptor: Int32 { self == .input ? 0 : 1 }
}

/// Who uses the standard streams as files.
struct StandardStreamUse {
  private var users: [FileRole: String] = [:]

  /// Notes that `user`, a flag or an operand, names `path`.
  ///
  /// - Throws: ``UsageError`` if somebody else has the stream already, or if a file would go to a terminal.
  mutating func note(_ path: String, _ role: FileRole, _ user: String) throws(UsageError) {
    guard FileName.standardDescriptor(path) == role.descriptor else { return }
    if let other = users.updateValue(user, forKey: role) {
      let both = user == other ? "\(user) names it twice" : "\(other) and \(user) both name it"
      throw UsageError(
        role == .input
          ? "the standard input can be read once, and \(both): save one of the inputs to a file"
          : "the standard output takes one file, and \(both): give one of them a file of its own")
    }
    if role == .output {
      guard isatty(1) == 0 else {
        throw UsageError("\(user): a file's bytes are not for a terminal: redirect the standard output, or name a file")
      }
    }
  }

  /// Whether a file goes to the standard output.
  var takesOutput: Bool { users[.output] != nil }
}

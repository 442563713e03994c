import Foundation
import SpectralKit

/// The two ways out: results go to the standard output, talk to the standard error.
enum Console {
  /// Whether somebody watches the standard error on a terminal.
  static var isInteractive: Bool { isatty(2) == 1 }

  /// Prints a result, and a line break after it.
  ///
  /// - Throws: `FileError` if it cannot be written, e.g. because the disk behind a redirection is full.
  static func result(_ text: String) throws { try write(text + "\n", to: 1, "standard output") }

  /// Says something that is not a result. Nobody may be listening.
  static func say(_ text: String) { try? write(text + "\n", to: 2, "standard error") }

  /// Says something without a line break, e.g. a progress bar.
  static func show(_ text: String) { try? write(text, to: 2, "standard error") }

  private static func write(_ text: String, to descriptor: Int32, _ name: String) throws {
    var text = text
    try text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(name, code: errno)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}

/// A task that failed: exit code 1.
struct CommandError: Error, CustomStringConvertible {
  /// One sentence that names the file or the cause, and the remedy.
  let description: String

  init(_ description: String) { self.description = description }
}

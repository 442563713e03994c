import Foundation
import SpectralKit
import Synchronization
import SpectralCore

/// The two ways out: results go to the standard output, talk to the standard error.
///
/// Names of files and values can hold any characters. None of them reaches the terminal as a control character: see
/// `String.printable(most:)`.
enum Console {
  private static let resultDescriptor = Atomic<Int32>(1)

  /// Whether nothing is said or shown, since another process speaks for this one.
  static var isMuted: Bool {
    get { muted.load(ordering: .relaxed) }
    set { muted.store(newValue, ordering: .relaxed) }
  }
  private static let muted = Atomic<Bool>(false)

  /// From now on results go to the standard error, since a file goes to the standard output.
  static func divertResults() { resultDescriptor.store(2, ordering: .relaxed) }

  /// Whether somebody watches the standard error on a terminal.
  static var isInteractive: Bool { isatty(2) == 1 }

  /// Prints a result, one or several lines, and a line break after it. Names of files in it should be `printable()`, so
  /// that each stays in its line and column.
  ///
  /// - Throws: `FileError` if it cannot be written, e.g. because the disk behind a redirection is full.
  static func result(_ text: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable() }.joined(
        separator: "\t")
    }
    try draw(lines.joined(separator: "\n"))
  }

  /// Prints a drawing with the control characters it is made of, and a line break after it.
  ///
  /// - Throws: `FileError`, as ``result(_:)`` does.
  static func draw(_ text: String) throws {
    try write(text + "\n", to: resultDescriptor.load(ordering: .relaxed), "standard output")
  }

  /// Says something that is not a result, in one line. Nobody may be listening.
  static func say(_ text: String) { if !isMuted { try? write(line(text) + "\n", to: 2, "standard error") } }

  /// Says several lines.
  static func say(lines: [String]) { for line in lines { say(line) } }

  /// A message as one line that fits on a screen, whatever names, values and foreign errors it holds.
  static func line(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false)
      .map { String($0).printable(most: 400) }.joined(separator: " ").printable(most: 4000)
  }

  /// Shows something as it is and without a line break, e.g. a progress bar.
  static func show(_ text: String) { if !isMuted { try? write(text, to: 2, "standard error") } }

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

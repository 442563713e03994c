import Foundation
import Tensors

/// The note beside a file in the making: lines that say which task it belongs to, then a line for each time that some
/// of the work was safe.
///
/// Lines are appended, and one that a kill or a power cut left unfinished does not count.
final class Journal {
  /// What a journal says.
  enum Finding {
    /// There is none.
    case absent
    /// It belongs to another task, for this reason.
    case other(String)
    /// So many units of the same task are done.
    case same(units: Int)
  }

  private static let magic = "SpectralKit journal 1"
  private let path: String
  private let task: [String]
  private var descriptor: Int32 = -1

  /// A journal of a task, which may be there or not.
  init(path: String, task: [String]) {
    self.path = path
    self.task = task
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// What is there.
  ///
  /// - Throws: ``FileError``, also if the file is no journal.
  func read() throws -> Finding {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return .absent }
      throw FileError(path, code: errno)
    }
    let stranger = FileError(path, "this file is in the way, and no run has left it: move it or delete it")
    guard status.st_mode & S_IFMT == S_IFREG else { throw stranger }
    // A line is written every few seconds, so a day's journal is far below this.
    let text = String(decoding: try InputFile.contents(of: path, limit: 1 << 24), as: UTF8.self)
    if text.isEmpty { return .absent }
    // The last of these is empty, or a line that is not whole.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    guard text.hasPrefix(Self.magic) || Self.magic.hasPrefix(text) else { throw stranger }
    let stored = lines.dropFirst()
    for (index, line) in task.enumerated() {
      guard index < stored.count else { return .same(units: 0) }
      let found = stored[stored.startIndex + index]
      if found != line { return .other("it was begun with \(found), not \(line)") }
    }
    return .same(units: stored.dropFirst(task.count).compactMap(Self.units).last ?? 0)
  }

  /// A line that says how much is done. Its last word shows that it is whole.
  private static func line(_ units: Int) -> String { "done \(units) panels" }

  private static func units(_ line: String) -> Int? {
    let words = line.split(separator: " ")
    return words.count == 3 && words[0] == "done" && words[2] == "panels" ? Int(words[1]) : nil
  }

  /// Writes the lines of the task, in place of whatever was there.
  func begin() throws {
    try openIfNeeded()
    guard ftruncate(descriptor, 0) == 0 else { throw FileError(path, code: errno) }
    try write(([Self.magic] + task).joined(separator: "\n") + "\n")
  }

  /// Gets ready to add lines to those of an earlier run, the last of which may not be whole.
  func resume() throws {
    try openIfNeeded()
    try write("\n")
  }

  /// Adds that so many units are done.
  func append(_ units: Int) throws { try write(Self.line(units) + "\n") }

  func remove() { unlink(path) }

  private func openIfNeeded() throws {
    guard descriptor < 0 else { return }
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw FileError(path, code: errno) }
  }

  private func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        #if canImport(Darwin)
          let count = Darwin.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #else
          let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #endif
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(path, code: errno)
        }
        done += count
      }
    }
    guard fsync(descriptor) == 0 else { throw FileError(path, code: errno) }
  }
}

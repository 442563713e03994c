import Foundation
import SpectralCore

/// The note beside a file in the making: lines that say which task it belongs to, then a line for each time that some
/// of the work was safe, with a checksum of its bytes.
///
/// Every line ends with a checksum of itself and of all lines before it. One that a kill or a power cut left unfinished
/// does not count; from one that is damaged on, nothing does.
final class Journal {
  /// What a journal says.
  enum Finding {
    /// There is none.
    case absent
    /// It is of no use, for this reason.
    case useless(String)
    /// It belongs to the same task.
    case same(Contents)
  }

  /// What is whole of a journal.
  struct Contents {
    /// The units of work that had been done each time, and the checksum of the bytes of those that were new.
    var records: [(units: Int, checksum: UInt64)] = []
    /// The bytes of the lines down to each record, from those of the task on.
    fileprivate var ends: [Int] = []
    /// The checksums in which those lines end.
    fileprivate var links: [UInt64] = []
    /// Whether a line is there that is not what was written.
    var isDamaged = false
  }

  private static let magic = "SpectralKit journal 2"
  private let path: String
  private let task: [String]
  private var descriptor: Int32 = -1
  /// The checksum of all lines so far.
  private var link: UInt64 = 0

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
    guard lstat(FileName.encode(path), &status) == 0 else {
      if errno == ENOENT { return .absent }
      throw FileError(path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.stranger(path) }
    // A line is written at most twice a second, so a day's journal is below this.
    let data = try InputFile.contents(of: path, limit: 1 << 24)
    if data.isEmpty { return .absent }
    let name = Data(Self.magic.split(separator: " ").dropLast().joined(separator: " ").utf8)
    guard data.starts(with: name) || name.starts(with: data) else { throw FileError.stranger(path) }
    // The last of these is empty, or a line that is not whole.
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    guard let first = lines.first else { return .same(Contents()) }
    guard first.elementsEqual(Self.magic.utf8) else {
      return .useless("another version of the program began it, and a piece of it cannot be checked")
    }
    return contents(lines.dropFirst())
  }

  private func contents(_ lines: ArraySlice<Data>) -> Finding {
    var contents = Contents()
    var (end, link) = (Self.magic.utf8.count + 1, Checksum.of(Self.magic.utf8))
    for (index, line) in lines.enumerated() {
      guard let text = Self.text(of: line, after: link) else {
        if index < task.count { return .useless("its journal is damaged") }
        contents.isDamaged = true
        break
      }
      end += line.count + 1
      link = Checksum.of(text.utf8, seed: link)
      if index < task.count {
        if text != task[index] { return .useless("it was begun with \(text), not \(task[index])") }
        continue
      }
      guard let record = Self.record(text), record.units > contents.records.last?.units ?? 0 else {
        contents.isDamaged = true
        break
      }
      contents.records.append(record)
      contents.ends.append(end)
      contents.links.append(link)
    }
    return .same(contents)
  }

  /// A line without its checksum; nil if that is not right.
  private static func text(of line: Data, after link: UInt64) -> String? {
    let text = String(decoding: line, as: UTF8.self)
    guard let mark = text.range(of: " #", options: .backwards) else { return nil }
    let words = String(text[..<mark.lowerBound])
    return text == Self.line(words, Checksum.of(words.utf8, seed: link)).dropLast() ? words : nil
  }

  private static func line(_ text: String, _ link: UInt64) -> String { "\(text) #\(link.hexadecimal)\n" }

  private static func text(_ units: Int, _ checksum: UInt64) -> String {
    "done \(units) panels, \(checksum.hexadecimal)"
  }

  private static func record(_ text: String) -> (units: Int, checksum: UInt64)? {
    let words = text.split(separator: " ")
    guard words.count == 4, let units = Int(words[1]), let checksum = UInt64(words[3], radix: 16),
      text == Self.text(units, checksum)
    else { return nil }
    return (units, checksum)
  }

  /// Writes the lines of the task, in place of whatever was there.
  func begin() throws {
    try open(keeping: 0)
    link = Checksum.of(Self.magic.utf8)
    try write(Self.magic + "\n" + task.map(line).joined())
  }

  /// Gets ready to add lines to the first so many records of an earlier run.
  func resume(_ contents: Contents, records: Int) throws {
    try open(keeping: contents.ends[records - 1])
    link = contents.links[records - 1]
  }

  /// Adds that so many units are done.
  ///
  /// - Parameter checksum: Of the bytes of those that are new.
  func append(_ units: Int, checksum: UInt64) throws { try write(line(Self.text(units, checksum))) }

  func remove() { unlink(FileName.encode(path)) }

  /// The next line.
  private func line(_ text: String) -> String {
    link = Checksum.of(text.utf8, seed: link)
    return Self.line(text, link)
  }

  private func open(keeping byteCount: Int) throws {
    descriptor = Foundation.open(
      FileName.encode(path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0, ftruncate(descriptor, off_t(byteCount)) == 0 else { throw FileError(path, code: errno) }
  }

  private func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
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

import Foundation
import SpectralCore

/// The note of a run beside a file in the making: lines that say which task it belongs to, then a line for each time that
/// some of the work was safe, with a checksum of its bytes. Runs that write parts of one file have a journal each.
///
/// Every line ends with a checksum of itself and of all lines before it. One that a kill or a power cut left unfinished
/// does not count; from one that is damaged on, nothing does.
final class Journal {
  /// What a journal says.
  enum Finding {
    /// There is none.
    case absent
    /// The lines of its task are not what was written.
    case damaged
    /// It belongs to another task, or to another version of the program: the reason as a sentence.
    case other(String)
    /// It belongs to the same task.
    case same(Contents)
  }

  /// Some of the work that was safe.
  struct Record {
    /// The units that were new.
    let units: Range<Int>
    /// The checksum of their bytes.
    let checksum: UInt64
  }

  /// What is whole of a journal.
  struct Contents {
    var records: [Record] = []
    /// The bytes of the lines down to each record, from those of the task on.
    fileprivate var ends: [Int] = []
    /// The checksums in which those lines end.
    fileprivate var links: [UInt64] = []
    /// Whether a line is there that is not what was written.
    var isDamaged = false
  }

  private static let magic = "SpectralKit journal 3"
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
      return .other("another version of the program began it, and a piece of it cannot be checked")
    }
    return contents(lines.dropFirst())
  }

  private func contents(_ lines: ArraySlice<Data>) -> Finding {
    var contents = Contents()
    var (end, link) = (Self.magic.utf8.count + 1, Checksum.of(Self.magic.utf8))
    for (index, line) in lines.enumerated() {
      guard let text = Self.text(of: line, after: link) else {
        if index < task.count { return .damaged }
        contents.isDamaged = true
        break
      }
      end += line.count + 1
      link = Checksum.of(text.utf8, seed: link)
      if index < task.count {
        if text != task[index] { return .other("it was begun with \(text), not \(task[index])") }
        continue
      }
      guard let record = Self.record(text) else {
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

  private static func text(_ record: Record) -> String {
    "done panels \(record.units.lowerBound)..<\(record.units.upperBound), \(record.checksum.hexadecimal)"
  }

  private static func record(_ line: String) -> Record? {
    let words = line.split(separator: " ")
    guard words.count == 4, let checksum = UInt64(words[3], radix: 16) else { return nil }
    let ends = words[2].dropLast().split(separator: "..<").map { Int($0) }
    guard ends.count == 2, let first = ends[0], let end = ends[1], 0 <= first, first < end else { return nil }
    let record = Record(units: first..<end, checksum: checksum)
    return line == text(record) ? record : nil
  }

  /// Keeps other processes from writing this journal, and makes its file if there is none.
  ///
  /// - Returns: Whether no other process does so already.
  /// - Throws: ``FileError``.
  func lock() throws -> Bool {
    guard let locked = try LockedFile.open(path, O_WRONLY | O_CREAT | O_APPEND, for: path) else { return false }
    descriptor = locked
    return true
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

  /// Adds that some units are done.
  func append(_ record: Record) throws { try write(line(Self.text(record))) }

  /// The next line.
  private func line(_ text: String) -> String {
    link = Checksum.of(text.utf8, seed: link)
    return Self.line(text, link)
  }

  private func open(keeping byteCount: Int) throws {
    if descriptor < 0 {
      descriptor = Foundation.open(
        FileName.encode(path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
    }
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

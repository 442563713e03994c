import Foundation
import SpectralCore

/// What a file in the making becomes, and in which units it is made.
struct PartialWork {
  /// The bytes of the whole file.
  let byteCount: Int
  /// What determines the bytes, a line for each thing.
  let task: [String]
  /// The units of the whole work.
  let units: Int
  /// Visits the bytes that a unit brings, in the order in which they are written.
  let ranges: (_ unit: Int, _ body: (Range<Int>) throws -> Void) throws -> Void
}

/// Where a file in the making and its journals are.
struct PartialPlace {
  /// The path as it was given.
  let path: String
  /// The regular file that it leads to, there or not yet.
  let target: String
  /// The permissions of the target, if it is there.
  let mode: mode_t?

  /// - Throws: ``FileError`` if there cannot be a file of this name.
  init(_ path: String) throws {
    self.path = path
    (target, mode) = try AtomicFile.replaceable(path)
  }

  /// The bytes, until they are whole.
  var partial: String { target + ".partial" }

  /// The journal of a part, or of the run that writes everything.
  func journal(_ part: StreamPart?) -> String {
    target + (part.map { ".part-\($0.index)-of-\($0.count)" } ?? "") + ".journal"
  }

  /// A journal that is there.
  struct Found {
    let part: StreamPart?
    let finding: Journal.Finding
  }

  /// The journals that are there, with what they say about a task.
  ///
  /// - Throws: ``FileError``, also if one of their names is that of another file.
  func journals(_ task: [String]) throws -> [Found] {
    try ([nil] + parts()).compactMap { part in
      let finding = try Journal(path: journal(part), task: task).read()
      if case .absent = finding { return nil }
      return Found(part: part, finding: finding)
    }
  }

  /// The parts that have a journal.
  private func parts() -> [StreamPart] {
    let start = (target.split(separator: "/").last ?? "") + ".part-"
    // In a folder that may be written to but not listed there can be no parts: see `requireListed`.
    return ((try? FileSystem.names(inFolder: FileError.folder(of: target))) ?? []).compactMap { name in
      guard name.hasPrefix(start) else { return nil }
      let numbers = name.dropFirst(start.count).prefix { $0 != "." }.split(separator: "-of-").map { Int($0) }
      guard numbers.count == 2, let index = numbers[0], let count = numbers[1], 1 <= index, index <= count,
        count <= StreamPart.mostParts
      else { return nil }
      let part = StreamPart(index, of: count)
      return journal(part).hasSuffix("/" + name) || journal(part) == name ? part : nil
    }
  }

  /// Removes all journals.
  func removeJournals() { for part in [nil] + parts() { unlink(FileName.encode(journal(part))) } }

  /// Refuses a folder in which parts could not find each other.
  func requireListed() throws { _ = try FileSystem.names(inFolder: FileError.folder(of: target)) }

  /// Refuses journals of another task, which a run of a part must not throw away.
  func requireSameTask(_ journals: [Found]) throws(FileError) {
    for found in journals {
      guard case .other(let reason) = found.finding else { continue }
      throw FileError(
        path,
        "\(Self.name(found.part)) is of another task (\(reason)): give all parts the same input and the same settings, or "
          + "remove \(partial) and its journals to begin anew")
    }
  }

  /// Refuses to make, in parts, a file that is there.
  func requireNew() throws(FileError) {
    guard FileSystem.exists(target) else { return }
    throw FileError(
      path,
      "this file is there, finished or of another origin, and parts do not replace a file: remove it to compute it "
        + "anew, or choose another name")
  }

  /// What messages call the work of a journal.
  static func name(_ part: StreamPart?) -> String { part.map { "part \($0)" } ?? "the run of the whole" }
}

import Foundation
import SpectralCore

/// A file of an earlier run that a new one is going to replace, kept under the first free of the names `NAME.previous`,
/// `NAME.previous-2` and so on.
///
/// It gets the other name as a second one, so that its own is never without a whole file: the new run's first write
/// replaces that, and if it fails, nothing has changed.
public struct EarlierFile: Sendable {
  /// The path as it was given.
  public let path: String
  /// The name under which it is kept.
  public let kept: String
  private let target: String

  /// Keeps the file; nil if there is none, or it is not a regular one.
  ///
  /// - Throws: `FileError` if there is no way to keep it.
  public init?(keeping path: String) throws {
    guard !AtomicFile.isStream(path), FileSystem.isRegularFile(path) else { return nil }
    let target = try AtomicFile.replaceable(path).path
    (self.path, self.target) = (path, target)
    var number = 1
    while true {
      let name = target + (number == 1 ? ".previous" : ".previous-\(number)")
      if link(FileName.encode(target), FileName.encode(name)) == 0 {
        kept = name
        return
      }
      switch errno {
      case EEXIST: number += 1
      case EPERM, EOPNOTSUPP, ENOSYS, EMLINK:
        // A file system where a file has one name only.
        guard !FileSystem.exists(name) else {
          number += 1
          continue
        }
        try AtomicFile.write(try InputFile.contents(of: target), to: name)
        kept = name
        return
      default: throw FileError(name, code: errno)
      }
    }
  }

  /// Takes the second name away again, if nothing has been written under the first.
  public func forget() {
    var (own, other) = (stat(), stat())
    guard stat(FileName.encode(target), &own) == 0, stat(FileName.encode(kept), &other) == 0,
      own.st_ino == other.st_ino, own.st_dev == other.st_dev
    else { return }
    unlink(FileName.encode(kept))
  }
}

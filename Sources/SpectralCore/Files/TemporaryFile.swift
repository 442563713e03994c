import Foundation
import Synchronization

/// The temporary files through which whole files are written, and those that a killed process has left.
///
/// A temporary file is locked (`flock`) from its making on, and the system takes the lock off when its process ends, in
/// whatever way. So one whose lock can be taken is nobody's any more, whichever process has its number by now; the next
/// writer of the same file removes it.
enum TemporaryFile {
  private static let (prefix, suffix) = (".spectral-", ".tmp")

  /// Makes a temporary file in the folder of a target, locked, and removes those of the same target that nobody owns.
  ///
  /// - Parameter path: What errors call the target.
  /// - Throws: ``FileError``.
  static func make(beside target: String, for path: String) throws -> (path: String, descriptor: Int32) {
    removeAbandoned(beside: target)
    while true {
      let name = "\(prefix(of: target))\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))\(suffix)"
      let temporary = FileError.folder(of: target) + "/" + name
      // Open rather than mkstemp: the process's umask then decides on the permissions of a new file.
      let descriptor = open(FileName.encode(temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        if errno != EEXIST && errno != EINTR { throw FileError(path, code: errno) }
        continue
      }
      // Where the file system has no locks, nobody else can take one either.
      let isFree = flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
      // Somebody may have found it before it was locked.
      if isFree && isNamed(temporary, descriptor) { return (temporary, descriptor) }
      close(descriptor)
    }
  }

  /// Removes what dead processes have left of a target.
  private static func removeAbandoned(beside target: String) {
    let folder = FileError.folder(of: target)
    for name in found(in: folder) where name.hasPrefix(prefix(of: target)) {
      let path = folder + "/" + name
      let descriptor = open(FileName.encode(path), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, isNamed(path, descriptor) { unlink(FileName.encode(path)) }
      close(descriptor)
    }
  }

  /// The beginning of the names of a target's temporary files. A checksum (FNV-1a) stands for the target's own name, which
  /// may be as long as a name can be.
  private static func prefix(of target: String) -> String {
    let name = target.split(separator: "/").last ?? ""
    let checksum = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return "\(prefix)\(String(checksum, radix: 36))-"
  }

  /// Whether a path leads to an open file.
  private static func isNamed(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return lstat(FileName.encode(path), &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }

  /// Temporary files by their folders, as they were when this process first wrote to each: a folder of many files is
  /// listed once.
  private static let listed = Mutex<[String: [String]]>([:])

  private static func found(in folder: String) -> [String] {
    listed.withLock { listed in
      if let names = listed[folder] { return names }
      // A folder that may be written to but not listed keeps what is in it.
      let all = (try? FileSystem.names(inFolder: folder)) ?? []
      let names = all.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
      listed[folder] = names
      return names
    }
  }
}

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
      do {
        // Somebody may have found it before it was locked.
        if let descriptor = try LockedFile.open(temporary, O_WRONLY | O_CREAT | O_EXCL, for: path) {
          return (temporary, descriptor)
        }
      } catch {
        if !FileSystem.exists(temporary) { throw error }
      }
    }
  }

  /// Removes what dead processes have left of a target.
  private static func removeAbandoned(beside target: String) {
    let folder = FileError.folder(of: target)
    for name in found(in: folder) where name.hasPrefix(prefix(of: target)) {
      let path = folder + "/" + name
      guard let descriptor = try? LockedFile.open(path, O_WRONLY, for: path) else { continue }
      unlink(FileName.encode(path))
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

import Foundation
import SpectralCore

/// Keeps other processes from a file that this one writes again and again.
///
/// The lock is on a file `NAME.lock` beside it, since the file itself is replaced by another at each write. It goes with
/// the process, however that ends.
///
/// A class because it owns a file descriptor.
public final class RunLock {
  private let lock: String
  private let descriptor: Int32

  /// Takes the lock of a file that is there or not yet; nil for what is no regular file, and is written to directly.
  ///
  /// - Throws: `FileError` if another run holds it, or the file cannot be replaced, also because it is read-only.
  public init?(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) { return nil }
    let (target, mode) = try AtomicFile.replaceable(path)
    // Who made a file read-only wants it kept, even from an administrator, who may write to it all the same.
    if let mode, mode & 0o222 == 0 {
      throw FileError(path, "the file is read-only: choose another name, or make it writable")
    }
    let lock = target + ".lock"
    while true {
      let descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
      guard descriptor >= 0 else { throw FileError(path, code: errno) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
        close(descriptor)
        throw FileError(path, "another run is writing this file: wait for its end, or choose another name")
      }
      // The other run may have ended, and taken the name away, between our opening and locking it.
      var (named, opened) = (stat(), stat())
      if stat(lock, &named) == 0, fstat(descriptor, &opened) == 0, named.st_ino == opened.st_ino {
        (self.lock, self.descriptor) = (lock, descriptor)
        return
      }
      close(descriptor)
    }
  }

  deinit {
    unlink(lock)
    close(descriptor)
  }
}

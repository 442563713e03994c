import Foundation

/// Files that one process at a time has open, by a lock (`flock`) that the system takes off when the process ends, in
/// whatever way.
package enum LockedFile {
  /// Opens a file for writing, and locks it.
  ///
  /// - Parameters:
  ///   - flags: Beyond `O_CLOEXEC` and what keeps from following links and waiting for pipes.
  ///   - name: What errors call the file.
  /// - Returns: The descriptor; nil if another process holds the lock.
  /// - Throws: ``FileError``.
  package static func open(_ path: String, _ flags: Int32, for name: String) throws(FileError) -> Int32? {
    while true {
      let descriptor = Foundation.open(
        FileName.encode(path), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
      guard descriptor >= 0 else {
        if errno == EINTR { continue }
        throw FileError(name, code: errno)
      }
      // Where the file system has no locks, nobody else can take one either.
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
        close(descriptor)
        return nil
      }
      // Whoever held the lock may have removed or renamed the file between our opening and locking it.
      if isNamed(path, descriptor) { return descriptor }
      close(descriptor)
    }
  }

  /// Whether a path, and no link, leads to an open file.
  private static func isNamed(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return lstat(FileName.encode(path), &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }
}

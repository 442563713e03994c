import Foundation

/// Files that one process at a time has open, or several that share them, by a lock (`flock`) that the system takes off when
/// the process ends, in whatever way.
package enum LockedFile {
  /// Opens a file for writing, and locks it.
  ///
  /// - Parameters:
  ///   - flags: Beyond `O_CLOEXEC` and what keeps from following links and waiting for pipes.
  ///   - isShared: Whether others may share the lock.
  ///   - name: What errors call the file.
  /// - Returns: The descriptor; nil if another process holds a lock that excludes this one.
  /// - Throws: ``FileError``.
  package static func open(
    _ path: String, _ flags: Int32, isShared: Bool = false, for name: String
  ) throws(FileError) -> Int32? {
    while true {
      let descriptor = Foundation.open(
        FileName.encode(path), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
      guard descriptor >= 0 else {
        if errno == EINTR { continue }
        throw FileError(name, code: errno)
      }
      guard lock(descriptor, isShared: isShared) else {
        close(descriptor)
        return nil
      }
      // Whoever held the lock may have removed or renamed the file between our opening and locking it.
      if isNamed(path, descriptor) { return descriptor }
      close(descriptor)
    }
  }

  /// Locks an open file, or changes the lock it has.
  ///
  /// - Returns: Whether no other process holds a lock that excludes this one.
  package static func lock(_ descriptor: Int32, isShared: Bool) -> Bool {
    // Where the file system has no locks, nobody else can take one either.
    flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 || errno != EWOULDBLOCK
  }

  /// Whether a path, and no link, leads to an open file.
  package static func isNamed(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return lstat(FileName.encode(path), &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }
}

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

  /// Takes the lock of a file that is there or not yet; nil for a stream or a device, which is written to directly.
  ///
  /// - Throws: `FileError` if another run holds it, or the file cannot be replaced, also because it is read-only.
  public init?(_ path: String) throws {
    if AtomicFile.isStream(path) { return nil }
    let (target, mode) = try AtomicFile.replaceable(path)
    // Who made a file read-only wants it kept, even from an administrator, who may write to it all the same.
    if let mode, mode & 0o222 == 0 {
      throw FileError(path, "the file is read-only: choose another name, or make it writable")
    }
    lock = target + ".lock"
    guard let descriptor = try LockedFile.open(lock, O_RDWR | O_CREAT, for: path) else {
      throw FileError(path, "another run is writing this file: wait for its end, or choose another name")
    }
    self.descriptor = descriptor
  }

  deinit {
    unlink(FileName.encode(lock))
    close(descriptor)
  }
}

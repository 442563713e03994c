import Foundation
import SpectralCore

/// Writes long stretches of a file to the disk without keeping them in the system's cache.
///
/// A file larger than the memory only drives other things out of that cache, and to fill it costs more of the
/// processor's time than the convolution of what is written. The system takes whole blocks only, from memory that begins
/// at a block; so the bytes go through a buffer.
///
/// A class because it owns the open file and the buffer.
final class UncachedWriter {
  /// The bytes of the buffer.
  static let bufferBytes = 8 << 20
  /// Shorter stretches are not worth the wait for the disk.
  private static let shortest = 1 << 20
  /// A multiple of the blocks of disks.
  private static let block = 4096

  private let descriptor: Int32
  private let buffer: UnsafeMutableRawPointer
  private var isPossible = true

  /// Opens a file a second time; nil where the system or the file system cannot do this.
  init?(_ path: String) {
    #if os(Linux)
      #if arch(arm64) || arch(arm)
        let direct: Int32 = 0o200000
      #else
        let direct: Int32 = 0o40000
      #endif
      descriptor = open(FileName.encode(path), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | direct)
      guard descriptor >= 0 else { return nil }
      buffer = .allocate(byteCount: Self.bufferBytes, alignment: Self.block)
    #else
      return nil
    #endif
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// Writes the whole blocks among some bytes.
  ///
  /// - Parameters:
  ///   - place: Of the first byte in the file.
  ///   - name: What errors call the file.
  /// - Returns: Which bytes have been written; none if they are too few, or the file system refuses.
  /// - Throws: ``FileError``.
  func write(_ bytes: UnsafeRawBufferPointer, at place: Int, for name: String) throws -> Range<Int> {
    let first = min(bytes.count, (Self.block - place % Self.block) % Self.block)
    let end = bytes.count - (place + bytes.count) % Self.block
    guard isPossible, end - first >= Self.shortest else { return 0..<0 }
    var done = first
    while done < end {
      let count = min(end - done, Self.bufferBytes)
      buffer.copyMemory(from: bytes.baseAddress! + done, byteCount: count)
      let written = pwrite(descriptor, buffer, count, off_t(place + done))
      if written < 0 && errno == EINTR { continue }
      if written < 0 && errno == EINVAL {
        // Blocks are larger here.
        isPossible = false
        break
      }
      guard written > 0 else { throw FileError(name, code: written < 0 ? errno : EIO) }
      // On with whole blocks, if it was cut short.
      done += written - written % Self.block
      if written < Self.block { throw FileError(name, code: EIO) }
    }
    return first..<done
  }
}

import CZlib
import Foundation
import SpectralCore

/// Reads a file from start to end, inflating it on the way if it is gzipped.
///
/// Whether it is gzipped is decided by its first two bytes, not by its name. Nothing is allocated but zlib's buffers, so
/// a file cannot make the reader allocate more than the reader asks for.
///
/// A class because it owns zlib's file.
final class DataFile {
  let path: String
  /// The file's size on disk.
  let size: Int
  let isGzipped: Bool

  private let file: gzFile

  /// Deflate cannot do better than 1032 to 1: a match of 258 bytes takes two bits at least.
  static let highestRatio = 1032

  /// Opens a file.
  ///
  /// - Throws: `FileError` if there is no such file, or it is a folder, a pipe or a device.
  init(path: String) throws {
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
    let descriptor = open(FileName.encode(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path, code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(path, "is not a regular file; pass the data file itself")
    }
    guard let file = gzdopen(descriptor, "rb") else {
      close(descriptor)
      throw FileError(path, "cannot be read: zlib has no memory for its buffers; end other programs first")
    }
    gzbuffer(file, 1 << 16)
    self.path = path
    self.file = file
    size = Int(status.st_size)
    isGzipped = gzdirect(file) == 0
  }

  deinit { gzclose_r(file) }

  /// The most bytes that a file of this size can hold.
  var largestContent: Int { isGzipped ? size.multipliedReportingOverflow(by: Self.highestRatio).partialValue : size }

  /// Fills `buffer` and returns how many bytes it got: fewer than asked for only at the end of the content.
  ///
  /// - Throws: `FileError` if reading fails, or the gzip stream is damaged or cut short.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let asked = min(buffer.count - filled, 1 << 30)
      let got = Int(gzread(file, buffer.baseAddress! + filled, UInt32(asked)))
      // At the end of a stream that was cut short zlib gives what there is, and tells only if it is asked.
      if got < asked { try checkState() }
      filled += max(got, 0)
      if got < asked { break }
    }
    return filled
  }

  private func checkState() throws {
    var code = Z_OK
    let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
    switch code {
    case Z_OK, Z_STREAM_END: return
    case Z_ERRNO: throw FileError(path, code: errno)
    case Z_BUF_ERROR: throw FileError(path, "ends in the middle of its gzip stream; download it again")
    default:
      // zlib puts a name of its own for the file in front.
      let reason = message.range(of: ": ").map { String(message[$0.upperBound...]) } ?? message
      throw FileError(path, "has a damaged gzip stream (\(reason)); download it again")
    }
  }

  /// Up to `count` bytes: fewer only if the content ends.
  ///
  /// Memory grows with what is really there, never by `count` alone.
  func bytes(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let step = min(count, max(1 << 20, 2 * bytes.count)) - bytes.count
      var got = 0
      let block = try [UInt8](unsafeUninitializedCapacity: step) { block, initialized in
        got = try read(into: UnsafeMutableRawBufferPointer(block))
        initialized = got
      }
      if bytes.isEmpty { bytes = block } else { bytes += block }
      guard got == step else { break }
    }
    return bytes
  }

  /// Whether nothing follows. For a gzipped file the checksum has been compared when this is true.
  func isAtEnd() throws -> Bool {
    var byte: UInt8 = 0
    return try withUnsafeMutableBytes(of: &byte) { try read(into: $0) } == 0
  }
}

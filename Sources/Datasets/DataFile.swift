import CZlib
import Foundation
import Tensors

/// Reads a file from start to end, inflating it on the way if it is gzipped.
///
/// Whether it is gzipped is decided by its first two bytes, not by its name. Nothing is allocated but one block of
/// input, so a file cannot make the reader allocate more than the reader asks for.
///
/// A class because it owns a file descriptor and the state of zlib.
final class DataFile {
  let path: String
  /// The file's size on disk.
  let size: Int
  let isGzipped: Bool

  private let descriptor: Int32
  private let input: UnsafeMutableRawBufferPointer
  /// What `input` holds and is not used yet.
  private var unused: Range<Int> = 0..<0
  private var inputEnded = false
  /// At a fixed address, because zlib's state points back to it.
  private let inflater: UnsafeMutablePointer<z_stream>
  private var memberEnded = false

  /// Deflate cannot do better than 1032 to 1: a match of 258 bytes takes two bits at least.
  static let highestRatio = 1032

  /// Opens a file.
  ///
  /// - Throws: `FileError` if there is no such file, or it is a folder, a pipe or a device.
  init(path: String) throws {
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path, code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(path, "is not a regular file; pass the data file itself")
    }
    var magic: (UInt8, UInt8) = (0, 0)
    let head = pread(descriptor, &magic, 2, 0)
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
    isGzipped = head == 2 && magic == (0x1f, 0x8b)
    input = .allocate(byteCount: 1 << 16, alignment: 16)
    inflater = .allocate(capacity: 1)
    inflater.initialize(to: z_stream())
    // 15 bits of window; 16 more say that a gzip header and trailer are expected and checked.
    let answer = inflateInit2_(inflater, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard answer == Z_OK else { throw FileError(path, "cannot be inflated: zlib answers \(answer)") }
  }

  deinit {
    inflateEnd(inflater)
    inflater.deallocate()
    input.deallocate()
    close(descriptor)
  }

  /// The most bytes that a file of this size can hold.
  var largestContent: Int { isGzipped ? size.multipliedReportingOverflow(by: Self.highestRatio).partialValue : size }

  /// Fills `buffer` and returns how many bytes it got: fewer than asked for only at the end of the content.
  ///
  /// - Throws: `FileError` if reading fails, or the gzip stream is damaged or cut short.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let got = isGzipped ? try inflateSome(into: rest) : try readSome(into: rest)
      guard got > 0 else { break }
      filled += got
    }
    return filled
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

  private func readSome(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let got = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
      if got >= 0 { return got }
      guard errno == EINTR else { throw FileError(path, code: errno) }
    }
  }

  private func refill() throws {
    guard unused.isEmpty, !inputEnded else { return }
    unused = 0..<(try readSome(into: input))
    inputEnded = unused.isEmpty
  }

  /// Some bytes; none only when all members of the gzip file have ended.
  private func inflateSome(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      try refill()
      if memberEnded {
        // Another member may follow (files joined by `cat`), or zeros (padding from a tape or a disk block).
        while let first = unused.first, input[first] == 0 {
          unused.removeFirst()
          try refill()
        }
        guard !unused.isEmpty else { return 0 }
        inflateReset(inflater)
        memberEnded = false
      }
      let room = min(buffer.count, 1 << 30)
      inflater.pointee.next_in = input.baseAddress!.advanced(by: unused.lowerBound)
        .assumingMemoryBound(to: UInt8.self)
      inflater.pointee.avail_in = UInt32(unused.count)
      inflater.pointee.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
      inflater.pointee.avail_out = UInt32(room)
      let answer = inflate(inflater, Z_NO_FLUSH)
      unused = unused.upperBound - Int(inflater.pointee.avail_in)..<unused.upperBound
      let got = room - Int(inflater.pointee.avail_out)
      switch answer {
      case Z_OK: break
      case Z_STREAM_END: memberEnded = true
      case Z_BUF_ERROR:
        guard !inputEnded else {
          throw FileError(path, "ends in the middle of its gzip stream; download it again")
        }
      default:
        let reason = inflater.pointee.msg.map { String(cString: $0) } ?? "zlib answers \(answer)"
        throw FileError(path, "has a damaged gzip stream (\(reason)); download it again")
      }
      if got > 0 { return got }
    }
  }
}

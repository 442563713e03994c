import Foundation

/// An open file that is read from its beginning: a regular one, whose size is known, or a pipe that is open already.
///
/// A path that names an open descriptor, as `/dev/stdin` does, may lead to a pipe. Any other path must lead to a regular
/// file: a named pipe or a device might never end, or never begin.
///
/// It owns its descriptor and closes it.
package struct InputFile: ~Copyable {
  /// The path as it was given.
  package let path: String
  /// The bytes of a regular file; nil where only reading on tells.
  package let size: Int?
  /// How many bytes have been read.
  package private(set) var offset = 0
  let descriptor: Int32
  private let isPipe: Bool
  /// Bytes that have been looked at and not yet read.
  private var ahead = Data()

  /// Opens a file.
  ///
  /// - Throws: ``FileError``, also for a folder, a named pipe or a device.
  package init(_ path: String) throws {
    guard !path.isEmpty else { throw FileError("\"\"", "the name of the file is empty: give it one") }
    let number = FileName.standardDescriptor(path)
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
    let descriptor =
      number.map { fcntl($0, F_DUPFD_CLOEXEC, 3) } ?? open(FileName.encode(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    if descriptor < 0 { throw FileError(path, code: errno) }
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw FileError(path, code: code)
    }
    let kind = status.st_mode & S_IFMT
    let isPipe = number != nil && (kind == S_IFIFO || kind == S_IFSOCK)
    guard isPipe || kind == S_IFREG else {
      close(descriptor)
      if kind == S_IFDIR { throw FileError(path, code: EISDIR) }
      throw FileError(path, Self.refusal(kind, isStandardInput: number == 0))
    }
    self.path = path
    self.descriptor = descriptor
    self.isPipe = isPipe
    // The files of /proc say 0 and hold more. Of an open descriptor somebody may have read already.
    let isAtStart = number == nil || lseek(descriptor, 0, SEEK_CUR) == 0
    size = kind == S_IFREG && status.st_size > 0 && isAtStart ? Int(status.st_size) : nil
  }

  private static func refusal(_ kind: mode_t, isStandardInput: Bool) -> String {
    if isStandardInput { return "the standard input is neither a file nor a pipe: connect it to one" }
    return kind == S_IFIFO
      ? "this is a named pipe, not a file: connect it to the standard input, and read /dev/stdin"
      : "this is a device or a socket, not a file: name a file"
  }

  deinit { close(descriptor) }

  /// The bytes still to come, where that is known.
  package var remaining: Int? { size.map { max(0, $0 - offset) } }

  /// Reads until `buffer` is full or the file ends.
  ///
  /// - Returns: How many bytes were read.
  package mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var done = min(buffer.count, ahead.count)
    ahead.copyBytes(to: buffer, count: done)
    ahead = Data(ahead.dropFirst(done))
    while done < buffer.count {
      let most = min(buffer.count - done, 1 << 30)
      if isPipe { try waitForData() }
      // By offset in a regular file, so that the descriptor can be shared: whoever opens it again begins anew.
      let count =
        size != nil
        ? pread(descriptor, buffer.baseAddress! + done, most, off_t(offset + done))
        : Foundation.read(descriptor, buffer.baseAddress! + done, most)
      if count < 0 {
        if errno == EINTR || (errno == EAGAIN && isPipe) { continue }
        throw errno == EAGAIN
          ? FileError(path, "this is a device that has nothing to read now, not a file: name a file")
          : FileError(path, code: errno)
      }
      if count == 0 { break }
      done += count
    }
    offset += done
    return done
  }

  /// Returns when a pipe has data, or has ended.
  private func waitForData() throws {
    try ExternalWait.wait(for: "data from \(path.printable(most: 300))") { milliseconds in
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&request, 1, milliseconds)
      if count < 0 && errno != EINTR { throw FileError(path, code: errno) }
      return count > 0
    }
  }

  /// Looks at the next bytes, up to `count` of them: what a file is shows in its first ones, of a pipe too.
  package mutating func peek(upTo count: Int) throws -> Data {
    let place = offset
    ahead = try read(upTo: max(count, ahead.count))
    offset = place
    return Data(ahead.prefix(count))
  }

  /// Reads bytes at a place of a regular file, wherever reading on stands.
  ///
  /// - Throws: ``FileError``, also if the file ends before `buffer` is full.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer, at place: Int) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(place + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path, code: errno)
      }
      if count == 0 {
        throw FileError(path, "the file ends at its byte \(place + done): it was cut short while it was read")
      }
      done += count
    }
  }

  /// Size, time of the last change and place on the disk, as a line of text: two equal ones are one file, unchanged.
  package func identity() throws -> String {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path, code: errno) }
    #if canImport(Darwin)
      let changed = status.st_mtimespec
    #else
      let changed = status.st_mtim
    #endif
    return "\(status.st_size) bytes, changed \(changed.tv_sec) s \(changed.tv_nsec) ns, file \(status.st_ino)"
  }

  /// So much at a time is asked for first.
  private static let largePiece = 64 << 20

  /// Reads up to `count` bytes: fewer only where the file ends.
  ///
  /// Memory grows with what has arrived, so a header that promises terabytes costs nothing.
  package mutating func read(upTo count: Int) throws -> Data {
    var data = Data()
    var piece = min(count, max(remaining ?? 0, 1 << 16))
    while data.count < count {
      let before = data.count
      piece = min(piece, count - before)
      if piece >= Self.largePiece {
        try MemoryBudget.machine.require(
          MemoryEstimate(bytes: before) + MemoryEstimate(bytes: piece), for: "reading \(path)",
          remedy: "take a smaller file")
      }
      data.count += piece
      let arrived = try data.withUnsafeMutableBytes { try fill(UnsafeMutableRawBufferPointer(rebasing: $0[before...])) }
      if arrived < piece {
        data.count = before + arrived
        break
      }
      piece = max(1 << 16, min(data.count, 1 << 28))
    }
    return data
  }

  /// All bytes of a file.
  ///
  /// - Parameter limit: The most bytes to read; more is an error, so that `/dev/zero` ends.
  /// - Throws: ``FileError``.
  package static func contents(of path: String, limit: Int = .max - 1) throws -> Data {
    var file = try InputFile(path)
    return try file.rest(limit: limit)
  }

  /// All bytes that are still to come.
  ///
  /// - Parameter limit: The most bytes to read; more is an error, so that `/dev/zero` ends.
  /// - Throws: ``FileError``.
  package mutating func rest(limit: Int = .max - 1) throws -> Data {
    let tooLarge = "the file is larger than the \(ByteCount(limit)) that are read at most"
    if let remaining, remaining > limit { throw FileError(path, tooLarge) }
    let data = try read(upTo: limit + 1)
    guard data.count <= limit else { throw FileError(path, tooLarge) }
    return data
  }
}

/// A number of bytes as people read it: `12 bytes`, `1.5 MiB`.
package struct ByteCount: CustomStringConvertible {
  private let count: Int
  private let rounding: FloatingPointRoundingRule

  /// This many bytes, rounded to a tenth of a unit: upwards, if what is said must be enough.
  package init(_ count: Int, rounding: FloatingPointRoundingRule = .toNearestOrAwayFromZero) {
    self.count = count
    self.rounding = rounding
  }

  package var description: String {
    guard count >= 1024 else { return count == 1 ? "1 byte" : "\(count) bytes" }
    var value = Double(count)
    var units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][...]
    value /= 1024
    while value >= 1024, units.count > 1 {
      value /= 1024
      units.removeFirst()
    }
    return "\((value * 10).rounded(rounding) / 10) \(units.first!)"
  }
}

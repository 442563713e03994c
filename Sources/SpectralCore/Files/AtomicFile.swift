import Foundation

/// Writes whole files: afterwards the path holds the old contents or the new ones, never a part of either.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk and then renamed over the
/// target; the folder is flushed last, so that the new name survives a power cut. If anything fails the temporary file
/// is removed and the target is untouched; after a kill, the next writer of the same file removes it.
///
/// A symbolic link stays a link: what it leads to is replaced. An existing file keeps its permissions. A target that is
/// no regular file (a terminal, a pipe, `/dev/stdout`) cannot be replaced, so it is written to directly; a named pipe
/// once somebody reads from it.
public enum AtomicFile {
  /// Writes a file in one piece.
  ///
  /// - Throws: ``FileError``.
  public static func write(_ data: Data, to path: String) throws {
    try write(to: path) { (file: inout Handle) in try file.write(data) }
  }

  /// Writes a file piece by piece.
  ///
  /// - Parameter body: Writes the pieces. If it throws, the target is left as it was.
  /// - Throws: ``FileError``, or what `body` throws.
  public static func write(to url: URL, _ body: (inout Handle) throws -> Void) throws {
    try write(to: url.path, body)
  }

  /// Writes a file piece by piece.
  ///
  /// - Parameter body: Writes the pieces. If it throws, the target is left as it was.
  /// - Throws: ``FileError``, or what `body` throws.
  public static func write(to path: String, _ body: (inout Handle) throws -> Void) throws {
    switch try target(path) {
    case .special(let target):
      var handle = Handle(path: path, descriptor: try openSpecial(target, for: path))
      try body(&handle)
      try handle.flush()
    case .replace(let target, let mode):
      let temporary = try TemporaryFile.make(beside: target, for: path)
      var handle = Handle(path: path, descriptor: temporary.descriptor)
      do {
        if let mode, fchmod(temporary.descriptor, mode) != 0 { throw FileError(path, code: errno) }
        try body(&handle)
        try handle.flush()
        try handle.synchronize()
        guard rename(FileName.encode(temporary.path), FileName.encode(target)) == 0 else {
          throw FileError(path, code: errno)
        }
      } catch {
        unlink(FileName.encode(temporary.path))
        throw error
      }
      try synchronizeFolder(of: target, for: path)
    }
  }

  /// An open file that takes bytes in order. It owns its descriptor and closes it.
  public struct Handle: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private static let capacity = 1 << 16

    init(path: String, descriptor: Int32) {
      self.path = path
      self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
      if buffer.count + bytes.count > Handle.capacity { try flush() }
      if bytes.count >= Handle.capacity {
        try writeAll(bytes)
      } else {
        buffer.append(contentsOf: bytes)
      }
    }

    /// Appends bytes.
    public mutating func write(_ data: Data) throws {
      try data.withUnsafeBytes { try write($0) }
    }

    /// Appends text in UTF-8.
    public mutating func write(_ text: String) throws {
      var text = text
      try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    mutating func flush() throws {
      try buffer.withUnsafeBytes { try writeAll($0) }
      buffer.removeAll(keepingCapacity: true)
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) throws {
      var done = 0
      while done < bytes.count {
        // Linux writes at most 2 GiB at once, and Darwin refuses more.
        let piece = UnsafeRawBufferPointer(rebasing: bytes[done..<min(bytes.count, done + 1 << 30)])
        #if canImport(Darwin)
          let written = Darwin.write(descriptor, piece.baseAddress, piece.count)
        #else
          let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
        #endif
        if written < 0 {
          if errno == EINTR { continue }
          throw FileError(path, code: errno)
        }
        done += written
      }
    }

    func synchronize() throws {
      #if canImport(Darwin)
        // Darwin's fsync leaves the bytes in the drive's own cache.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
      #endif
      guard fsync(descriptor) == 0 else { throw FileError(path, code: errno) }
    }
  }

  /// The regular file that a path leads to through its links, there or not yet, for whoever renames a file of their own
  /// over it.
  ///
  /// - Returns: Its path, and its permissions if it is there.
  /// - Throws: ``FileError``, also if it may not be written to, or cannot be replaced because it is something else.
  package static func replaceable(_ path: String) throws -> (path: String, mode: mode_t?) {
    switch try target(path) {
    case .replace(let target, let mode): return (target, mode)
    case .special:
      throw FileError(path, "this is no regular file, and the result is written to places all over it: name a file")
    }
  }

  /// Whether a path leads to an open descriptor, a pipe or a device: bytes are written to it in order, and once.
  package static func isStream(_ path: String) -> Bool {
    FileName.standardDescriptor(path) != nil
      || (FileSystem.exists(path) && !FileSystem.isRegularFile(path) && !FileSystem.isFolder(path))
  }

  /// Opens a stream for writing: see ``isStream(_:)``.
  ///
  /// - Returns: A descriptor for the caller to close.
  /// - Throws: ``FileError``, also for what is no stream.
  package static func openStream(_ path: String) throws -> Int32 {
    guard case .special(let target) = try target(path) else {
      throw FileError(path, "this is a file, and a stream or a device is expected here")
    }
    return try openSpecial(target, for: path)
  }

  private enum Target {
    /// Something that cannot be replaced.
    case special(String)
    /// A regular file, with its permissions if it is there already.
    case replace(String, mode: mode_t?)
  }

  private static func target(_ path: String) throws -> Target {
    guard !path.isEmpty else { throw FileError("\"\"", "the name of the file is empty: give it one") }
    var target = path
    var status = stat()
    var links = 0
    while true {
      if FileName.standardDescriptor(target) != nil { return .special(target) }
      guard lstat(FileName.encode(target), &status) == 0 else {
        guard errno == ENOENT else { throw FileError(path, code: errno) }
        return .replace(target, mode: nil)
      }
      guard status.st_mode & S_IFMT == S_IFLNK else { break }
      links += 1
      guard links <= 40 else { throw FileError(path, code: ELOOP) }
      target = try destination(ofLink: target, for: path)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      // A rename would pass over the file's own write permission.
      guard access(FileName.encode(target), W_OK) == 0 else { throw FileError(path, code: errno) }
      return .replace(target, mode: status.st_mode & 0o7777)
    case S_IFDIR: throw FileError(path, code: EISDIR)
    default: return .special(target)
    }
  }

  /// Opens what cannot be replaced: a descriptor that is open already and may have other writers, a device, or a named
  /// pipe, which must have a reader first.
  private static func openSpecial(_ target: String, for path: String) throws -> Int32 {
    if let number = FileName.standardDescriptor(target) {
      let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
      guard copy >= 0 else { throw FileError(path, code: errno) }
      return copy
    }
    var descriptor: Int32 = -1
    try ExternalWait.wait(for: "a reader of the pipe \(path.printable(most: 300))") { milliseconds in
      let deadline = ContinuousClock.now + .milliseconds(Int(milliseconds))
      while true {
        descriptor = open(FileName.encode(target), O_WRONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor >= 0 { return true }
        guard (errno == ENXIO && FileSystem.isPipe(target)) || errno == EINTR else {
          throw FileError(path, code: errno)
        }
        if errno == EINTR || .now >= deadline { return false }
        usleep(20_000)
      }
    }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    return descriptor
  }

  private static func destination(ofLink link: String, for path: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes {
      readlink(FileName.encode(link), $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard count >= 0 else { throw FileError(path, code: errno) }
    let destination = FileName.decode(buffer.prefix(count))
    return destination.hasPrefix("/") ? destination : FileError.folder(of: link) + "/" + destination
  }

  /// Flushes the names in a folder to the disk.
  package static func synchronizeFolder(of target: String, for path: String) throws {
    let descriptor = open(FileName.encode(FileError.folder(of: target)), O_RDONLY | O_CLOEXEC)
    // A folder that may be written to but not listed cannot be opened; nor do all file systems flush folders.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 && errno == EIO { throw FileError(path, code: EIO) }
  }
}

import Foundation
import SpectralKit
import SpectralCore

/// Ways around streams where a file is read or written here and there: through a temporary file in the system's folder for
/// them, which has no name any more while bytes are copied, so that none is left whatever ends the process.
enum Spool {
  private static let piece = 1 << 20

  /// Copies a standard input that is no file to a temporary one, which takes its place.
  ///
  /// - Throws: `FileError`.
  static func standardInput() throws {
    var status = stat()
    guard fstat(0, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    var input = try InputFile("/dev/stdin")
    var template = temporaryPath("spectral-input-XXXXXX")
    let file = mkstemp(&template)
    let name = FileName.decode(cString: template)
    guard file >= 0 else { throw FileError(name, code: errno) }
    defer { close(file) }
    unlink(template)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 64)
    defer { buffer.deallocate() }
    while case let count = try input.fill(buffer), count > 0 {
      var done = 0
      while done < count {
        let written = Foundation.write(file, buffer.baseAddress! + done, count - done)
        if written < 0 && errno == EINTR { continue }
        guard written >= 0 else { throw FileError(name, code: errno) }
        done += written
      }
    }
    guard lseek(file, 0, SEEK_SET) == 0, dup2(file, 0) == 0 else { throw FileError(name, code: errno) }
  }

  /// Makes a file, and copies it to a stream or a device.
  ///
  /// - Parameter body: Makes the file of this path.
  /// - Throws: `FileError`, or what `body` throws.
  static func write(to target: String, _ body: (String) throws -> Void) throws {
    var template = temporaryPath("spectral-output-XXXXXX")
    guard mkdtemp(&template) != nil else { throw FileError(FileName.decode(cString: template), code: errno) }
    let folder = FileName.decode(cString: template)
    let path = folder + "/result"
    func remove() {
      for name in (try? FileSystem.names(inFolder: folder)) ?? [] { unlink(FileName.encode(folder + "/" + name)) }
      rmdir(template)
    }
    var file: InputFile
    do {
      try body(path)
      file = try InputFile(path)
    } catch {
      remove()
      throw error
    }
    remove()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 64)
    defer { buffer.deallocate() }
    try AtomicFile.write(to: target) { (stream: inout AtomicFile.Handle) in
      while case let count = try file.fill(buffer), count > 0 {
        try stream.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  private static func temporaryPath(_ name: String) -> [CChar] {
    FileName.encode(FileManager.default.temporaryDirectory.appendingPathComponent(name).path)
  }
}

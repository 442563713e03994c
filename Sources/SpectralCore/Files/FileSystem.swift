import Foundation

/// Questions to the file system, for names of any bytes: see ``FileName``.
package enum FileSystem {
  /// Whether there is anything of this name.
  package static func exists(_ path: String) -> Bool { mode(path) != nil }

  /// Whether a folder of this name is there.
  package static func isFolder(_ path: String) -> Bool { mode(path) == S_IFDIR }

  /// Whether a regular file of this name is there.
  package static func isRegularFile(_ path: String) -> Bool { mode(path) == S_IFREG }

  /// Whether a named pipe is there.
  package static func isPipe(_ path: String) -> Bool { mode(path) == S_IFIFO }

  /// The names in a folder, sorted, without `.` and `..`.
  ///
  /// - Throws: ``FileError``.
  package static func names(inFolder path: String) throws -> [String] {
    guard let folder = opendir(FileName.encode(path)) else { throw FileError(path, code: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        guard errno == 0 else { throw FileError(path, code: errno) }
        return names.sorted()
      }
      let offset = MemoryLayout<dirent>.offset(of: \.d_name)!
      let name = FileName.decode(
        cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if name != "." && name != ".." { names.append(name) }
    }
  }

  /// Makes a folder and those above it, unless they are there.
  ///
  /// - Throws: ``FileError``.
  package static func createFolder(_ path: String) throws {
    var end = path.startIndex
    while end < path.endIndex {
      // The folders above it first, from the top.
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      let part = String(path[..<end])
      // Somebody else may have made it meanwhile.
      if mkdir(FileName.encode(part), 0o777) == 0 || isFolder(part) { continue }
      let code = errno
      throw code == EEXIST
        ? FileError(path, "\(part.printable(most: 300)) is a file, not a folder: choose another place")
        : FileError(path, code: code)
    }
  }

  private static func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(FileName.encode(path), &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}

import Foundation

/// A file that could not be read or written: which one, why, and what to do about it, in one line.
public struct FileError: SettingError, Hashable, Sendable, CustomStringConvertible {
  /// The path as it was given, or a name for bytes that came from elsewhere.
  public let path: String
  /// What is wrong and how to mend it.
  public let message: String
  public let settings: [CallerSetting]

  /// An error about a file's contents.
  ///
  /// - Parameter settings: What the caller would change to mend it.
  public init(_ path: String, _ message: String, settings: [CallerSetting] = []) {
    self.path = path
    self.message = message
    self.settings = settings
  }

  /// An error of the operating system: `code` is its `errno`.
  public init(_ path: String, code: Int32) { self.init(path, FileError.sentence(code, path)) }

  /// `path: message`, in one line whatever the file's name holds: see `printable(most:)`.
  public var description: String { "\(path.printable(most: 300)): \(message.printable())" }

  private static func sentence(_ code: Int32, _ path: String) -> String {
    let folder = FileError.folder(of: path).printable(most: 300)
    switch code {
    case ENOENT:
      return FileSystem.exists(FileError.folder(of: path))
        ? "there is no such file: check the name" : "the folder \(folder) does not exist: create it first"
    case ENOTDIR: return "a part of the path before the last is a file, not a folder: check the path"
    case EISDIR: return "this is a folder: name a file in it"
    case EACCES, EPERM:
      return
        "permission is denied: change the permissions of the file or of the folder \(folder), or choose another place"
    case EROFS: return "the file system is read-only: choose another place"
    case ENOSPC: return "the disk is full: free some space, or choose another place"
    case EDQUOT: return "your disk quota is used up: free some space, or choose another place"
    case EFBIG: return "the file would be larger than the file system or the process's limit (ulimit -f) allows"
    case ENAMETOOLONG: return "the name is too long for the file system: choose a shorter one"
    case ELOOP: return "its symbolic links lead in a circle: remove one of them"
    case EMFILE, ENFILE: return "too many files are open: close some, or raise the limit (ulimit -n)"
    case EPIPE: return "nobody reads the other end of the pipe any more"
    case EBADF: return "it is not open: it was closed when the program was started"
    case EIO: return "the device reports an input/output error: check the disk"
    default: return "the system reports \"\(String(cString: strerror(code)))\" (errno \(code))"
    }
  }

  /// The folder a path is in: `.` for a bare name.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

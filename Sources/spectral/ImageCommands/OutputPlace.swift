import Foundation
import SpectralKit
import SpectralCore

/// Where a command's results of one kind go: one file for one image, a folder for several.
///
/// All is judged before any work: whether the folder is there and may be written to, whether names say formats that can hold
/// the result, and whether two results would have the same name.
struct OutputPlace: Sendable {
  private let target: String
  private let flag: String
  private let isFolder: Bool
  private let fileExtension: String?

  /// What may be written.
  enum Kind: Sendable {
    /// Pictures and arrays: .npy, .png, .jpg, .pgm, .ppm.
    case image
    /// Pictures: .png, .jpg, .pgm, .ppm.
    case picture
    /// Pictures in colour, whatever the image: .png, .jpg, .ppm.
    case figure
    /// Pictures in colour, or .npy.
    case figureOrArray
    /// Pictures in colour, or .svg.
    case drawing
    /// Only .svg.
    case svg
    /// A file of any name.
    case anything

    /// The endings beside those of pictures.
    fileprivate var others: [String] {
      switch self {
      case .image, .figureOrArray: ["npy"]
      case .drawing, .svg: ["svg"]
      case .picture, .figure, .anything: []
      }
    }

    fileprivate var isInColor: Bool { self == .figure || self == .figureOrArray || self == .drawing }

    fileprivate var endings: String {
      switch self {
      case .image, .anything: ".npy, .png, .jpg, .pgm or .ppm"
      case .picture: ".png, .jpg, .pgm or .ppm"
      case .figure: ".png, .jpg or .ppm"
      case .figureOrArray: ".npy, .png, .jpg or .ppm"
      case .drawing: ".svg, .png, .jpg or .ppm"
      case .svg: ".svg"
      }
    }
  }

  /// Judges the value of a flag.
  ///
  /// - Parameters:
  ///   - flag: What the value followed.
  ///   - inputs: The images that results are made of; none for a result that is made once.
  ///   - kind: What the results are.
  ///   - fileExtension: The ending of names in a folder; nil for that of each image.
  ///   - format: What is written, if that was said and does not follow from the name.
  /// - Throws: ``UsageError`` or `FileError`.
  init(
    _ target: String, _ flag: Flag<String>, inputs: [String] = [], _ kind: Kind = .image, fileExtension: String? = nil,
    format: OutputFormat? = nil
  ) throws {
    self.target = target
    self.flag = flag.name
    self.fileExtension = format?.rawValue ?? fileExtension
    isFolder = FileSystem.isFolder(target)
    if isFolder {
      guard !inputs.isEmpty else {
        throw UsageError("\(flag.name) \(target) is a folder: name a file in it, which ends in \(kind.endings)")
      }
      var sources: [String: String] = [:]
      for input in inputs {
        if let other = sources.updateValue(input, forKey: path(for: input)) {
          throw UsageError(
            "\(flag.name) \(target): \(other) and \(input) would both become \(path(for: input)): give them different names"
          )
        }
      }
    } else if inputs.count > 1 {
      guard FileName.standardDescriptor(target) == nil else {
        throw UsageError("\(flag.name) - takes one file, and there are \(inputs.count) images: name a folder")
      }
      throw target.hasSuffix("/") || (target as NSString).pathExtension.isEmpty
        ? FileError(target, "the folder does not exist: create it first")
        : UsageError("\(flag.name) \(target) is one file for \(inputs.count) images: name a folder")
    } else if FileName.standardDescriptor(target) == nil {
      guard !target.hasSuffix("/") else { throw FileError(target, "the folder does not exist: create it first") }
    }
    guard FileName.standardDescriptor(target) == nil else { return }
    for path in paths(for: inputs) {
      try Self.check(path, flag, kind, isInFolder: isFolder, judgesName: format == nil)
    }
  }

  private static func check(
    _ path: String, _ flag: Flag<String>, _ kind: Kind, isInFolder: Bool, judgesName: Bool
  ) throws {
    let ending = (path as NSString).pathExtension.lowercased()
    if judgesName && kind != .anything && !kind.others.contains(ending) {
      let format = kind == .svg ? nil : try? ImageFormat(path: path)
      guard format != nil else {
        throw UsageError(
          "\(flag.name) \(path): "
            + (ending.isEmpty ? "the name has no extension" : "the result cannot be written as .\(ending)")
            + ": end it in \(kind.endings)")
      }
      guard ending != "pgm" || !kind.isInColor else {
        throw UsageError("\(flag.name) \(path): a PGM is grey, and the result is in colour: end it in \(kind.endings)")
      }
    }
    guard !isInFolder || !FileSystem.isFolder(path) else {
      throw FileError(path, "a folder has this name already: rename it, or choose another folder for the results")
    }
    let folder = (path as NSString).deletingLastPathComponent
    guard folder.isEmpty || FileSystem.exists(folder) else {
      throw FileError(path, "the folder \(folder) does not exist: create it first")
    }
    // What is no file, a pipe or a device, is written in its place; of a link, what it leads to is replaced.
    guard Self.isReplaced(path) else { return }
    let written = ((path as NSString).resolvingSymlinksInPath as NSString).deletingLastPathComponent
    guard access(FileName.encode(written.isEmpty ? "." : written), W_OK) == 0 else {
      throw FileError(path, "you may not write in its folder: choose another, or change the folder's permissions")
    }
  }

  /// Whether writing makes a new file of the name, and not what is there already: a pipe or a device.
  private static func isReplaced(_ path: String) -> Bool {
    FileName.standardDescriptor(path) == nil && (!FileSystem.exists(path) || FileSystem.isRegularFile(path))
  }

  /// Refuses results of different flags that would be one file.
  ///
  /// - Throws: ``UsageError``.
  static func requireDistinct(_ places: [OutputPlace?], inputs: [String] = []) throws(UsageError) {
    var flags: [String: String] = [:]
    for place in places {
      guard let place else { continue }
      for path in place.paths(for: inputs) where isReplaced(path) {
        if let other = flags.updateValue(place.flag, forKey: URL(fileURLWithPath: path).standardizedFileURL.path) {
          throw UsageError("\(other) and \(place.flag) would both write \(path): name two files, or two folders")
        }
      }
    }
  }

  /// Refuses a picture of a result with more planes than its format has, once the image is known.
  ///
  /// - Throws: `FileError`.
  func require(colors: Int, for input: String) throws {
    let path = path(for: input)
    guard !path.lowercased().hasSuffix(".npy") else { return }
    guard colors == 1 || colors == 3 else {
      throw FileError(
        path, "\(colors) channels are no picture, which has 1 (grey) or 3 (red, green, blue): write a .npy file")
    }
    guard colors == 1 || !path.lowercased().hasSuffix(".pgm") else {
      throw FileError(path, "a PGM is grey, and the result is in colour: name it .ppm")
    }
  }

  /// Where the result goes that is made once.
  var path: String { target }

  /// Where the result of an image goes.
  func path(for input: String) -> String {
    guard isFolder else { return target }
    var name = (input as NSString).lastPathComponent
    // What came from the standard input has no name that says a format.
    let fileExtension = fileExtension ?? (FileName.standardDescriptor(input) == nil ? nil : "png")
    if let fileExtension {
      name = ((name as NSString).deletingPathExtension as NSString).appendingPathExtension(fileExtension)!
    }
    return (target as NSString).appendingPathComponent(name)
  }

  /// Where all results go.
  func paths(for inputs: [String]) -> [String] { isFolder ? inputs.map(path(for:)) : [target] }
}

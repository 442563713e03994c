import Foundation
import SpectralKit

/// Where a command's results of one kind go: one file for one image, a folder for several.
///
/// All is judged before any work: whether the folder is there, whether names say formats, and whether two results would
/// have the same name.
struct OutputPlace: Sendable {
  private let target: String
  private let isFolder: Bool
  private let fileExtension: String?

  /// What may be written.
  enum Kind: Sendable {
    /// Pictures and arrays: .npy, .png, .jpg, .pgm, .ppm.
    case image
    /// Pictures: .png, .jpg, .pgm, .ppm.
    case picture
    /// Pictures, or .svg.
    case drawing
    /// A file of any name.
    case anything

    fileprivate var endings: String {
      switch self {
      case .image, .anything: ".npy, .png, .jpg, .pgm or .ppm"
      case .picture: ".png, .jpg, .pgm or .ppm"
      case .drawing: ".svg, .png, .jpg, .pgm or .ppm"
      }
    }
  }

  /// Judges the value of a flag.
  ///
  /// - Parameters:
  ///   - flag: What the value followed.
  ///   - inputs: The images that results are made of.
  ///   - kind: What the results are.
  ///   - fileExtension: The ending of names in a folder; nil for that of each image.
  /// - Throws: ``UsageError`` or `FileError`.
  init(_ target: String, _ flag: Flag<String>, inputs: [String], _ kind: Kind = .image, fileExtension: String? = nil)
    throws
  {
    self.target = target
    self.fileExtension = fileExtension
    isFolder = ImageInputs.isFolder(target)
    if isFolder {
      var sources: [String: String] = [:]
      for input in inputs {
        if let other = sources.updateValue(input, forKey: path(for: input)) {
          throw UsageError(
            "\(flag.name) \(target): \(other) and \(input) would both become \(path(for: input)): give them different names"
          )
        }
      }
    } else if inputs.count > 1 {
      throw target.hasSuffix("/") || (target as NSString).pathExtension.isEmpty
        ? FileError(target, "the folder does not exist: create it first")
        : UsageError("\(flag.name) \(target) is one file for \(inputs.count) images: name a folder")
    } else {
      guard !target.hasSuffix("/") else { throw FileError(target, "the folder does not exist: create it first") }
      try Self.check(target, flag, kind)
      let folder = (target as NSString).deletingLastPathComponent
      guard folder.isEmpty || FileManager.default.fileExists(atPath: folder) else {
        throw FileError(target, "the folder \(folder) does not exist: create it first")
      }
    }
  }

  private static func check(_ path: String, _ flag: Flag<String>, _ kind: Kind) throws(UsageError) {
    let ending = (path as NSString).pathExtension.lowercased()
    if kind == .anything || (kind == .image && ending == "npy") || (kind == .drawing && ending == "svg") { return }
    // A pipe or a device has no ending: pictures go there as PNG.
    if (try? ImageFormat(path: path)) == nil {
      throw UsageError(
        "\(flag.name) \(path): "
          + (ending.isEmpty ? "the name has no extension" : "the result cannot be written as .\(ending)")
          + ": end it in \(kind.endings)")
    }
  }

  /// Where the result of an image goes.
  func path(for input: String) -> String {
    guard isFolder else { return target }
    var name = (input as NSString).lastPathComponent
    if let fileExtension {
      name = ((name as NSString).deletingPathExtension as NSString).appendingPathExtension(fileExtension)!
    }
    return (target as NSString).appendingPathComponent(name)
  }
}

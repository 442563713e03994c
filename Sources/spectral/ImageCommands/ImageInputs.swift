import Foundation
import SpectralKit
import SpectralCore

/// The images that the operands of a command name, and the files of their folders that are none.
struct ImageInputs {
  /// The endings of names that are taken for images where a folder is named.
  static let endings: Set<String> = ImageFolder.endings.union(["npy"])

  /// The images: files as they are named, and of a folder what is in it, hidden files left out, in the order of their
  /// names.
  private(set) var paths: [String] = []
  /// For each folder of which something was left out, what and why, in a line.
  private(set) var omissions: [String] = []

  /// - Throws: `FileError` for a folder that cannot be listed or holds no image.
  init(_ operands: [String]) throws {
    for operand in operands {
      if FileSystem.isFolder(operand) { try addFolder(operand) } else { paths.append(operand) }
    }
  }

  private mutating func addFolder(_ folder: String) throws {
    let names = try FileSystem.names(inFolder: folder)
    var images: [String] = []
    var reasons: [Reason: [String]] = [:]
    for name in names.sorted() where !name.hasPrefix(".") {
      let path = (folder as NSString).appendingPathComponent(name)
      if let reason = Reason(name, isFolder: FileSystem.isFolder(path)) {
        reasons[reason, default: []].append(name)
      } else {
        images.append(path)
      }
    }
    let omission = Reason.allCases.compactMap { reason in reasons[reason].map { reason.clause($0) } }
      .joined(separator: "; ")
    guard !images.isEmpty else {
      throw FileError(
        folder,
        "the folder holds no image: .png, .jpg, .pgm, .ppm and .npy files are taken"
          + (omission.isEmpty ? "" : ", not \(omission)"))
    }
    if !omission.isEmpty { omissions.append(FileError(folder, "left out \(omission)").description) }
    paths += images
  }

  /// Why a file of a folder is not taken.
  private enum Reason: CaseIterable {
    case format, folder, name

    /// nil for a file that is taken.
    init?(_ name: String, isFolder: Bool) {
      let ending = (name as NSString).pathExtension.lowercased()
      if isFolder {
        self = .folder
      } else if ImageInputs.endings.contains(ending) {
        return nil
      } else {
        self = Self.otherPictures.contains(ending) ? .format : .name
      }
    }

    private static let otherPictures: Set<String> = [
      "avif", "bmp", "cr2", "cr3", "dng", "exr", "fit", "fits", "gif", "heic", "heif", "ico", "jp2", "jxl", "nef",
      "pbm",
      "psd", "svg", "tga", "tif", "tiff", "webp",
    ]

    /// At most five names are listed.
    func clause(_ names: [String]) -> String {
      let most = 5
      var listed = names.prefix(most).joined(separator: ", ")
      if names.count > most { listed += " and \(names.count - most) more" }
      let one = names.count == 1
      return switch self {
      case .format: "\(listed) (the format is not read: convert \(one ? "it" : "them") to PNG)"
      case .folder: "\(listed) (\(one ? "a folder" : "folders"))"
      case .name: "\(listed) (\(one ? "its name does" : "their names do") not end like an image's)"
      }
    }
  }
}

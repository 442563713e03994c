import Foundation
import SpectralKit

/// The images that the operands of a command name.
enum ImageInputs {
  /// The endings of names that are taken for images where a folder is named.
  static let endings: Set<String> = ImageFolder.endings.union(["npy"])

  /// The paths of the images: files as they are named, and of a folder what is in it, hidden files left out, in the
  /// order of their names.
  ///
  /// - Throws: `FileError` for a folder that cannot be listed or holds no image.
  static func paths(_ operands: [String]) throws -> [String] {
    try operands.flatMap { operand -> [String] in
      guard isFolder(operand) else { return [operand] }
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: operand) } catch {
        throw FileError(operand, "the folder cannot be listed: check that you may read it")
      }
      let images = names.filter { !$0.hasPrefix(".") && endings.contains(($0 as NSString).pathExtension.lowercased()) }
      guard !images.isEmpty else {
        throw FileError(operand, "the folder holds no image: .png, .jpg, .pgm, .ppm and .npy files are taken")
      }
      return images.sorted().map { (operand as NSString).appendingPathComponent($0) }
    }
  }

  /// Whether a folder is there.
  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

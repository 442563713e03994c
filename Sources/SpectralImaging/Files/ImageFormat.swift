import Foundation
import SpectralCore

/// The file formats of pictures.
public enum ImageFormat: String, CaseIterable, Sendable {
  /// Portable Network Graphics: lossless, 8 or 16 bits, with or without alpha.
  case png = "PNG"
  /// JPEG: lossy, 8 bits, no alpha.
  case jpeg = "JPEG"
  /// Portable anymap (PGM, PPM): uncompressed, 8 or 16 bits, no alpha.
  case portableMap = "PGM/PPM"

  /// The format that a file's first bytes show, whatever its name says.
  public init?(firstBytes bytes: some Sequence<UInt8>) {
    let start = Array(bytes.prefix(8))
    if start == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] {
      self = .png
    } else if start.starts(with: [0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if start.count >= 2, start[0] == UInt8(ascii: "P"), "2356".utf8.contains(start[1]) {
      self = .portableMap
    } else {
      return nil
    }
  }

  /// The format that a file of this name should have: PNG for an open descriptor, as `/dev/stdout` names one.
  ///
  /// - Throws: ``FileError`` if the extension is not known.
  public init(path: String) throws {
    if FileName.standardDescriptor(path) != nil {
      self = .png
      return
    }
    switch (path as NSString).pathExtension.lowercased() {
    case "png": self = .png
    case "jpg", "jpeg", "jpe": self = .jpeg
    case "pgm", "ppm", "pnm": self = .portableMap
    case let other:
      throw FileError(
        path,
        (other.isEmpty ? "the name has no extension" : "pictures are not written as .\(other)")
          + ": end it in .png, .jpg, .pgm or .ppm")
    }
  }

  /// Why a file of unknown format is not read.
  ///
  /// - Parameter arraysToo: Whether `.npy` arrays would be read.
  package static func refusal(firstBytes: some Sequence<UInt8>, arraysToo: Bool) -> String {
    let formats = arraysToo ? "PNG, JPEG, PGM, PPM and .npy" : "PNG, JPEG, PGM and PPM"
    guard let found = FileSignature(firstBytes: firstBytes) else {
      return "this is no \(arraysToo ? "image" : "picture") that is read here: \(formats) are"
    }
    return "this is \(found.name), which is not read here: \(formats) are; "
      + (found.isPicture ? "convert it to PNG" : arraysToo ? "save its array as .npy" : "save it as PNG")
  }
}

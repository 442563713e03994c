import Foundation
import SpectralKit
import SpectralCore

/// What a result is written as.
enum OutputFormat: String, CaseIterable, Sendable {
  case png, jpg, pgm, ppm, npy

  /// The format of a picture; nil for an array.
  var picture: ImageFormat? {
    switch self {
    case .png: .png
    case .jpg: .jpeg
    case .pgm, .ppm: .portableMap
    case .npy: nil
    }
  }

  /// The format of a result.
  ///
  /// - Parameters:
  ///   - chosen: What was asked for; nil to go by the name.
  ///   - isArray: Whether it is an array rather than a picture, where neither says: on the standard output.
  init(_ chosen: OutputFormat?, path: String, isArray: Bool) throws {
    if let chosen {
      self = chosen
    } else if path.lowercased().hasSuffix(".npy") || (isArray && FileName.standardDescriptor(path) != nil) {
      self = .npy
    } else {
      switch try ImageFormat(path: path) {
      case .png: self = .png
      case .jpeg: self = .jpg
      case .portableMap: self = path.lowercased().hasSuffix(".pgm") ? .pgm : .ppm
      }
    }
  }

  /// A file's name whose extension says this format: the encoder asks it which of the portable maps it is.
  func name(for path: String) -> String {
    picture != .portableMap || path.lowercased().hasSuffix(".\(rawValue)") ? path : "\(path).\(rawValue)"
  }
}

extension RasterImage {
  /// Writes the picture in a format, whatever the file's name says.
  func write(to path: String, as format: OutputFormat, bitDepth: Int? = nil, quality: Int = 95) throws {
    guard let picture = format.picture else { preconditionFailure("a picture is not written as \(format.rawValue)") }
    try AtomicFile.write(
      try encoded(as: picture, bitDepth: bitDepth, quality: quality, name: format.name(for: path)), to: path)
  }
}

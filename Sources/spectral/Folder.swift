import Foundation
import SpectralKit
import SpectralCore

/// The folder of the results.
struct Folder {
  let path: String

  /// Makes the folder, unless it is there.
  init(_ path: String) throws {
    self.path = path
    try FileSystem.createFolder(path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }
  func write(_ name: String, _ image: RasterImage) throws { try image.write(to: file(name)) }
  func write(_ name: String, _ text: String) throws { try AtomicFile.write(Data(text.utf8), to: file(name)) }
}

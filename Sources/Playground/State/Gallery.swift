import Foundation
import Lessons
import SpectralKit
import Synchronization

/// A picture that can be worked on.
struct Picture: Sendable {
  let id: String
  /// The name of its file, without folders.
  let name: String
  /// Its file.
  let file: Data
  let planes: ImagePlanes<Float>
  let isBuiltIn: Bool

  /// What the page hears of it.
  struct Words: Encodable, Equatable {
    let id: String
    let name: String
    let height: Int
    let width: Int
    let channels: Int
    let hasAlpha: Bool
    let isBuiltIn: Bool
  }

  var words: Words {
    Words(
      id: id, name: name, height: planes.height, width: planes.width, channels: planes.channels,
      hasAlpha: planes.alpha != nil, isBuiltIn: isBuiltIn)
  }
}

/// The pictures: those that come with the program, and the last few that were brought. All are in memory, and none is left
/// when the process ends.
final class Gallery: Sendable {
  /// The most bytes that a decoded picture may take: some 17 million pixels in colour.
  static let decodedLimit = 256 << 20
  /// The pixels of a colour picture of that size.
  static let pixelLimit = decodedLimit / 15
  /// Brought pictures that are kept.
  static let broughtLimit = 4

  private struct Contents {
    var pictures: [Picture] = []
    var count = 0
  }

  private let contents: Mutex<Contents>
  /// Hears of pictures that are let go.
  private let onRemoval: @Sendable (String) -> Void

  /// - Parameter file: A picture to begin with, from the command line.
  /// - Throws: `FileError` if it cannot be read.
  init(file: String?, onRemoval: @escaping @Sendable (String) -> Void) throws {
    self.onRemoval = onRemoval
    var pictures: [Picture] = []
    if let file {
      let data = try InputFile.contents(of: file, limit: Self.decodedLimit)
      pictures.append(try Self.picture(data, id: "image", name: Self.plainName(file), isBuiltIn: true))
    }
    // Through their files, so that they are to the bit what somebody reads who saves them.
    for (name, image) in [("scene", Scene.street(side: 512)), ("rings", Image(pixels: Scene.zonePlate(side: 512)))] {
      pictures.append(
        try Self.picture(try image.encoded(as: .png), id: name, name: "\(name).png", isBuiltIn: true))
    }
    let digit = Image(pixels: CentredDigits.load(training: 1, test: 4).test.image(at: 3))
    pictures.append(try Self.picture(try digit.encoded(as: .png), id: "digit", name: "digit.png", isBuiltIn: true))
    contents = Mutex(Contents(pictures: pictures))
  }

  var all: [Picture] { contents.withLock { $0.pictures } }

  /// The picture of an id.
  ///
  /// - Throws: ``HTTPError`` 404.
  func picture(_ id: String) throws -> Picture {
    guard let picture = contents.withLock({ $0.pictures.first { $0.id == id } }) else {
      throw HTTPError(404, "There is no picture \(id.prefix(40)) any more.", remedy: "Bring it again.")
    }
    return picture
  }

  /// Takes a picture in.
  ///
  /// - Throws: `FileError` for what is no picture, or too large.
  func add(_ data: Data, name: String) throws -> Picture {
    let name = Self.plainName(name)
    // Decoded before the lock is taken: it may take a while.
    let number = contents.withLock { contents -> Int in
      contents.count += 1
      return contents.count
    }
    let picture = try Self.picture(data, id: "p\(number)", name: name, isBuiltIn: false)
    let removed = contents.withLock { contents -> [String] in
      contents.pictures.append(picture)
      let brought = contents.pictures.filter { !$0.isBuiltIn }
      let old = brought.prefix(max(0, brought.count - Self.broughtLimit)).map(\.id)
      contents.pictures.removeAll { old.contains($0.id) }
      return old
    }
    removed.forEach(onRemoval)
    return picture
  }

  private static func picture(_ data: Data, id: String, name: String, isBuiltIn: Bool) throws -> Picture {
    let planes = try ImagePlanes<Float>(data: data, name: name, sizeLimit: decodedLimit)
    guard planes.planes.count > 0 else { throw FileError(name, "the picture has no pixels") }
    return Picture(id: id, name: name, file: data, planes: planes, isBuiltIn: isBuiltIn)
  }

  /// The last part of a path, without what would be no part of a name.
  private static func plainName(_ path: String) -> String {
    let last = path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
    let name = String(
      String.UnicodeScalarView(last.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    return name.isEmpty || name == "." || name == ".." ? "picture.png" : String(name.prefix(100))
  }
}

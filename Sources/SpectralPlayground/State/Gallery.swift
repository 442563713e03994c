import Foundation
import SpectralLessons
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

  /// What it takes of the memory.
  var byteCount: Int { file.count + 4 * (planes.planes.count + (planes.alpha?.count ?? 0)) }

  /// What the page hears of it.
  struct Words: Encodable, Equatable {
    let id: String
    let name: String
    let height: Int
    let width: Int
    let channels: Int
    let hasAlpha: Bool
    let isBuiltIn: Bool
    /// What is wrong with its file, or was not read of it.
    let warnings: [String]
  }

  var words: Words {
    Words(
      id: id, name: name, height: planes.height, width: planes.width, channels: planes.channels,
      hasAlpha: planes.alpha != nil, isBuiltIn: isBuiltIn,
      warnings: planes.warnings.map(\.message))
  }
}

/// The pictures: those that come with the program, and the last few that were brought. All are in memory, and none is left
/// when the process ends.
final class Gallery: Sendable {
  /// The most bytes that a decoded picture may take, and all brought ones together but for the last: a sixteenth of the
  /// machine's memory within reason.
  static let decodedLimit = min(max(MemoryBudget.machine.bytes / 16, 256 << 20), 1 << 30)
  /// The most pixels of a picture, whatever its channels: of three, 12 bytes each once decoded and 3 as they were read. The
  /// spectrum takes as many.
  static let pixelLimit = decodedLimit / 15
  /// The longest side: that of a JPEG. What is long and thin takes more memory than its pixels tell.
  static let longestSide = 65_535
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
    for (name, image) in [
      ("scene", Scene.street(side: 512)), ("rings", RasterImage(pixels: Scene.zonePlate(side: 512))),
    ] {
      pictures.append(
        try Self.picture(try image.encoded(as: .png), id: name, name: "\(name).png", isBuiltIn: true))
    }
    let digit = RasterImage(pixels: CentredDigits.load(training: 1, test: 4).test.image(at: 3))
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
      var brought = contents.pictures.filter { !$0.isBuiltIn }[...]
      var old: [String] = []
      while brought.count > 1,
        brought.count > Self.broughtLimit || brought.reduce(0, { $0 + $1.byteCount }) > Self.decodedLimit
      {
        old.append(brought.removeFirst().id)
      }
      contents.pictures.removeAll { old.contains($0.id) }
      return old
    }
    removed.forEach(onRemoval)
    return picture
  }

  private static func picture(_ data: Data, id: String, name: String, isBuiltIn: Bool) throws -> Picture {
    let planes = try ImagePlanes<Float>(data: data, name: name, sizeLimit: decodedLimit)
    guard planes.planes.count > 0 else { throw FileError(name, "the picture has no pixels") }
    let (height, width) = (planes.height, planes.width)
    guard isBuiltIn || (height * width <= pixelLimit && max(height, width) <= longestSide) else {
      throw FileError(
        name,
        "\(width) x \(height) pixels are too many for the page, which takes \(pixelLimit), and "
          + "\(longestSide) along a side: use the command, or make it smaller")
    }
    return Picture(id: id, name: name, file: data, planes: planes, isBuiltIn: isBuiltIn)
  }

  /// The most bytes of a name, well below what file systems take.
  private static let longestName = 120

  /// The last part of a path, without what cannot be seen, and unlike the other files of the printed commands.
  private static func plainName(_ path: String) -> String {
    let parts = path.unicodeScalars.split(whereSeparator: { $0 == "/" || $0 == "\\" })
    var name = ""
    for scalar in parts.last.map(Array.init) ?? [] {
      if !scalar.isHidden, name.utf8.count + String(scalar).utf8.count <= longestName {
        name.unicodeScalars.append(scalar)
      }
    }
    if name.isEmpty || name == "." || name == ".." { return "picture.png" }
    return Recipe.takenNames.contains(name.lowercased()) ? "picture-\(name)" : name
  }
}

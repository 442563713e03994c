import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// What a file says beside its pixels survives reading, changing and writing. The fixtures are Pillow's.
@Suite struct ImageMetadataTests {
  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: fixtures(of: #filePath).appendingPathComponent(name))
  }

  // MARK: Keeping

  @Test(arguments: ["jpg", "png"], [ImageFormat.jpeg, .png])
  func filesKeepIt(ending: String, format: ImageFormat) throws {
    var image = try ImagePlanes<Double>(data: bytes("metadata1.\(ending)"))
    let profile = try bytes("profile.icc")
    #expect(image.metadata.colorProfile == profile)
    #expect(image.warnings.isEmpty)
    image.planes = image.planes * 0.5
    let file = try image.encoded(as: format)
    #expect(file.report == EncodingReport())
    let copy = try RasterImage(data: file.data)
    #expect(copy.metadata.colorProfile == profile)
    #expect(copy.metadata.exif == image.metadata.exif)
    // A JPEG's segments hold the bytes themselves.
    #expect(format == .png || file.data.range(of: profile) != nil)
    let resolution = try #require(copy.metadata.resolution)
    let scale = resolution.unit == .metre ? 0.0254 : 1
    // 300 and 150 pixels per inch, rounded to whole pixels per metre in a PNG.
    #expect(abs(Double(resolution.horizontal) * scale - 300) < 0.0128)
    #expect(abs(Double(resolution.vertical) * scale - 150) < 0.0128)
  }

  @Test func aCopyInTheSameFormatHasTheSameMetadata() throws {
    for (name, format) in [("metadata1.jpg", ImageFormat.jpeg), ("metadata1.png", .png), ("rgb16.png", .png)] {
      let image = try RasterImage(data: bytes(name))
      #expect(try RasterImage(data: image.encoded(as: format)).metadata == image.metadata)
      #expect(image.metadata != ImageMetadata())
    }
  }

  @Test func aLongProfileIsCutIntoSegments() throws {
    // A header that says RGB and is one ("acsp"), and no order in the rest.
    var random = RandomGenerator(seed: 1)
    var profile = Data((0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) })
    profile.replaceSubrange(16..<20, with: Data("RGB ".utf8))
    profile.replaceSubrange(36..<40, with: Data("acsp".utf8))
    var image = try RasterImage(data: bytes("rgb8.png"))
    image.metadata.colorProfile = profile
    for format in [ImageFormat.jpeg, .png] {
      #expect(try RasterImage(data: image.encoded(as: format)).metadata.colorProfile == profile)
    }
    // Without its second segment the profile is worth nothing, and the picture is whole.
    var jpeg = try image.encoded(as: .jpeg)
    let second = try #require(jpeg.range(of: Data("ICC_PROFILE\0".utf8) + [2, 4])).lowerBound
    jpeg.removeSubrange(second - 4..<second - 2 + 65535)
    let copy = try RasterImage(data: jpeg)
    #expect(copy.metadata.colorProfile == nil)
    #expect(copy.warnings.map(\.message) == ["its colour profile is incomplete and was left out"])
  }

  // MARK: Leaving out

  @Test func aProfileOfOtherColoursIsLeftOutAloud() throws {
    var image = try ImagePlanes<Float>(data: bytes("metadata1.png"))
    image.planes = image.luminance
    let file = try image.encoded(as: .png)
    #expect(file.report.losses.count == 1 && file.report.losses[0].contains("profile"))
    let copy = try RasterImage(data: file.data)
    #expect(copy.metadata.colorProfile == nil && copy.metadata.exif == image.metadata.exif)
    #expect(copy.warnings.isEmpty)
  }

  @Test func whatAFormatCannotHoldIsSaid() throws {
    let image = try ImagePlanes<Float>(data: bytes("metadata1.jpg"))
    #expect(try image.encoded(as: .portableMap, name: "a.ppm").report.losses.count == 1)
    var large = image
    // Exif is read by its first directory; what follows may be anything.
    large.metadata.exif = try #require(image.metadata.exif) + Data(count: 70_000)
    let file = try large.encoded(as: .jpeg)
    #expect(file.report.losses.count == 1 && file.report.losses[0].contains("Exif"))
    #expect(try RasterImage(data: file.data).metadata.exif == nil)
    #expect(try RasterImage(data: large.encoded(as: .png).data).metadata.exif == large.metadata.exif)
  }

  @Test func aGreyCopyHasNoProfileOfColours() throws {
    let image = try RasterImage(data: bytes("metadata1.jpg"))
    #expect(image.luminance.metadata.colorProfile == nil)
    #expect(image.luminance.metadata.exif == image.metadata.exif)
  }

  /// A profile that would inflate to a gigabyte is not kept, and does not take the memory.
  @Test func bombsAreNotInflated() throws {
    let whole = try bytes("rgb8.png")
    var image = try RasterImage(data: whole)
    var profile = Data(count: ImageMetadata.sizeLimit + 1)
    profile.replaceSubrange(16..<20, with: Data("RGB ".utf8))
    profile.replaceSubrange(36..<40, with: Data("acsp".utf8))
    image.metadata.colorProfile = profile
    let copy = try RasterImage(data: image.encoded(as: .png))
    #expect(copy.metadata.colorProfile == nil && copy.pixels == image.pixels)
    #expect(copy.warnings.count == 1 && copy.warnings[0].message.contains("profile"))
  }

  // MARK: Orientation

  /// The picture of orientation 6 is that of orientation 1 turned to the right by a quarter.
  @Test(arguments: ["jpg", "png"]) func pixelsAreTurnedAndTheNoteIsChanged(ending: String) throws {
    let stored = try RasterImage(data: bytes("metadata1.\(ending)"))
    let turned = try RasterImage(data: bytes("metadata6.\(ending)"))
    #expect(turned.pixels.shape == [3, stored.width, stored.height])
    for (row, column) in [(0, 0), (3, 5), (19, 12)] {
      for color in 0..<3 {
        #expect(turned.pixels[color, row, column] == stored.pixels[color, stored.height - 1 - column, row])
      }
    }
    // As it stands in the file, big-endian: tag, type SHORT, one number, 6. Pillow writes the details' sizes as LONG.
    let entry = Data([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0])
    #expect(try bytes("metadata6.\(ending)").range(of: entry + [6]) != nil)
    for format in [ImageFormat.jpeg, .png] {
      let file = try turned.encoded(as: format)
      #expect(file.range(of: entry + [1]) != nil && file.range(of: entry + [6]) == nil)
      let copy = try RasterImage(data: file)
      #expect(copy.pixels.shape == turned.pixels.shape)
      #expect(copy.metadata.exif == turned.metadata.exif)
    }
    #expect(turned.metadata.resolution?.horizontal == stored.metadata.resolution?.vertical)
  }

  /// A TIFF structure with one directory of entries and, where there is one, a second.
  func tiff(bigEndian: Bool, _ entries: [(tag: Int, type: Int, value: Int)], next: Data = Data()) -> Data {
    func number(_ value: Int, _ count: Int) -> Data {
      let digits = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return Data(bigEndian ? digits.reversed() : digits)
    }
    var data = Data((bigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + number(entries.count, 2)
    for entry in entries {
      data += number(entry.tag, 2) + number(entry.type, 2) + number(1, 4)
      data += entry.type == 3 ? number(entry.value, 2) + Data(count: 2) : number(entry.value, 4)
    }
    data += number(next.isEmpty ? 0 : data.count + 4, 4)
    return data + next
  }

  /// Of type SHORT (3) and LONG (4), in either order of bytes, in either format.
  @Test(arguments: [3, 4], [false, true])
  func typesOfTheOrientation(type: Int, bigEndian: Bool) throws {
    var image = try RasterImage(data: bytes("rgb8.png"))
    let upright = image
    image.metadata.exif = tiff(bigEndian: bigEndian, [(0x010f, 3, 7), (0x0112, type, 3)])
    for format in [ImageFormat.jpeg, .png] {
      let copy = try RasterImage(data: image.encoded(as: format, quality: 100))
      // Upside down.
      let difference = Tensor<Float>([3, 13, 20], upright.pixels.elements)
      for (row, column) in [(0, 0), (5, 7)] {
        let expected = difference[1, 12 - row, 19 - column]
        // Quality 100 leaves a few steps, halved colours none.
        #expect(abs(copy.pixels[1, row, column] - expected) <= (format == .png ? 0 : 8.0 / 255))
      }
      #expect(copy.metadata.exif == tiff(bigEndian: bigEndian, [(0x010f, 3, 7), (0x0112, type, 1)]))
    }
  }

  /// The thumbnail would show the picture as it was.
  @Test(arguments: [false, true]) func theThumbnailGoes(bigEndian: Bool) throws {
    let one = [(tag: 0x010f, type: 3, value: 7)]
    let length = tiff(bigEndian: bigEndian, one).count
    // The second directory: where the thumbnail is, and its length; two entries are 30 bytes.
    let second = tiff(bigEndian: bigEndian, [(0x0201, 4, length + 30), (0x0202, 4, 5)]).dropFirst(8)
    var image = try RasterImage(data: bytes("rgb8.png"))
    image.metadata.exif = tiff(bigEndian: bigEndian, one, next: second + Data("thumb".utf8))
    let exif = try #require(try RasterImage(data: image.encoded(as: .png)).metadata.exif)
    #expect(exif.starts(with: tiff(bigEndian: bigEndian, one)))
    #expect(exif.range(of: Data("thumb".utf8)) == nil)
  }

  @Test func damagedExifIsLeftOutAloud() throws {
    var image = try RasterImage(data: bytes("rgb8.png"))
    image.metadata.exif = Data("no Exif at all".utf8)
    for format in [ImageFormat.jpeg, .png] {
      let copy = try RasterImage(data: image.encoded(as: format))
      #expect(copy.metadata.exif == nil)
      #expect(copy.warnings.map(\.message) == ["its Exif data are damaged and were left out"])
    }
  }
}

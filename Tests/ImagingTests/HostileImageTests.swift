import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// Any bytes give a picture or a clear error: no crash, no hang, no memory by a header's word.
@Suite struct HostileImageTests {
  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: fixtures(of: #filePath).appendingPathComponent(name))
  }

  static let files = [
    "rgb8.png", "palette_transparent.png", "grey2_interlaced.png", "rgba16.png", "jpeg_420.jpg", "jpeg_progressive.jpg",
    "jpeg_cmyk.jpg", "jpeg_orientation6.jpg", "jpeg_arithmetic_progressive.jpg", "metadata6.jpg", "metadata6.png",
    "rgb8.ppm", "grey16.pgm",
  ]

  /// Without its last pixel a picture is refused. What is behind the pixels may be missing: the end marker, of 2 bytes in
  /// a JPEG and 12 in a PNG.
  @Test(arguments: files)
  func truncationsAreRefusedOrSaid(name: String) throws {
    let whole = try bytes(name)
    let image = try RasterImage(data: whole)
    let marker = name.hasSuffix(".png") ? 12 : name.hasSuffix(".jpg") && !name.contains("arithmetic") ? 2 : 0
    for data in HostileBytes.truncations(of: whole) {
      if data.count < whole.count - marker {
        #expect(throws: FileError.self, "the first \(data.count) bytes of \(name)") { try RasterImage(data: data) }
      } else {
        let copy = try RasterImage(data: data)
        #expect(copy.pixels == image.pixels && copy.warnings.contains { $0.message.contains("end marker") })
      }
    }
  }

  @Test(arguments: files)
  func damageNeverCrashes(name: String) throws {
    for data in HostileBytes.mutations(of: try bytes(name), count: 1000) {
      do {
        let image = try RasterImage(data: data, sizeLimit: 1 << 24)
        #expect(image.pixels.byteCount <= 1 << 24)
      } catch {
        #expect(error is FileError)
        #expect(!"\(error)".contains("\n"))
      }
    }
  }

  /// In a PNG every byte but those of the length fields is under a checksum, and those lead the reader astray. What is
  /// wrong with other chunks than those of the pixels is a warning.
  @Test(arguments: ["rgb8.png", "palette_transparent.png", "rgba16.png", "metadata1.png"])
  func everyFlippedByteOfAPNGIsNoticed(name: String) throws {
    let whole = try bytes(name)
    for place in whole.indices {
      var data = whole
      data[place] ^= 0x10
      do {
        let image = try RasterImage(data: data)
        #expect(image.warnings.contains { $0.kind == .fault }, "byte \(place)")
      } catch { #expect(error is FileError) }
    }
  }

  @Test func textMapsCutShort() {
    let whole = Data("P3\n2 1\n255\n10 20 30\n40 50 255".utf8)
    // The last number may lose digits unnoticed: nothing in the format says where it ends.
    for count in 0..<(whole.count - 2) {
      #expect(throws: FileError.self, "\(count)") { try RasterImage(data: whole.prefix(count)) }
    }
  }

  @Test(arguments: [
    "P5\n0 5\n255\n", "P5\n5 0\n255\n", "P5\n-1 5\n255\n", "P5\n2 2\n0\nabcd", "P5\n2 2\n65536\nabcd",
    "P5\n999999999 999999999\n255\nabcd", "P6\n99999999999999999999 1\n255\nabcd", "P6\n", "P5", "P2\n2 1\n9\n5 10",
    "P2\n2 1\n9\n5 x", "P5\n2 1\n9\n\u{1}\u{a}", "P2\n100000 100000\n255\n1 2 3", "P5\n2 2 # comment without end",
    "P7\nWIDTH 1\n", "P1\n1 1\n0", "GIF89a", "",
  ])
  func badMapsAndOtherFiles(text: String) {
    #expect(throws: FileError.self) { try RasterImage(data: Data(text.utf8)) }
  }

  /// The CRC-32 of PNG, bit by bit.
  func chunk(_ kind: String, _ data: Data) -> Data {
    func number(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }
    let body = Data(kind.utf8) + data
    var crc: UInt32 = 0xffff_ffff
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    return number(UInt32(data.count)) + body + number(~crc)
  }

  func png(width: UInt32, height: UInt32, depth: UInt8 = 8, type: UInt8 = 2) -> Data {
    var header = Data()
    for side in [width, height] { header += withUnsafeBytes(of: side.bigEndian) { Data($0) } }
    header += [depth, type, 0, 0, 0]
    return Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) + chunk("IHDR", header)
      + chunk("IDAT", Data([0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01])) + chunk("IEND", Data())
  }

  @Test(arguments: [
    (UInt32(0), UInt32(5)), (5, 0), (1 << 31, 1), (0x7fff_ffff, 0x7fff_ffff), (100_000, 100_000), (3000, 3000),
  ])
  func pngsThatClaimTooMuch(width: UInt32, height: UInt32) {
    #expect(throws: FileError.self) { try RasterImage(data: png(width: width, height: height)) }
    #expect(throws: FileError.self) { try RasterImage(data: png(width: width, height: height, depth: 16, type: 6)) }
  }

  @Test func sizeLimitIsHeldAndExplained() throws {
    let data = try bytes("rgb8.png")
    // 20 x 13 pixels of three samples, each a byte and a Float.
    let size = 20 * 13 * 3 * 5
    _ = try RasterImage(data: data, sizeLimit: size)
    let error = #expect(throws: FileError.self) { try RasterImage(data: data, sizeLimit: size - 1) }
    #expect(error?.message.contains("20 x 13 pixels takes 3.9 KiB") == true, "\(error!)")
    let bomb = #expect(throws: FileError.self) {
      try RasterImage(data: png(width: 50_000, height: 50_000), name: "bomb.png")
    }
    #expect(
      bomb?.description.hasPrefix("bomb.png: decoding its 50000 x 50000 pixels takes 35.0 GiB") == true, "\(bomb!)")
  }

  /// A JPEG whose frame header says 65,500 x 65,500, and 16,000 x 4,000, which is within the limit but not within reason.
  @Test(arguments: [(65500, 65500), (16000, 4000)])
  func jpegsThatClaimTooMuch(width: Int, height: Int) throws {
    var data = try bytes("jpeg_444.jpg")
    let frame = try #require(data.firstRange(of: Data([0xff, 0xc0])))
    let place = frame.lowerBound + 5
    data.replaceSubrange(
      place..<place + 4, with: [UInt8(height >> 8), UInt8(height & 0xff), UInt8(width >> 8), UInt8(width & 0xff)])
    #expect(throws: FileError.self) { try RasterImage(data: data) }
  }

  /// Every place of the Exif segment with every of some values: the picture is whole, whatever the note says.
  @Test func damagedExifIsOnlyANote() throws {
    let whole = try bytes("jpeg_orientation6.jpg")
    let exif = try #require(whole.firstRange(of: Data("Exif".utf8)))
    for place in exif.lowerBound..<exif.lowerBound + 40 {
      for value in [UInt8(0), 1, 9, 0x7f, 0xff] {
        var data = whole
        data[place] = value
        let shape = try RasterImage(data: data).pixels.shape
        #expect(shape == [1, 20, 13] || shape == [1, 13, 20])
      }
    }
  }

  @Test func filesThatAreNotThereOrAreNoFiles() {
    for path in ["/nowhere/picture.png", "/", "/dev/null"] {
      #expect(throws: FileError.self) { try RasterImage(path: path) }
    }
    #expect(throws: FileError.self) { try RasterImage(path: "/dev/zero", sizeLimit: 1 << 20) }
  }

  @Test func namesDoNotDecide() throws {
    let path = temporaryFolder().path + "/really-a-png.jpg"
    try bytes("rgb8.png").write(to: URL(fileURLWithPath: path))
    #expect(try RasterImage(path: path) == RasterImage(data: bytes("rgb8.png")))
  }
}

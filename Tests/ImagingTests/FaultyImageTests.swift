import CImageCodecs
import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// Files that break the rules of their format and that other decoders read: the same pixels, and a warning.
@Suite struct FaultyImageTests {
  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: fixtures(of: #filePath).appendingPathComponent(name))
  }

  /// Where a marker of a JPEG stands.
  func place(_ marker: UInt8, _ data: Data) throws -> Int {
    try #require(data.firstRange(of: Data([0xff, marker]))).lowerBound
  }

  func checkFault(_ data: Data, like whole: Data, _ words: String, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let (image, expected) = (try RasterImage(data: data), try RasterImage(data: whole))
    #expect(image.pixels == expected.pixels && image.alpha == expected.alpha, sourceLocation: sourceLocation)
    #expect(expected.warnings.isEmpty, sourceLocation: sourceLocation)
    #expect(image.warnings.count == 1 && image.warnings[0].kind == .fault, sourceLocation: sourceLocation)
    #expect(
      image.warnings.first?.message.contains(words) == true, "\(image.warnings)", sourceLocation: sourceLocation)
  }

  // MARK: JPEG

  @Test(arguments: ["jpeg_420.jpg", "jpeg_progressive.jpg", "jpeg_cmyk.jpg"])
  func harmlessFaults(name: String) throws {
    let whole = try bytes(name)
    for (marker, stray) in [(UInt8(0xdb), [0]), (0xc4, [0x12, 0x34, 0x56])] as [(UInt8, [UInt8])] {
      let at = try place(marker, whole)
      let data = whole[..<at] + Data(stray) + whole[at...]
      try checkFault(Data(data), like: whole, "\(stray.count) stray byte\(stray.count == 1 ? "" : "s") before marker")
    }
    for cut in 1...2 { try checkFault(whole.dropLast(cut), like: whole, "its end marker is missing") }
    // Padding before a marker, bytes after the end, and another picture after it are as the format allows.
    let at = try place(0xdb, whole)
    for data in [whole[..<at] + Data([0xff, 0xff, 0xff]) + whole[at...], whole + Data("hello".utf8), whole + whole] {
      #expect(try RasterImage(data: Data(data)) == RasterImage(data: whole))
    }
  }

  @Test func anUnknownVersionOfJFIF() throws {
    let whole = try bytes("jpeg_420.jpg")
    var data = whole
    let at = try #require(data.firstRange(of: Data("JFIF\0".utf8))).upperBound
    data.replaceSubrange(at..<at + 2, with: [2, 0])
    try checkFault(data, like: whole, "JFIF version 2.00 is unknown")
  }

  /// Zeros in the compressed data: libjpeg goes on, and what it says is not lost.
  @Test func damagedDataAreSaid() throws {
    var data = try bytes("jpeg_444.jpg")
    let start = try place(0xda, data) + 40
    data.replaceSubrange(start..<start + 100, with: Data(count: 100))
    let image = try RasterImage(data: data)
    #expect(image.warnings.count == 1 && image.warnings[0].kind == .fault)
    #expect(image.warnings[0].message.contains("pixels may be wrong"), "\(image.warnings)")
  }

  /// Data that end early are half a picture if the file ends there too.
  @Test(arguments: ["jpeg_444.jpg", "jpeg_progressive.jpg", "jpeg_arithmetic.jpg"])
  func halfAPictureIsRefused(name: String) throws {
    let whole = try bytes(name)
    let error = #expect(throws: FileError.self) { try RasterImage(data: whole.prefix(whole.count * 3 / 4)) }
    #expect(error?.message.contains("cut short") == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    (4, UInt8(12), "12-bit JPEG"), (1, 0xc3, "lossless JPEG"), (1, 0xc5, "hierarchical JPEG"),
    (11, 0x31, "sampling ratio that is no whole number"),
  ])
  func whatIsNotSupportedIsNotCalledDamaged(offset: Int, value: UInt8, words: String) throws {
    // With the second and third colour at 2 x 1, a first of 3 x 1 is no multiple of theirs.
    var data = try bytes("jpeg_444.jpg")
    let frame = try place(0xc0, data)
    if offset == 11 {
      data[frame + 14] = 0x21
      data[frame + 17] = 0x21
    }
    data[frame + offset] = value
    let error = #expect(throws: FileError.self) { try RasterImage(data: data) }
    #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    #expect(error?.message.contains("not supported") == true && error?.message.contains("damaged") == false)
  }

  /// 490 scans of 14,000 x 14,000 pixels, which arithmetic codes put into a few kilobytes.
  @Test func scansTimesPixelsAreBounded() throws {
    var data = try bytes("jpeg_arithmetic_progressive.jpg")
    let frame = try place(0xca, data)
    data.replaceSubrange(frame + 5..<frame + 9, with: [0x36, 0xb0, 0x36, 0xb0])
    let scan = try place(0xda, data)
    data = data[..<scan] + Data((0..<490).flatMap { _ in data[scan..<data.count - 2] }) + data.suffix(2)
    let error = #expect(throws: FileError.self) { try RasterImage(data: data, sizeLimit: 8 << 30) }
    #expect(error?.message.contains("scanned so many times") == true, "\(String(describing: error))")
  }

  /// The decoder itself counts too: what it takes for scans is what counts.
  @Test func theDecoderCountsScans() throws {
    let data = try bytes("jpeg_progressive.jpg")
    var picture = sk_picture()
    var message = [CChar](repeating: 0, count: Int(SK_MESSAGE_SIZE))
    try data.withUnsafeBytes { bytes in
      let start = try #require(bytes.baseAddress).assumingMemoryBound(to: UInt8.self)
      #expect(sk_jpeg_inspect(start, bytes.count, &picture, &message) == SK_OK)
      var pixels = [UInt8](repeating: 0, count: picture.buffer_size)
      // The blocks of 20 x 13 pixels are 24 x 16; each of Pillow's ten scans takes one colour at least.
      let oneScan = UInt64(24 * 16)
      #expect(sk_jpeg_decode(start, bytes.count, &picture, 9 * oneScan, &pixels, nil, &message) == SK_TOO_MANY_SCANS)
      #expect(sk_jpeg_decode(start, bytes.count, &picture, 30 * oneScan, &pixels, nil, &message) == SK_OK)
    }
  }

  // MARK: PNG

  func chunk(_ kind: String, _ body: [UInt8], crc: [UInt8]) -> Data {
    Data([0, 0, 0, UInt8(body.count)] + Array(kind.utf8) + body + crc)
  }

  /// A chunk of text, of resolution, and one that nobody knows, with a checksum that is wrong.
  @Test(arguments: ["tEXt", "pHYs", "prVt"])
  func wrongChecksumsOfAncillaryChunks(kind: String) throws {
    let whole = try bytes("rgb8.png")
    let bad = chunk(kind, [0, 0, 0, 1, 0, 0, 0, 1, 1], crc: [1, 2, 3, 4])
    // After IHDR, which is 25 bytes after the signature, and after the pixels, before the 12 bytes of IEND.
    for place in [33, whole.count - 12] {
      let data = Data(whole[..<place] + bad + whole[place...])
      try checkFault(data, like: whole, "the checksum of its chunk \(kind) is wrong")
      #expect(try RasterImage(data: data).metadata == RasterImage(data: whole).metadata)
    }
  }

  @Test func faultsAfterThePixels() throws {
    let whole = try bytes("rgba16.png")
    for cut in [1, 4, 12] { try checkFault(whole.dropLast(cut), like: whole, "its end marker is missing") }
    var data = whole
    data[data.count - 1] ^= 1
    try checkFault(data, like: whole, "after its pixels")
  }

  @Test func furtherFramesAreMentioned() throws {
    let whole = try bytes("rgb8.png")
    // Three frames, endless; the checksum by zlib.crc32 of Python.
    let control = chunk("acTL", [0, 0, 0, 3, 0, 0, 0, 0], crc: [0xce, 0xed, 0xba, 0xc0])
    let image = try RasterImage(data: Data(whole[..<33] + control + whole[33...]))
    #expect(image.warnings.map(\.kind) == [.omission])
    #expect(image.warnings.first?.message.contains("animation of 3 frames") == true)
  }
}

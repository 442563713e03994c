import CZlib
import Foundation

/// What the chunks of a PNG file hold beside its pixels.
///
/// A chunk with a wrong checksum is passed over; libpng says so.
struct PNGChunks {
  /// The profile is decompressed; the Exif is as the file has it.
  private(set) var metadata = ImageMetadata()
  /// What of the notes could not be read.
  private(set) var faults: [String] = []
  /// What is in order and is not read.
  private(set) var omissions: [String] = []

  private static let signatureLength = 8
  private static let colorKinds: [String: ClosedRange<Int>] = [
    "cICP": 4...4, "cHRM": 32...32, "gAMA": 4...4, "sRGB": 1...1,
  ]

  init(_ data: Data) {
    data.withUnsafeBytes { read($0) }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) {
    func number(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    var place = Self.signatureLength
    while place + 12 <= bytes.count {
      let length = number(place)
      guard length <= bytes.count - place - 12 else { return }
      let kind = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
      if kind == "IEND" { return }
      let body = UnsafeRawBufferPointer(rebasing: bytes[place + 8..<place + 8 + length])
      if ["iCCP", "eXIf", "pHYs", "acTL"].contains(kind) || Self.colorKinds[kind] != nil {
        let isWhole = Self.checksum(bytes[place + 4..<place + 8 + length]) == number(place + 8 + length)
        if isWhole { read(kind, body) }
      }
      place += 12 + length
    }
  }

  private static func checksum(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    let start = bytes.base.baseAddress! + bytes.startIndex
    return Int(crc32_z(0, start.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  private mutating func read(_ kind: String, _ body: UnsafeRawBufferPointer) {
    func number(_ place: Int) -> Int { body[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    switch kind {
    case "iCCP" where metadata.colorProfile == nil: readProfile(body)
    case "eXIf" where metadata.exif == nil:
      let exif = Data(body)
      if body.count > ImageMetadata.sizeLimit {
        omissions.append("its Exif data of \(body.count) bytes are more than are kept, and were left out")
      } else if Exif(exif) != nil {
        metadata.exif = exif
      } else {
        faults.append("its Exif data are damaged and were left out")
      }
    case "pHYs" where metadata.resolution == nil && body.count == 9:
      let (x, y) = (number(0), number(4))
      if body[8] <= 1, x > 0, y > 0 {
        metadata.resolution = .init(horizontal: x, vertical: y, unit: body[8] == 1 ? .metre : .ratio)
      }
    case "acTL" where body.count == 8 && number(0) > 1:
      omissions.append("it is an animation of \(number(0)) frames, of which only the first picture was read")
    default:
      if let lengths = Self.colorKinds[kind], lengths.contains(body.count), metadata.colorChunks[kind] == nil {
        metadata.colorChunks[kind] = Data(body)
      }
    }
  }

  /// A name of at most 79 bytes and a zero, the number of the compression method, and the profile.
  private mutating func readProfile(_ body: UnsafeRawBufferPointer) {
    guard let end = body.prefix(80).firstIndex(of: 0), end + 2 < body.count, body[end + 1] == 0,
      let profile = Self.decompressed(UnsafeRawBufferPointer(rebasing: body[(end + 2)...])),
      ImageMetadata.colors(ofProfile: profile) != nil
    else {
      faults.append("its colour profile is damaged, or larger than any that is kept, and was left out")
      return
    }
    metadata.colorProfile = profile
  }

  /// The bytes of a zlib stream; nil if it is damaged or holds more than are kept.
  private static func decompressed(_ bytes: UnsafeRawBufferPointer) -> Data? {
    let source = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    var capacity = min(max(4 * bytes.count, 1 << 12), ImageMetadata.sizeLimit)
    while true {
      var data = Data(count: capacity)
      var count = uLongf(capacity)
      let result = data.withUnsafeMutableBytes {
        uncompress($0.baseAddress!.assumingMemoryBound(to: UInt8.self), &count, source, uLong(bytes.count))
      }
      if result == Z_OK { return data.prefix(Int(count)) }
      guard result == Z_BUF_ERROR, capacity < ImageMetadata.sizeLimit else { return nil }
      capacity = min(2 * capacity, ImageMetadata.sizeLimit)
    }
  }

  private static func compressed(_ data: Data) -> Data {
    var count = compressBound(uLong(data.count))
    var result = Data(count: Int(count))
    let status = data.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        compress2(
          target.baseAddress!.assumingMemoryBound(to: UInt8.self), &count,
          source.baseAddress!.assumingMemoryBound(to: UInt8.self), uLong(source.count), Z_DEFAULT_COMPRESSION)
      }
    }
    precondition(status == Z_OK, "zlib could not compress into as many bytes as it asked for: memory is short")
    return result.prefix(Int(count))
  }

  /// The chunks of a file that keeps the metadata.
  static func chunks(_ metadata: ImageMetadata) -> [FileSegment] {
    func bytes(_ number: Int) -> Data { withUnsafeBytes(of: UInt32(number).bigEndian) { Data($0) } }
    func chunk(_ kind: String, _ data: Data) -> FileSegment {
      FileSegment(kind: kind.utf8.reduce(0) { $0 << 8 | UInt32($1) }, data: data)
    }
    // One of iCCP and sRGB may be there.
    var chunks = metadata.colorChunks.sorted { $0.key < $1.key }
      .filter { $0.key != "sRGB" || metadata.colorProfile == nil }.map { chunk($0.key, $0.value) }
    if let profile = metadata.colorProfile {
      chunks.append(chunk("iCCP", Data("ICC profile\0\0".utf8) + compressed(profile)))
    }
    if let resolution = metadata.resolution {
      func converted(_ count: Int) -> Int {
        switch resolution.unit {
        case .ratio, .metre: count
        case .inch: Int((Double(count) / 0.0254).rounded())
        case .centimetre: count * 100
        }
      }
      let (x, y) = (converted(resolution.horizontal), converted(resolution.vertical))
      if (1...Int(Int32.max)).contains(x), (1...Int(Int32.max)).contains(y) {
        chunks.append(chunk("pHYs", bytes(x) + bytes(y) + Data([resolution.unit == .ratio ? 0 : 1])))
      }
    }
    if let exif = metadata.exif { chunks.append(chunk("eXIf", exif)) }
    return chunks
  }
}

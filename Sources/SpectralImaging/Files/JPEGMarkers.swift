import Foundation

/// What stands between the markers of a JPEG file beside its pixels: notes, and how much work it is to decode.
struct JPEGMarkers {
  /// The profile is complete and the Exif readable; both are as the file has them.
  private(set) var metadata = ImageMetadata()
  /// What of the notes could not be read.
  private(set) var faults: [String] = []
  /// Whether every block of 8 x 8 pixels takes a bit or more, as Huffman codes do; arithmetic codes can take less.
  private(set) var isHuffmanCoded = false
  /// How many scans there are.
  private(set) var scans = 0
  /// How many colours all scans have together.
  private(set) var scannedColors = 0

  private static let exifHead = Array("Exif\0\0".utf8)
  private static let profileHead = Array("ICC_PROFILE\0".utf8)
  private static let densityHead = Array("JFIF\0".utf8)

  init(_ data: Data) {
    data.withUnsafeBytes { read($0) }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) {
    var place = 2
    var profile: [Int: Data] = [:]
    var profileCount = 0
    defer { joinProfile(profile, profileCount) }
    while true {
      // The bits of a picture hold 0xff only before a zero; restart markers (d0 to d7) stand alone amid them.
      while place < bytes.count, bytes[place] != 0xff { place += 1 }
      while place < bytes.count, bytes[place] == 0xff { place += 1 }
      guard place < bytes.count else { return }
      let marker = bytes[place]
      place += 1
      if marker == 0xd9 { return }
      if marker <= 0x01 || (0xd0...0xd8).contains(marker) { continue }
      guard place + 2 <= bytes.count else { return }
      let end = place + Int(bytes[place]) << 8 + Int(bytes[place + 1])
      guard end >= place + 2, end <= bytes.count else { return }
      let segment = UnsafeRawBufferPointer(rebasing: bytes[(place + 2)..<end])
      switch marker {
      case 0xc0...0xc2: isHuffmanCoded = true
      case 0xda:
        scans += 1
        scannedColors += Int(segment.first ?? 0)
      case 0xe0 where segment.starts(with: Self.densityHead): readDensity(segment)
      case 0xe1 where metadata.exif == nil && segment.starts(with: Self.exifHead):
        let exif = Data(segment.dropFirst(Self.exifHead.count))
        if Exif(exif) != nil {
          metadata.exif = exif
        } else {
          faults.append("its Exif data are damaged and were left out")
        }
      case 0xe2 where segment.starts(with: Self.profileHead) && segment.count > Self.profileHead.count + 2:
        let head = Self.profileHead.count
        profileCount = Int(segment[head + 1])
        profile[Int(segment[head])] = Data(segment.dropFirst(head + 2))
      default: break
      }
      place = end
    }
  }

  private mutating func readDensity(_ segment: UnsafeRawBufferPointer) {
    guard metadata.resolution == nil, segment.count >= 12 else { return }
    func number(_ place: Int) -> Int { Int(segment[place]) << 8 | Int(segment[place + 1]) }
    let units: [ImageMetadata.Resolution.Unit] = [.ratio, .inch, .centimetre]
    let (x, y, unit) = (number(8), number(10), Int(segment[7]))
    // Squares without a size are what a file says that does not know.
    guard unit < units.count, x > 0, y > 0, unit > 0 || x != y else { return }
    metadata.resolution = .init(horizontal: x, vertical: y, unit: units[unit])
  }

  /// A profile is cut into pieces that are counted from 1.
  private mutating func joinProfile(_ pieces: [Int: Data], _ count: Int) {
    guard !pieces.isEmpty else { return }
    guard count > 0, pieces.count == count, (1...count).allSatisfy({ pieces[$0] != nil }) else {
      faults.append("its colour profile is incomplete and was left out")
      return
    }
    let profile = (1...count).reduce(into: Data()) { $0 += pieces[$1]! }
    guard ImageMetadata.colors(ofProfile: profile) != nil else {
      faults.append("its colour profile is damaged and was left out")
      return
    }
    metadata.colorProfile = profile
  }

  /// The segments of a file that keeps the metadata, and what it cannot keep.
  static func segments(_ metadata: ImageMetadata) -> (segments: [FileSegment], losses: [String]) {
    var segments: [FileSegment] = []
    var losses: [String] = []
    // The length of a segment counts its own two bytes.
    let largest = 65533
    if let exif = metadata.exif {
      if exif.count <= largest - exifHead.count {
        segments.append(FileSegment(kind: 0xe1, data: Data(exifHead) + exif))
      } else {
        losses.append(
          "its \(exif.count) bytes of Exif are more than the \(largest) that a JPEG holds, and were left out")
      }
    }
    if let profile = metadata.colorProfile {
      let size = largest - profileHead.count - 2
      let count = (profile.count + size - 1) / size
      if count <= 255 {
        for i in 0..<count {
          let piece = profile.dropFirst(i * size).prefix(size)
          segments.append(
            FileSegment(kind: 0xe2, data: Data(profileHead + [UInt8(i + 1), UInt8(count)]) + piece))
        }
      } else {
        losses.append("its colour profile of \(profile.count) bytes is more than a JPEG holds, and was left out")
      }
    } else if metadata.colorChunks.keys.contains(where: { $0 == "cICP" || $0 == "cHRM" }) {
      losses.append("a JPEG does not hold a PNG's notes on its colours (cICP, cHRM, gAMA): they were left out")
    }
    return (segments, losses)
  }

  /// The density of a JFIF header: the unit's number, and pixels per unit; without a unit and 1 to 1 where nothing is
  /// known, or where the numbers do not fit 16 bits.
  static func density(_ resolution: ImageMetadata.Resolution?) -> (unit: Int32, x: UInt16, y: UInt16) {
    guard let resolution else { return (0, 1, 1) }
    var (unit, x, y): (Int32, Int, Int)
    (x, y) = (resolution.horizontal, resolution.vertical)
    switch resolution.unit {
    case .ratio: unit = 0
    case .inch: unit = 1
    case .centimetre: unit = 2
    case .metre:
      // Whole numbers per centimetre stay exact; others were whole numbers per inch most likely.
      if x % 100 == 0, y % 100 == 0 {
        (unit, x, y) = (2, x / 100, y / 100)
      } else {
        unit = 1
        (x, y) = (Int((Double(x) * 0.0254).rounded()), Int((Double(y) * 0.0254).rounded()))
      }
    }
    guard let width = UInt16(exactly: x), let height = UInt16(exactly: y), width > 0, height > 0 else {
      return (0, 1, 1)
    }
    return (unit, width, height)
  }
}

/// A chunk of a PNG or a segment of a JPEG.
struct FileSegment {
  /// The letters of a chunk, the first in the highest byte, or a marker.
  let kind: UInt32
  let data: Data
}

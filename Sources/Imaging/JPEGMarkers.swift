import Foundation

/// How a camera was held: the eight values of Exif's orientation tag.
enum Orientation: Int {
  case upright = 1
  case mirrored, upsideDown, flipped, transposed, quarterLeft, transversed, quarterRight

  /// Whether rows of the stored picture are columns of the upright one.
  var swapsAxes: Bool { rawValue >= 5 }

  /// Where the upright picture's pixels are in the stored one of `width` times `height` pixels: the place of the first,
  /// and the steps in pixels to the next row and to the next column.
  func walk(width: Int, height: Int) -> (origin: Int, rowStep: Int, columnStep: Int) {
    let (right, bottom) = (width - 1, (height - 1) * width)
    return switch self {
    case .upright: (0, width, 1)
    case .mirrored: (right, width, -1)
    case .upsideDown: (bottom + right, -width, -1)
    case .flipped: (bottom, -width, 1)
    case .transposed: (0, 1, width)
    case .quarterLeft: (bottom, 1, -width)
    case .transversed: (bottom + right, -1, -width)
    case .quarterRight: (right, -1, width)
    }
  }
}

/// What libjpeg does not tell of a JPEG file: how the camera was held, and whether the file goes on to its end.
struct JPEGMarkers {
  /// From the first Exif segment; upright if there is none or if it is damaged, as Exif is only a note.
  private(set) var orientation = Orientation.upright
  /// Whether there is a marker that ends the picture.
  private(set) var hasEnd = false
  /// Whether every block of 8 x 8 pixels takes a bit or more, as Huffman codes do; arithmetic codes can take less.
  private(set) var isHuffmanCoded = false

  init(_ data: Data) {
    data.withUnsafeBytes { read($0) }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) {
    var place = 2
    var hasExif = false
    while true {
      // The bits of a picture hold 0xff only before a zero; restart markers (d0 to d7) stand alone amid them.
      while place < bytes.count, bytes[place] != 0xff { place += 1 }
      while place < bytes.count, bytes[place] == 0xff { place += 1 }
      guard place < bytes.count else { return }
      let marker = bytes[place]
      place += 1
      if marker == 0xd9 {
        hasEnd = true
        return
      }
      if marker <= 0x01 || (0xd0...0xd8).contains(marker) { continue }
      guard place + 2 <= bytes.count else { return }
      let end = place + Int(bytes[place]) << 8 + Int(bytes[place + 1])
      guard end >= place + 2, end <= bytes.count else { return }
      if (0xc0...0xc2).contains(marker) { isHuffmanCoded = true }
      let segment = UnsafeRawBufferPointer(rebasing: bytes[(place + 2)..<end])
      if marker == 0xe1, !hasExif, segment.starts(with: Array("Exif\0\0".utf8)) {
        hasExif = true
        orientation = Exif(UnsafeRawBufferPointer(rebasing: segment[6...])).orientation ?? .upright
      }
      place = end
    }
  }
}

/// The part of Exif's TIFF structure where the orientation is.
private struct Exif {
  private let bytes: UnsafeRawBufferPointer
  private var isBigEndian = false

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    isBigEndian = bytes.first == UInt8(ascii: "M")
  }

  private func number(at place: Int, bytes count: Int) -> Int? {
    guard place >= 0, place + count <= bytes.count else { return nil }
    let digits = bytes[place..<place + count]
    return isBigEndian
      ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  var orientation: Orientation? {
    guard bytes.starts(with: (isBigEndian ? "MM" : "II").utf8), number(at: 2, bytes: 2) == 42,
      let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2)
    else { return nil }
    for entry in 0..<count {
      let place = directory + 2 + 12 * entry
      guard let tag = number(at: place, bytes: 2) else { return nil }
      // Tag 0x0112, one number of 16 bits (type 3).
      if tag == 0x0112 {
        guard number(at: place + 2, bytes: 2) == 3, number(at: place + 4, bytes: 4) == 1 else { return nil }
        return number(at: place + 8, bytes: 2).flatMap(Orientation.init(rawValue:))
      }
    }
    return nil
  }
}

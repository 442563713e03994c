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

/// Exif: a TIFF structure of directories, whose entries have a tag, a type, a count, and four bytes that are the value or
/// say where it is.
///
/// Values are changed in place, so that nothing moves: makers' notes hold offsets that only their cameras understand.
struct Exif {
  private(set) var data: Data
  private let isBigEndian: Bool

  /// nil for what is no such structure.
  init?(_ data: Data) {
    self.data = Data(data)
    isBigEndian = data.first == UInt8(ascii: "M")
    guard data.starts(with: (isBigEndian ? "MM" : "II").utf8), number(at: 2, bytes: 2) == 42,
      let directory = number(at: 4, bytes: 4), number(at: directory, bytes: 2) != nil
    else { return nil }
  }

  private enum Tag {
    static let orientation = 0x0112
    static let resolutions = (0x011a, 0x011b)
    static let thumbnail = 0x0201
    static let thumbnailLength = 0x0202
    static let details = 0x8769
    static let sizes = (0xa002, 0xa003)
  }

  private func number(at place: Int, bytes count: Int) -> Int? {
    guard place >= 0, place <= data.count - count else { return nil }
    let digits = data[place..<place + count]
    return isBigEndian
      ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func set(_ number: Int, at place: Int, bytes count: Int) {
    for i in 0..<count {
      data[place + (isBigEndian ? count - 1 - i : i)] = UInt8(truncatingIfNeeded: number >> (8 * i))
    }
  }

  private var mainDirectory: Int { number(at: 4, bytes: 4)! }

  /// The place of an entry of a directory.
  private func entry(_ tag: Int, in directory: Int) -> Int? {
    guard let count = number(at: directory, bytes: 2) else { return nil }
    for place in stride(from: directory + 2, to: directory + 2 + 12 * count, by: 12) {
      guard let found = number(at: place, bytes: 2) else { return nil }
      if found == tag { return place }
    }
    return nil
  }

  /// The place and the bytes of a whole number that is its entry's value: of type SHORT (3) or LONG (4).
  private func value(_ tag: Int, in directory: Int) -> (place: Int, bytes: Int)? {
    guard let place = entry(tag, in: directory), number(at: place + 4, bytes: 4) == 1, place + 12 <= data.count else {
      return nil
    }
    switch number(at: place + 2, bytes: 2) {
    case 3: return (place + 8, 2)
    case 4: return (place + 8, 4)
    default: return nil
    }
  }

  private func number(_ tag: Int, in directory: Int) -> Int? {
    value(tag, in: directory).flatMap { number(at: $0.place, bytes: $0.bytes) }
  }

  /// How the camera was held; nil where it is not said.
  var orientation: Orientation? { number(Tag.orientation, in: mainDirectory).flatMap(Orientation.init(rawValue:)) }

  /// Says what is true of the picture once it is turned: that it is upright, its size, and the resolution along its axes;
  /// and takes the thumbnail away.
  mutating func turnUpright(width: Int, height: Int) {
    let swapsAxes = orientation?.swapsAxes ?? false
    let main = mainDirectory
    if let value = value(Tag.orientation, in: main) { set(1, at: value.place, bytes: value.bytes) }
    if swapsAxes, let x = entry(Tag.resolutions.0, in: main), let y = entry(Tag.resolutions.1, in: main),
      let first = number(at: x + 8, bytes: 4), let second = number(at: y + 8, bytes: 4)
    {
      set(second, at: x + 8, bytes: 4)
      set(first, at: y + 8, bytes: 4)
    }
    if let details = number(Tag.details, in: main) {
      for (tag, size) in [(Tag.sizes.0, width), (Tag.sizes.1, height)] {
        if let value = value(tag, in: details), size >> (8 * value.bytes) == 0 {
          set(size, at: value.place, bytes: value.bytes)
        }
      }
    }
    removeThumbnail()
  }

  /// Ends the list of directories after the first: the second is the thumbnail's.
  private mutating func removeThumbnail() {
    guard let count = number(at: mainDirectory, bytes: 2) else { return }
    let link = mainDirectory + 2 + 12 * count
    guard let second = number(at: link, bytes: 4), second != 0 else { return }
    if let start = number(Tag.thumbnail, in: second), let length = number(Tag.thumbnailLength, in: second),
      start >= 0, start < data.count
    {
      data.resetBytes(in: start..<start + min(length, data.count - start))
    }
    set(0, at: link, bytes: 4)
  }
}

import Foundation
import SpectralCore

/// A PGM or PPM file: grey (P2, P5) or RGB (P3, P6), as decimal text or as bytes.
///
/// The header is text: the two letters, width, height and the sample that means 1, with comments from `#` to the end of
/// the line. Samples take two bytes, the higher first, if the largest exceeds 255.
struct PortableMap {
  let layout: SampleLayout
  private let isText: Bool
  private let bytes: Data
  private let name: String
  /// Where the samples begin.
  private let start: Int

  /// Reads the header and checks that the samples can be there.
  ///
  /// - Throws: ``FileError``.
  init(_ data: Data, name: String) throws {
    var scanner = NumberScanner(data)
    _ = scanner.skip(2)
    isText = [UInt8(ascii: "2"), UInt8(ascii: "3")].contains(data[data.startIndex + 1])
    let channels = [UInt8(ascii: "2"), UInt8(ascii: "5")].contains(data[data.startIndex + 1]) ? 1 : 3
    guard let width = scanner.next(), let height = scanner.next(), let maximum = scanner.next() else {
      throw FileError(name, "its PGM/PPM header is damaged: width, height and largest sample are not three numbers")
    }
    guard width > 0, height > 0 else {
      throw FileError(name, "the picture has \(width) x \(height) pixels: there is nothing in it")
    }
    guard (1...65535).contains(maximum) else {
      throw FileError(name, "the largest sample is said to be \(maximum); the format allows 1 to 65535")
    }
    let sampleBytes = maximum > 255 ? 2 : 1
    // As text a sample takes a digit and a space at least; the last may lack the space.
    guard scanner.skip(1), let samples = TensorShape.count([width, height, channels]), samples <= Int.max / 2,
      data.count - scanner.place >= (isText ? 2 * samples - 1 : samples * sampleBytes)
    else {
      throw FileError(name, "the file is too short for its \(width) x \(height) pixels: it was cut short")
    }
    layout = SampleLayout(
      width: width, height: height, channels: channels, sampleBytes: sampleBytes, maximum: maximum,
      isBigEndian: !isText)
    bytes = data
    self.name = name
    start = scanner.place
  }

  /// Calls `body` with the samples. Bytes after the last one are ignored, as the format asks.
  ///
  /// - Throws: ``FileError`` if a sample exceeds the largest.
  func withSamples<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws -> Result {
    let count = layout.width * layout.height * layout.channels
    guard isText else {
      return try bytes.withUnsafeBytes { bytes in
        let samples = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count * layout.sampleBytes])
        if layout.maximum != 255 && layout.maximum != 65535 {
          for i in 0..<count {
            try check(layout.sampleBytes == 1 ? Int(samples[i]) : Int(samples[2 * i]) << 8 | Int(samples[2 * i + 1]), i)
          }
        }
        return body(samples)
      }
    }
    var scanner = NumberScanner(bytes, at: start)
    var samples = Data(count: count * layout.sampleBytes)
    try samples.withUnsafeMutableBytes { samples in
      for i in 0..<count {
        guard let value = scanner.next() else {
          throw FileError(name, "sample \(i) of \(count) is missing or no number: the file is damaged or was cut short")
        }
        try check(value, i)
        if layout.sampleBytes == 1 {
          samples[i] = UInt8(value)
        } else {
          samples.storeBytes(of: UInt16(value), toByteOffset: 2 * i, as: UInt16.self)
        }
      }
    }
    return samples.withUnsafeBytes(body)
  }

  private func check(_ sample: Int, _ place: Int) throws {
    guard sample <= layout.maximum else {
      throw FileError(name, "sample \(place) is \(sample), but the header allows \(layout.maximum) at most")
    }
  }

  /// The header of a file of bytes.
  static func header(_ layout: SampleLayout) -> Data {
    Data("P\(layout.channels == 1 ? 5 : 6)\n\(layout.width) \(layout.height)\n\(layout.maximum)\n".utf8)
  }
}

/// Reads decimal numbers between spaces and comments.
private struct NumberScanner {
  private let bytes: Data
  private(set) var place: Int

  init(_ data: Data, at place: Int = 0) {
    // From index 0, whatever slice it was.
    bytes = data.startIndex == 0 ? data : Data(data)
    self.place = place
  }

  /// Steps over bytes; false where they are not there.
  mutating func skip(_ count: Int) -> Bool {
    guard place + count <= bytes.count else { return false }
    place += count
    return true
  }

  /// The next number; nil if there is none or if it has more than nine digits.
  mutating func next() -> Int? {
    bytes.withUnsafeBytes { bytes in
      while place < bytes.count {
        if bytes[place] == UInt8(ascii: "#") {
          while place < bytes.count, bytes[place] != 0x0a, bytes[place] != 0x0d { place += 1 }
        } else if bytes[place] == 0x20 || (0x09...0x0d).contains(bytes[place]) {
          place += 1
        } else {
          break
        }
      }
      var value = 0
      let first = place
      while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
        value = value * 10 + Int(bytes[place] - 0x30)
        place += 1
        if place - first > 9 { return nil }
      }
      return place > first ? value : nil
    }
  }
}

import Foundation

/// Names of files as strings, whatever bytes they are made of.
///
/// A name in a Unix file system is a sequence of bytes that is usually, but not always, UTF-8. ``decode(_:)`` turns each
/// byte that is not part of valid UTF-8 into a private-use scalar, U+10FE00 plus the byte, and ``encode(_:)`` turns that
/// back into the byte, so that a string holds any name and different names are different strings. Python does the same
/// with surrogates (PEP 383), which a Swift string cannot hold.
package enum FileName {
  private static let escapes: ClosedRange<UInt32> = 0x10FE80...0x10FEFF

  /// The string that stands for a name.
  package static func decode(_ bytes: some Collection<UInt8>) -> String {
    // Valid UTF-8 that spells an escape must not come back as a byte, so it is escaped itself. All begin with 0xF4.
    if !bytes.contains(0xF4), let name = String(validating: bytes, as: UTF8.self) { return name }
    var name = ""
    var rest = Array(bytes)[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let text = String(validating: rest.prefix(length), as: UTF8.self), text.unicodeScalars.count == 1,
        !escapes.contains(text.unicodeScalars.first!.value)
      {
        name += text
        rest = rest.dropFirst(length)
      } else {
        name.unicodeScalars.append(Unicode.Scalar(0x10FE00 + UInt32(first))!)
        rest = rest.dropFirst()
      }
    }
    return name
  }

  /// The string that stands for a name that ends with a zero byte.
  package static func decode(cString: UnsafePointer<CChar>) -> String {
    let count = strlen(cString)
    return cString.withMemoryRebound(to: UInt8.self, capacity: count) {
      decode(UnsafeBufferPointer(start: $0, count: count))
    }
  }

  /// The bytes of a name as the system takes them, with a zero byte at the end.
  package static func encode(_ name: String) -> [CChar] {
    guard name.utf8.contains(0xF4) else { return Array(name.utf8CString) }
    var bytes: [UInt8] = []
    for scalar in name.unicodeScalars {
      if let byte = escapedByte(scalar) { bytes.append(byte) } else { bytes += UTF8.encode(scalar)! }
    }
    return (bytes + [0]).map { CChar(bitPattern: $0) }
  }

  /// The byte that a scalar stands for; nil for an ordinary scalar.
  static func escapedByte(_ scalar: Unicode.Scalar) -> UInt8? {
    escapes.contains(scalar.value) ? UInt8(scalar.value & 0xFF) : nil
  }

  /// The number of an open descriptor that a path names, as `/dev/stdin` and `/dev/fd/3` do.
  package static func standardDescriptor(_ path: String) -> Int32? {
    for prefix in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(prefix) {
      return Int32(path.dropFirst(prefix.count))
    }
    return ["/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2][path]
  }
}

extension String {
  /// The text as it may be shown in one line on a terminal: control characters, line separators and marks that reverse
  /// the direction of writing are escaped, as are bytes of file names that are not UTF-8 (`\xFF`).
  ///
  /// - Parameter most: The most characters; a longer text loses its middle, and says how much that was.
  package func printable(most: Int = .max) -> String {
    let scalars = Array(unicodeScalars)
    guard scalars.count > most else { return Self.escaped(scalars[...]) }
    let half = max(1, most / 2)
    return Self.escaped(scalars.prefix(half)) + "...(\(scalars.count - 2 * half) characters)..."
      + Self.escaped(scalars.suffix(half))
  }

  private static func escaped(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = ""
    for scalar in scalars {
      if let byte = FileName.escapedByte(scalar) {
        text += "\\x" + String(byte, radix: 16, uppercase: true)
        continue
      }
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: text += scalar.escaped(asASCII: true)
      case .format where (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value):
        text += scalar.escaped(asASCII: true)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

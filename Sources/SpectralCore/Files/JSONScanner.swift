/// Reads JSON from left to right as its caller expects it, without building a tree first.
///
/// Headers of files come from strangers. Foundation's parser keeps one of two equal keys without a word, and a tree of
/// a large header can take twenty times its bytes; here the caller sees every key and decides.
struct JSONScanner {
  /// What was wrong, and the byte where it was noticed.
  struct Failure: Error {
    let message: String
    let place: Int
  }

  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  /// A failure at the place reached.
  func failure(_ message: String) -> Failure { Failure(message: message, place: place) }

  /// Reads an object and calls `body` at each of its values.
  mutating func object(_ body: (inout JSONScanner, String) throws(Failure) -> Void) throws(Failure) {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(&self, key)
    } while accept(",")
    try expect("}")
  }

  /// Reads an array of integers, at most `limit` of them, each from 0 to 2^63 - 1.
  mutating func integers(limit: Int) throws(Failure) -> [Int] {
    var values: [Int] = []
    try expect("[")
    if accept("]") { return values }
    repeat {
      guard values.count < limit else { throw failure("a list has more than \(limit) numbers") }
      values.append(try integer())
    } while accept(",")
    try expect("]")
    return values
  }

  /// Reads an integer from 0 to 2^63 - 1.
  mutating func integer() throws(Failure) -> Int {
    skipSpaces()
    let digits = bytes[place...].prefix { (0x30...0x39).contains($0) }
    guard let value = Int(String(decoding: digits, as: UTF8.self)), digits.count == 1 || digits.first != 0x30 else {
      throw failure("a whole number from 0 to 2^63 - 1 was expected")
    }
    place += digits.count
    return value
  }

  /// Reads a string.
  mutating func string() throws(Failure) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while let byte = next(), byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw failure("a string holds a bare control character") }
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: String(try escaped()).utf8)
      } else {
        text.append(byte)
      }
    }
    guard bytes[place - 1] == UInt8(ascii: "\""), let string = String(validating: text, as: UTF8.self) else {
      throw failure("a string does not end or is not UTF-8")
    }
    return string
  }

  /// Makes sure that only white space follows.
  mutating func end() throws(Failure) {
    skipSpaces()
    guard place == bytes.count else { throw failure("something follows the last bracket") }
  }

  private mutating func next() -> UInt8? {
    guard place < bytes.count else { return nil }
    place += 1
    return bytes[place - 1]
  }

  private mutating func skipSpaces() {
    while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
  }

  private mutating func accept(_ mark: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard place < bytes.count, bytes[place] == UInt8(ascii: mark) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ mark: Unicode.Scalar) throws(Failure) {
    guard accept(mark) else { throw failure("'\(mark)' was expected") }
  }

  private mutating func escaped() throws(Failure) -> Unicode.Scalar {
    switch next().map({ Unicode.Scalar($0) }) {
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try hexadecimal()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      // A character beyond U+FFFF is written as two surrogates.
      if (0xd800..<0xdc00).contains(unit), next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u") {
        let low = try hexadecimal()
        if (0xdc00..<0xe000).contains(low), let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + low - 0xdc00)
        {
          return scalar
        }
      }
      throw failure("a string holds half of a surrogate pair")
    default: throw failure("a string holds an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    let digits = bytes[place...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
      throw failure("four hexadecimal digits were expected")
    }
    place += 4
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)!
  }

  /// A string as JSON writes it, with the escapes of Rust's serde, which the safetensors library uses.
  static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

import Foundation

/// What a request line asks for: a path and a query, each decoded once.
///
/// Paths lead to a table of names and nowhere else, so none can reach a file of the disk. Those that try, or that would mean
/// something else if they were decoded again, are refused all the same.
struct RequestTarget: Equatable {
  /// The parts of the path between its slashes.
  let path: [String]
  let query: [String: String]

  /// Reads the target of a request line; nil for one that is refused.
  init?(_ text: String) {
    guard text.hasPrefix("/"), text.utf8.count <= 8192 else { return nil }
    let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var path: [String] = []
    for part in halves[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let name = Self.decoded(part), Self.isPlain(name) else { return nil }
      path.append(name)
    }
    self.path = path == [""] ? [] : path
    guard !self.path.contains("") else { return nil }
    var query: [String: String] = [:]
    for pair in (halves.count > 1 ? halves[1] : "").split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = sides.count > 1 ? sides[1].replacing("+", with: " ") : ""
      guard let name = Self.decoded(sides[0]), let value = Self.decoded(Substring(value)), !value.contains("\0"),
        query.updateValue(value, forKey: name) == nil
      else { return nil }
    }
    self.query = query
  }

  /// Undoes percent encoding, once; nil for what is no encoding, or not UTF-8.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let code = UInt8(hexadecimal: rest.prefix(2)) else { return nil }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Whether a part of a path is a name: neither a step upwards, nor something still encoded, nor several parts in one.
  private static func isPlain(_ name: String) -> Bool {
    name != "." && name != ".."
      && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && !"%/\\".unicodeScalars.contains($0) }
  }
}

extension UInt8 {
  fileprivate init?(hexadecimal digits: some Collection<UInt8>) {
    let isHexadecimal = digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    guard isHexadecimal, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
    self = value
  }
}

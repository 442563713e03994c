import Foundation

/// The first bytes of a `.npy` file: a magic word, a version, and a Python dictionary such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
///
/// The format is NumPy Enhancement Proposal 1.
package struct NumPyHeader: Hashable, Sendable {
  /// What the numbers are.
  package var type: ElementType
  /// Whether each number's highest byte comes first.
  package var isBigEndian = false
  /// Whether the first axis is contiguous rather than the last.
  package var isFortranOrder = false
  /// The shape.
  package var extents: [Int]

  /// The header of numbers as this library writes them: little-endian, the last axis contiguous unless told otherwise.
  package init(type: ElementType, extents: [Int], isFortranOrder: Bool = false) {
    (self.type, self.extents, self.isFortranOrder) = (type, extents, isFortranOrder)
  }

  fileprivate init(type: ElementType, isBigEndian: Bool, isFortranOrder: Bool, extents: [Int]) {
    (self.type, self.isBigEndian, self.isFortranOrder, self.extents) = (type, isBigEndian, isFortranOrder, extents)
  }

  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads the header, and leaves the file at the first number.
  package static func read(from file: inout InputFile) throws -> NumPyHeader {
    let path = file.path
    func fail(_ message: String) -> FileError { FileError(path, message) }
    let start = [UInt8](try file.read(upTo: 8))
    guard !start.isEmpty else { throw fail("the file is empty") }
    guard start.starts(with: magic) || (start.count < 6 && magic.starts(with: start)) else {
      guard let found = FileSignature(firstBytes: start + (try file.read(upTo: FileSignature.length - start.count)))
      else { throw fail("this is not a .npy file: it does not begin with the bytes \\x93NUMPY") }
      throw fail("this is \(found.name), and an array is expected here: save its numbers as .npy, with numpy.save")
    }
    let cutShort = "the file ends in the middle of its header: it was cut short, so save it again"
    guard start.count == 8 else { throw fail(cutShort) }
    guard (1...3).contains(start[6]), start[7] == 0 else {
      throw fail("version \(start[6]).\(start[7]) of the .npy format is unknown; versions 1.0, 2.0 and 3.0 are read")
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    let lengthField = try file.read(upTo: lengthBytes)
    guard lengthField.count == lengthBytes else { throw fail(cutShort) }
    let length = lengthField.reversed().reduce(0) { $0 << 8 | Int($1) }
    // A dictionary of three entries; 64 axes of 20 digits fit into a fraction of this.
    guard length <= 1 << 16 else { throw fail("the header claims \(length) bytes; 65536 are read at most") }
    let text = try file.read(upTo: length)
    guard text.count == length else { throw fail(cutShort) }
    var parser = HeaderParser(bytes: [UInt8](text))
    do {
      return try parser.header()
    } catch {
      throw fail(error.message)
    }
  }

  /// The bytes of a version 1.0 header, the same that `numpy.save` writes.
  ///
  /// - Precondition: at most 64 axes, as in NumPy.
  package var bytes: Data {
    precondition(extents.count <= 64, "a .npy file has at most 64 axes, this tensor has \(extents.count)")
    let list = extents.map(String.init)
    let tuple = list.count == 1 ? "(\(list[0]),)" : "(\(list.joined(separator: ", ")))"
    let order = isFortranOrder ? "True" : "False"
    var text = "{'descr': '\(type == .float32 ? "<f4" : "<f8")', 'fortran_order': \(order), 'shape': \(tuple), }"
    // NumPy leaves room for the outermost extent to grow to 21 digits in place.
    if let first = isFortranOrder ? list.last : list.first {
      text += String(repeating: " ", count: 21 - first.utf8.count)
    }
    // The numbers begin at a multiple of 64 bytes; the header ends in a newline.
    let prefix = NumPyHeader.magic.count + 4
    text += String(repeating: " ", count: 63 - (prefix + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return Data(NumPyHeader.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(text.utf8))
  }
}

/// Reads the one form of Python dictionary that NumPy writes.
private struct HeaderParser {
  struct Failure: Error { let message: String }
  let bytes: [UInt8]
  var place = 0

  mutating func header() throws(Failure) -> NumPyHeader {
    var descr: String?
    var order: Bool?
    var extents: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descr == nil: descr = try type()
      case "fortran_order" where order == nil: order = try boolean()
      case "shape" where extents == nil: extents = try tuple()
      default: throw Failure(message: "the header has an unknown or repeated entry '\(key)'")
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard place == bytes.count else { throw Failure(message: "the header goes on after its dictionary") }
    guard let descr, let order, let extents else {
      throw Failure(message: "the header lacks one of its entries 'descr', 'fortran_order' and 'shape'")
    }
    let (type, isBigEndian) = try elementType(descr)
    return NumPyHeader(type: type, isBigEndian: isBigEndian, isFortranOrder: order, extents: extents)
  }

  private func elementType(_ descr: String) throws(Failure) -> (ElementType, Bool) {
    let types: [String: ElementType] = [
      "b1": .bool, "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "u4": .uint32, "i4": .int32,
      "u8": .uint64, "i8": .int64, "f2": .float16, "f4": .float32, "f8": .float64,
    ]
    let mark = descr.first
    if mark == "|" || mark == "<" || mark == ">" || mark == "=", let type = types[String(descr.dropFirst())] {
      return (type, mark == ">")
    }
    if descr.hasPrefix("|O") || descr == "O" {
      throw Failure(
        message: "the array holds Python objects ('|O'), which only Python can read: save it as numbers, "
          + "for example array.astype('f4')")
    }
    throw Failure(
      message: "the array's type '\(descr)' is not one of real numbers: save it as array.astype('f4') or 'f8'")
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
    guard accept(mark) else {
      throw Failure(message: "the header is damaged: '\(mark)' was expected at its byte \(place)")
    }
  }

  private mutating func string() throws(Failure) -> String {
    skipSpaces()
    guard place < bytes.count, bytes[place] == UInt8(ascii: "'") || bytes[place] == UInt8(ascii: "\"") else {
      throw Failure(message: "the header is damaged: a quoted word was expected at its byte \(place)")
    }
    let quote = bytes[place]
    guard let end = bytes[(place + 1)...].firstIndex(of: quote), !bytes[place..<end].contains(UInt8(ascii: "\\"))
    else {
      throw Failure(message: "the header is damaged: the quoted word at its byte \(place) does not end")
    }
    defer { place = end + 1 }
    return String(decoding: bytes[place + 1..<end], as: UTF8.self)
  }

  private mutating func type() throws(Failure) -> String {
    skipSpaces()
    if place < bytes.count, bytes[place] == UInt8(ascii: "[") {
      throw Failure(message: "this is a structured array: save each of its fields as an array of its own")
    }
    return try string()
  }

  private mutating func boolean() throws(Failure) -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)] where bytes[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return value
    }
    throw Failure(message: "the header is damaged: 'fortran_order' is neither True nor False")
  }

  private mutating func tuple() throws(Failure) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !accept(")") {
      guard extents.count < 64 else { throw Failure(message: "the array has more than 64 axes") }
      extents.append(try integer())
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return extents
  }

  private mutating func integer() throws(Failure) -> Int {
    skipSpaces()
    let digits = bytes[place...].prefix { (0x30...0x39).contains($0) }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
      throw Failure(message: "the header is damaged: an extent of 'shape' is not a number from 0 to 2^63 - 1")
    }
    place += digits.count
    // Python 2 wrote long integers as `3L`.
    _ = accept("L")
    return value
  }
}

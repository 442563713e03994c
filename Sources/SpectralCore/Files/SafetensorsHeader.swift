import Foundation

/// The header of a safetensors file: a JSON object that says where each tensor's bytes are.
///
/// The rules are the official library's: the tensors' bytes follow one another without holes or overlaps and fill the
/// file to its end, each as long as its shape and type say.
struct SafetensorsHeader {
  struct Place {
    var name: String
    var type: ElementType
    var extents: [Int]
    var bytes: Range<Int>
  }

  var metadata: [String: String] = [:]
  /// In the order of their bytes.
  var places: [Place] = []

  /// The longest header that is read: 100 MB, as in the official library.
  static let lengthLimit = 100_000_000

  /// Reads a header.
  ///
  /// - Throws: ``FileError``.
  init(_ header: Data, path: String) throws {
    guard header.first == UInt8(ascii: "{") else {
      throw FileError(path, "this is not a safetensors file: its header does not begin with '{'")
    }
    var scanner = JSONScanner(header)
    do {
      try read(&scanner)
    } catch {
      throw FileError(path, "the header is damaged at its byte \(error.place): \(error.message)")
    }
    places.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    var end = 0
    for place in places {
      guard place.type.byteCount(place.extents) == place.bytes.count else {
        throw FileError(
          path,
          "the tensor '\(place.name)' has \(place.bytes.count) bytes, which do not make up a shape "
            + "\(place.extents) of \(place.type.rawValue): the file is damaged")
      }
      guard place.bytes.lowerBound == end else {
        let fault = place.bytes.lowerBound < end ? "overlap what is before them" : "follow a hole"
        throw FileError(path, "the bytes of the tensor '\(place.name)' \(fault): the file is damaged")
      }
      end = place.bytes.upperBound
    }
  }

  /// The bytes of all tensors.
  var dataCount: Int { places.last?.bytes.upperBound ?? 0 }

  /// Compares the bytes that should follow the header with those that do.
  func checkData(count: Int, path: String) throws {
    guard count == dataCount else {
      throw FileError(
        path,
        count < dataCount
          ? "the tensors take \(dataCount) bytes but \(count) follow the header: the file was cut short"
          : "more bytes follow the header than the \(dataCount) of the tensors: the file is damaged")
    }
  }

  private mutating func read(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) {
    var names: Set<String> = []
    var (metadata, places) = (metadata, places)
    try scanner.object { (scanner, name) throws(JSONScanner.Failure) in
      guard names.insert(name).inserted else { throw scanner.failure("the name '\(name)' occurs twice") }
      if name == "__metadata__" {
        try scanner.object { (scanner, key) throws(JSONScanner.Failure) in
          let value = try scanner.string()
          guard metadata.updateValue(value, forKey: key) == nil else {
            throw scanner.failure("the metadata has '\(key)' twice")
          }
        }
      } else {
        places.append(try SafetensorsHeader.place(name, &scanner))
      }
    }
    try scanner.end()
    (self.metadata, self.places) = (metadata, places)
  }

  private static func place(_ name: String, _ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> Place {
    var type: ElementType?
    var extents: [Int]?
    var bytes: Range<Int>?
    try scanner.object { (scanner, key) throws(JSONScanner.Failure) in
      switch key {
      case "dtype" where type == nil:
        let word = try scanner.string()
        type = ElementType(rawValue: word)
        if type == nil { throw scanner.failure("the tensor '\(name)' has the type '\(word)', which is not read here") }
      case "shape" where extents == nil: extents = try scanner.integers(limit: 64)
      case "data_offsets" where bytes == nil:
        let offsets = try scanner.integers(limit: 2)
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
          throw scanner.failure("the offsets \(offsets) of the tensor '\(name)' are not a beginning and an end")
        }
        bytes = offsets[0]..<offsets[1]
      default: throw scanner.failure("the tensor '\(name)' has an unknown or repeated entry '\(key)'")
      }
    }
    guard let type, let extents, let bytes else {
      throw scanner.failure("the tensor '\(name)' lacks one of dtype, shape and data_offsets")
    }
    return Place(name: name, type: type, extents: extents, bytes: bytes)
  }

  /// A header for tensors whose bytes are in the order of `places`.
  init(metadata: [String: String], places: [Place]) {
    (self.metadata, self.places) = (metadata, places)
  }

  /// The first bytes of the file: the header's length in 8 bytes, then the header, padded with spaces to a multiple of
  /// 8 so that the numbers are aligned.
  var bytes: Data {
    func utf8Order(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
    var parts: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { utf8Order($0.key, $1.key) }
        .map { JSONScanner.quoted($0.key) + ":" + JSONScanner.quoted($0.value) }
      parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    for place in places {
      let shape = place.extents.map(String.init).joined(separator: ",")
      parts.append(
        "\(JSONScanner.quoted(place.name)):{\"dtype\":\"\(place.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(place.bytes.lowerBound),\(place.bytes.upperBound)]}")
    }
    var text = Array("{\(parts.joined(separator: ","))}".utf8)
    text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
    let length = UInt64(text.count).littleEndian
    return withUnsafeBytes(of: length) { Data($0) } + text
  }
}

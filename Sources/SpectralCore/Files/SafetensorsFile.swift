import Foundation

/// Named tensors and a few words about them, in the safetensors format.
///
/// The format is Hugging Face's: a JSON header, then the numbers as they are, little-endian. PyTorch and NumPy users
/// read it with the `safetensors` package. Here it also carries checkpoints: parameters, the optimizer's state, the
/// random generators' states as `U64`, and the configuration as metadata.
///
/// The same contents give the same bytes, whatever the order in which they were put in. They are the bytes of the
/// official library, which however shuffles the metadata where there are several.
public struct SafetensorsFile: Sendable, Equatable {
  /// One tensor as the file holds it.
  public struct Entry: Sendable, Equatable {
    /// The type of its numbers.
    public let type: ElementType
    /// Its extents.
    public let shape: TensorShape
    /// Its numbers, row-major and little-endian. May be a slice of the file: its first index need not be 0.
    public let bytes: Data

    /// An entry from its bytes.
    ///
    /// - Precondition: there are as many bytes as type and shape say.
    public init(type: ElementType, shape: TensorShape, bytes: Data) {
      precondition(
        type.byteCount(shape.extents) == bytes.count,
        "\(bytes.count) bytes do not make up a tensor of shape \(shape) of \(type.rawValue)")
      (self.type, self.shape, self.bytes) = (type, shape, bytes)
    }
  }

  /// Words about the contents, by key.
  public var metadata: [String: String]
  private var entries: [String: Entry] = [:]
  /// Where the contents come from, for errors.
  private let path: String

  /// A file without tensors.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
    path = "tensors in memory"
  }

  /// Reads a file.
  ///
  /// - Throws: ``FileError`` if anything is not as the format asks: see `SafetensorsHeader`.
  public init(path: String) throws {
    var file = try InputFile(path)
    let lengthField = try file.read(upTo: 8)
    let header = try file.read(upTo: SafetensorsFile.headerLength(lengthField, remaining: file.remaining, path: path))
    // Judged before the numbers are read: a device that never ends is not a safetensors file either.
    let parsed = try SafetensorsFile.parse(lengthField, header, path)
    if let remaining = file.remaining { try parsed.checkData(count: remaining, path: path) }
    try self.init(parsed, data: try file.read(upTo: max(parsed.dataCount, parsed.dataCount &+ 1)), path: path)
  }

  /// Reads a file that is in memory.
  ///
  /// - Parameter name: What errors call it.
  /// - Throws: ``FileError``.
  public init(data: Data, name: String = "safetensors data") throws {
    let lengthField = data.prefix(8)
    let rest = data.dropFirst(8)
    let length = try SafetensorsFile.headerLength(lengthField, remaining: rest.count, path: name)
    let parsed = try SafetensorsFile.parse(lengthField, rest.prefix(length), name)
    try self.init(parsed, data: rest.dropFirst(length), path: name)
  }

  private init(_ header: SafetensorsHeader, data: Data, path: String) throws {
    try header.checkData(count: data.count, path: path)
    self.path = path
    metadata = header.metadata
    for place in header.places {
      let bytes = data[data.startIndex + place.bytes.lowerBound..<data.startIndex + place.bytes.upperBound]
      entries[place.name] = Entry(type: place.type, shape: TensorShape(place.extents), bytes: bytes)
    }
  }

  private static func parse(_ lengthField: Data, _ header: Data, _ path: String) throws -> SafetensorsHeader {
    // A pipe tells only now whether its header was whole.
    _ = try headerLength(lengthField, remaining: header.count, path: path)
    return try SafetensorsHeader(header, path: path)
  }

  private static func headerLength(_ field: Data, remaining: Int?, path: String) throws -> Int {
    guard field.count == 8 else {
      throw FileError(path, "this is not a safetensors file: it has \(field.count) bytes, fewer than any has")
    }
    let length = field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(SafetensorsHeader.lengthLimit) else {
      if let found = FileSignature(firstBytes: field) {
        throw FileError(path, "this is \(found.name), and a safetensors file is expected here")
      }
      throw FileError(path, "this is not a safetensors file: its first 8 bytes claim a header of \(length) bytes")
    }
    if let remaining, length > UInt64(remaining) {
      throw FileError(path, "the header should have \(length) bytes but \(remaining) follow: the file was cut short")
    }
    return Int(length)
  }

  /// The names of the tensors in the order of the file: types with larger numbers first, then by name.
  public var names: [String] {
    let rank = Dictionary(uniqueKeysWithValues: ElementType.allCases.enumerated().map { ($1, $0) })
    return entries.sorted { a, b in
      let (ranks) = (rank[a.value.type]!, rank[b.value.type]!)
      return ranks.0 != ranks.1 ? ranks.0 > ranks.1 : a.key.utf8.lexicographicallyPrecedes(b.key.utf8)
    }.map(\.key)
  }

  /// The tensor of a name; nil if there is none.
  public subscript(name: String) -> Entry? {
    get { entries[name] }
    set {
      precondition(name != "__metadata__", "a tensor cannot be called __metadata__: the format keeps that name")
      entries[name] = newValue
    }
  }

  /// Puts a tensor in, under a name that is new or takes the place of an old one.
  public mutating func put<Scalar: TensorScalar>(_ name: String, _ tensor: Tensor<Scalar>) {
    let bytes = tensor.withUnsafeElements { Data(UnsafeRawBufferPointer($0)) }
    self[name] = Entry(type: Scalar.elementType, shape: tensor.shape, bytes: bytes)
  }

  /// Puts 64-bit words in, such as a random generator's state.
  public mutating func put(_ name: String, _ words: [UInt64]) {
    self[name] = Entry(type: .uint64, shape: [words.count], bytes: words.withUnsafeBytes { Data($0) })
  }

  /// Puts signed integers in, such as counters.
  public mutating func put(_ name: String, _ integers: [Int64]) {
    self[name] = Entry(type: .int64, shape: [integers.count], bytes: integers.withUnsafeBytes { Data($0) })
  }

  /// Puts bytes in.
  public mutating func put(_ name: String, _ data: Data) {
    self[name] = Entry(type: .uint8, shape: [data.count], bytes: data)
  }

  /// A tensor of real numbers. Smaller types widen, half precision and bfloat16 too; nothing is rounded.
  ///
  /// - Throws: ``FileError`` if there is none of this name or if its numbers do not fit `Scalar`.
  public func tensor<Scalar: TensorScalar>(_ name: String, as _: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
    let entry = try entry(name)
    guard entry.type.isFloatingPoint, entry.type.byteCount <= MemoryLayout<Scalar>.size else {
      throw FileError(
        path,
        "the tensor '\(name)' holds \(entry.type.rawValue), not \(Scalar.elementType.rawValue): "
          + "read it as what it is and convert it")
    }
    return entry.bytes.withUnsafeBytes { bytes in
      Tensor(entry.shape) { target in
        if entry.type == Scalar.elementType {
          UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        } else {
          _ = convert(bytes, of: entry.type, to: target)
        }
      }
    }
  }

  /// The 64-bit words of a `U64` tensor, row-major.
  ///
  /// - Throws: ``FileError`` if there is none of this name and type.
  public func words(_ name: String) throws -> [UInt64] { try integers(name, .uint64) }

  /// The integers of an `I64` tensor, row-major.
  ///
  /// - Throws: ``FileError`` if there is none of this name and type.
  public func integers(_ name: String) throws -> [Int64] { try integers(name, .int64) }

  /// The bytes of a `U8` tensor.
  ///
  /// - Throws: ``FileError`` if there is none of this name and type.
  public func data(_ name: String) throws -> Data {
    let bytes = try entry(name, of: .uint8).bytes
    return bytes.subdata(in: bytes.startIndex..<bytes.endIndex)
  }

  private func integers<Word: FixedWidthInteger & BitwiseCopyable>(_ name: String, _ type: ElementType) throws -> [Word]
  {
    try entry(name, of: type).bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Word.self) }
    }
  }

  private func entry(_ name: String, of type: ElementType? = nil) throws -> Entry {
    guard let entry = entries[name] else { throw FileError(path, "there is no tensor '\(name)' in it") }
    if let type, entry.type != type {
      throw FileError(path, "the tensor '\(name)' holds \(entry.type.rawValue), not \(type.rawValue)")
    }
    return entry
  }

  private var header: SafetensorsHeader {
    var end = 0
    let places = names.map { name in
      let entry = entries[name]!
      defer { end += entry.bytes.count }
      return SafetensorsHeader.Place(
        name: name, type: entry.type, extents: entry.shape.extents, bytes: end..<end + entry.bytes.count)
    }
    return SafetensorsHeader(metadata: metadata, places: places)
  }

  /// The bytes of the file.
  public var data: Data { names.reduce(into: header.bytes) { $0.append(entries[$1]!.bytes) } }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: ``FileError``.
  public func write(to path: String) throws {
    let header = header.bytes
    guard header.count - 8 <= SafetensorsHeader.lengthLimit else {
      throw FileError(
        path, "its header would have \(header.count) bytes, more than readers accept: shorten the metadata")
    }
    try AtomicFile.write(to: path) { (file: inout AtomicFile.Handle) in
      try file.write(header)
      for name in names { try file.write(entries[name]!.bytes) }
    }
  }

  /// Whether two files have the same contents.
  public static func == (a: SafetensorsFile, b: SafetensorsFile) -> Bool {
    a.metadata == b.metadata && a.entries == b.entries
  }
}

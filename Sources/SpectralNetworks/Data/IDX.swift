import SpectralCore

/// Reads IDX, the format of MNIST: a big-endian header, then bytes. The file may be gzipped.
///
/// The header is two zeros, the type of the elements (8: unsigned bytes), the number of axes, and their extents in 32
/// bits each. Read as one number, its first four bytes are 2051 for images (three axes) and 2049 for labels (one).
public enum IDX {
  /// The most elements a file may hold: 2 GiB, three times the largest data set in this format (EMNIST).
  public static let largestCount = 2 << 30

  /// Grey images.
  public struct Images: Sendable {
    /// How many there are.
    public let count: Int
    /// The rows of each.
    public let height: Int
    /// The columns of each.
    public let width: Int
    /// `[count, height, width]`, row-major; 0 is black, 255 is white.
    public let pixels: [UInt8]
  }

  /// The images of a file with magic number 2051.
  ///
  /// - Throws: `FileError` if the file is something else, is damaged, claims more than `limit` bytes of pixels, or
  ///   does not hold exactly what it claims; `MemoryError` if they do not fit into memory.
  public static func images(_ path: String, limit: Int = largestCount) throws -> Images {
    try open(path, .images, limit: limit).images()
  }

  /// The labels of a file with magic number 2049.
  ///
  /// - Throws: As for images, or `FileError` if a label is not below `classes`.
  public static func labels(_ path: String, classes: Int = 10, limit: Int = largestCount) throws -> [Int] {
    try open(path, .labels, limit: limit).labels(classes: classes)
  }

  enum Contents: Int {
    case images = 2051
    case labels = 2049

    var word: String { self == .images ? "images" : "labels" }
  }

  /// A file whose header has been read and judged, and whose elements have not.
  struct Opened {
    let path: String
    let contents: Contents
    /// `[count, height, width]`, or `[count]`.
    let extents: [Int]
    private let file: DataFile

    fileprivate init(_ path: String, _ contents: Contents, _ extents: [Int], _ file: DataFile) {
      (self.path, self.contents, self.extents, self.file) = (path, contents, extents, file)
    }

    /// What reading takes: bytes that arrive in blocks, and labels that become integers.
    var memory: MemoryEstimate {
      let bytes = MemoryEstimate(extents, scalarBytes: 2)
      return contents == .images ? bytes : bytes + MemoryEstimate(extents, scalarBytes: MemoryLayout<Int>.size)
    }

    func images() throws -> Images {
      Images(count: extents[0], height: extents[1], width: extents[2], pixels: try elements())
    }

    func labels(classes: Int) throws -> [Int] {
      let labels = try elements()
      if let wrong = labels.firstIndex(where: { $0 >= classes }) {
        throw FileError(
          path,
          "label number \(wrong) is \(labels[wrong]), but there are \(classes) classes; is it another data set's?")
      }
      return labels.map(Int.init)
    }

    private func elements() throws -> [UInt8] {
      let claim = extents.map(String.init).joined(separator: " x ")
      let count = extents.reduce(1, *)
      try MemoryBudget.machine.require(
        memory, for: "reading the \(claim) bytes of \(contents.word) in \(path)", remedy: "take a smaller data set")
      let elements = try file.bytes(count)
      guard elements.count == count else {
        throw FileError(
          path,
          "its header claims \(claim) bytes of \(contents.word), but it holds only \(elements.count); download it again"
        )
      }
      guard try file.isAtEnd() else {
        throw FileError(
          path, "holds more than the \(claim) bytes of \(contents.word) its header claims; download it again")
      }
      return elements
    }
  }

  /// Reads and judges a header.
  static func open(_ path: String, _ contents: Contents, limit: Int = largestCount) throws -> Opened {
    let file = try DataFile(path: path)
    let what = contents.word
    let magic = try file.bytes(4)
    guard magic.count == 4 else {
      throw FileError(path, "is too short for an IDX file of \(what); download it again")
    }
    guard bigEndian(magic[...]) == contents.rawValue else { throw wrongMagic(magic, path, contents) }
    let axes = Int(magic[3])
    let header = try file.bytes(4 * axes)
    guard header.count == 4 * axes else { throw FileError(path, "ends within its header; download it again") }
    let extents = (0..<axes).map { bigEndian(header[4 * $0..<4 * $0 + 4]) }
    let claim = extents.map(String.init).joined(separator: " x ")
    guard let count = TensorShape.count(extents), count <= limit else {
      throw FileError(
        path, "its header claims \(claim) bytes of \(what), more than the \(limit) allowed; it is damaged")
    }
    guard count > 0 else { throw FileError(path, "its header claims \(claim) \(what): none; download it again") }
    guard count <= file.largestContent else {
      throw FileError(
        path,
        "its header claims \(claim) bytes of \(what), more than a file of \(file.size) bytes can hold; "
          + "download it again")
    }
    return Opened(path, contents, extents, file)
  }

  private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  private static func wrongMagic(_ magic: [UInt8], _ path: String, _ contents: Contents) -> FileError {
    let found = bigEndian(magic[...])
    let reason =
      switch (found, magic[0], magic[1]) {
      case (2049, _, _): "it is a file of labels; are the files swapped?"
      case (2051, _, _): "it is a file of images; are the files swapped?"
      case (_, 0x1f, 0x8b): "it is gzipped twice; unpack it once with gunzip"
      case (_, UInt8(ascii: "<"), _): "it is a web page; download the file itself"
      default: "it is no such file; download it again"
      }
    return FileError(
      path, "its magic number is \(found), not the \(contents.rawValue) of IDX \(contents.word): \(reason)")
  }
}

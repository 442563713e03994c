/// A `.npy` file whose numbers are read piece by piece, wherever they are wanted: for arrays larger than the memory.
///
/// Pieces are read into memory of the caller's (`pread`) rather than mapped. A mapped file counts as resident memory
/// for as long as the system likes, and one that is cut short while it is mapped ends the process by a signal; a read
/// that fails is an error with a name.
///
/// A class because it owns the open file. Reading does not change it, so any thread may.
package final class NumPyReader: Sendable {
  /// What the file holds, and in what shape.
  package let header: NumPyHeader
  private let file: InputFile
  /// The place of the first number.
  private let start: Int
  private let snapshot: CacheSnapshot

  /// Opens a file and judges its header.
  ///
  /// - Throws: ``FileError``, also for a pipe.
  package init(_ path: String) throws {
    var file = try InputFile(path)
    header = try NumPyHeader.read(from: &file)
    start = file.offset
    guard file.size != nil else {
      throw FileError(path, "a pipe cannot be read here and there: save the array to a file first")
    }
    _ = try NumPyFile.checkedByteCount(header, file)
    snapshot = file.cacheSnapshot()
    self.file = file
  }

  /// The path as it was given.
  package var path: String { file.path }

  /// Size and last change of the file as it is now: see ``InputFile/identity()``.
  package func identity() throws -> String { try file.identity() }

  /// The places in the file of some numbers, counted from the first as they follow each other there.
  private func places(_ range: Range<Int>) -> Range<Int> {
    let size = header.type.byteCount
    return start + range.lowerBound * size..<start + range.upperBound * size
  }

  /// Drops some numbers from the system's cache, unless they were there when the file was opened.
  package func dropFromCache(_ range: Range<Int>) { file.dropFromCache(places(range), unlessIn: snapshot) }

  /// Whether the bytes of the file are numbers of this type as the machine has them.
  private func isStored<Scalar: TensorScalar>(as _: Scalar.Type) -> Bool {
    header.type == Scalar.elementType && !header.isBigEndian
  }

  /// Reads numbers, counted from the first as they follow each other in the file, and converts them.
  ///
  /// - Parameter buffer: Memory for bytes that need converting; grows as needed, and can serve the next call.
  /// - Throws: ``FileError``, also for an integer that `Scalar` cannot hold exactly.
  package func read<Scalar: TensorScalar>(
    _ range: Range<Int>, to target: UnsafeMutablePointer<Scalar>, buffer: inout [UInt8]
  ) throws {
    let places = places(range)
    if isStored(as: Scalar.self) {
      return try file.fill(
        UnsafeMutableRawBufferPointer(start: target, count: places.count), at: places.lowerBound)
    }
    if buffer.count < places.count { buffer = [UInt8](repeating: 0, count: places.count) }
    try buffer.withUnsafeMutableBytes { bytes in
      let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[..<places.count])
      try file.fill(bytes, at: places.lowerBound)
      let numbers = UnsafeMutableBufferPointer(start: target, count: range.count)
      if let odd = convert(UnsafeRawBufferPointer(bytes), of: header.type, bigEndian: header.isBigEndian, to: numbers) {
        throw FileError(
          path,
          "the integer at place \(range.lowerBound + odd) is too large for \(Scalar.self) to hold exactly: "
            + "save the array as floating-point numbers if rounding them is right")
      }
    }
  }
}

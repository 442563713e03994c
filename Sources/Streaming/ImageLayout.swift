import Layers
import Tensors

/// How the numbers of a file are an image: row by row, the channels of a pixel next to each other.
struct ImageLayout: Hashable, Sendable {
  let rows: Int
  let columns: Int
  let channels: Int

  /// The extents as the file has them, `H x W` or `H x W x C`.
  let extents: [Int]

  /// - Throws: ``FileError`` if the array is no image, or one without pixels.
  init(_ file: NumPyReader) throws {
    extents = file.header.extents
    guard (2...3).contains(extents.count), !extents.contains(0) else {
      let shape = extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: " x ")
      throw FileError(
        file.path, "an array of shape \(shape) is no image: it must be H x W or H x W x C, and not empty")
    }
    (rows, columns) = (extents[0], extents[1])
    channels = extents.count == 3 ? extents[2] : 1
  }

  var shape: Shape { Shape(extents) }

  /// The place of a pixel's first number.
  func place(row: Int, column: Int) -> Int { (row * columns + column) * channels }
}

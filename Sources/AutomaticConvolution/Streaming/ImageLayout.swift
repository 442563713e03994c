import SpectralConvolution
import SpectralCore

/// How the numbers of a file are an image, as the work takes it: rows of pixels that follow each other in the file.
///
/// That need not be the way in which the array is named. In Fortran order the columns of an image follow each other, so
/// they are taken for rows, under a transposed kernel; and the pixels of a single column follow each other as those of a
/// single row do, which goes much faster.
struct ImageLayout: Hashable, Sendable {
  /// Rows as the work takes them, one after the other in the file.
  let rows: Int
  /// Pixels of such a row.
  let columns: Int
  let channels: Int
  /// Whether rows are columns of the image.
  let isTransposed: Bool
  /// Whether the channels are planes of their own, one after another, and not next to each other in each pixel.
  let isPlanar: Bool

  /// The array as the file has it, `H x W` or `H x W x C`.
  let header: NumPyHeader

  /// - Throws: ``FileError`` if the array is no image, or one without pixels.
  init(_ file: NumPyReader) throws {
    header = file.header
    let image = try header.imageExtents(path: file.path)
    channels = image.channels
    isPlanar = header.isFortranOrder && channels > 1
    let (outer, inner) =
      header.isFortranOrder ? (image.columns, image.rows) : (image.rows, image.columns)
    let isColumn = inner == 1
    (rows, columns) = isColumn ? (1, outer) : (outer, inner)
    isTransposed = header.isFortranOrder != isColumn
  }

  var shape: TensorShape { TensorShape(header.extents) }
  var pixels: Int { rows * columns }

  /// Channels that stand next to each other in a pixel.
  var channelsTogether: Int { isPlanar ? 1 : channels }
  /// Stretches of the file that hold one such pixel each.
  var groups: Int { isPlanar ? channels : 1 }

  /// The place of a pixel's first number of a group.
  func place(group: Int = 0, row: Int, column: Int) -> Int {
    group * rows * columns + (row * columns + column) * channelsTogether
  }

  /// A kernel as the work takes it.
  func oriented(_ kernel: Extent) -> Extent {
    isTransposed ? Extent(height: kernel.width, width: kernel.height) : kernel
  }

  /// A kernel `[kH, kW]` as the work takes it.
  func oriented<Scalar: TensorScalar>(_ kernel: Tensor<Scalar>) -> Tensor<Scalar> {
    isTransposed ? kernel.transposed : kernel
  }
}

import SpectralConvolution
import SpectralCore

/// How the numbers of a file are a signal, an image or a volume, as the work takes it: slices of rows of pixels that follow
/// each other in the file. A signal has one row, an image one slice.
///
/// That need not be the order in which the array's axes are named. In Fortran order the first axis is contiguous, so the
/// axes are taken from the last to the first, under a kernel with its axes in that order; and axes of one element come
/// first, since the pixels of a single column follow each other as those of a single row do, which goes much faster.
struct ArrayLayout: Hashable, Sendable {
  /// Slices, rows and columns as the work takes them.
  let extents: [Int]
  let channels: Int
  /// Whether the channels are arrays of their own, one after another, and not next to each other in each pixel.
  let isPlanar: Bool
  /// The array as the file has it: its axes, and the channels if there is a further axis.
  let header: NumPyHeader
  /// For each axis of the array as the work takes it, the axis of the array in the file.
  private let order: [Int]

  /// - Parameter rank: How many axes there are beside that of the channels, 1 to 3.
  /// - Throws: ``FileError`` if the array has other axes, or no numbers.
  init(_ file: NumPyReader, rank: Int) throws {
    header = file.header
    let array = try header.axes(rank: rank, path: file.path)
    channels = array.channels
    isPlanar = header.isFortranOrder && channels > 1
    let order = header.isFortranOrder ? Array((0..<rank).reversed()) : Array(0..<rank)
    self.order = order.filter { array.extents[$0] == 1 } + order.filter { array.extents[$0] != 1 }
    extents = Array(repeating: 1, count: 3 - rank) + self.order.map { array.extents[$0] }
  }

  var rank: Int { order.count }
  var shape: TensorShape { TensorShape(header.extents) }
  var pixels: Int { extents.reduce(1, *) }

  /// Channels that stand next to each other in a pixel.
  var channelsTogether: Int { isPlanar ? 1 : channels }
  /// Stretches of the file that hold one such pixel each.
  var groups: Int { isPlanar ? channels : 1 }

  /// The place of a pixel's first number of a group.
  func place(group: Int = 0, slice: Int, row: Int, column: Int) -> Int {
    group * pixels + ((slice * extents[1] + row) * extents[2] + column) * channelsTogether
  }

  /// The taps along each axis as the work takes it.
  func oriented(_ kernel: [Int]) -> [Int] { Array(repeating: 1, count: 3 - rank) + order.map { kernel[$0] } }

  /// A kernel with its axes as the work takes them.
  func oriented<Scalar: TensorScalar>(_ kernel: Tensor<Scalar>) -> Tensor<Scalar> {
    kernel.permuted(order).reshaped(to: TensorShape(oriented(kernel.shape.extents)))
  }
}

import Foundation
import SpectralKit
import SpectralCore

/// How many axes an array has beside that of channels: which is a signal, which an image, and which a volume.
enum ArrayRank {
  static let flag = Flag(
    "--ndim", .integer(1...3, example: 3),
    "the axes of an array, channels not counted: a signal L, an image H x W, a volume D x H x W, each perhaps x C [of an "
      + "array with one axis 1, with two or three 2, with four 3]")

  /// `signal`, `image` or `volume`.
  static func name(_ rank: Int) -> String { ["signal", "image", "volume"][rank - 1] }

  /// The rank of an operand: as it was asked for, or by the shape of the array; that of whatever is no array is 2.
  ///
  /// - Parameter kernel: The kernel that is to fit; if it is one for volumes alone, three axes are those of a volume.
  /// - Throws: `FileError` for a file that cannot be read, or that the kernel does not fit.
  static func of(_ path: String, under kernel: LoadedKernel? = nil, _ arguments: Arguments) throws -> Int {
    if let rank = arguments.optional(flag) { return rank }
    var file = try InputFile(path)
    // What arrives through a pipe can be read once only.
    guard file.size != nil, try file.peek(upTo: FileSignature.length).starts(with: NumPyHeader.magic) else { return 2 }
    let extents = try NumPyHeader.read(from: &file).extents
    let rank = extents.count < 2 ? 1 : extents.count == 4 || (extents.count == 3 && kernel?.ranks == [3]) ? 3 : 2
    if let kernel, !kernel.ranks.contains(rank) {
      let article = ["a", "an", "a"]
      throw FileError(
        path,
        "an array of shape \(TensorShape(extents)) is taken for \(article[rank - 1]) \(name(rank)), and \(kernel.text) is a kernel "
          + "for \(kernel.ranks.map { name($0) + "s" }.joined(separator: " or ")): take another kernel, or say "
          + "\(flag.name) \(kernel.ranks[0])")
    }
    return rank
  }
}

extension ImageRun {
  /// Where the numbers that a signal or a volume becomes go.
  ///
  /// - Parameter isDrawn: Whether a picture of it was asked for otherwise.
  /// - Throws: ``CommandError`` where a flag means something for images only, or no array is to be written.
  func arrayTarget(for input: String, rank: Int, isDrawn: Bool = false) throws -> String {
    let forImages: [(name: String, isGiven: Bool)] = [
      (ImageFlags.linearLight.name, arguments[ImageFlags.linearLight]),
      (ImageFlags.luminance.name, arguments[ImageFlags.luminance]),
      (ImageFlags.show.name, arguments[ImageFlags.show]),
      (ImageFlags.graphics.name, arguments.has(ImageFlags.graphics)),
      (ImageFlags.bitDepth.name, arguments.has(ImageFlags.bitDepth)),
    ]
    if let flag = forImages.first(where: \.isGiven) {
      throw CommandError(
        "\(input): \(flag.name) is for images, and this is taken for a \(ArrayRank.name(rank)): leave it away, or say "
          + "\(ArrayRank.flag.name) 2")
    }
    let format = try (output?.path(for: input)).map {
      try OutputFormat(arguments.optional(ImageFlags.format), path: $0, isArray: true)
    }
    guard let target = output?.path(for: input), format == .npy, !isDrawn else {
      throw CommandError(
        "\(input): a \(ArrayRank.name(rank)) has numbers for a result, not a picture: write them with -o y.npy")
    }
    return target
  }
}

/// A signal, an image or a volume as a `.npy` file has it, its channels apart.
struct RankedArray<Scalar: AnyMethodScalar> {
  /// `[C, L]`, `[C, H, W]` or `[C, D, H, W]`.
  let planes: Tensor<Scalar>
  /// Whether the file has an axis of channels, the last.
  let hasChannels: Bool

  var channels: Int { planes.shape[0] }
  /// The axes beside that of the channels.
  var size: [Int] { Array(planes.shape.extents.dropFirst()) }
  var rank: Int { size.count }

  fileprivate init(_ array: Tensor<Scalar>, rank: Int) {
    hasChannels = array.shape.rank > rank
    let axes = array.shape.extents.prefix(rank)
    let channels = hasChannels ? array.shape[rank] : 1
    planes = (channels == 1 ? array : array.reshaped(to: [array.count / channels, channels]).transposed)
      .reshaped(to: TensorShape([channels] + axes))
  }

  /// Planes of this array's size as the file has them.
  func array(_ planes: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = TensorShape(hasChannels ? size + [channels] : size)
    guard channels > 1 else { return planes.reshaped(to: shape) }
    return planes.reshaped(to: [channels, planes.count / channels]).transposed.reshaped(to: shape)
  }
}

/// A signal, an image or a volume in the precision that suits its file.
enum AnyRankedArray {
  case float(RankedArray<Float>)
  case double(RankedArray<Double>)

  /// Reads an array.
  ///
  /// - Parameter sizeLimit: The most bytes that its numbers may take; nil for what the machine has.
  /// - Throws: `FileError` for a file that cannot be read, or of an array with other axes; `MemoryError`.
  init(_ path: String, rank: Int, sizeLimit: Int? = nil) throws {
    var file = try InputFile(path)
    let start = try file.peek(upTo: FileSignature.length)
    if ImageFormat(firstBytes: start) != nil {
      throw FileError(path, "this is a picture, and no \(ArrayRank.name(rank)): leave \(ArrayRank.flag.name) away")
    }
    let header = try NumPyHeader.read(from: &file)
    _ = try header.axes(rank: rank, path: path)
    let isSingle = [.float16, .bfloat16, .float32].contains(header.type)
    if let sizeLimit {
      try MemoryBudget(limit: sizeLimit).require(
        MemoryEstimate(header.extents, scalarBytes: isSingle ? 4 : 8), for: "the array in \(path)",
        remedy: "raise --size-limit")
    }
    if isSingle {
      self = .float(RankedArray(try NumPyFile.tensor(header, &file), rank: rank))
    } else {
      self = .double(RankedArray(try NumPyFile.tensor(header, &file), rank: rank))
    }
  }
}

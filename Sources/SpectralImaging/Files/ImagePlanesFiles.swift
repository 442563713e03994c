import Foundation
import SpectralCore

extension ImagePlanes {
  /// Reads an image: PNG, JPEG, PGM, PPM, or a `.npy` array H x W or H x W x C, as its first bytes show, whatever its
  /// name says.
  ///
  /// - Parameters:
  ///   - sizeLimit: The most bytes the decoded image may take. A larger one is refused before it is decoded.
  ///   - light: What the numbers of the planes shall mean; files hold stored values. An array is taken at its word too.
  /// - Throws: `FileError`, also for a damaged file, and for an array that is no image.
  public init(path: String, sizeLimit: Int = RasterImage.defaultSizeLimit, light: Light = .stored) throws {
    var file = try InputFile(path)
    try self.init(from: &file, sizeLimit: sizeLimit, light: light)
  }

  /// Writes the image, whole or not at all, in the format of the file's extension: .png, .jpg, .pgm, .ppm or .npy.
  ///
  /// Files get stored values, whatever ``light`` the planes hold. In a picture, values are rounded to the nearest step,
  /// and clipped to 0...1. An array keeps all numbers, in the type and layout it was read from: 64-bit reals if it had
  /// 64-bit reals or integers that need them, else 32-bit ones. A picture as an array is H x W, or H x W x C with its
  /// alpha as the last channel.
  ///
  /// - Parameters:
  ///   - bitDepth: Of a picture, 8 or 16; unless given, 16 for one that came with more than 8 bits, and for an array,
  ///     where the format can.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - background: The colour that transparent pixels are put on in a JPEG, PGM or PPM, which have no transparency.
  /// - Returns: What a picture's file could not hold.
  /// - Throws: `FileError`, also where the format cannot hold the image.
  @discardableResult
  public func write(
    to path: String, bitDepth: Int? = nil, quality: Int = 95, background: RGBColor? = nil
  ) throws -> EncodingReport {
    if (path as NSString).pathExtension.lowercased() == "npy" {
      try writeArray(to: path)
      return EncodingReport()
    }
    let picture = try encoded(
      as: try ImageFormat(path: path), bitDepth: bitDepth, quality: quality, background: background, name: path)
    try AtomicFile.write(picture.data, to: path)
    return picture.report
  }

  /// The bytes of a picture's file of this image, which ``write(to:bitDepth:quality:background:)`` writes.
  ///
  /// - Parameters:
  ///   - bitDepth: 8 or 16; unless given, 16 for one that came with more than 8 bits, and for an array, where the format
  ///     can.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - background: The colour that transparent pixels are put on in a JPEG, PGM or PPM, which have no transparency.
  ///   - name: What errors call it; its extension says whether a portable map is PGM or PPM.
  /// - Returns: The bytes, and what they could not hold.
  /// - Throws: `FileError` where the format cannot hold the image.
  public func encoded(
    as format: ImageFormat, bitDepth: Int? = nil, quality: Int = 95, background: RGBColor? = nil, name: String = "image"
  ) throws -> (data: Data, report: EncodingReport) {
    guard channels == 1 || channels == 3 else {
      throw FileError(
        name, "\(channels) channels are no picture, which has 1 (grey) or 3 (red, green, blue): write a .npy file")
    }
    let picture = try EncodedPicture(
      converted(to: .stored), as: format, bitDepth: bitDepth, quality: quality, background: background, name: name)
    return (picture.data, picture.report)
  }

  /// Reads a picture that is in memory: PNG, JPEG, PGM or PPM.
  ///
  /// - Parameters:
  ///   - name: What errors call it.
  ///   - sizeLimit: The most bytes the decoded picture may take. A larger one is refused before it is decoded.
  ///   - light: What the numbers of the planes shall mean.
  /// - Throws: `FileError`.
  public init(
    data: Data, name: String = "image data", sizeLimit: Int = RasterImage.defaultSizeLimit, light: Light = .stored
  ) throws {
    let picture = try DecodedPicture<Scalar>(
      data, name: name, sizeLimit: sizeLimit, curve: light == .linear ? { SRGBTransfer.linear($0) } : nil)
    self.init(
      planes: picture.pixels, alpha: picture.alpha, origin: .picture(bitDepth: picture.bitDepth), light: light,
      metadata: picture.metadata)
    warnings = picture.warnings
  }

  /// Writes a `.npy` file: see ``write(to:bitDepth:quality:)``.
  package func writeArray(to path: String) throws {
    var planes = converted(to: .stored).planes
    if let alpha {
      let all = planes.elements + alpha.converted(to: Scalar.self).elements
      planes = Tensor([channels + 1, height, width], all)
    }
    let hasChannelAxis: Bool
    let isDouble: Bool
    switch origin {
    case .picture: (hasChannelAxis, isDouble) = (planes.shape[0] > 1, Scalar.self == Double.self)
    case .array(_, let axis): (hasChannelAxis, isDouble) = (axis || planes.shape[0] > 1, origin.wantsDouble)
    }
    var array = planes.permuted(1, 2, 0)
    if !hasChannelAxis { array = array.reshaped(to: [height, width]) }
    if isDouble {
      try array.converted(to: Double.self).writeNPY(to: path)
    } else {
      try array.converted(to: Float.self).writeNPY(to: path)
    }
  }
}

/// An image in the precision that holds what its file holds.
public enum AnyImagePlanes: Sendable {
  /// A picture, or an array of at most 32-bit reals or 16-bit integers.
  case float(ImagePlanes<Float>)
  /// An array of 64-bit reals, or of integers of 32 bits and more.
  case double(ImagePlanes<Double>)

  /// What was wrong with the file that it was read from, or was not read of it.
  public var warnings: [ImageWarning] {
    switch self {
    case .float(let image): image.warnings
    case .double(let image): image.warnings
    }
  }

  /// Reads an image in the precision that suits it. See ``ImagePlanes/init(path:sizeLimit:light:)``.
  ///
  /// - Throws: `FileError`.
  public init(path: String, sizeLimit: Int = RasterImage.defaultSizeLimit, light: Light = .stored) throws {
    var file = try InputFile(path)
    if try ImagePlanes<Double>.isArray(&file) {
      let header = try NumPyHeader.read(from: &file)
      if ImageOrigin.array(header.type, hasChannelAxis: false).wantsDouble {
        self = .double(try ImagePlanes(header, from: &file, sizeLimit: sizeLimit, light: light))
      } else {
        self = .float(try ImagePlanes(header, from: &file, sizeLimit: sizeLimit, light: light))
      }
    } else {
      self = .float(try ImagePlanes(from: &file, sizeLimit: sizeLimit, light: light))
    }
  }
}

extension ImagePlanes {
  fileprivate static func isArray(_ file: inout InputFile) throws -> Bool {
    let magic = NumPyHeader.magic
    return try file.peek(upTo: magic.count).elementsEqual(magic)
  }

  fileprivate init(from file: inout InputFile, sizeLimit: Int, light: Light) throws {
    if try Self.isArray(&file) {
      let header = try NumPyHeader.read(from: &file)
      try self.init(header, from: &file, sizeLimit: sizeLimit, light: light)
      return
    }
    let start = try file.peek(upTo: FileSignature.length)
    guard start.isEmpty || ImageFormat(firstBytes: start) != nil else {
      throw FileError(file.path, ImageFormat.refusal(firstBytes: start, arraysToo: true))
    }
    try self.init(data: try file.rest(limit: sizeLimit), name: file.path, sizeLimit: sizeLimit, light: light)
  }

  fileprivate init(_ header: NumPyHeader, from file: inout InputFile, sizeLimit: Int, light: Light) throws {
    let extents = header.extents
    let (rows, columns, channels) = try header.imageExtents(path: file.path)
    // The numbers in the file's order and by planes.
    let shape = extents.map(String.init).joined(separator: " x ")
    do {
      try MemoryBudget(limit: sizeLimit).require(
        MemoryEstimate(extents, scalarBytes: 2 * MemoryLayout<Scalar>.size), for: "reading its \(shape) numbers",
        remedy: "use a smaller image")
    } catch { throw FileError(file.path, "\(error)") }
    let array: Tensor<Scalar> = try NumPyFile.tensor(header, &file)
    self.init(
      planes: array.reshaped(to: [rows, columns, channels]).permuted(2, 0, 1),
      origin: .array(header.type, hasChannelAxis: extents.count == 3))
    if light == .linear { planes = SRGBTransfer.linear(planes) }
    self.light = light
  }
}

import Foundation
import SpectralCore

extension RasterImage {
  /// The memory a picture may take unless the caller says otherwise: 1 GiB, about 70 million RGB pixels.
  public static let defaultSizeLimit = 1 << 30

  /// Reads a picture: PNG, JPEG, PGM or PPM, as its first bytes show, whatever its name says.
  ///
  /// The picture is turned upright as the file's Exif asks. What is wrong with a file that can be read all the same, as
  /// other decoders read it, is in ``warnings``.
  ///
  /// - Parameter sizeLimit: The most bytes the decoded picture may take. A larger one is refused before it is decoded.
  /// - Throws: ``FileError``, also for a file that ends before its pixels do: half a picture is not a picture.
  public init(path: String, sizeLimit: Int = RasterImage.defaultSizeLimit) throws {
    try self.init(data: try InputFile.contents(of: path, limit: sizeLimit), name: path, sizeLimit: sizeLimit)
  }

  /// Reads a picture that is in memory.
  ///
  /// - Parameters:
  ///   - name: What errors call it.
  ///   - sizeLimit: The most bytes the decoded picture may take.
  /// - Throws: ``FileError``.
  public init(data: Data, name: String = "image data", sizeLimit: Int = RasterImage.defaultSizeLimit) throws {
    let picture = try DecodedPicture<Float>(data, name: name, sizeLimit: sizeLimit)
    self.init(
      pixels: picture.pixels, alpha: picture.alpha, bitDepth: picture.bitDepth, metadata: picture.metadata)
    warnings = picture.warnings
  }
}

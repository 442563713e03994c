import Foundation
import SpectralCore

extension RasterImage {
  /// Writes the picture, whole or not at all, in the format of the file's extension: .png, .jpg, .pgm or .ppm.
  ///
  /// Values are clipped to 0...1 and rounded to the nearest step.
  ///
  /// - Parameters:
  ///   - bitDepth: 8 or 16; unless given, 16 for a picture that came with more than 8 bits, where the format can.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - background: The colour that transparent pixels are put on in a JPEG, PGM or PPM, which have no transparency.
  /// - Throws: ``FileError``, also where the format cannot hold the picture: JPEG, PGM and PPM have no transparency, JPEG
  ///   has no 16 bits, PGM no colours.
  public func write(to path: String, bitDepth: Int? = nil, quality: Int = 95, background: RGBColor? = nil) throws {
    let data = try encoded(
      as: try ImageFormat(path: path), bitDepth: bitDepth, quality: quality, background: background, name: path)
    try AtomicFile.write(data, to: path)
  }

  /// The bytes of a file of this picture.
  ///
  /// - Parameters:
  ///   - bitDepth: 8 or 16; unless given, 16 for a picture that came with more than 8 bits, where the format can.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - background: The colour that transparent pixels are put on in a JPEG, PGM or PPM, which have no transparency.
  ///   - name: What errors call it; its extension says whether a portable map is PGM or PPM.
  /// - Throws: ``FileError``.
  public func encoded(
    as format: ImageFormat, bitDepth: Int? = nil, quality: Int = 95, background: RGBColor? = nil, name: String = "image"
  ) throws -> Data {
    try EncodedPicture(
      ImagePlanes(self), as: format, bitDepth: bitDepth, quality: quality, background: background, name: name
    ).data
  }
}

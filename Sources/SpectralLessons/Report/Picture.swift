import Foundation
import SpectralKit

/// A picture in a report, with the words for those who do not see it.
public struct Picture: Sendable {
  let image: RasterImage
  let alt: String
  let caption: String?
  let scale: Int
  let format: ImageFormat

  /// A picture.
  ///
  /// - Parameters:
  ///   - alt: What it shows, for those who do not see it.
  ///   - caption: What stands below it; nil for nothing.
  ///   - scale: How many pixels of the page a pixel of the picture takes on each side; above 1 pixels stay squares.
  ///   - format: PNG, or JPEG for photographs that would be large.
  public init(_ image: RasterImage, alt: String, caption: String? = nil, scale: Int = 1, format: ImageFormat = .png) {
    (self.image, self.alt, self.caption, self.scale, self.format) = (image, alt, caption, scale, format)
  }

  /// The picture as an element that carries its own bytes.
  func html() throws -> HTML {
    // Grey and opaque pictures are what is encoded; a picture with more than 8 bits would only be larger.
    let bytes = try image.encoded(as: format, bitDepth: 8, quality: 88, name: alt)
    let type = format == .jpeg ? "image/jpeg" : "image/png"
    let picture = HTML.element(
      "img",
      [
        ("src", "data:\(type);base64,\(bytes.base64EncodedString())"), ("alt", alt),
        ("width", "\(image.width * scale)"), ("height", "\(image.height * scale)"),
      ] + (scale > 1 ? [("class", "pixels")] : []), [])
    return element("div", "picture", [], [picture] + (caption.map { [element("p", "label", $0)] } ?? []))
  }
}

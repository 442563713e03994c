import SpectralKit

/// The one plane of an image that is looked at.
enum ImageChannel: Hashable, Sendable {
  /// The brightness of a colour picture; a grey picture's only plane.
  case luminance
  /// A plane, counted from 0; red, green and blue are 0, 1 and 2.
  case plane(Int)

  /// The plane, `[1, H, W]`.
  ///
  /// - Throws: `FileError` if the image has no such plane.
  func plane<Scalar>(of image: ImagePlanes<Scalar>, named name: String) throws -> Tensor<Scalar> {
    switch self {
    case .luminance:
      guard image.channels == 1 || image.channels == 3 else {
        throw FileError(
          name, "\(image.channels) channels have no luminance: choose one, --channel 0 to \(image.channels - 1)")
      }
      return image.luminance
    case .plane(let index):
      guard index < image.channels else {
        throw FileError(
          name,
          "there is no channel \(index): the image has \(image.channels)\(image.channels > 1 ? ", 0 to \(image.channels - 1)" : "")"
        )
      }
      return image.planes.rows(index..<index + 1)
    }
  }
}

extension ValueFormat<ImageChannel> {
  /// The luminance, a colour, or the number of a plane.
  static var imageChannel: Self {
    Self("luminance|red|green|blue|N", example: "green") { text throws(ValueError) in
      let names = ["luminance", "red", "green", "blue"]
      if text == "luminance" { return .luminance }
      if let index = names.firstIndex(of: text) { return .plane(index - 1) }
      if let index = Int(text), index >= 0 { return .plane(index) }
      throw ValueError("must be luminance, red, green, blue, or the number of a plane, from 0\(hint(text, names))")
    }
  }
}

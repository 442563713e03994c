import Foundation
import SpectralCore

/// A picture: one plane of numbers per colour, and perhaps one that says how opaque each pixel is.
///
/// The numbers are those that the file stores, divided by the largest it could store: 0 is black and 1 is white. For
/// almost all files that means sRGB-encoded values, not linear light. Nothing converts between colour spaces: a colour
/// profile in the file is kept, see ``metadata``, and not used.
public struct RasterImage: Sendable, Equatable {
  /// What the planes of a picture mean.
  public enum ColorModel: Int, Sendable {
    /// One plane.
    case grey = 1
    /// Three planes: red, green, blue.
    case rgb = 3
  }

  /// The colours, `[1, H, W]` or `[3, H, W]`, usually in 0...1. Written files clip to that range.
  public var pixels: Tensor<Float> { didSet { check() } }
  /// How opaque each pixel is, `[H, W]`, from 0 to 1; nil where all are. The colours are not multiplied by it.
  public var alpha: Tensor<Float>? { didSet { check() } }
  /// The bits of a sample in the file it came from; 8 unless set. Above 8 it is written with 16 where that can be.
  public var bitDepth: Int
  /// What its file said beside the pixels; written back to a PNG or a JPEG.
  public var metadata: ImageMetadata
  /// What was wrong with the file that it was read from, or was not read of it.
  public var warnings: [ImageWarning] = []

  /// A picture from its planes.
  ///
  /// - Parameters:
  ///   - pixels: `[1, H, W]` or `[3, H, W]`.
  ///   - alpha: `[H, W]`, or nil if every pixel is opaque.
  public init(
    pixels: Tensor<Float>, alpha: Tensor<Float>? = nil, bitDepth: Int = 8, metadata: ImageMetadata = ImageMetadata()
  ) {
    (self.pixels, self.alpha, self.bitDepth, self.metadata) = (pixels, alpha, bitDepth, metadata)
    check()
  }

  private func check() {
    let shape = pixels.shape
    precondition(
      shape.rank == 3 && (shape[0] == 1 || shape[0] == 3),
      "the pixels of an image have shape [1, H, W] or [3, H, W], not \(shape)")
    if let alpha {
      precondition(
        alpha.shape == TensorShape([shape[1], shape[2]]), "the pixels have shape \(shape), their alpha \(alpha.shape)")
    }
  }

  /// Pixels in a row.
  public var width: Int { pixels.shape[2] }
  /// Rows of pixels.
  public var height: Int { pixels.shape[1] }
  /// Grey or colour.
  public var colorModel: ColorModel { ColorModel(rawValue: pixels.shape[0])! }

  /// The grey picture of a colour one: 0.2126 R + 0.7152 G + 0.0722 B (Rec. 709) of the stored values.
  ///
  /// On sRGB-encoded values this is what video calls luma; physical luminance would be that sum of linear light.
  public var luminance: RasterImage {
    guard colorModel == .rgb else { return self }
    var grey = self
    grey.pixels = ImagePlanes(planes: pixels).luminance
    grey.metadata = metadata.withoutColors
    return grey
  }
}

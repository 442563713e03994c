import Foundation
import Tensors

/// A picture as screens take it: red, green, blue and opacity of each pixel, a byte each, row by row.
public struct PixelBytes: Sendable {
  /// `4 H W` bytes.
  public let data: Data
  /// Rows of pixels.
  public let height: Int
  /// Pixels in a row.
  public let width: Int
  /// How many values lay outside 0...1 by more than rounding and were clipped.
  public let clippedCount: Int

  /// The bytes of a picture, rounded as those of its files are; a grey one has three equal colours.
  ///
  /// - Throws: `FileError` for values that are NaN or infinite.
  public init(_ image: Image) throws {
    (height, width) = (image.height, image.width)
    let layout = SampleLayout(width: width, height: height, channels: 4, sampleBytes: 1, maximum: 255)
    guard let samples = PictureSamples(image.pixels, alpha: image.alpha, layout) else {
      throw FileError("picture", "values that are NaN or infinite cannot be shown: mend them first")
    }
    var data = samples.data
    if image.alpha == nil {
      data.withUnsafeMutableBytes { bytes in
        for place in stride(from: 3, to: bytes.count, by: 4) { bytes[place] = 255 }
      }
    }
    self.data = data
    // One plane that fills three colours is counted three times.
    clippedCount = image.colorModel == .grey ? samples.clippedCount / 3 : samples.clippedCount
  }
}

extension Image {
  /// The picture, made smaller until no side is longer than `side`; as it is if none is.
  public func limited(toSide side: Int?) -> Image {
    guard let side, max(height, width) > side else { return self }
    let scale = Double(side) / Double(max(height, width))
    func scaled(_ count: Int) -> Int { max(1, Int((Double(count) * scale).rounded())) }
    return resized(height: scaled(height), width: scaled(width))
  }
}

import SpectralKit

/// Pictures side by side.
enum PictureStrip {
  /// Pictures in a row on white, a small gap between them, standing on one line.
  ///
  /// It has colours if one of them has. Transparent pictures are on white too. The colour profile is the first one's.
  static func row(_ images: [RasterImage]) -> RasterImage {
    let metadata = images[0].metadata.colorsOnly
    let images = images.map { $0.composed(on: .white) }
    let height = images.map(\.height).max()!
    let gap = max(4, height / 64)
    let width = images.reduce(-gap) { $0 + $1.width + gap }
    let channels = images.contains { $0.colorModel == .rgb } ? 3 : 1
    var strip = Tensor<Float>([channels, height, width], repeating: 1)
    strip.withUnsafeMutableElements { strip in
      var left = 0
      for image in images {
        image.pixels.withUnsafeElements { pixels in
          for channel in 0..<channels {
            let plane = image.colorModel == .rgb ? channel : 0
            for row in 0..<image.height {
              let source = pixels.baseAddress! + (plane * image.height + row) * image.width
              let top = height - image.height + row
              (strip.baseAddress! + (channel * height + top) * width + left).update(from: source, count: image.width)
            }
          }
        }
        left += image.width + gap
      }
    }
    return RasterImage(pixels: strip, metadata: metadata)
  }

  /// A picture again and again at half the size, as one sees it when one steps back, down to some 16 pixels.
  static func pyramid(_ image: RasterImage) -> RasterImage {
    var images = [image]
    while min(images.last!.height, images.last!.width) >= 32 {
      let last = images.last!
      images.append(last.resized(height: (last.height + 1) / 2, width: (last.width + 1) / 2))
    }
    return row(images)
  }
}

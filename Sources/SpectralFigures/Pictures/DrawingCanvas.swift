import SpectralImaging
import SpectralCore

/// A picture under construction.
public struct DrawingCanvas: Sendable {
  /// Rows of pixels.
  public let height: Int
  /// Pixels in a row.
  public let width: Int
  private var pixels: [RGBColor]

  /// A picture of one colour.
  public init(height: Int, width: Int, background: RGBColor = .grey(1)) {
    (self.height, self.width) = (height, width)
    pixels = Array(repeating: background, count: height * width)
  }

  /// The colour of a pixel; what is set outside the picture is left out.
  public subscript(row: Int, column: Int) -> RGBColor {
    get { pixels[row * width + column] }
    set {
      guard row >= 0, row < height, column >= 0, column < width else { return }
      pixels[row * width + column] = newValue
    }
  }

  /// Mixes a colour into a pixel: 0 leaves it, 1 covers it. Outside the picture nothing happens.
  public mutating func blend(_ color: RGBColor, row: Int, column: Int, share: Float) {
    guard row >= 0, row < height, column >= 0, column < width else { return }
    let place = row * width + column
    pixels[place] = pixels[place].mixed(with: color, min(max(share, 0), 1))
  }

  /// Fills a rectangle; what lies outside the picture is left out.
  public mutating func fill(_ color: RGBColor, top: Int, left: Int, height: Int, width: Int) {
    for row in max(top, 0)..<max(min(top + height, self.height), max(top, 0)) {
      for column in max(left, 0)..<max(min(left + width, self.width), max(left, 0)) {
        pixels[row * self.width + column] = color
      }
    }
  }

  /// Draws an array `[H, W]`, each element as a square of `scale` pixels.
  public mutating func draw(
    _ values: Tensor<Float>, top: Int, left: Int, scale: Int = 1, color: (Float) -> RGBColor = RGBColor.grey
  ) {
    let columns = values.shape[-1]
    values.withUnsafeElements { values in
      for (i, value) in values.enumerated() {
        fill(
          color(value), top: top + i / columns * scale, left: left + i % columns * scale, height: scale, width: scale)
      }
    }
  }

  /// Draws a picture, each pixel as a square of `scale` pixels; of transparent ones, what is behind shows.
  public mutating func draw(_ image: RasterImage, top: Int, left: Int, scale: Int = 1) {
    let area = image.height * image.width
    image.pixels.withUnsafeElements { values in
      for i in 0..<area {
        let color =
          image.colorModel == .grey
          ? RGBColor.grey(values[i]) : RGBColor(values[i], values[i + area], values[i + 2 * area])
        let (row, column) = (i / image.width, i % image.width)
        let share = image.alpha.map { $0[row, column] } ?? 1
        if share == 1 {
          fill(color, top: top + row * scale, left: left + column * scale, height: scale, width: scale)
        } else {
          for y in 0..<scale {
            for x in 0..<scale {
              blend(color, row: top + row * scale + y, column: left + column * scale + x, share: share)
            }
          }
        }
      }
    }
  }

  /// Draws the edges of a rectangle, `thickness` pixels outwards.
  public mutating func frame(_ color: RGBColor, top: Int, left: Int, height: Int, width: Int, thickness: Int) {
    let t = thickness
    fill(color, top: top - t, left: left - t, height: t, width: width + 2 * t)
    fill(color, top: top + height, left: left - t, height: t, width: width + 2 * t)
    fill(color, top: top - t, left: left - t, height: height + 2 * t, width: t)
    fill(color, top: top - t, left: left + width, height: height + 2 * t, width: t)
  }

  /// The picture as it is now.
  public var image: RasterImage {
    let area = pixels.count
    return RasterImage(
      pixels: Tensor([3, height, width]) { target in
        for (i, color) in pixels.enumerated() {
          target[i] = color.red
          target[area + i] = color.green
          target[2 * area + i] = color.blue
        }
      })
  }
}

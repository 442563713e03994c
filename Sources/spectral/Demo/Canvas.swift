import SpectralKit

/// A colour; black is 0, white is 1.
struct Color: Hashable {
  var red: Float
  var green: Float
  var blue: Float

  init(_ red: Float, _ green: Float, _ blue: Float) { (self.red, self.green, self.blue) = (red, green, blue) }

  static func grey(_ value: Float) -> Color { Color(value, value, value) }

  /// White at 0, red towards 1, blue towards -1: for numbers whose sign matters.
  static func signed(_ value: Float) -> Color {
    let strength = min(abs(value), 1)
    let (faded, half) = (1 - strength, 1 - 0.75 * strength)
    return value >= 0
      ? Color(1 - 0.2 * strength, half * faded + 0.1 * strength, faded) : Color(faded, half, 1 - 0.2 * strength)
  }

  /// From black through red and yellow to white, as 0 goes to 1: for magnitudes.
  static func heat(_ value: Float) -> Color {
    let x = 3 * min(max(value, 0), 1)
    return Color(min(x, 1), min(max(x - 1, 0), 1), min(max(x - 2, 0), 1))
  }
}

/// A picture under construction.
struct Canvas {
  let height: Int
  let width: Int
  private var pixels: [Color]

  init(height: Int, width: Int, background: Color = .grey(1)) {
    (self.height, self.width) = (height, width)
    pixels = Array(repeating: background, count: height * width)
  }

  /// Fills a rectangle; what lies outside the picture is left out.
  mutating func fill(_ color: Color, top: Int, left: Int, height: Int, width: Int) {
    for row in max(top, 0)..<max(min(top + height, self.height), max(top, 0)) {
      for column in max(left, 0)..<max(min(left + width, self.width), max(left, 0)) {
        pixels[row * self.width + column] = color
      }
    }
  }

  /// Draws an array `[H, W]`, each element as a square of `scale` pixels.
  mutating func draw(
    _ values: Tensor<Float>, top: Int, left: Int, scale: Int = 1, color: (Float) -> Color = Color.grey
  ) {
    let columns = values.shape[-1]
    values.withUnsafeElements { values in
      for (i, value) in values.enumerated() {
        fill(
          color(value), top: top + i / columns * scale, left: left + i % columns * scale, height: scale, width: scale)
      }
    }
  }

  /// Draws the edges of a rectangle, `thickness` pixels outwards.
  mutating func frame(_ color: Color, top: Int, left: Int, height: Int, width: Int, thickness: Int) {
    let t = thickness
    fill(color, top: top - t, left: left - t, height: t, width: width + 2 * t)
    fill(color, top: top + height, left: left - t, height: t, width: width + 2 * t)
    fill(color, top: top - t, left: left - t, height: height + 2 * t, width: t)
    fill(color, top: top - t, left: left + width, height: height + 2 * t, width: t)
  }

  /// The picture as it is now.
  var image: Image {
    let area = pixels.count
    return Image(
      pixels: Tensor([3, height, width]) { target in
        for (i, color) in pixels.enumerated() {
          target[i] = color.red
          target[area + i] = color.green
          target[2 * area + i] = color.blue
        }
      })
  }
}

import Foundation

/// A colour as the eye orders it, after Björn Ottosson, "A perceptual color space for image processing" (2020): OKLab in
/// polar form. Equal steps of lightness look equally large, whatever hue and chroma are.
public struct PerceivedColor: Hashable, Sendable {
  /// From 0, black, to 1, white.
  public var lightness: Double
  /// The distance from grey; screens show up to about 0.3, most hues less.
  public var chroma: Double
  /// In radians: about 0.5 red, 1.9 yellow, 2.5 green, 4.6 blue.
  public var hue: Double

  /// A colour.
  public init(lightness: Double, chroma: Double, hue: Double) {
    (self.lightness, self.chroma, self.hue) = (lightness, chroma, hue)
  }

  /// What a screen shows of it: red, green and blue light, each from 0 to 1 unless the screen cannot show the colour.
  private var light: (red: Double, green: Double, blue: Double) {
    let (a, b) = (chroma * cos(hue), chroma * sin(hue))
    func cube(_ x: Double) -> Double { x * x * x }
    let l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
    return (
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s
    )
  }

  /// Whether a screen can show it.
  public var isShowable: Bool {
    let (red, green, blue) = light
    // Give or take what rounds to the ends.
    return [red, green, blue].allSatisfy { (-1e-4...1.0001).contains($0) }
  }

  /// The nearest colour of the same lightness and hue that a screen can show.
  public var color: RGBColor {
    var shown = self
    if !isShowable {
      var range = (0.0, chroma)
      for _ in 0..<20 {
        shown.chroma = (range.0 + range.1) / 2
        if shown.isShowable { range.0 = shown.chroma } else { range.1 = shown.chroma }
      }
      shown.chroma = range.0
    }
    let (red, green, blue) = shown.light
    func stored(_ light: Double) -> Float { SRGBTransfer.stored(Float(min(max(light, 0), 1))) }
    return RGBColor(stored(red), stored(green), stored(blue))
  }
}

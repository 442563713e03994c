import SpectralImaging
import SpectralCore

extension RasterImage {
  /// The ground that what is visible of a transparent picture stands out from: white for dark ink, black for light.
  ///
  /// A drawing on a transparent canvas has its shape in its alpha; on a ground of its own colour it would be gone.
  public var inkBackground: RGBColor {
    guard let alpha else { return .white }
    let (area, channels) = (height * width, pixels.shape[0])
    let weights = channels == 1 ? [1] : [0.2126, 0.7152, 0.0722]
    var (light, opacity) = (0.0, 0.0)
    alpha.withUnsafeElements { alpha in
      pixels.withUnsafeElements { pixels in
        for i in 0..<area where alpha[i] > 0 {
          opacity += Double(alpha[i])
          for (channel, weight) in weights.enumerated() {
            light += Double(alpha[i]) * weight * Double(pixels[channel * area + i])
          }
        }
      }
    }
    return light < 0.5 * opacity || opacity == 0 ? .white : .black
  }
}

import Foundation
import SpectralImaging
import Testing

/// Lightness by another road than the maps take: CIE 1976 L* of the colours' luminance.
private func lightness(_ color: RGBColor) -> Double {
  let light = [color.red, color.green, color.blue].map { SRGBTransfer.linear(Double($0)) }
  let y = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
  return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : 24389.0 / 27 * y
}

@Suite struct ColorMapTests {
  @Test func lightnessRisesEvenly() {
    for map in [ColorMap.grey, .magnitude, .signed] {
      let steps = (0..<64).map { lightness(map(Double($0 + 1) / 64)) - lightness(map(Double($0) / 64)) }
      #expect(steps.allSatisfy { $0 > 0.3 }, "\(steps)")
      // OKLab and CIELAB are two models of one eye: their steps differ, but none is a jump.
      #expect(steps.max()! < 3.5 * 100 / 64, "\(steps)")
    }
  }

  @Test func zeroIsMidGrey() {
    let zero = ColorMap.signed(0.5)
    for channel in [zero.red, zero.green, zero.blue] { #expect(abs(channel - 0.5) < 0.5 / 255) }
    let (below, above) = (ColorMap.signed(0.1), ColorMap.signed(0.9))
    #expect(below.blue > below.red && above.red > above.blue)
  }

  @Test func anglesDifferInHueAlone() {
    let shades = (0..<48).map { lightness(ColorMap.phase(Double($0) / 48)) }
    #expect(shades.max()! - shades.min()! < 8)
    #expect(ColorMap.phase(0) == ColorMap.phase(1))
  }

  @Test func numbersBeyondTheEnds() {
    #expect(ColorMap.magnitude(-3) == ColorMap.magnitude(0) && ColorMap.magnitude(7) == ColorMap.magnitude(1))
    #expect(ColorMap.grey(.nan) == ColorMap.grey(0) && ColorMap.grey(.infinity) == .grey(1))
  }
}

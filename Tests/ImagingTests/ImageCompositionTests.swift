import SpectralImaging
import SpectralCore
import Testing

@Suite struct ImageCompositionTests {
  @Test func byHand() {
    let image = RasterImage(
      pixels: Tensor([3, 1, 3], [1, 1, 1, 0, 0, 0, 0.5, 0.5, 0.5]), alpha: Tensor([1, 3], [1, 0.5, 0]))
    let composed = image.composed(on: RGBColor(0, 0.5, 1))
    #expect(composed.alpha == nil)
    #expect(composed.pixels.elements == [1, 0.5, 0, 0, 0.25, 0.5, 0.5, 0.75, 1])
  }

  @Test func greyStaysGreyOnGreyGround() {
    let image = RasterImage(pixels: Tensor([1, 1, 2], [0, 0]), alpha: Tensor([1, 2], [0.25, 1]), bitDepth: 16)
    #expect(image.composed(on: .white) == RasterImage(pixels: Tensor([1, 1, 2], [0.75, 0]), bitDepth: 16))
    #expect(image.composed(on: RGBColor(1, 0, 0)).pixels.elements == [0.75, 0, 0, 0, 0, 0])
  }

  @Test func opaqueAlphaIsDropped() {
    let image = RasterImage(pixels: Tensor([1, 1, 2], [0.3, 0.7]), alpha: Tensor([1, 2], [1, 1]))
    #expect(!image.isTransparent)
    #expect(image.composed(on: RGBColor(1, 0, 0)) == RasterImage(pixels: image.pixels))
    #expect(image.composed(on: .black).composed(on: .white) == RasterImage(pixels: image.pixels))
  }

  /// The stored values are composed in either light; the curve there and back is right to 3e-8, as its own tests show.
  @Test func lightDoesNotMatter() {
    let image = ImagePlanes<Double>(
      planes: Tensor([1, 1, 4], [0.1, 0.4, 0.8, 1]), alpha: Tensor([1, 4], [0, 0.25, 0.5, 1]))
    let stored = image.composed(on: .white)
    let light = image.converted(to: .linear).composed(on: .white)
    #expect(light.light == .linear && light.alpha == nil)
    let back = light.converted(to: .stored)
    #expect(zip(stored.planes.elements, back.planes.elements).allSatisfy { abs($0 - $1) < 3e-8 })
  }
}

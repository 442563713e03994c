import SpectralImaging
import SpectralCore
import Testing

@Suite struct ResizingTests {
  /// By hand: areas along an axis that shrinks, lines between centres along one that grows.
  @Test func meansAndLines() {
    let image = RasterImage(pixels: Tensor([1, 1, 6], [0, 1, 2, 3, 4, 5]))
    #expect(image.resized(height: 1, width: 3).pixels.elements == [0.5, 2.5, 4.5])
    // Of 1.5 pixels each: (0 + 1 / 2) / 1.5 and so on.
    let means: [Float] = [1.0 / 3, 5.0 / 3, 10.0 / 3, 14.0 / 3]
    let difference = image.resized(height: 1, width: 4).pixels - Tensor([1, 1, 4], means)
    #expect(difference.maximumMagnitude < 1e-6)
    let grown = RasterImage(pixels: Tensor([1, 2, 1], [0, 1])).resized(height: 4, width: 1)
    #expect(grown.pixels.elements == [0, 0.25, 0.75, 1])
  }

  /// Turned by a quarter, a picture is resized to the same.
  @Test(arguments: [(7, 9, 3, 20), (50, 4, 5, 30), (6, 6, 4, 11), (1, 40, 6, 6)])
  func axesAreAlike(height: Int, width: Int, newHeight: Int, newWidth: Int) {
    var random = RandomGenerator(seed: 4)
    let image = RasterImage(pixels: .uniform([1, height, width], in: 0..<1, using: &random))
    func turned(_ image: RasterImage) -> RasterImage {
      let x = image.pixels.elements
      let (height, width) = (image.height, image.width)
      return RasterImage(
        pixels: Tensor([1, width, height], (0..<x.count).map { x[$0 % height * width + $0 / height] }))
    }
    let one = image.resized(height: newHeight, width: newWidth).pixels
    let other = turned(turned(image).resized(height: newWidth, width: newHeight)).pixels
    // Each is rounded to Float twice.
    #expect((one - other).maximumMagnitude <= 0x1p-23)
  }

  /// In between it would be 28 times as large if it grew first. A sum of 150,000 numbers in Float would be off by more
  /// than the rounding of its result.
  @Test(arguments: [true, false]) func aLongThinPictureIsShrunkFirst(isTall: Bool) {
    let length = 1 << 22
    let pixels = Tensor<Float>(isTall ? [1, length, 1] : [1, 1, length]) { target in
      for i in target.indices { target[i] = Float(i % 2) * 0.3 + 0.1 }
    }
    let image = RasterImage(pixels: pixels).resized(height: 28, width: 28)
    let mean = (Double(Float(0.1)) + Double(Float(0.3) + Float(0.1))) / 2
    #expect(image.pixels.elements.allSatisfy { abs(Double($0) - mean) < 2e-6 })
  }
}

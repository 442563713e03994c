import Foundation
import SpectralImaging
import SpectralKit
import Testing

extension BrowserTests {
  /// A kernel and its response.
  @Suite struct KernelArea {
    private func through(_ kernel: Kernel, _ image: ImagePlanes<Float>) throws -> RasterImage {
      var result = image
      let (c, h, w) = (image.channels, image.height, image.width)
      let geometry = ConvolutionGeometry(padding: .same, boundary: .reflect, operation: .convolution)
      result.planes = try SpatialConvolution<Float>()(
        image.planes.reshaped(to: [c, 1, h, w]),
        kernel.taps.converted(to: Float.self).reshaped(to: [1, 1, kernel.height, kernel.width]), geometry
      ).reshaped(to: [c, h, w])
      return abs(kernel.taps.elements.reduce(0, +)) < 1e-12 ? SignedPicture(result).image : RasterImage(shown: result)
    }

    @Test func numbersAreTypedAndBothMethodsAnswer() throws {
      let open = try OpenPlayground("kernel")
      let page = open.page
      let scene = try open.picture("scene")
      try expectSame(
        page.pixels("#kernel-result .after"), through(Kernel(.gaussian(deviation: 1.5, radius: 4)), scene))

      try page.type("sharpen:1", into: "#kernel-name")
      try page.key("Enter")
      try page.rest()
      try page.type("-1.5", into: "#kernel-grid [role=row]:first-child [role=gridcell]:nth-child(2) input")
      try page.rest()
      var taps = Kernel(.sharpen()).taps
      taps[0, 1] = -1.5
      try expectSame(page.pixels("#kernel-result .after"), through(Kernel(taps), scene))
      try page.choose("direct", of: "#apply-method")
      try page.rest()
      try expectSame(page.pixels("#kernel-result .after"), through(Kernel(taps), scene))

      try page.click("#compare")
      try page.wait("the comparison", for: "document.querySelector('[data-of=isKept]').textContent === 'yes'")
      try page.rest()
      try expectSame(page.pixels("#by-fft .after"), page.pixels("#by-direct .after"))
      open.close()
    }

    @Test func theSizeSliderGoesTo127AndMethodsCross() throws {
      let open = try OpenPlayground("kernel")
      let page = open.page
      let scene = try open.picture("scene")
      try page.choose("disk", of: "#kernel-preset")
      _ = try page.value("document.querySelector('#kernel-size').focus()")
      try page.key("End")
      try page.rest()
      #expect(try page.text("#kernel-facts").hasPrefix("127 x 127"))
      try expectSame(page.pixels("#kernel-result .after"), through(Kernel(.disk(diameter: 127)), scene))
      try page.click("#crossover")
      try page.wait(
        "the crossover", for: "/faster|Neither/.test(document.querySelector('#crossover-note').textContent)")
      try page.screenshot("kernel")
      open.close()
    }

    @Test func aDrawnResponseBecomesAKernel() throws {
      let open = try OpenPlayground("kernel")
      let page = open.page
      try page.click("#response-clear")
      try page.rest()
      try page.click("#response-tools [data-value=rectangle]")
      try page.drag(
        from: page.frequency("#response-plane", -0.2, -0.2), to: page.frequency("#response-plane", 0.2, 0.2))
      try page.rest()
      #expect(try page.text("#kernel-facts").hasPrefix("9 x 9"))
      #expect(try page.text("#design-note").contains("Off"))
      // A low-pass in a square: its largest number is in the middle, and the slow waves pass whole.
      let middle = try page.number(
        "Number(document.querySelector('#kernel-grid [role=row]:nth-child(5) [role=gridcell]:nth-child(5) input').value)"
      )
      #expect(abs(middle - 0.16) < 0.02)
      try page.screenshot("kernel-drawn")
      open.close()
    }
  }
}

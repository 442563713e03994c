import Foundation
import SpectralKit
import Testing

extension BrowserTests {
  /// The window over the pixels.
  @Suite struct SlideArea {
    private func numbers(_ page: BrowserPage, _ grid: String) throws -> [Double] {
      let texts = try page.value(
        """
        [...document.querySelectorAll('\(grid) [role=gridcell]')].map(
          (cell) => cell.querySelector('input')?.value ?? cell.textContent)
        """)
      return (texts as! [String]).map { Double($0.replacing("−", with: "-")) ?? .nan }
    }

    /// What the library makes of the numbers that the page shows.
    private func computed(
      _ pixels: [Double], _ kernel: [Double], stride: Int, padding: Int, dilation: Int = 1, boundary: Boundary
    ) throws -> [Double] {
      try SpatialConvolution<Double>()(
        Tensor([1, 1, 6, 6], pixels), Tensor([1, 1, 3, 3], kernel),
        ConvolutionGeometry(
          stride: AxisValues(stride), dilation: AxisValues(dilation), padding: .pixels(padding), boundary: boundary)
      ).elements
    }

    @Test func theWindowSlidesWithItsArithmetic() throws {
      let open = try OpenPlayground("slide")
      let page = open.page
      try page.type("9", into: "#slide-kernel [role=row]:nth-child(2) [role=gridcell]:nth-child(2) input")
      try page.type("-3", into: "#slide-pixels [role=row]:nth-child(2) [role=gridcell]:nth-child(2) input")
      _ = try page.value("document.querySelector('#slide-stride').focus()")
      try page.key("ArrowRight")
      try page.rest()
      // With a padding of 1 the pixels are rows and columns 2 to 7 of 8.
      let padded = try numbers(page, "#slide-pixels")
      let pixels = (1...6).flatMap { row in (1...6).map { padded[row * 8 + $0] } }
      let kernel = try numbers(page, "#slide-kernel")
      #expect(pixels[0] == -3 && kernel[4] == 9)
      let expected = try computed(pixels, kernel, stride: 2, padding: 1, boundary: .zero)
      #expect(try numbers(page, "#slide-output") == expected)
      #expect(
        try numbers(page, "#slide-circular")
          == computed(pixels, kernel, stride: 2, padding: 1, boundary: .circular))

      try page.click("#slide-next")
      #expect(try page.text("#slide-place-value") == "row 1, column 2")
      #expect(try page.text("#slide-arithmetic").hasSuffix("= \(Int(expected[1]))".replacing("-", with: "−")))
      try page.click("#slide-play")
      try page.wait("the next place", for: "document.querySelector('#slide-place').value > 2")
      try page.click("#slide-play")
      try page.screenshot("slide")

      try page.choose("circular", of: "#slide-boundary")
      try page.rest()
      #expect(
        try numbers(page, "#slide-output")
          == computed(pixels, kernel, stride: 2, padding: 1, boundary: .circular))
      open.close()
    }

    @Test func theImpossibleIsBlockedAndExplained() throws {
      let open = try OpenPlayground("slide")
      let page = open.page
      _ = try page.value("document.querySelector('#slide-dilation').focus()")
      try page.key("End")
      try page.wait("the explanation", for: "!document.querySelector('#slide-blocked').hidden")
      try page.rest()
      let dilation = try page.number("Number(document.querySelector('#slide-dilation').value)")
      // Three taps that far apart still fit into 6 + 2 pixels.
      #expect(dilation == 3)
      #expect(try page.text("#slide-blocked").contains("Dilation 8 is not possible"))
      #expect(try page.text("#slide-blocked").count > 60)
      try page.screenshot("slide-blocked")
      let padded = try numbers(page, "#slide-pixels")
      let pixels = (1...6).flatMap { row in (1...6).map { padded[row * 8 + $0] } }
      #expect(
        try numbers(page, "#slide-output")
          == computed(pixels, numbers(page, "#slide-kernel"), stride: 1, padding: 1, dilation: 3, boundary: .zero))
      open.close()
    }
  }
}

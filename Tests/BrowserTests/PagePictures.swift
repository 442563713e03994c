import Foundation
import SpectralKit
import Testing

extension BrowserTests {
  /// The pictures of the page in the documentation, drawn anew by `make pictures`.
  @Suite(
    .enabled(
      if: ProcessInfo.processInfo.environment["SPECTRAL_REDRAW"] != nil, "draws pictures only if SPECTRAL_REDRAW is set"
    ))
  struct PagePictures {
    private let resources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Docs/SpectralKit.docc/Resources")

    private func keep(_ page: BrowserPage, _ name: String) throws {
      try page.screenshot("playground-\(name)", wholePage: true)
      let picture = try RasterImage(path: screenshots.appendingPathComponent("playground-\(name).png").path)
      let width = 960
      try RasterImage(pixels: picture.pixels).resized(height: picture.height * width / picture.width, width: width)
        .write(to: resources.appendingPathComponent("playground-\(name).png").path)
    }

    @Test func theAreas() throws {
      let open = try OpenPlayground("filter", height: 900)
      let page = open.page
      try page.click("#tools [data-value=wedge]")
      try page.drag(from: page.frequency("#plane", 0.2, 0.16), to: page.frequency("#plane", 0.2, 0.24))
      try page.click("#tools [data-value=notch]")
      try page.drag(from: page.frequency("#plane", 0.11, -0.04), to: page.frequency("#plane", 0.13, -0.04))
      try page.click("#tools [data-value=look]")
      try page.drag(from: page.frequency("#plane", 0.08, 0), to: page.frequency("#plane", 0.18, 0.02))
      try page.rest()
      try page.move(to: page.frequency("#plane", 0.03, -0.06))
      try page.rest()
      try keep(page, "filter")

      try page.click("#tab-kernel")
      try page.rest()
      try page.choose("sharpen", of: "#kernel-preset")
      try page.rest()
      try page.click("#compare")
      try page.wait("the comparison", for: "document.querySelector('[data-of=isKept]').textContent === 'yes'")
      try page.click("#crossover")
      try page.wait(
        "the crossover", for: "/faster|Neither/.test(document.querySelector('#crossover-note').textContent)")
      try page.rest()
      try keep(page, "kernel")

      try page.click("#tab-slide")
      try page.rest()
      for _ in 0..<8 { try page.click("#slide-next") }
      try keep(page, "slide")

      try page.click("#tab-learn")
      try page.choose("3", of: "#pad-digit")
      try page.click("#train")
      for (method, step) in [("fft", 80), ("direct", 200)] {
        try page.choose(method, of: "#train-method")
        try page.wait(untilStep: step)
      }
      try page.click("#train")
      try page.waitForPause()
      try keep(page, "learn")

      try page.click("#tab-share")
      try page.click("#share-of [data-value=filter]")
      try page.rest()
      try keep(page, "share")
      open.close()
    }

    /// Four moments of a hand on the spectrum, each with the picture beside it.
    @Test func theStrip() throws {
      let open = try OpenPlayground("filter", height: 900)
      let page = open.page
      var stills: [RasterImage] = []
      func still() throws {
        try page.move(to: page.place("#result-title"))
        try page.rest()
        let (left, right) = (try page.place("#plane", 0, 0), try page.place("#result", 1, 1))
        let parameters: [String: Any] = [
          "format": "png",
          "clip": ["x": left.x, "y": left.y, "width": right.x - left.x, "height": right.y - left.y, "scale": 1],
        ]
        let picture = try page.call("Page.captureScreenshot", parameters)["data"] as! String
        let image = try RasterImage(data: Data(base64Encoded: picture)!, name: "still")
        stills.append(RasterImage(pixels: image.pixels).resized(height: 472 * image.height / image.width, width: 472))
      }
      try page.drag(from: page.frequency("#plane", 0.08, 0), to: page.frequency("#plane", 0.2, 0.05))
      try still()
      try page.drag(from: page.frequency("#plane", 0.206, 0), to: page.frequency("#plane", 0.03, 0.0))
      try still()
      try page.choose("ideal", of: "#steps select")
      try page.drag(from: page.frequency("#plane", 0.03, 0), to: page.frequency("#plane", 0.05, 0.0))
      try still()
      try page.click("#steps .remove")
      try page.click("#tools [data-value=wedge]")
      try page.click("#brush-soft")
      try page.drag(from: page.frequency("#plane", -0.2, 0.1), to: page.frequency("#plane", 0.2, 0.12))
      try still()
      var strip = DrawingCanvas(height: 2 * stills[0].height + 16, width: 2 * 472 + 16)
      for (i, still) in stills.enumerated() {
        strip.draw(still, top: i / 2 * (still.height + 16), left: i % 2 * (472 + 16))
      }
      try strip.image.write(to: resources.appendingPathComponent("playground-strip.png").path)
      open.close()
    }
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

extension BrowserTests {
  /// A picture beside its spectrum.
  @Suite struct FilterArea {
    /// The cut-off that the page has, from the field beside its slider.
    private func cutoff(_ page: BrowserPage) throws -> Double {
      try page.number("Number(document.querySelector('#steps input[type=number][data-step]').value)")
    }

    private func filtered(_ image: ImagePlanes<Float>, _ filter: FrequencyFilter) throws -> RasterImage {
      var result = image
      result.planes = try filter.apply(to: image.planes)
      return RasterImage(shown: result)
    }

    @Test func aCutoffIsDraggedAndThePictureFollows() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      let scene = try open.picture("scene")
      #expect(try cutoff(page) == 0.08)
      try expectSame(page.pixels("#result .after"), filtered(scene, .lowPass(.gaussian, cutoff: 0.08)))

      try page.drag(from: page.frequency("#plane", 0.08, 0), to: page.frequency("#plane", 0.02, 0.02))
      try page.rest()
      let dragged = try cutoff(page)
      #expect(abs(dragged - 0.02 * 2.0.squareRoot()) < 0.003)
      try expectSame(
        page.pixels("#result .after"), filtered(scene, .lowPass(.gaussian, cutoff: Frequency(floatLiteral: dragged))))
      try page.screenshot("filter")

      try page.choose("butterworth", of: "#steps select")
      try page.rest()
      try expectSame(
        page.pixels("#result .after"),
        filtered(scene, .lowPass(.butterworth(order: 2), cutoff: Frequency(floatLiteral: dragged))))
      open.close()
    }

    /// A directional filter keeps its direction or removes it; only then is there a cut-off.
    @Test func aDirectionIsKeptOrRemoved() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      let scene = try open.picture("scene")
      try page.click("#steps .remove")
      try page.choose("directional", of: "#step-kind")
      try page.click("#add-step")
      try page.rest()
      let fields =
        "[...document.querySelectorAll('#steps input[type=number][data-step]')].filter((e) => e.checkVisibility()).length"
      #expect(try page.number(fields) == 2)
      try expectSame(
        page.pixels("#result .after"), filtered(scene, .directional(.gaussian, angle: 30, halfWidth: 15)))
      try page.choose("remove", of: "#steps select[aria-label^=What]")
      try page.rest()
      #expect(try page.number(fields) == 3)
      try expectSame(
        page.pixels("#result .after"),
        filtered(scene, .removingDirection(.gaussian, angle: 30, halfWidth: 15, cutoff: 0.02)))
      open.close()
    }

    @Test func paintGoesOnWithItsTwinAndIsUndone() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      let scene = try open.picture("scene")
      try page.click("#steps .remove")
      try page.click("#tools [data-value=rectangle]")
      try page.click("#brush-soft")
      // Without a border added, the picture's own frequencies are those that are painted on.
      try page.choose("circular", of: "#boundary")
      try page.drag(from: page.frequency("#plane", 0.1, -0.2), to: page.frequency("#plane", 0.3, 0.1))
      try page.rest()
      let painted = try page.pixels("#result .after")
      try page.screenshot("filter-painted")
      // What is left of waves in the rectangle and in its twin, and of waves in neither.
      let (before, after) = (try spectrum(RasterImage(shown: scene)), try spectrum(painted))
      for (fx, fy) in [(0.2, 0.0), (-0.2, 0.0), (0.25, -0.15), (-0.25, 0.15)] {
        #expect(after(fx, fy) < 0.05 * before(fx, fy) + 0.5)
      }
      for (fx, fy) in [(0.03, 0.02), (0.0, 0.06), (-0.05, 0.01)] {
        #expect(abs(after(fx, fy) - before(fx, fy)) < 0.05 * before(fx, fy) + 0.5)
      }

      // To the pixel, from the mask as a file.
      try page.click("#tab-share")
      try page.rest()
      try page.click("#share-files [data-file=\"mask.png\"]")
      let mask = try FilterMask(RasterImage(data: savedFile("mask.png")).luminance.pixels)
      #expect(mask.asymmetry == 0)
      var filtered = scene
      filtered.planes = try FrequencyFilter.mask(mask).apply(to: scene.planes, boundary: .circular)
      expectSame(painted, RasterImage(shown: filtered))
      try page.click("#tab-filter")

      try page.click("#undo")
      try page.rest()
      try expectSame(page.pixels("#result .after"), RasterImage(shown: scene))
      try page.click("#redo")
      try page.rest()
      try expectSame(page.pixels("#result .after"), painted)
      open.close()
    }

    /// Mean magnitudes of the green plane's waves around a frequency.
    private func spectrum(_ image: RasterImage) throws -> (Double, Double) -> Double {
      let (h, w) = (image.height, image.width)
      let plane = image.pixels.rows(1..<2).reshaped(to: [h, w]).converted(to: Double.self)
      let spectrum = CenteredSpectrum(RealTransform2D<Double>(height: h, width: w).forward(plane))
      return { fx, fy in
        let (x, y) = (Int((fx * Double(w)).rounded()) + w / 2, Int((fy * Double(h)).rounded()) + h / 2)
        var sum = 0.0
        for dy in -2...2 { for dx in -2...2 { sum += Double(spectrum.magnitudes[y + dy, x + dx]) } }
        return sum / 25
      }
    }

    @Test func everyToolPaints() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.click("#steps .remove")
      try page.rest()
      func mask() throws -> Double {
        try page.number(
          """
          (() => {
            const canvas = document.querySelector('#plane .mask');
            const { data } = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
            let sum = 0;
            for (let i = 3; i < data.length; i += 4) sum += data[i];
            return sum;
          })()
          """)
      }
      var before = try mask()
      for tool in ["brush", "notch", "ring", "wedge", "rectangle"] {
        try page.click("#tools [data-value=\(tool)]")
        try page.drag(from: page.frequency("#plane", 0.22, -0.1), to: page.frequency("#plane", 0.3, 0.12))
        try page.rest()
        let after = try mask()
        #expect(after > before, "\(tool) paints nothing")
        before = after
      }
      // Under the twin of the rectangle's middle nothing passes, and there the eraser lets something pass again.
      try page.click("#tools [data-value=erase]")
      try page.drag(from: page.frequency("#plane", -0.25, -0.1), to: page.frequency("#plane", -0.25, 0.05))
      try page.rest()
      #expect(try mask() < before)
      try page.screenshot("filter-tools")
      open.close()
    }

    @Test func theKeyboardPaintsAndDrags() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      let scene = try open.picture("scene")
      _ = try page.value("document.querySelector('#plane').focus({ focusVisible: true })")
      // To the circle of the cut-off at 0.08, take it, twice 0.04 further out, let go.
      try page.key("ArrowRight", times: 16)
      try page.rest()
      #expect(try page.text("#announcement").contains("fx 0.08"))
      try page.key(" ")
      try page.key("ArrowRight", modifiers: 8, times: 2)
      try page.key(" ")
      try page.rest()
      #expect(try cutoff(page) == 0.16)
      try expectSame(page.pixels("#result .after"), filtered(scene, .lowPass(.gaussian, cutoff: 0.16)))
      #expect(try page.text("#announcement").contains("fx 0.160"))
      try page.key("z", modifiers: 2)
      try page.rest()
      #expect(try cutoff(page) == 0.08)

      // Tabs by the arrow keys.
      _ = try page.value("document.querySelector('#tab-filter').focus()")
      try page.key("ArrowRight")
      #expect(try page.value("document.activeElement.id") as? String == "tab-kernel")
      #expect(try page.value("document.querySelector('#area-kernel').hidden") as? Bool == false)
      try page.rest()
      open.close()
    }

    @Test func aPointShowsItsWave() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.move(to: page.frequency("#plane", 0.25, 0.125))
      try page.wait("the read-out", for: "document.querySelector('[data-of=fx]').textContent !== '–'")
      try page.rest()
      func number(_ name: String) throws -> Double {
        let text = try page.text("[data-of=\(name)]").replacing("−", with: "-")
        return Double(text.prefix { !" °".contains($0) }) ?? .nan
      }
      let (fx, fy) = (try number("fx"), try number("fy"))
      #expect(abs(fx - 0.25) < 0.003 && abs(fy - 0.125) < 0.003)
      #expect(abs(try number("wavelength") - 1 / (fx * fx + fy * fy).squareRoot()) < 0.01)
      #expect(abs(try number("angle") + atan2(fy, fx) * 180 / .pi) < 0.1)
      // The wave lies over the picture, and is a wave: as much above the middle as below it.
      let wave = try page.pixels("#result .wave-over")
      let mean = wave.pixels.elements.reduce(0, +) / Float(wave.pixels.count)
      #expect(abs(mean - 0.5) < 0.02)
      try page.screenshot("filter-wave")
      open.close()
    }

    @Test func beforeAndAfterAndTheDifference() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      let scene = try open.picture("scene")
      try page.choose("split", of: "#result-mode")
      try page.drag(from: page.place("#result", 0.5, 0.5), to: page.place("#result", 0.25, 0.5))
      #expect(abs(try page.number("Number(document.querySelector('#split').value)") - 25) < 2)
      try page.screenshot("filter-split")
      try page.choose("difference", of: "#result-mode")
      try page.rest()
      var difference = scene
      difference.planes = try FrequencyFilter.lowPass(.gaussian, cutoff: 0.08).apply(to: scene.planes) - scene.planes
      try expectSame(page.pixels("#result .after"), SignedPicture(difference).image)
      open.close()
    }
  }
}

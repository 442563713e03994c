import Foundation
import SpectralKit
import Testing

extension BrowserTests {
  /// A network that learns.
  @Suite struct LearnArea {
    private func steps(_ page: BrowserPage) throws -> Int {
      let state = try page.text("#training-state")
      return state.firstMatch(of: /step (\d+)/).flatMap { Int($0.1) } ?? 0
    }

    @Test func itTrainsPausesSwitchesAndAnswers() throws {
      let open = try OpenPlayground("learn")
      let page = open.page
      try page.click("#train")
      try page.wait(untilStep: 30)
      try page.choose("direct", of: "#train-method")
      let switched = try steps(page)
      try page.wait(untilStep: switched + 60)
      try page.click("#train")
      try page.waitForPause()
      let paused = try steps(page)
      #expect(try page.text("#training-state").contains("by direct"))

      // The loss of the steps around the switch: no jump that a change of method would leave.
      let losses = try page.value(
        "fetch('/api/training?since=0&wait=0').then((r) => r.json()).then((s) => s.points.map((p) => [p.loss, p.method === 'fft' ? 0 : 1]))"
      )
      let points = (losses as! [[NSNumber]]).map { ($0[0].doubleValue, $0[1].intValue) }
      let first = try #require(points.firstIndex { $0.1 == 1 })
      func mean(_ range: Range<Int>) -> Double {
        let part = points[range.clamped(to: 0..<points.count)].map(\.0)
        return part.reduce(0, +) / Double(part.count)
      }
      #expect(mean(first..<first + 15) < 1.25 * mean(max(0, first - 15)..<first))
      #expect(mean(points.count - 15..<points.count) < mean(0..<15))

      // A one, drawn with the pointer.
      try page.drag(from: page.place("#pad", 0.5, 0.15), to: page.place("#pad", 0.5, 0.85), steps: 12)
      try page.wait("the answer", for: "!document.querySelector('#bars').hidden")
      try page.rest()
      let pad = try page.pixels("#pad")
      #expect(pad.pixels.elements.reduce(0, +) > 20)
      #expect(try page.text("#answer").contains("LeNet takes it for"))
      #expect(try page.number("document.querySelectorAll('#maps canvas').length") >= 22)
      _ = try page.value("document.querySelector('#shift-x').focus()")
      try page.key("ArrowRight", times: 4)
      try page.wait("the moved answer", for: "document.querySelector('#answer').textContent.includes('moved')")
      try page.rest()
      try expectFilters(page)
      try page.screenshot("learn", wholePage: true)

      try page.click("#train")
      try page.wait(untilStep: paused + 10)
      try page.click("#train-reset")
      try page.wait("the beginning", for: "document.querySelector('#training-state').textContent === 'not started'")
      try page.rest()
      open.close()
    }

    /// The spectra on the page against those of the filters, which the library computes anew.
    private func expectFilters(_ page: BrowserPage) throws {
      let answer = try page.value(
        """
        (async () => {
          const { filters, spectra } = await (await fetch('/api/training/filters')).json();
          return [filters[0].flat(), spectra[0].flat()];
        })()
        """)
      let numbers = (answer as! [[NSNumber]]).map { $0.map(\.doubleValue) }
      let spectrum = CenteredSpectrum(Kernel(Tensor([5, 5], numbers[0])).response(height: 32, width: 32))
      let magnitudes = spectrum.magnitudes.elements.map { Double($0) }
      let largest = magnitudes.max()!
      let shares = magnitudes.map { $0 / largest }
      for (shown, computed) in zip(numbers[1], shares) { #expect(abs(shown - computed) < 1e-4) }
      // Bright where the spectrum is large: the brightest pixel of the canvas is the largest magnitude.
      let canvas = try page.pixels("#filters canvas:nth-child(7)")
      let red = Array(canvas.pixels.elements.prefix(32 * 32))
      let top = shares.indices.max { shares[$0] < shares[$1] }!
      #expect(red[top] == red.max())
    }
  }
}

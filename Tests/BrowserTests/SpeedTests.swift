import Foundation
import SpectralLessons
import SpectralKit
import TestSupport
import Testing

extension BrowserTests {
  /// From the pointer to pixels. The figure is printed and kept beside the screenshots; no test asks how fast a machine is.
  @Suite struct Speed {
    @Test func fromPointerToPixels() throws {
      let folder = temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("large.png")
      try Scene.street(side: 1024).write(to: file.path)
      let open = try OpenPlayground("filter", image: file)
      let page = open.page
      var report = ""
      for (what, tool, from, to) in [
        ("cut-off", "look", (0.08, 0.0), (0.2, 0.0)), ("brush", "brush", (0.1, 0.1), (0.3, 0.2)),
      ] {
        try page.click("#tools [data-value=\(tool)]")
        let (start, end) = (
          try page.frequency("#plane", from.0, from.1), try page.frequency("#plane", to.0, to.1)
        )
        try page.press(start)
        try page.rest()
        _ = try page.value("spectral.timings.length = 0, spectral.dropped = 0")
        // As a hand moves: sixty times a second, whether or not the page keeps up.
        for step in 1...90 {
          let t = Double(step) / 90
          try page.drag(to: .init(x: start.x + t * (end.x - start.x), y: start.y + t * (end.y - start.y)))
          usleep(16_000)
        }
        try page.release(end)
        try page.rest()
        let (drawn, shown, computed) = (
          try page.number("spectral.medians.drawn"), try page.number("spectral.medians.shown"),
          try page.number("spectral.medians.computed")
        )
        let (count, dropped) = (try page.number("spectral.medians.count"), try page.number("spectral.dropped"))
        #expect(count > 5)
        report += String(
          format: "%@ at 1024 x 1024: %.1f ms from the pointer to pixels, %.1f ms to the frame that shows them, "
            + "%.1f ms of it computing; %.0f pictures, %.0f requests dropped\n", what, drawn, shown, computed, count,
          dropped)
      }
      print(report, terminator: "")
      try FileManager.default.createDirectory(at: screenshots, withIntermediateDirectories: true)
      try Data(report.utf8).write(to: screenshots.appendingPathComponent("speed.txt"))
      try page.screenshot("speed")
      open.close()
    }
  }
}

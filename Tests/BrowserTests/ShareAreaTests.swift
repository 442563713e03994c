import Foundation
import SpectralKit
import TestSupport
import Testing

extension BrowserTests {
  /// A state in other hands.
  @Suite struct ShareArea {
    /// Saves files by their buttons, runs the printed command beside them, and compares what it writes.
    private func expectSameBytes(
      _ page: BrowserPage, save: String, as output: String, needs: [(button: String, name: String)],
      _ location: SourceLocation = #_sourceLocation
    ) throws {
      let folder = temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      func saved(_ name: String) throws -> Data {
        try page.click("#share-files [data-file=\"\(name)\"]")
        return try savedFile(name)
      }
      for (button, name) in needs { try saved(button).write(to: folder.appendingPathComponent(name)) }
      let result = try saved(save)
      // The line as it stands, in a shell that knows where the command is.
      let outcome = spectral(typed: try page.text("#command"), in: folder)
      #expect(outcome.code == 0, "\(outcome.talk)", sourceLocation: location)
      #expect(try Data(contentsOf: folder.appendingPathComponent(output)) == result, sourceLocation: location)
      #expect(try page.text("#swift").hasPrefix("import SpectralKit"), sourceLocation: location)
    }

    private func share(_ page: BrowserPage) throws {
      try page.click("#tab-share")
      try page.rest()
    }

    @Test func aFilterAsACommand() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.click("#tools [data-value=notch]")
      try page.drag(from: page.frequency("#plane", 0.2, 0.1), to: page.frequency("#plane", 0.24, 0.1))
      try page.rest()
      try share(page)
      #expect(try page.text("#command").hasPrefix("spectral filter scene.png --lowpass gaussian:0.08 --mask mask.png"))
      try page.screenshot("share")
      try expectSameBytes(
        page, save: "scene-filtered.png", as: "filtered.png",
        needs: [("mask.png", "mask.png"), ("scene.png", "scene.png")])
      open.close()
    }

    @Test func aKernelAsACommand() throws {
      let open = try OpenPlayground("kernel")
      let page = open.page
      try page.choose("rings", of: "#picture")
      try page.type("motion:9,30", into: "#kernel-name")
      try page.key("Enter")
      try page.rest()
      try share(page)
      #expect(try page.text("#command").hasPrefix("spectral convolve rings.png --kernel motion:9,30 --method fft"))
      try page.screenshot("share-kernel")
      try expectSameBytes(
        page, save: "rings-convolved.png", as: "convolved.png", needs: [("rings.png", "rings.png")])
      // A kernel from a drawn response is read from its file.
      try page.click("#tab-kernel")
      try page.click("#response-clear")
      try page.click("#response-tools [data-value=rectangle]")
      try page.drag(
        from: page.frequency("#response-plane", -0.1, -0.2), to: page.frequency("#response-plane", 0.1, 0.2))
      try page.rest()
      try share(page)
      #expect(try page.text("#command-note").contains("rings.png and kernel.npy"))
      try expectSameBytes(
        page, save: "rings-convolved.png", as: "convolved.png",
        needs: [("rings.png", "rings.png"), ("kernel.npy", "kernel.npy")])
      try page.click("#share-files [data-file=\"response.png\"]")
      let response = try RasterImage(data: savedFile("response.png"), name: "response")
      #expect(response.height == 512 && response.width == 512)
      open.close()
    }

    @Test func aWindowAsACommand() throws {
      let open = try OpenPlayground("slide")
      let page = open.page
      try page.type("-3", into: "#slide-pixels [role=row]:nth-child(2) [role=gridcell]:nth-child(2) input")
      try page.choose("circular", of: "#slide-boundary")
      try page.rest()
      try page.click("#slide-next")
      #expect(try page.text("#slide-place-value") == "row 1, column 2")
      try share(page)
      #expect(try page.text("#command").hasPrefix("spectral conv2d '--input=-3,2,0,3,1,0;"))
      try expectSameBytes(page, save: "output.npy", as: "output.npy", needs: [])
      try page.click("#share-files [data-file=\"window.png\"]")
      let picture = try savedFile("window.png")
      try picture.write(to: screenshots.appendingPathComponent("shared-window.png"))
      #expect(try RasterImage(data: picture, name: "window").width > 1000)
      open.close()
    }

    @Test func aTrainingAsCommands() throws {
      let open = try OpenPlayground("learn")
      let page = open.page
      try page.choose("3", of: "#pad-digit")
      try share(page)
      #expect(try page.text("#command-note") == "Nothing has been trained yet.")
      try page.click("#tab-learn")
      try page.click("#train")
      try page.wait(untilStep: 15)
      try page.choose("direct", of: "#train-method")
      try page.wait(untilStep: 30)
      try share(page)
      #expect(try page.text("#command-note").hasPrefix("The training goes on"))
      #expect(
        try page.value("document.querySelector('#share-files [data-file=\"lenet5.safetensors\"]').disabled") as? Bool
          == true)
      try page.click("#tab-learn")
      try page.click("#train")
      try page.waitForPause()
      try share(page)
      try expectSameBytes(page, save: "lenet5.safetensors", as: "lenet5.safetensors", needs: [])
      try page.click("#share-files [data-file=\"training.png\"]")
      let picture = try savedFile("training.png")
      try picture.write(to: screenshots.appendingPathComponent("shared-training.png"))
      #expect(try RasterImage(data: picture, name: "training").width == 2000)
      let network = try page.file("/api/training/network")

      // The link repeats it elsewhere.
      let link = try page.value("document.querySelector('#link').value") as! String
      let fragment = try #require(link.split(separator: "#").last)
      let other = try OpenPlayground(String(fragment))
      try other.page.wait("the offer", for: "!document.querySelector('#train-repeat').hidden")
      try other.page.click("#train-repeat")
      try other.page.waitForPause()
      #expect(try other.page.file("/api/training/network") == network)
      other.close()
      open.close()
    }

    @Test func aLinkBringsEverythingBack() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.click("#tools [data-value=brush]")
      try page.drag(from: page.frequency("#plane", 0.05, 0.1), to: page.frequency("#plane", 0.2, 0.15))
      try page.rest()
      let shown = try page.pixels("#result .after")
      try page.click("#tab-kernel")
      try page.rest()
      try page.type("sobel:x", into: "#kernel-name")
      try page.key("Enter")
      try page.rest()
      try page.click("#response-tools [data-value=rectangle]")
      try page.rest()
      try page.drag(
        from: page.frequency("#response-plane", -0.1, -0.2), to: page.frequency("#response-plane", 0.1, 0.2))
      try page.rest()
      let drawn = try page.pixels("#kernel-result .after")
      try page.click("#tab-slide")
      try page.choose("mirror", of: "#slide-boundary")
      try page.rest()
      try share(page)
      let link = try page.value("document.querySelector('#link').value") as! String
      let other = try BrowserPage(link)
      #expect(try other.value("document.querySelector('#area-slide').hidden") as? Bool == false)
      try expectSame(other.pixels("#result .after"), shown)
      #expect(try other.value("document.querySelector('#slide-boundary').value") as? String == "mirror")
      try other.click("#tab-kernel")
      try other.rest()
      try expectSame(other.pixels("#kernel-result .after"), drawn)
      other.expectHealth()

      // Another picture while the area is open: files and command are that one's.
      try page.choose("rings", of: "#picture")
      try page.rest()
      try page.click("#share-of [data-value=kernel]")
      try page.rest()
      #expect(try page.text("#command").hasPrefix("spectral convolve rings.png"))
      #expect(try page.number("document.querySelectorAll('#share-files [data-file=\"rings.png\"]').length") == 1)

      // What anybody may have written must do no harm.
      let harmful = try BrowserPage("\(open.playground.address)#filter.AAAA-not-a-state")
      try harmful.wait("the message", for: "!document.querySelector('#message').hidden")
      try expectSame(harmful.pixels("#result .before"), RasterImage(shown: open.picture("scene")))
      harmful.expectHealth()
      open.close()
    }
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

extension BrowserTests {
  /// Pictures that one brings, texts that one takes, and the data of the command line.
  @Suite struct Bringing {
    /// A picture of 60 x 91 pixels in a folder of its own.
    private func picture() throws -> (file: URL, folder: URL) {
      let folder = temporaryFolder()
      let file = folder.appendingPathComponent("mine.png")
      var random = RandomGenerator(seed: 2)
      let levels = (0..<3 * 60 * 91).map { _ in Float(UInt8.random(in: 0...255, using: &random)) / 255 }
      try RasterImage(pixels: Tensor<Float>([3, 60, 91], levels)).write(to: file.path)
      return (file, folder)
    }

    private func expectFiltered(_ page: BrowserPage, _ file: URL) throws {
      try page.wait("the picture", for: "document.querySelector('#picture-size').textContent === '91 x 60'")
      try page.rest()
      var mine = try ImagePlanes<Float>(path: file.path)
      mine.planes = try FrequencyFilter.lowPass(.gaussian, cutoff: 0.08).apply(to: mine.planes, boundary: .reflect)
      try expectSame(page.pixels("#result .after"), RasterImage(shown: mine))
    }

    @Test func aPictureIsDropped() throws {
      let (file, folder) = try picture()
      defer { try? FileManager.default.removeItem(at: folder) }
      let open = try OpenPlayground("filter")
      try open.page.drop([file], on: "#areas")
      try expectFiltered(open.page, file)
      open.close()
    }

    @Test func aPictureIsPasted() throws {
      let (file, folder) = try picture()
      defer { try? FileManager.default.removeItem(at: folder) }
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.mayUseTheClipboard()
      let bytes = try Data(contentsOf: file).base64EncodedString()
      _ = try page.value(
        """
        (async () => {
          const bytes = Uint8Array.from(atob('\(bytes)'), (c) => c.charCodeAt(0));
          await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
        })()
        """)
      try page.paste()
      try expectFiltered(page, file)
      open.close()
    }

    @Test func aPictureIsPicked() throws {
      let (file, folder) = try picture()
      defer { try? FileManager.default.removeItem(at: folder) }
      let open = try OpenPlayground("filter")
      try open.page.pick(file, by: "#open-picture")
      try expectFiltered(open.page, file)
      #expect(
        try open.page.value("document.querySelector('#picture').selectedOptions[0].text") as? String == "mine.png")
      open.close()
    }

    @Test func whatIsNoPictureIsRefusedInWords() throws {
      let folder = temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("letter.png")
      try Data("no picture at all".utf8).write(to: file)
      let open = try OpenPlayground("filter")
      try open.page.drop([file], on: "#areas")
      try open.page.wait("the message", for: "!document.querySelector('#message').hidden")
      #expect(try open.page.text("#message").contains("letter.png"))
      #expect(try open.page.text("#picture-size") == "512 x 512")
      // Not `close()`: the browser itself reports the refusal, which was wanted.
      open.playground.stop()
    }

    @Test func textsAreCopied() throws {
      let open = try OpenPlayground("share")
      let page = open.page
      try page.mayUseTheClipboard()
      for (name, value) in [("link", "value"), ("command", "textContent"), ("swift", "textContent")] {
        try page.click("[data-copy=\(name)]")
        try page.wait("the word", for: "document.querySelector('#message').textContent === 'Copied.'")
        let copied = try page.value("navigator.clipboard.readText()") as? String
        #expect(try copied == page.value("document.querySelector('#\(name)').\(value)") as? String)
        #expect(copied?.isEmpty == false)
        _ = try page.value("document.querySelector('#message').textContent = ''")
      }
      open.close()
    }

    @Test(.enabled(if: sharedData("mnist") != nil, "needs ../shared/data/mnist"))
    func mnistIsLearned() throws {
      let open = try OpenPlayground("learn", data: sharedData("mnist")!)
      let page = open.page
      #expect(try page.value("document.querySelector('#train-data').selectedOptions[0].text") as? String == "MNIST")
      try page.choose("7", of: "#pad-digit")
      try page.click("#train")
      try page.wait(untilStep: 250)
      try page.click("#train")
      try page.waitForPause()
      // Some 250 batches are enough to be right nine times of ten.
      #expect(
        try page.number(
          "fetch('/api/training?since=0&wait=0').then((r) => r.json()).then((s) => s.tests.at(-1).lenet)") > 0.8)
      try page.screenshot("learn-mnist", wholePage: true)
      open.close()
    }
  }
}

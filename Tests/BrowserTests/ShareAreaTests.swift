import Foundation
import SpectralKit
import TestSupport
import Testing

extension BrowserTests {
  /// A state in other hands.
  @Suite struct ShareArea {
    @Test func theCommandWritesTheSameBytes() throws {
      let folder = temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.click("#tools [data-value=notch]")
      try page.drag(from: page.frequency("#plane", 0.2, 0.1), to: page.frequency("#plane", 0.24, 0.1))
      try page.rest()
      try page.click("#tab-share")
      try page.rest()
      let command = try page.text("#command")
      #expect(command.hasPrefix("spectral filter scene.png --lowpass gaussian:0.08 --mask mask.png"))
      #expect(try page.text("#swift").hasPrefix("import SpectralKit"))
      try page.click("#save-result")
      let result = try savedFile("scene-filtered.png")
      try page.click("#save-mask")
      try savedFile("mask.png").write(to: folder.appendingPathComponent("mask.png"))
      try page.click("#save-picture")
      try savedFile("scene.png").write(to: folder.appendingPathComponent("scene.png"))
      try page.screenshot("share")

      // The line as it stands, in a shell that knows where the command is.
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", command]
      shell.currentDirectoryURL = folder
      shell.environment = ProcessInfo.processInfo.environment.merging(
        ["PATH": "\(products.path):/usr/bin:/bin", "SPECTRALKIT_CACHE": ""]
      ) { $1 }
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 0)
      #expect(try Data(contentsOf: folder.appendingPathComponent("filtered.png")) == result)
      open.close()
    }

    @Test func aLinkBringsEverythingBack() throws {
      let open = try OpenPlayground("filter")
      let page = open.page
      try page.click("#tools [data-value=brush]")
      try page.drag(from: page.frequency("#plane", 0.05, 0.1), to: page.frequency("#plane", 0.2, 0.15))
      try page.rest()
      let shown = try page.pixels("#result .after")
      try page.click("#tab-slide")
      try page.choose("mirror", of: "#slide-boundary")
      try page.rest()
      try page.click("#tab-share")
      try page.rest()
      let link = try page.value("document.querySelector('#link').value") as! String
      let other = try BrowserPage(link)
      #expect(try other.value("document.querySelector('#area-share').hidden") as? Bool == false)
      try expectSame(other.pixels("#result .after"), shown)
      #expect(try other.value("document.querySelector('#slide-boundary').value") as? String == "mirror")
      other.expectHealth()

      // What anybody may have written must do no harm.
      let harmful = try BrowserPage("\(open.playground.address)#filter.AAAA-not-a-state")
      try harmful.wait("the message", for: "!document.querySelector('#message').hidden")
      try expectSame(harmful.pixels("#result .before"), Image(shown: open.picture("scene")))
      harmful.expectHealth()
      open.close()
    }

    /// The folder in which the built command lies beside the tests.
    private var products: URL {
      var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      #if os(Linux)
        folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      #endif
      while folder.path != "/" {
        folder.deleteLastPathComponent()
        if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("spectral").path) { break }
      }
      return folder
    }
  }
}

import Foundation
import SpectralPlayground
import SpectralKit
import Testing

/// The page in a real browser, driven as a person would. Where no Chromium is installed (`apt-get install chromium`, or
/// `SPECTRAL_CHROMIUM=/path/to/it`), these tests are skipped by name.
///
/// One after the other: two pages that are worked on at once would only wait for each other.
@Suite(.serialized, .enabled(if: Chromium.executable != nil, "needs Chromium; Debian's is chromium"))
enum BrowserTests {}

/// The playground's page, open in the browser, with its process in this one.
struct OpenPlayground {
  let playground: Playground
  let page: BrowserPage

  /// - Parameters:
  ///   - area: The area that is opened.
  ///   - image: A picture to begin with.
  ///   - data: The folder with the files of MNIST.
  init(
    _ area: String, image: URL? = nil, data: URL? = nil, width: Int = 1280, height: Int = 1000, isDark: Bool = false,
    isTouch: Bool = false
  ) throws {
    playground = try Playground(.init(port: 0, image: image?.path, data: data?.path))
    page = try BrowserPage(
      "\(playground.address)#\(area)", width: width, height: height, isDark: isDark, isTouch: isTouch)
  }

  /// What the page must not have done; then the end.
  func close(_ location: SourceLocation = #_sourceLocation) {
    page.expectHealth(location)
    playground.stop()
  }

  /// A picture that comes with the program, from its file.
  func picture(_ id: String) throws -> ImagePlanes<Float> {
    try ImagePlanes<Float>(
      data: page.file("/api/pictures/\(id)/file"), name: id, sizeLimit: RasterImage.defaultSizeLimit)
  }
}

/// Waits for a file that the page saves, and takes it.
func savedFile(_ name: String) throws -> Data {
  let file = Chromium.shared.downloads.appendingPathComponent(name)
  let deadline = Date(timeIntervalSinceNow: 30)
  while !FileManager.default.fileExists(atPath: file.path) {
    guard Date() < deadline else { throw DevToolsError(description: "\(name) was not saved") }
    usleep(20_000)
  }
  defer { try? FileManager.default.removeItem(at: file) }
  return try Data(contentsOf: file)
}

/// Pixels on the page are those that the library computes, to within the rounding of one step of 8 bits.
func expectSame(_ shown: RasterImage, _ computed: RasterImage, _ location: SourceLocation = #_sourceLocation) {
  guard shown.height == computed.height, shown.width == computed.width else {
    Issue.record(
      "\(shown.height) x \(shown.width) pixels are shown, \(computed.height) x \(computed.width) computed",
      sourceLocation: location)
    return
  }
  let count = shown.height * shown.width
  let (a, b) = (shown.pixels.elements, computed.pixels.elements)
  var (largest, sum) = (0, 0)
  for i in 0..<count {
    for channel in 0..<3 {
      func level(_ values: [Float]) -> Int {
        let value = values[values.count == count ? i : channel * count + i]
        return Int((255 * min(max(value, 0), 1)).rounded())
      }
      largest = max(largest, abs(level(a) - level(b)))
      sum += level(b)
    }
  }
  #expect(largest <= 1, "pixels differ by \(largest) steps", sourceLocation: location)
  // A page that shows nothing would agree with a black picture.
  #expect(sum > 0, "the computed picture is black", sourceLocation: location)
}

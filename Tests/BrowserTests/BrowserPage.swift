import Foundation
import SpectralKit
import Testing

/// A page in the browser, and a person before it: a pointer, a keyboard, eyes.
final class BrowserPage {
  /// A place on the page, in its own pixels.
  struct Place {
    var x: Double
    var y: Double
  }

  private let devTools = Chromium.shared.devTools
  private let target: String
  private let session: String
  private let address: String

  /// Opens a page and waits until it is ready.
  init(_ address: String, width: Int = 1280, height: Int = 1000, isDark: Bool = false, isTouch: Bool = false) throws {
    self.address = address
    target = try devTools.call("Target.createTarget", ["url": "about:blank"])["targetId"] as! String
    session =
      try devTools.call("Target.attachToTarget", ["targetId": target, "flatten": true])["sessionId"] as! String
    for domain in ["Page", "Runtime", "Log", "Network"] { try call("\(domain).enable") }
    try call(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": isTouch])
    if isTouch { try call("Emulation.setTouchEmulationEnabled", ["enabled": true]) }
    try call(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    try go(to: address)
  }

  deinit { _ = try? devTools.call("Target.closeTarget", ["targetId": target]) }

  /// Goes to an address and waits until the page is ready and at rest.
  func go(to address: String) throws {
    try call("Page.navigate", ["url": address])
    try wait("the page", for: "document.documentElement.dataset.ready === 'yes'")
    try rest()
  }

  @discardableResult
  func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    try devTools.call(method, parameters, session: session)
  }

  /// Waits for something to happen in the page, and tells about the last time that it did.
  func event(_ method: String) throws -> [String: Any] {
    let deadline = Date(timeIntervalSinceNow: 30)
    while true {
      if let last = devTools.events(method, session: session).last { return last }
      guard Date() < deadline else { throw DevToolsError(description: "waited in vain for \(method)") }
      usleep(15_000)
    }
  }

  // MARK: Eyes

  /// What an expression is in the page.
  func value(_ expression: String) throws -> Any? {
    let answer = try call(
      "Runtime.evaluate", ["expression": expression, "returnByValue": true, "awaitPromise": true])
    if let exception = answer["exceptionDetails"] as? [String: Any] {
      let thrown = exception["exception"] as? [String: Any]
      throw DevToolsError(description: "\(expression): \(thrown?["description"] ?? exception["text"] ?? exception)")
    }
    return (answer["result"] as? [String: Any])?["value"]
  }

  func text(_ selector: String) throws -> String {
    try value("document.querySelector('\(selector)').textContent.trim()") as? String ?? ""
  }

  func number(_ expression: String) throws -> Double { (try value(expression) as? NSNumber)?.doubleValue ?? .nan }

  /// Waits until an expression is true.
  func wait(_ what: String, for expression: String, patience: Double = 60) throws {
    let deadline = Date(timeIntervalSinceNow: patience)
    while (try? value(expression)) as? Bool != true {
      guard Date() < deadline else { throw DevToolsError(description: "waited in vain for \(what): \(expression)") }
      usleep(15_000)
    }
  }

  /// Waits until a training has taken so many steps.
  func wait(untilStep step: Int) throws {
    try wait(
      "step \(step)",
      for: "Number(document.querySelector('#training-state').textContent.match(/step (\\d+)/)?.[1]) >= \(step)")
  }

  /// Waits until a training rests.
  func waitForPause() throws {
    try wait("the pause", for: "document.querySelector('#training-state').textContent.includes('paused')")
    try rest()
  }

  /// Waits until nothing is asked of the process any more: what one sees is what was wanted.
  func rest() throws {
    try wait(
      "rest",
      for: """
        (async () => {
          for (let quiet = 0; quiet < 9; quiet += 1) {
            if (spectral.underWay > 0) return false;
            await new Promise((resolve) => setTimeout(resolve, 12));
          }
          return spectral.underWay === 0;
        })()
        """)
  }

  /// The middle of an element, which is brought into view; or another part of it, 0 to 1 along each side.
  func place(_ selector: String, _ x: Double = 0.5, _ y: Double = 0.5) throws -> Place {
    let box = try value(
      """
      (() => {
        const element = document.querySelector('\(selector)');
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        const { left, top, width, height } = element.getBoundingClientRect();
        return [left, top, width, height];
      })()
      """)
    let numbers = (box as! [NSNumber]).map(\.doubleValue)
    return Place(x: numbers[0] + x * numbers[2], y: numbers[1] + y * numbers[3])
  }

  /// A place on a frequency plane.
  func frequency(_ plane: String, _ fx: Double, _ fy: Double) throws -> Place { try place(plane, fx + 0.5, fy + 0.5) }

  /// A file of the playground's, as the page gets it.
  func file(_ path: String) throws -> Data {
    let text = try value(
      """
      (async () => {
        const bytes = new Uint8Array(await (await fetch('\(path)')).arrayBuffer());
        let text = '';
        for (const byte of bytes) text += String.fromCharCode(byte);
        return btoa(text);
      })()
      """)
    return Data(base64Encoded: text as? String ?? "") ?? Data()
  }

  /// The pixels of a canvas.
  func pixels(_ canvas: String) throws -> RasterImage {
    let url = try value("document.querySelector('\(canvas)').toDataURL('image/png')") as! String
    return try RasterImage(data: Data(base64Encoded: String(url.split(separator: ",")[1]))!, name: canvas)
  }

  /// Keeps a picture of the page.
  func screenshot(_ name: String, wholePage: Bool = false) throws {
    var parameters: [String: Any] = ["format": "png", "captureBeyondViewport": wholePage]
    if wholePage {
      let size = try call("Page.getLayoutMetrics")["cssContentSize"] as! [String: Any]
      parameters["clip"] = ["x": 0, "y": 0, "width": size["width"]!, "height": size["height"]!, "scale": 1]
    }
    let picture = try call("Page.captureScreenshot", parameters)["data"] as! String
    try FileManager.default.createDirectory(at: screenshots, withIntermediateDirectories: true)
    try Data(base64Encoded: picture)!.write(to: screenshots.appendingPathComponent("\(name).png"))
  }

  /// What went wrong in the page, in its own words.
  ///
  /// Two refusals of the playground, which the browser reports, are no fault of the page: 422 for an impossible window, and
  /// 409 for a network that was reset while it was asked.
  var complaints: [String] {
    let exceptions = devTools.events("Runtime.exceptionThrown", session: session).map { "\($0)" }
    let entries = devTools.events("Log.entryAdded", session: session).compactMap { $0["entry"] as? [String: Any] }
    let errors = entries.filter { $0["level"] as? String == "error" || $0["level"] as? String == "warning" }
      .map { "\($0["text"] ?? "") \($0["url"] ?? "")" }
    let calls = devTools.events("Runtime.consoleAPICalled", session: session)
      .filter { ["error", "warning", "assert"].contains($0["type"] as? String) }.map { "\($0)" }
    let expected = [("422", "/api/slide"), ("409", "/api/training/")]
    return exceptions + calls
      + errors.filter { error in !expected.contains { error.contains($0.0) && error.contains($0.1) } }
  }

  /// Addresses that were asked for and are not the playground's.
  var foreignRequests: [String] {
    devTools.events("Network.requestWillBeSent", session: session)
      .compactMap { ($0["request"] as? [String: Any])?["url"] as? String }
      .filter {
        !$0.hasPrefix(String(address.prefix { $0 != "#" })) && !$0.hasPrefix("data:") && !$0.hasPrefix("blob:")
      }
  }

  /// The page has done nothing that it should not.
  func expectHealth(_ location: SourceLocation = #_sourceLocation) {
    #expect(complaints.isEmpty, sourceLocation: location)
    #expect(foreignRequests.isEmpty, sourceLocation: location)
  }
}

/// Where pictures of pages are kept.
let screenshots = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent(".build/screenshots")

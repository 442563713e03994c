import Foundation
import SpectralKit
import TestSupport
import Testing

@Suite struct MatchTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// A picture of grain, and two parts of it.
  private func makePictures() throws {
    var random = RandomGenerator(seed: 5)
    let picture = Tensor<Float>.uniform([90, 120], in: 0..<1, using: &random)
    func part(_ row: Int, _ column: Int, _ height: Int, _ width: Int) -> Image {
      Image(
        pixels: Tensor([1, height, width]) { target in
          for i in target.indices { target[i] = picture[row + i / width, column + i % width] }
        })
    }
    try part(0, 0, 90, 120).write(to: path("image.png"))
    try part(23, 61, 18, 20).write(to: path("template.png"))
    try part(5, 9, 70, 80).write(to: path("before.png"))
    try part(2, 16, 70, 80).write(to: path("after.png"))
    let template = part(23, 61, 18, 20).pixels.elements
    try Image(pixels: Tensor([3, 18, 20], template + template + template)).write(to: path("colour.png"))
    try Image(pixels: Tensor([1, 9, 9], repeating: 0.5)).write(to: path("flat.png"))
  }

  @Test(arguments: ["normalized", "correlation", "phase"])
  func aTemplateIsFound(method: String) throws {
    try makePictures()
    let outcome = spectral(
      "match", path("image.png"), path("template.png"), "--method", method, "--json", "-o", path("map.png"))
    #expect(outcome.code == 0, "\(outcome.talk)")
    let match = try #require((outcome.json["matches"] as? [[String: Any]])?.first)
    #expect(match["row"] as? Int == 23 && match["column"] as? Int == 61)
    #expect((outcome.json["matches"] as? [Any])?.count == 1)
    let map = try Image(path: path("map.png"))
    #expect(map.height == 90 && map.width == 120)
    let text = spectral("match", path("image.png"), path("colour.png"), "--method", method, "-o", path("map.npy"))
    #expect(text.output.hasPrefix("x 61, y 23 "), "\(text.output)\(text.talk)")
    #expect(try Tensor<Float>(npy: path("map.npy")).shape == [73, 101])
  }

  @Test func aShiftIsFound() throws {
    try makePictures()
    // What was 3 rows below and 7 columns to the left of where it is now.
    let outcome = spectral("match", path("after.png"), path("before.png"), "--method", "phase", "--json")
    #expect(
      abs((outcome.json["dy"] as? Double ?? 99) - 3) < 0.1 && abs((outcome.json["dx"] as? Double ?? 99) + 7) < 0.1)
    let text = spectral("match", path("after.png"), path("before.png"), "--method", "phase", "--verbose")
    #expect(text.output.contains("pixels left and") && text.output.contains("pixels down"), "\(text.output)")
    #expect(text.talk.contains("phase"))
  }

  @Test func theTerminalShowsThePlace() throws {
    try makePictures()
    let outcome = spectral("match", path("image.png"), path("template.png"), "--show")
    #expect(outcome.code == 0 && outcome.output.split(separator: "\n").count > 10)
  }

  @Test(arguments: [
    (["template.png", "image.png"], 1, "larger than the image"), (["image.png", "flat.png"], 1, "same everywhere"),
    (["image.png"], 2, "IMAGE TEMPLATE is missing"),
    (["image.png", "template.png", "--threshold", "high"], 2, "number"),
    (["image.png", "template.png", "--threshold", "2"], 1, "lower the threshold"),
    (["image.png", "template.png", "-o", "map.txt"], 2, "end it in"), (["image.png", "nothing.png"], 1, "nothing.png"),
    (["after.png", "before.png", "--method", "phase", "-o", "map.png"], 2, "leave"),
  ])
  func wrongInputIsSaidInOneLine(words: [String], code: Int, text: String) throws {
    try makePictures()
    let outcome = spectral(["match"] + words, in: folder)
    #expect(outcome.code == Int32(code) && outcome.lines.count == 1, "\(outcome.talk)")
    #expect(outcome.talk.contains(text), "\(outcome.talk)")
    #expect(!FileManager.default.fileExists(atPath: path("map.png")))
  }
}

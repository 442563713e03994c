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
    func part(_ row: Int, _ column: Int, _ height: Int, _ width: Int) -> RasterImage {
      RasterImage(
        pixels: Tensor([1, height, width]) { target in
          for i in target.indices { target[i] = picture[row + i / width, column + i % width] }
        })
    }
    try part(0, 0, 90, 120).write(to: path("image.png"))
    try part(23, 61, 18, 20).write(to: path("template.png"))
    try part(5, 9, 70, 80).write(to: path("before.png"))
    try part(2, 16, 70, 80).write(to: path("after.png"))
    let template = part(23, 61, 18, 20).pixels.elements
    try RasterImage(pixels: Tensor([3, 18, 20], template + template + template)).write(to: path("colour.png"))
    try RasterImage(pixels: Tensor([1, 9, 9], repeating: 0.5)).write(to: path("flat.png"))
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
    let map = try RasterImage(path: path("map.png"))
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
    #expect(text.talk.contains("registration"))
  }

  /// Images of one size have a shift, whatever the method; so does an image that is not shifted.
  @Test(arguments: ["normalized", "correlation", "phase"])
  func imagesOfOneSizeHaveAShift(method: String) throws {
    try makePictures()
    let outcome = spectral("match", path("after.png"), path("before.png"), "--method", method, "--json")
    #expect(outcome.code == 0, "\(outcome.talk)")
    #expect(outcome.json["method"] as? String == method)
    #expect(outcome.json["normalization"] as? String == (method == "correlation" ? "none" : "automatic"))
    for (key, expected) in [("dy", 3.0), ("dx", -7)] {
      #expect(abs((outcome.json[key] as? Double ?? 99) - expected) < 0.01, "\(key): \(outcome.output)")
      #expect((outcome.json[key + "Error"] as? Double ?? 99) < 0.01)
    }
    #expect(outcome.json["peak"] as? Double ?? 0 > 0.99 && outcome.json["confidence"] as? Double ?? 0 > 0.9)
    for normalization in ["none", "phase", "automatic"] {
      for window in ["tukey", "hann"] {
        let text = spectral(
          "match", path("after.png"), path("before.png"), "--method", method, "--normalization", normalization,
          "--window", window)
        #expect(
          text.output.contains("7.00 ± 0.00 pixels left and 3.00 ± 0.00 pixels down"),
          "\(normalization), \(window): \(text.output)\(text.talk)")
        #expect(!text.talk.contains("guess"))
      }
    }
  }

  /// Two noises have no shift: the exit code is 0, and the standard error says what the number is worth.
  @Test func aGuessIsCalledOne() throws {
    for (name, seed) in [("one.png", 1), ("other.png", 2)] {
      var random = RandomGenerator(seed: UInt64(seed))
      try RasterImage(pixels: Tensor<Float>.uniform([1, 64, 64], in: 0..<1, using: &random)).write(to: path(name))
    }
    let outcome = spectral("match", path("one.png"), path("other.png"))
    #expect(outcome.code == 0 && outcome.talk.contains("guess"), "\(outcome.output)\(outcome.talk)")
    let refused = spectral("match", path("one.png"), path("other.png"), "--threshold", "0.8")
    #expect(refused.code == 1 && refused.talk.contains("nothing reaches --threshold 0.8"), "\(refused.talk)")
  }

  /// An exact copy reaches 1, and what does not is told with as many digits as it takes.
  @Test func theThresholdOneFindsExactCopies() throws {
    for seed in 1...10 {
      var random = RandomGenerator(seed: UInt64(seed))
      let picture = Tensor<Float>.uniform([60, 70], in: 0..<1, using: &random)
      let (row, column) = (Int(random.uniform() * 40), Int(random.uniform() * 40))
      func part(changed: Bool) -> RasterImage {
        RasterImage(
          pixels: Tensor([1, 15, 17]) { pixels in
            for i in pixels.indices { pixels[i] = picture[row + i / 17, column + i % 17] }
            if changed { pixels[100] += pixels[100] > 0.5 ? -1 / 255 : 1 / 255 }
          })
      }
      try RasterImage(pixels: picture.reshaped(to: [1, 60, 70])).write(to: path("x.png"))
      try part(changed: false).write(to: path("copy.png"))
      try part(changed: true).write(to: path("near.png"))
      let copy = spectral("match", path("x.png"), path("copy.png"), "--threshold", "1")
      #expect(copy.output.hasPrefix("x \(column), y \(row) "), "\(copy.output)\(copy.talk)")
      let near = spectral("match", path("x.png"), path("near.png"), "--threshold", "1")
      #expect(near.code == 1 && near.talk.contains("the best score is 0.99999"), "\(near.output)\(near.talk)")
    }
  }

  /// The round part of an icon is found, in grey and in colour; an image's own alpha hides what it hides.
  @Test(arguments: [1, 3])
  func alphaIsAMask(channels: Int) throws {
    var random = RandomGenerator(seed: 9)
    var scene = Tensor<Float>.uniform([channels, 90, 120], in: 0..<1, using: &random)
    let alpha = Tensor<Float>([31, 31]) { x in
      for i in x.indices { x[i] = (i / 31 - 15) * (i / 31 - 15) + (i % 31 - 15) * (i % 31 - 15) <= 120 ? 1 : 0 }
    }
    let icon = Tensor<Float>([channels, 31, 31]) { x in
      for i in x.indices { x[i] = alpha.elements[i % 961] == 0 ? 0 : (i / 93 + i % 31 / 4) % 2 == 0 ? 1 : 0.6 }
    }
    for (row, column) in [(40, 70), (10, 5)] {
      for i in icon.elements.indices where alpha.elements[i % 961] > 0 {
        scene[i / 961, row + i % 961 / 31, column + i % 31] = icon.elements[i]
      }
    }
    try RasterImage(pixels: scene).write(to: path("scene.png"))
    try RasterImage(pixels: icon, alpha: alpha).write(to: path("icon.png"))
    let both = spectral("match", path("scene.png"), path("icon.png"), "--threshold", "1", "--count", "5")
    #expect(
      both.output.split(separator: "\n").count == 2 && both.output.contains("x 70, y 40 ")
        && both.output.contains("x 5, y 10 "))
    // Hide the second one.
    let hidden = Tensor<Float>([90, 120]) { x in for i in x.indices { x[i] = i % 120 < 40 ? 0 : 1 } }
    try RasterImage(pixels: scene, alpha: hidden).write(to: path("hidden.png"))
    let one = spectral("match", path("hidden.png"), path("icon.png"), "--threshold", "1", "--count", "5")
    #expect(
      one.output.split(separator: "\n").count == 1 && one.output.hasPrefix("x 70, y 40 "), "\(one.output)\(one.talk)")
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
    (["image.png", "template.png", "--normalization", "none"], 2, "leave them away"),
    (["image.png", "template.png", "--window", "hann"], 2, "leave them away"),
  ])
  func wrongInputIsSaidInOneLine(words: [String], code: Int, text: String) throws {
    try makePictures()
    let outcome = spectral(["match"] + words, in: folder)
    #expect(outcome.code == Int32(code) && outcome.lines.count == 1, "\(outcome.talk)")
    #expect(outcome.talk.contains(text), "\(outcome.talk)")
    #expect(!FileManager.default.fileExists(atPath: path("map.png")))
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral compare`: both methods on a picture.
@Suite struct CompareTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func writePicture(_ name: String, channels: Int = 1) throws {
    var random = RandomGenerator(seed: 3)
    let pixels = Tensor<Float>.uniform([channels, 37, 53], in: 0..<1, using: &random)
    try RasterImage(pixels: pixels).write(to: path(name))
  }

  @Test(arguments: ["box:5", "disc:7", "random:8", "gaussian:1.5", "box:55"], ["single", "double"])
  func differencesAreWithinThePromise(_ kernel: String, _ precision: String) throws {
    try writePicture("picture.png", channels: 3)
    let outcome = spectral(
      "compare", path("picture.png"), "--kernel", kernel, "--precision", precision, "--runs", "1", "--json",
      "--channels=each", "--deterministic")
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    let json = outcome.json
    #expect(json["height"] as? Int == 37 && json["width"] as? Int == 53 && json["channels"] as? Int == 3)
    #expect(json["bound_kept"] as? Bool == true && json["precision"] as? String == precision)
    let difference = json["difference"] as? [String: Any]
    let (largest, rms) = (difference?["largest"] as? Double ?? .nan, difference?["rms"] as? Double ?? .nan)
    #expect(rms >= 0 && rms <= largest && largest < (precision == "single" ? 1e-4 : 1e-12))
    #expect(json["exact_pixels"] as? Int ?? 0 > 1000)
    #expect(json["direct_seconds"] as? Double ?? 0 > 0 && json["fft_seconds"] as? Double ?? 0 > 0)
  }

  @Test func theTableSaysTheSame() throws {
    try writePicture("picture.jpg", channels: 3)
    let outcome = spectral("compare", path("picture.jpg"), "--kernel=box:3", "--boundary", "zero")
    #expect(outcome.code == 0 && outcome.talk.isEmpty)
    for words in ["37 x 53 pixels, 1 plane", "kernel 3 x 3", "boundary zero", "fft - direct", "promised", ", kept"] {
      #expect(outcome.output.contains(words), "\(outcome.output)")
    }
  }

  @Test func aKernelFromAFile() throws {
    try writePicture("picture.png")
    try Tensor<Double>([2, 3], [0, 0, 0, 0, 1, 0]).writeNPY(to: path("kernel.npy"))
    let outcome = spectral("compare", path("picture.png"), "--kernel", path("kernel.npy"), "--json")
    #expect(outcome.code == 0 && outcome.json["kernel"] as? [Int] == [2, 3])
  }

  @Test(arguments: [
    ("box:0", 2, "at least 1 x 1 taps"), ("box:x", 2, "--kernel must be box:N|H,W"),
    ("gauss:3", 2, "did you mean gaussian?"), ("gaussian:-1", 2, "standard deviation"), ("box", 2, "--kernel must be"),
    ("absent.npy", 1, "absent.npy: there is no such file"), ("cube.npy", 1, "must be kH x kW"),
    ("none.npy", 1, "and not empty"), ("nan.npy", 1, "NaN"),
  ])
  func kernelsThatAreNone(_ kernel: String, _ code: Int32, _ words: String) throws {
    try writePicture("picture.png")
    try Tensor<Double>.zeros([2, 3, 3]).writeNPY(to: path("cube.npy"))
    try Tensor<Double>.zeros([0, 3]).writeNPY(to: path("none.npy"))
    try Tensor<Double>([1, 1], [.nan]).writeNPY(to: path("nan.npy"))
    let outcome = spectral("compare", "picture.png", "--kernel", kernel, in: folder)
    #expect(outcome.code == code && outcome.talk.contains(words) && outcome.lines.count == 1, "\(outcome)")
  }

  @Test func picturesThatAreNone() throws {
    try writePicture("picture.png")
    let whole = try Data(contentsOf: folder.appendingPathComponent("picture.png"))
    try whole.prefix(whole.count / 2).write(to: folder.appendingPathComponent("half.png"))
    try Data("hello".utf8).write(to: folder.appendingPathComponent("text.png"))
    for name in ["half.png", "text.png", "absent.png", "."] {
      let outcome = spectral("compare", name, in: folder)
      #expect(outcome.code == 1 && outcome.lines.count == 1 && outcome.talk.contains("\(name): "), "\(outcome)")
    }
  }
}

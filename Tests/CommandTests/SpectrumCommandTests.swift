import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral spectrum`, and what all image commands share.
@Suite struct SpectrumCommandTests {
  private let folder = temporaryFolder()
  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func names(_ name: String = "") -> [String] {
    try! FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }

  /// A wave of amplitude 0.25 around 0.5: 6 cycles over 48 columns, 4 over 32 rows.
  private var wave: Tensor<Float> {
    Tensor([1, 32, 48]) { values in
      for i in values.indices {
        let turns = Float(i % 48 + i / 48) / 8
        values[i] = 0.5 + 0.25 * cos(2 * .pi * turns)
      }
    }
  }

  private func writeImages() throws {
    try RasterImage(pixels: wave, bitDepth: 16).write(to: path("wave.png"))
    try wave.reshaped(to: [32, 48]).writeNPY(to: path("wave.npy"))
    try FileManager.default.createDirectory(atPath: path("out"), withIntermediateDirectories: true)
  }

  @Test func aFigureAndItsNumbers() throws {
    try writeImages()
    let outcome = spectral("spectrum", "wave.png", "-o", "s.png", "--json", "--peaks", "1", in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    let image = try RasterImage(path: path("s.png"))
    #expect(image.colorModel == .rgb && image.width > 320)
    let json = outcome.json
    #expect(json["height"] as? Int == 32 && json["width"] as? Int == 48)
    let peak = try #require((json["peaks"] as? [[String: Double]])?.first)
    #expect(peak["fx"] == 0.125 && peak["fy"] == 0.125 && abs(peak["amplitude"]! - 0.25) < 1e-4)
    #expect(abs(peak["pixels_per_cycle"]! - 32.0.squareRoot()) < 1e-9 && abs(peak["direction_degrees"]! - 45) < 1e-9)
  }

  @Test func theSpectrumAsAnArray() throws {
    try writeImages()
    #expect(spectral("spectrum", "wave.npy", "-o", "s.npy", in: folder).code == 0)
    let spectrum = try Tensor<Float>(npy: path("s.npy"))
    #expect(spectrum.shape == [32, 48, 2])
    #expect(abs(spectrum[16, 24, 0] - 0.5 * 32 * 48) < 1e-2 && abs(spectrum[20, 30, 0] - 0.125 * 32 * 48) < 1e-2)
    #expect(try NumPyFile.read(path("s.npy")).elementType == .float32)
    try wave.converted(to: Double.self).writeNPY(to: path("double.npy"))
    // 1 x 32 x 48 is 48 channels of a row.
    #expect(spectral("spectrum", "double.npy", "-o", "d.npy", "--channel", "0", in: folder).code == 0)
    #expect(try NumPyFile.read(path("d.npy")).elementType == .float64)
  }

  @Test func plainPicturesAndProfiles() throws {
    try writeImages()
    let outcome = spectral(
      "spectrum", "wave.png", "-o", "plain.png", "--plain", "--colors", "grey", "--range=-60,0", "--window", "hann",
      "--profile", "profile.svg", "--verbose", "--threads", "1", in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("transform "), "\(outcome)")
    let image = try RasterImage(path: path("plain.png"))
    #expect(image.pixels.shape == [3, 32, 48] && image.pixels[0, 16, 24] == 1)
    let text = try String(contentsOf: folder.appendingPathComponent("profile.svg"), encoding: .utf8)
    #expect(text.hasPrefix("<svg") && text.contains("cycles per pixel"))
  }

  @Test func severalImagesAndFolders() throws {
    try writeImages()
    try FileManager.default.createDirectory(atPath: path("in"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: path("wave.png"), toPath: path("in/b.png"))
    try FileManager.default.copyItem(atPath: path("wave.npy"), toPath: path("in/a.npy"))
    try Data("no image".utf8).write(to: folder.appendingPathComponent("in/notes.txt"))
    try Data("damaged".utf8).write(to: folder.appendingPathComponent("in/c.png"))
    let outcome = spectral("spectrum", "in", "wave.png", "-o", "out", "--both", in: folder)
    #expect(outcome.code == 1 && outcome.lines.count == 3, "\(outcome)")
    #expect(outcome.talk.contains("in/c.png: ") && outcome.talk.contains("1 of 4 images failed"))
    #expect(names("out") == ["a.npy", "b.png", "wave.png"])
  }

  // MARK: On the terminal

  @Test func showWithoutATerminalIsText() throws {
    try writeImages()
    let outcome = spectral("spectrum", "wave.png", "--show", in: folder)
    #expect(outcome.code == 0 && !outcome.output.contains("\u{1b}"), "\(outcome)")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count > 10 && lines.allSatisfy { $0.count <= 80 })
    // Beside JSON the picture goes the other way.
    let both = spectral("spectrum", "wave.png", "--graphics", "sixel", "--json", in: folder)
    #expect(both.code == 0 && both.json["height"] as? Int == 32 && both.talk.hasPrefix("\u{1b}P"), "\(both)")
  }

  // MARK: Refusals

  private static let refused: [([String], Int32, [String])] = [
    (["wave.png"], 2, ["nothing would be left", "--output out.png", "--show"]),
    (["wave.png", "-o", "s.gif"], 2, ["--output s.gif", "end it in .npy, .png"]),
    (["wave.png", "-o", "s"], 2, ["has no extension"]),
    (["wave.png", "-o", "absent/s.png"], 1, ["absent", "does not exist"]),
    (["wave.png", "wave.npy", "-o", "s.png"], 2, ["one file for 2 images", "folder"]),
    (["wave.png", "wave.npy", "-o", "absent"], 1, ["absent", "does not exist"]),
    (["wave.png", "-o", "absent/"], 1, ["absent/", "does not exist"]),
    (["wave.png", "./wave.png", "-o", "out"], 2, ["would both become out/wave.png"]),
    (["out", "-o", "s.png"], 1, ["out", "holds no image"]),
    (["absent.png", "--show"], 1, ["absent.png", "no such file"]),
    (["wave.png", "--show", "--phase", "--both"], 2, ["--phase and --both"]),
    (["wave.png", "--show", "--quiet", "--verbose"], 2, ["contradict"]),
    (["wave.png", "--show", "--range", "0,-5"], 2, ["--range must be two numbers", "-80,0"]),
    (["wave.png", "--show", "--channel", "gren"], 2, ["did you mean green?"]),
    (["wave.png", "--show", "--channel", "2"], 1, ["there is no channel 2"]),
    (["channels.npy", "--show"], 1, ["5 channels have no luminance", "--channel 0 to 4"]),
    (["nan.npy", "--show"], 1, ["nan.npy", "row 1, column 2", "NaN"]),
    (["wave.png", "--show", "--size-limit", "1KiB"], 1, ["wave.png", "the limit is"]),
    (["wave.png", "--profile", "p.npy"], 2, ["--profile p.npy", "end it in .svg"]),
  ]

  /// Every one of these fails with one line that holds its words, and leaves the folder as it was.
  @Test(arguments: refused)
  func failures(_ arguments: [String], _ code: Int32, _ words: [String]) throws {
    try writeImages()
    try Tensor<Float>.zeros([6, 5, 5]).writeNPY(to: path("channels.npy"))
    try Tensor<Float>([2, 3], [0, 0, 0, 0, 0, .nan]).writeNPY(to: path("nan.npy"))
    let before = names() + names("out")
    let outcome = spectral(["spectrum"] + arguments, in: folder)
    // How a shape was taken is said before.
    let lines = outcome.lines.filter { !$0.hasPrefix("note: ") }
    #expect(outcome.code == code && outcome.output.isEmpty && lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
    #expect(names() + names("out") == before)
  }
}

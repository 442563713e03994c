import Foundation
import SpectralKit
import TestSupport
import Testing

/// Where image commands are told to put their results: all of it is judged before anything is written.
@Suite struct OutputPlaceTests {
  private let folder = temporaryFolder()
  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private static let refused: [([String], Int32, String)] = [
    (
      ["hybrid", "x.png", "x.png", "--cutoff", "8px", "-o", "y.png", "--pyramid", "folder"], 2,
      "--pyramid folder is a folder: name a file in it"
    ),
    (["hybrid", "x.png", "x.png", "--cutoff", "8px", "-o", "folder", "--pyramid", "p.png"], 2, "--output folder is a"),
    (
      ["hybrid", "x.png", "x.png", "--cutoff", "8px", "-o", "y.png", "--pyramid", "./y.png"], 2,
      "--output and --pyramid would both write ./y.png"
    ),
    (["hybrid", "x.png", "x.png", "--cutoff", "8px", "-o", "y.png", "--pyramid", "p.pgm"], 1, "p.pgm: a PGM is grey"),
    (["hybrid", "x.png", "x.png", "--cutoff", "8px", "-o", "y.jpg", "--bit-depth", "16"], 2, "a JPEG has 8 bits"),
    (["kernel", "box:3", "-o", "k.npy", "--response", "folder"], 2, "--response folder is a folder"),
    (["kernel", "box:3", "-o", "folder", "--response", "r.png"], 2, "--output folder is a folder"),
    (["kernel", "box:3", "-o", "k.npy", "--profile", "folder"], 2, "--profile folder is a folder"),
    (["filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.png", "--spectrum", "s.pgm"], 2, "a PGM is grey"),
    (
      ["filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.png", "--spectrum", "y.png"], 2,
      "--output and --spectrum would both write y.png"
    ),
    (
      ["filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "folder", "--before-after", "folder"], 2,
      "--output and --before-after would both write folder/x.png"
    ),
    (
      ["filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.pgm", "--spectrum", "s.png"], 1, "y.pgm: a PGM is grey"
    ),
    (["filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.png", "--before-after", "b.pgm"], 1, "b.pgm: a PGM is"),
    (["filter", "grey.png", "--highpass", "gaussian:0.1", "-o", "y.pgm", "--spectrum", "s.png"], 1, "y.pgm: a PGM is"),
    (
      ["filter", "four.npy", "--lowpass", "gaussian:0.1", "-o", "y.png", "--spectrum", "s.png"], 1, "4 channels are no"
    ),
    (["filter", "plain", "--lowpass", "gaussian:0.1", "-o", "folder", "--spectrum", "s.png"], 2, "no extension"),
    (["filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.jpg", "--bit-depth", "16"], 2, "a JPEG has 8 bits"),
    (
      ["filter", "taken.png", "--lowpass", "gaussian:0.1", "-o", "folder", "--spectrum", "s.png"], 1,
      "a folder has this"
    ),
    (["deblur", "x.png", "--psf", "box:3", "-o", "y.png", "--before-after", "y.png"], 2, "would both write y.png"),
    (["spectrum", "x.png", "-o", "s.pgm", "--profile", "p.png"], 2, "--output s.pgm: a PGM is grey"),
    (["spectrum", "x.png", "-o", "s.png", "--profile", "p.pgm"], 2, "--profile p.pgm: a PGM is grey"),
    (["spectrum", "x.png", "-o", "s.png", "--profile", "s.png"], 2, "would both write s.png"),
    (["convolve", "x.png", "--kernel", "box:3", "-o", "y.pgm"], 1, "y.pgm: a PGM is grey"),
  ]

  @Test(arguments: refused) func nothingIsWritten(_ arguments: [String], _ code: Int32, _ words: String) throws {
    try FileManager.default.createDirectory(atPath: path("folder/taken.png"), withIntermediateDirectories: true)
    var random = RandomGenerator(seed: 1)
    let image = RasterImage(pixels: .uniform([3, 32, 40], in: 0..<1, using: &random))
    for name in ["x.png", "taken.png"] { try image.write(to: path(name)) }
    try image.luminance.write(to: path("grey.png"))
    try FileManager.default.copyItem(atPath: path("x.png"), toPath: path("plain"))
    try Tensor<Float>.uniform([8, 9, 4], in: 0..<1, using: &random).writeNPY(to: path("four.npy"))
    func contents() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() }
    let before = try contents()
    let outcome = spectral(arguments, in: folder)
    #expect(outcome.code == code && outcome.lines.count == 1 && outcome.talk.contains(words), "\(outcome)")
    #expect(try contents() == before)
  }

  @Test func differentNamesAreWritten() throws {
    let words = ["kernel", "box:3", "--profile", "p.svg", "-o", "k.png", "--response", "r.png"]
    #expect(spectral(words, in: folder).code == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["k.png", "p.svg", "r.png"])
  }
}

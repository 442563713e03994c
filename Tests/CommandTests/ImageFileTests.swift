import Foundation
import SpectralKit
import TestSupport
import Testing

/// What image commands say of the files that they read and write.
@Suite struct ImageFileTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func fixture(_ name: String) throws -> Data {
    try Data(
      contentsOf: repositoryRoot.appendingPathComponent("Tests/ImagingTests/Fixtures/\(name)"))
  }

  private func write(_ data: Data, _ name: String) throws { try data.write(to: URL(fileURLWithPath: path(name))) }

  private func faultyJPEG() throws -> Data { try fixture("jpeg_444.jpg").dropLast(2) }

  // MARK: Faults

  /// Every command that reads a picture.
  @Test(arguments: [
    "filter a.jpg --lowpass gaussian:.1 -o o.png", "convolve a.jpg --kernel box:3 -o o.png",
    "deblur a.jpg --psf gaussian:1 -o o.png", "spectrum a.jpg -o o.png", "hybrid a.jpg a.jpg --cutoff 4px -o o.png",
    "match a.jpg a.jpg --json", "compare a.jpg --kernel box:3 --runs 1", "kernel a.jpg",
    "filter good.png --mask a.jpg -o o.png", "convolve good.png --kernel a.jpg -o o.png",
    "deblur good.png --psf a.jpg -o o.png",
  ])
  func faultsAreSaidAndStrictRefuses(line: String) throws {
    try write(faultyJPEG(), "a.jpg")
    try write(fixture("rgb8.png"), "good.png")
    let words = line.split(separator: " ").map(String.init)
    let said = spectral(words, in: folder)
    #expect(said.code == 0, "\(said)")
    #expect(said.talk.contains("a.jpg: the JPEG file is faulty, and was read all the same: its end marker is missing"))
    let strict = spectral(words + ["--strict"], in: folder)
    #expect(strict.code == 1 && strict.talk.contains("a.jpg: the JPEG file is faulty"), "\(strict)")
    #expect(strict.talk.contains("--strict refuses it") && strict.talk.split(separator: "\n").count == 1)
  }

  /// The images of a data set, and those that a network is asked about.
  @Test func faultsOfTrainingImagesAreSaidAndStrictRefuses() throws {
    for name in ["a", "b"] {
      try FileManager.default.createDirectory(atPath: path("data/\(name)"), withIntermediateDirectories: true)
      for i in 0..<2 { try write(fixture("jpeg_444.jpg"), "data/\(name)/\(i).jpg") }
    }
    try write(faultyJPEG(), "data/a/faulty.jpg")
    let train = "train --dataset folder --data data --model dense --epochs 1 --checkpoint n.safetensors".words
    for line in [
      train, "evaluate --checkpoint n.safetensors --data data".words,
      "predict --checkpoint n.safetensors data/a/faulty.jpg".words,
    ] {
      let strict = spectral(line + ["--strict"], in: folder)
      #expect(strict.code == 1 && strict.talk.contains("--strict refuses it"), "\(strict)")
      let said = spectral(line, in: folder)
      #expect(said.code == 0, "\(said)")
      for outcome in [strict, said] {
        #expect(outcome.talk.contains("faulty.jpg: the JPEG file is faulty"), "\(outcome)")
      }
    }
  }

  @Test func quietSaysWhatIsWrongAndNothingElse() throws {
    try write(faultyJPEG(), "a.jpg")
    let outcome = spectral("filter a.jpg --lowpass gaussian:.1 -o o.png --quiet".words, in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("end marker is missing"))
    let fine = spectral("filter a.jpg --lowpass gaussian:.1 -o o.png --quiet".words, in: folder)
    #expect(fine.talk.split(separator: "\n").count == 1)
  }

  // MARK: Metadata

  @Test(
    arguments: [
      "filter a.EXT --lowpass gaussian:.1", "convolve a.EXT --kernel gaussian:1", "deblur a.EXT --psf gaussian:1",
      "hybrid a.EXT a.EXT --cutoff 4px", "filter a.EXT --highpass gaussian:.1",
    ], ["jpg", "png"])
  func editsKeepMetadata(line: String, ending: String) throws {
    try write(fixture("metadata6.\(ending)"), "a.\(ending)")
    let source = try RasterImage(path: path("a.\(ending)"))
    let words = line.replacing("EXT", with: ending).words + ["-o", "o.\(ending)"]
    let outcome = spectral(words, in: folder)
    #expect(outcome.code == 0, "\(outcome)")
    let result = try RasterImage(path: path("o.\(ending)"))
    #expect(result.pixels.shape == source.pixels.shape)
    #expect(result.metadata.exif == source.metadata.exif && result.metadata.resolution == source.metadata.resolution)
    // Differences around mid-grey are no colours of the picture's space.
    #expect(result.metadata.colorProfile == (line.contains("highpass") ? nil : source.metadata.colorProfile))
  }

  // MARK: Transparency

  @Test func transparencyBecomesABackground() throws {
    let colors = Tensor<Float>([3, 20, 20], repeating: 0.2)
    try RasterImage(pixels: colors, alpha: Tensor([20, 20], repeating: 1)).write(to: path("shot.png"))
    try RasterImage(pixels: colors, alpha: Tensor([20, 20], repeating: 0)).write(to: path("clear.png"))
    for target in ["o.jpg", "o.ppm"] {
      let opaque = spectral(["convolve", "shot.png", "--kernel", "box:1", "-o", target], in: folder)
      #expect(opaque.code == 0 && opaque.talk.isEmpty, "\(opaque)")
      #expect(try abs(RasterImage(path: path(target)).pixels[0, 9, 9] - 0.2) < 0.5 / 255)
      let clear = spectral(["convolve", "clear.png", "--kernel", "box:1", "-o", target], in: folder)
      #expect(clear.code == 0 && clear.talk.contains("put on white"), "\(clear)")
      #expect(try RasterImage(path: path(target)).pixels[0, 9, 9] == 1)
      let red = spectral(
        ["convolve", "clear.png", "--kernel", "box:1", "-o", target, "--background", "#f00"], in: folder)
      #expect(red.talk.contains("put on #ff0000"))
      let pixels = try RasterImage(path: path(target)).pixels
      #expect(pixels[0, 9, 9] > 0.98 && pixels[1, 9, 9] < 0.02)
    }
    let kept = spectral(["convolve", "clear.png", "--kernel", "box:1", "-o", "o.png"], in: folder)
    #expect(try kept.talk.isEmpty && RasterImage(path: path("o.png")).alpha != nil)
    let wrong = spectral(
      ["convolve", "clear.png", "--kernel", "box:1", "-o", "o.jpg", "--background", "whte"], in: folder)
    #expect(wrong.code == 2 && wrong.talk.contains("did you mean white?"))
  }

  // MARK: Other files

  @Test func foldersSayWhatTheyLeaveOut() throws {
    try FileManager.default.createDirectory(atPath: path("in/sub"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: path("out"), withIntermediateDirectories: true)
    try write(fixture("rgb8.png"), "in/a.png")
    for name in ["b.tif", "c.bmp", "notes.txt", ".hidden"] { try write(Data("x".utf8), "in/\(name)") }
    for words in [
      "filter in --lowpass gaussian:.1 -o out", "convolve in --kernel box:3 -o out",
      "deblur in --psf gaussian:1 -o out", "spectrum in -o out",
    ] {
      let outcome = spectral(words.words, in: folder)
      #expect(outcome.code == 0)
      #expect(
        outcome.talk.hasPrefix(
          "in: left out b.tif, c.bmp (the format is not read: convert them to PNG); sub (a folder); notes.txt (its name "
            + "does not end like an image's)\n"), "\(outcome)")
      #expect(spectral(words.words + ["--quiet"], in: folder).talk.isEmpty)
    }
    try FileManager.default.removeItem(atPath: path("in/a.png"))
    let none = spectral("filter in --lowpass gaussian:.1 -o out".words, in: folder)
    #expect(none.code == 1 && none.talk.contains("holds no image") && none.talk.contains("b.tif"))
  }

  /// A TIFF's first bytes where an image, a kernel, a mask or an array is expected.
  @Test(arguments: [
    "convolve a.tif --kernel box:3 -o o.npy", "filter a.tif --lowpass gaussian:.1 -o o.png", "kernel a.tif",
    "compare a.tif", "match a.tif a.tif", "deblur a.tif --psf a.tif -o o.png", "spectrum a.tif -o o.png",
    "conv2d --input a.tif --weight 1 --output o.npy",
  ])
  func formatsAreNamed(line: String) throws {
    try write(Data("II*\0".utf8) + Data(count: 60), "a.tif")
    let outcome = spectral(line.words, in: folder)
    #expect(outcome.code == 1 && outcome.talk.contains("a.tif: this is a TIFF picture"), "\(outcome)")
    #expect(!outcome.talk.contains("NUMPY"))
  }
}

extension String {
  fileprivate var words: [String] { split(separator: " ").map(String.init) }
}

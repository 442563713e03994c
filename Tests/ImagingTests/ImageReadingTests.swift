import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// The pictures in Fixtures and what should be seen in them come from make_fixtures.py: Pillow 13.0, OpenCV, NumPy, and
/// for what those cannot write the PNG specification.
@Suite struct ImageReadingTests {
  func fixture(_ name: String) -> String { fixtures(of: #filePath).appendingPathComponent(name).path }

  @Test(arguments: [
    ("grey8.png", 8), ("rgb8.png", 8), ("rgba8.png", 8), ("grey_alpha8.png", 8), ("grey1.png", 1), ("palette.png", 4),
    ("palette_transparent.png", 4), ("grey16.png", 16), ("rgb16.png", 16), ("rgba16.png", 16), ("interlaced.png", 8),
    ("grey2_interlaced.png", 2), ("grey4_transparent.png", 4), ("rgb8_transparent.png", 8), ("grey8.pgm", 8),
    ("rgb8.ppm", 8), ("grey16.pgm", 16),
  ])
  func losslessPicturesAreExact(name: String, bitDepth: Int) throws {
    let image = try RasterImage(path: fixture(name))
    let stem = (name as NSString).deletingPathExtension
    #expect(image.pixels == (try Tensor<Float>(npy: fixture(stem + ".npy"))))
    #expect(image.bitDepth == bitDepth)
    if FileManager.default.fileExists(atPath: fixture(stem + "_alpha.npy")) {
      #expect(image.alpha == (try Tensor<Float>(npy: fixture(stem + "_alpha.npy"))))
    } else {
      #expect(image.alpha == nil)
    }
  }

  /// The standard lets decoders differ by a step in the inverse transform, which the colour matrix at most doubles.
  @Test(
    arguments: ["jpeg_grey", "jpeg_444", "jpeg_420", "jpeg_progressive", "jpeg_cmyk"]
      + [
        "410", "411", "441", "colour_finer", "rgb_420", "cmyk_420", "ycck_420", "arithmetic", "arithmetic_progressive",
      ]
      .map { "jpeg_\($0)" }
      + (1...8).map { "jpeg_orientation\($0)" })
  func jpegsAgreeWithPillow(name: String) throws {
    let image = try RasterImage(path: fixture(name + ".jpg"))
    let expected = try Tensor<Float>(npy: fixture(name + ".npy"))
    #expect(image.pixels.shape == expected.shape)
    #expect(image.pixels.shape == expected.shape && (image.pixels - expected).maximumMagnitude < 2.5 / 255)
    #expect(image.alpha == nil && image.bitDepth == 8)
  }

  @Test func textMapsByHand() throws {
    let grey = try RasterImage(data: Data("P2 # a comment\n3 2\n# another\n10\n0 5 10\n1 2 3".utf8))
    #expect(grey.pixels == Tensor([1, 2, 3], [0, 0.5, 1, 0.1, 0.2, 0.3]))
    let colour = try RasterImage(data: Data("P3 1 2 65535 65535 0 13107 0 0 65535\n".utf8))
    #expect(colour.pixels == Tensor([3, 2, 1], [1, 0, 0, 0, 0.2, 1]))
    #expect(colour.bitDepth == 16)
    let odd = try RasterImage(data: Data("P5\t2\r1 200\n".utf8) + [0, 200] + Data("more".utf8))
    #expect(odd.pixels == Tensor([1, 1, 2], [0, 1]))
  }

  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: [("astronaut", 3, 512, 512), ("camera", 1, 512, 512), ("coins", 1, 303, 384)])
  func photographs(name: String, channels: Int, height: Int, width: Int) throws {
    let path = sharedData("images")!.appendingPathComponent(name + ".png").path
    let image = try RasterImage(path: path)
    #expect(image.pixels.shape == [channels, height, width])
    #expect(image.pixels.elements.allSatisfy { (0...1).contains($0) })
    let copy = temporaryFolder().path + "/copy.png"
    try image.write(to: copy)
    #expect(try RasterImage(path: copy) == image)
  }
}

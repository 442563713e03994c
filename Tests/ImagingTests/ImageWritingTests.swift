import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct ImageWritingTests {
  let folder = temporaryFolder()

  /// A picture whose values are multiples of 1 / steps.
  func image(channels: Int, steps: Int, alpha: Bool = false, height: Int = 19, width: Int = 70) -> RasterImage {
    var random = RandomGenerator(seed: 1)
    func values(_ shape: TensorShape) -> Tensor<Float> {
      Tensor(shape) { for i in $0.indices { $0[i] = Float(Int.random(in: 0...steps, using: &random)) / Float(steps) } }
    }
    return RasterImage(
      pixels: values([channels, height, width]), alpha: alpha ? values([height, width]) : nil,
      bitDepth: steps > 255 ? 16 : 8)
  }

  @Test(arguments: ["png", "ppm", "pnm"], [(1, 255), (3, 255), (1, 65535), (3, 65535)])
  func losslessFormatsComeBackAsTheyWere(format: String, content: (channels: Int, steps: Int)) throws {
    let (channels, steps) = content
    let image = image(channels: channels, steps: steps)
    let path = folder.path + "/picture.\(format)"
    try image.write(to: path)
    let copy = try RasterImage(path: path)
    if format == "ppm" && channels == 1 {
      #expect(copy.pixels.rows(2..<3) == image.pixels && copy.colorModel == .rgb)
    } else {
      #expect(copy == image)
    }
  }

  @Test(arguments: [1, 3], [255, 65535])
  func alphaComesBack(channels: Int, steps: Int) throws {
    let image = image(channels: channels, steps: steps, alpha: true)
    #expect(try RasterImage(data: image.encoded(as: .png)) == image)
  }

  @Test func valuesAreClippedAndRounded() throws {
    let image = RasterImage(pixels: Tensor([1, 1, 6], [-3, 7, 0.5, 1.4 / 255, 1.6 / 255, -0.0]))
    let expected: [Float] = [0, 1, 128 / 255, 1 / 255, 2 / 255, 0]
    #expect(try RasterImage(data: image.encoded(as: .png)).pixels.elements == expected)
    // Sixteen bits on request.
    let fine = try RasterImage(data: image.encoded(as: .png, bitDepth: 16))
    #expect(fine.pixels.elements[2] == 32768 / 65535 && fine.bitDepth == 16)
  }

  /// Quality 100 quantizes coefficients to whole numbers: in an orthonormal transform an error of at most 1/2 each has a
  /// root mean square of at most 1/2 per sample, and rounding samples and colours adds less than as much again twice.
  @Test(arguments: [1, 3])
  func jpegIsClose(channels: Int) throws {
    let image = image(channels: channels, steps: 255)
    let copy = try RasterImage(data: image.encoded(as: .jpeg, quality: 100))
    let error = (copy.pixels - image.pixels).norm / Double(image.pixels.count).squareRoot()
    #expect(error < 1.5 / 255)
    #expect(try image.encoded(as: .jpeg, quality: 20).count < image.encoded(as: .jpeg).count)
  }

  @Test func whatAFormatCannotHoldIsRefused() {
    let clear = image(channels: 3, steps: 255, alpha: true)
    let opaque = image(channels: 3, steps: 255)
    #expect(throws: FileError.self) { try clear.write(to: folder.path + "/a.jpg") }
    #expect(throws: FileError.self) { try clear.write(to: folder.path + "/a.ppm") }
    #expect(throws: FileError.self) { try opaque.write(to: folder.path + "/a.pgm") }
    #expect(throws: FileError.self) { try opaque.write(to: folder.path + "/a.jpg", bitDepth: 16) }
    #expect(throws: FileError.self) { try opaque.write(to: folder.path + "/a.gif") }
    #expect(throws: FileError.self) { try opaque.write(to: folder.path + "/picture") }
    #expect(throws: FileError.self) { try RasterImage(pixels: .zeros([1, 0, 3])).write(to: folder.path + "/a.png") }
    #expect(throws: FileError.self) {
      try RasterImage(pixels: .zeros([1, 1, 65501])).write(to: folder.path + "/a.jpg")
    }
    #expect((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) == [])
  }

  @Test func transparencyIsDroppedOrComposed() throws {
    var image = image(channels: 3, steps: 255)
    let opaque = image
    image.alpha = Tensor([19, 70], repeating: 1)
    for format in [ImageFormat.jpeg, .portableMap] {
      #expect(try image.encoded(as: format) == opaque.encoded(as: format))
    }
    image.alpha![3, 4] = 0.5
    let file = try ImagePlanes(image).encoded(as: .portableMap, background: .black)
    #expect(file.report.background == .black)
    #expect(try file.data == image.composed(on: .black).encoded(as: .portableMap))
    // A format that holds it keeps it.
    let kept = try ImagePlanes(image).encoded(as: .png, background: .black)
    #expect(try kept.report.background == nil && RasterImage(data: kept.data).alpha != nil)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func valuesThatAreNoNumbersAreRefused(value: Float) {
    var image = image(channels: 3, steps: 255)
    image.pixels[1, 18, 69] = value
    for path in ["a.png", "a.jpg", "a.ppm"] {
      let error = #expect(throws: FileError.self) { try image.write(to: folder.path + "/" + path) }
      #expect(error?.message.contains("NaN") == true)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func fullDiskIsSaid() throws {
    let link = folder.path + "/picture.png"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/dev/full")
    let error = #expect(throws: FileError.self) { try image(channels: 1, steps: 255).write(to: link) }
    #expect(error?.message.hasPrefix("the disk is full") == true)
  }

  @Test func luminanceByHand() {
    let image = RasterImage(pixels: Tensor([3, 1, 4], [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]))
    let expected: [Float] = [0.2126, 0.7152, 0.0722, 1]
    #expect(zip(image.luminance.pixels.elements, expected).allSatisfy { abs($0 - $1) <= 0x1p-23 })
    #expect(image.luminance.luminance == image.luminance)
  }
}

@Suite struct ImageResizingTests {
  func fixture(_ name: String) throws -> Tensor<Float> {
    try Tensor(npy: fixtures(of: #filePath).appendingPathComponent(name).path)
  }

  /// Sums of at most 13 positive products with weights that sum to 1: rounding errors stay below 32 u.
  @Test(arguments: [("smaller.npy", 5, 7), ("larger.npy", 29, 33)])
  func agreesWithOpenCV(name: String, height: Int, width: Int) throws {
    let resized = RasterImage(pixels: try fixture("rgb8.npy")).resized(height: height, width: width)
    #expect((resized.pixels - (try fixture(name))).maximumMagnitude < 32 * Float.unitRoundoff)
  }

  @Test func byHand() {
    let image = RasterImage(pixels: Tensor([1, 2, 3], [0, 3, 6, 6, 3, 0]), alpha: Tensor([2, 3], repeating: 0.5))
    #expect(image.resized(height: 1, width: 1).pixels.elements == [3])
    #expect(image.resized(height: 2, width: 3) == image)
    // Half of each pair of columns is 1.5 old ones: (0 + 3 / 2) / 1.5 and (3 / 2 + 6) / 1.5.
    #expect(image.resized(height: 2, width: 2).pixels.elements == [1, 5, 5, 1])
    #expect(image.resized(height: 5, width: 4).alpha == Tensor([5, 4], repeating: 0.5))
    #expect(image.resized(height: 1, width: 6).pixels.elements == [3, 3, 3, 3, 3, 3])
  }

  /// A white pixel beside a transparent one that hides red: together half a pixel of white.
  @Test func hiddenColoursDoNotCount() {
    let image = RasterImage(
      pixels: Tensor([3, 1, 4], [1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0]), alpha: Tensor([1, 4], [1, 0, 0.5, 0]))
    let half = image.resized(height: 1, width: 2)
    #expect(half.pixels.elements == [1, 1, 1, 1, 1, 1] && half.alpha?.elements == [0.5, 0.25])
    let none = RasterImage(pixels: Tensor([1, 1, 2], [1, 1]), alpha: Tensor([1, 2], [0, 0])).resized(
      height: 1, width: 1)
    #expect(none.pixels.elements == [0] && none.alpha?.elements == [0])
  }

  @Test(arguments: [(1, 1), (1, 9), (7, 2), (31, 17)])
  func constantsStay(size: (Int, Int)) {
    let image = RasterImage(pixels: Tensor([3, 6, 5], repeating: 0.75))
    let resized = image.resized(height: size.0, width: size.1).pixels
    #expect(resized.shape == [3, size.0, size.1])
    #expect((resized - 0.75).maximumMagnitude < 16 * Float.unitRoundoff)
  }
}

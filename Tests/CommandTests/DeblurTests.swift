import Foundation
import SpectralKit
import TestSupport
import Testing

@Suite struct DeblurTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Digits in bright and dark, something to be sharp, `[1, H, W]`.
  private static let scene: Tensor<Float> = {
    let digits = ProceduralDigits(seed: 4)
    return Tensor([1, 140, 180]) { pixels in
      for i in pixels.indices { pixels[i] = Float(0.2 + 0.1 * Double(i % 180) / 180) }
      for number in 0..<20 {
        let (side, row, column) = (ProceduralDigits.side, number / 5 * 35, number % 5 * 36)
        for (place, value) in digits.image(number, .training).enumerated() {
          pixels[(row + place / side) * 180 + column + place % side] += 0.6 * Float(value) / 255
        }
      }
    }
  }()

  /// A blurred picture on disk, and what it should be; the blur's whole kernel lies within the scene.
  private func blurred(_ name: String, _ kernel: Kernel, channels: Int = 1) throws -> Tensor<Float> {
    let (h, w) = (kernel.height, kernel.width)
    let scene = Self.scene.reshaped(to: [1, 1, 140, 180])
    let picture = try SpatialConvolution<Float>()(
      scene, kernel.taps.converted(to: Float.self).reshaped(to: [1, 1, h, w]),
      ConvolutionGeometry(operation: .convolution))
    let (rows, columns) = (picture.shape[2], picture.shape[3])
    let plane = Tensor<Float>([1, rows, columns], picture.elements)
    let planes = Tensor<Float>([channels, rows, columns], (0..<channels).flatMap { _ in plane.elements })
    try RasterImage(pixels: planes).write(to: path(name))
    return Tensor([channels, rows, columns]) { target in
      for i in target.indices {
        let (row, column) = (i / columns % rows + h - 1 - h / 2, i % columns + w - 1 - w / 2)
        target[i] = Self.scene[0, row, column]
      }
    }
  }

  private func decibels(_ name: String, _ truth: Tensor<Float>) throws -> Double {
    let error = try RasterImage(path: path(name)).pixels - truth
    return -10 * log10(error.dot(error) / Double(error.count))
  }

  @Test(arguments: ["wiener", "richardson-lucy", "inverse"])
  func aPictureBecomesSharp(algorithm: String) throws {
    // A blur that leaves something of every wave, or the inverse would drown in the rounding to 8 bits.
    let truth = try blurred("in.png", Kernel(.gaussian(deviation: 1)))
    let outcome = spectral(
      "deblur", path("in.png"), "-o", path("out.png"), "--psf", "gaussian:1", "--algorithm", algorithm, "--verbose",
      "--before-after", path("both.png"))
    #expect(outcome.code == 0, "\(outcome.talk)")
    #expect(try decibels("out.png", truth) > decibels("in.png", truth) + 2)
    #expect(outcome.talk.contains("PSF of") && outcome.talk.contains(algorithm))
    let (single, both) = (try RasterImage(path: path("out.png")), try RasterImage(path: path("both.png")))
    #expect(both.height == single.height && both.width == 2 * single.width + max(4, single.height / 64))
  }

  @Test func colourLightAndFoldersGoTogether() throws {
    let kernel = Kernel(.gaussian(deviation: 1))
    let truth = try blurred("a.png", kernel, channels: 3)
    _ = try blurred("b.png", kernel)
    try kernel.taps.writeNPY(to: path("psf.npy"))
    try FileManager.default.createDirectory(atPath: path("out"), withIntermediateDirectories: true)
    let outcome = spectral(
      "deblur", path("a.png"), path("b.png"), "-o", path("out"), "--psf", path("psf.npy"), "--luminance", "--noise",
      "0.002")
    #expect(outcome.code == 0, "\(outcome.talk)")
    #expect(try decibels("out/a.png", truth) > decibels("a.png", truth) + 2)
    #expect(
      spectral(
        "deblur", path("a.png"), "--before-after", path("both.png"), "--psf", "gaussian:1", "--linear-light", "--noise",
        "ratio:0.001", "--quiet"
      ).talk.isEmpty)
    #expect(FileManager.default.fileExists(atPath: path("both.png")))
  }

  @Test(arguments: [
    (["--psf", "motion:21"], 2, "motion:21,30"), (["--psf", "blob:3"], 2, "motion:LENGTH,ANGLE"),
    (["--psf", "disk:-1"], 2, "--psf"), (["--psf", "box:2.5"], 2, "whole number"),
    (["--psf", "box:200"], 1, "larger than the image"),
    (["--psf", "box:3", "--iterations", "5"], 2, "richardson-lucy"),
    (["--psf", "box:3", "--floor", "0.1"], 2, "--floor is for"),
    (["--psf", "box:3", "--algorithm", "inverse", "--floor", "2"], 2, "at most 1"),
    (["--psf", "box:3", "--noise", "loud"], 2, "auto"),
    (["--psf", "box:3", "--memory-limit", "1KiB"], 1, "--memory-limit"),
    (["--psf", "missing.npy"], 1, "missing.npy"), ([], 2, "--psf is missing"),
    (["--psf", "zero.npy"], 1, "sums to zero"),
    (["--psf", "negative.npy", "--algorithm", "richardson-lucy"], 1, "negative"),
  ])
  func wrongInputIsSaidInOneLine(flags: [String], code: Int, text: String) throws {
    try RasterImage(pixels: Tensor([1, 40, 50], repeating: 0.5)).write(to: path("in.png"))
    try Tensor<Double>([1, 2], [1, -1]).writeNPY(to: path("zero.npy"))
    try Tensor<Double>([1, 2], [2, -1]).writeNPY(to: path("negative.npy"))
    let outcome = spectral(["deblur", "in.png", "-o", "out.png"] + flags, in: folder)
    #expect(outcome.code == Int32(code) && outcome.lines.count == 1, "\(outcome.talk)")
    #expect(outcome.talk.contains(text), "\(outcome.talk)")
    #expect(!FileManager.default.fileExists(atPath: path("out.png")))
  }
}

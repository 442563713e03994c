import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct ImagePlanesTests {
  let folder = temporaryFolder()
  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  func fixture(_ name: String) -> String { fixtures(of: #filePath).appendingPathComponent(name).path }

  // MARK: Pictures

  @Test(arguments: ["grey8.png", "rgba16.png", "palette_transparent.png", "grey16.pgm", "jpeg_orientation6.jpg"])
  func picturesAreWhatImageReads(name: String) throws {
    let image = try RasterImage(path: fixture(name))
    let single = try ImagePlanes<Float>(path: fixture(name))
    #expect(single.planes == image.pixels && single.alpha == image.alpha)
    #expect(single.origin == .picture(bitDepth: image.bitDepth) && single.light == .stored)
    // In double precision a sample is its own quotient, not that of single precision.
    let double = try ImagePlanes<Double>(path: fixture(name))
    let steps = image.bitDepth == 16 ? 65535.0 : 255
    #expect(double.planes == image.pixels.converted(to: Double.self).map { ($0 * steps).rounded() / steps })
  }

  @Test(arguments: ["grey8.png", "rgba16.png", "grey_alpha8.png", "grey16.png"])
  func picturesComeBackBitForBit(name: String) throws {
    let image = try ImagePlanes<Double>(path: fixture(name))
    #expect(try image.write(to: path("copy.png")).clippedCount == 0)
    #expect(try RasterImage(path: path("copy.png")) == RasterImage(path: fixture(name)))
    // Through light and back: half a step of 16 bits is far more than the rounding of either curve.
    let light = try ImagePlanes<Float>(path: fixture(name), light: .linear)
    #expect(try light.write(to: path("light.png")).clippedCount == 0)
    #expect(try RasterImage(path: path("light.png")) == RasterImage(path: fixture(name)))
  }

  @Test func clippedValuesAreCounted() throws {
    // A step of 8 bits is 0.0039: what rounding would bring back into the range is not clipped.
    let values: [Double] = [-1, -0.0019, -0.0021, 0, 0.5, 1, 1.0019, 1.0021]
    let image = ImagePlanes(planes: Tensor([1, 2, 4], values))
    #expect(try image.write(to: path("a.png")).clippedCount == 3)
    #expect(try image.write(to: path("a.png"), bitDepth: 16).clippedCount == 5)
    #expect(try image.write(to: path("a.npy")).clippedCount == 0)
    #expect(try Tensor<Double>(npy: path("a.npy")).elements == values)
  }

  @Test func aPictureAsAnArray() throws {
    let image = try ImagePlanes<Float>(path: fixture("rgba8.png"))
    try image.write(to: path("rgba.npy"))
    let array = try Tensor<Float>(npy: path("rgba.npy"))
    #expect(array.shape == [image.height, image.width, 4])
    for (row, column) in [(0, 0), (3, 5), (12, 19)] {
      for channel in 0..<3 { #expect(array[row, column, channel] == image.planes[channel, row, column]) }
      #expect(array[row, column, 3] == image.alpha![row, column])
    }
    try ImagePlanes<Float>(path: fixture("grey8.png")).write(to: path("grey.npy"))
    #expect(try NumPyFile.read(path("grey.npy")).shape == [13, 20])
  }

  // MARK: Arrays

  @Test(arguments: [[7, 5], [7, 5, 1], [7, 5, 3], [7, 5, 4]] as [[Int]])
  func arraysComeBackAsTheyWere(extents: [Int]) throws {
    var random = RandomGenerator(seed: 3)
    // Far out of 0...1: nothing scales or clips.
    let single = Tensor<Float>.normal(TensorShape(extents), deviation: 1000, using: &random)
    try single.writeNPY(to: path("f4.npy"))
    let double = Tensor<Double>.normal(TensorShape(extents), deviation: 1e-9, using: &random)
    try double.writeNPY(to: path("f8.npy"))
    for name in ["f4", "f8"] {
      switch try AnyImagePlanes(path: path("\(name).npy")) {
      case .float(let image):
        #expect(name == "f4")
        try image.write(to: path("copy.npy"))
      case .double(let image):
        #expect(name == "f8")
        try image.write(to: path("copy.npy"))
      }
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: path("copy.npy")))
          == Data(contentsOf: URL(fileURLWithPath: path("\(name).npy"))))
    }
    let image = try ImagePlanes<Float>(path: path("f4.npy"))
    let channels = extents.count == 3 ? extents[2] : 1
    #expect(image.planes.shape == [channels, 7, 5])
    for c in 0..<channels {
      #expect(image.planes[c, 6, 2] == single.elements[(6 * 5 + 2) * channels + c])
    }
  }

  @Test func anOpenPipeIsRead() throws {
    for name in ["rgb8.png", "grey8.npy"] {
      let pipe = Pipe()
      try pipe.fileHandleForWriting.write(contentsOf: Data(contentsOf: URL(fileURLWithPath: fixture(name))))
      pipe.fileHandleForWriting.closeFile()
      // The fixture's array is 1 x 13 x 20: an image of one row.
      let image = try ImagePlanes<Float>(path: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
      #expect(image.planes == (try ImagePlanes<Float>(path: fixture(name)).planes))
    }
  }

  // MARK: Refusals

  @Test func whatIsNoImage() throws {
    try Tensor<Float>.zeros([3]).writeNPY(to: path("vector.npy"))
    try Tensor<Float>.zeros([0, 3]).writeNPY(to: path("empty.npy"))
    try Tensor<Float>.zeros([100, 100]).writeNPY(to: path("large.npy"))
    try Tensor<Float>.zeros([2, 2, 2]).writeNPY(to: path("pair.npy"))
    try Data("GIF89a".utf8).write(to: URL(fileURLWithPath: path("a.gif")))
    try Data().write(to: URL(fileURLWithPath: path("nothing.png")))
    for (name, words) in [
      ("vector.npy", "no image"), ("empty.npy", "no image"), ("a.gif", "a GIF picture, which is not read here"),
      ("nothing.png", "empty"), ("absent.png", "no such file"),
    ] {
      let error = #expect(throws: FileError.self) { try ImagePlanes<Float>(path: path(name)) }
      #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }
    let tooLarge = #expect(throws: FileError.self) {
      try ImagePlanes<Float>(path: path("large.npy"), sizeLimit: 50_000)
    }
    #expect(tooLarge?.message.contains("100 x 100") == true)
    let pair = try ImagePlanes<Float>(path: path("pair.npy"))
    let noPicture = #expect(throws: FileError.self) { try pair.write(to: path("pair.png")) }
    #expect(noPicture?.message.contains("2 channels are no picture") == true)
  }

  @Test func theFirstNonFiniteNumberIsFound() throws {
    var image = ImagePlanes<Float>(planes: .zeros([3, 4, 5]))
    #expect(image.firstNonFinite == nil)
    image.planes[2, 3, 1] = .nan
    image.planes[1, 2, 4] = -.infinity
    let place = try #require(image.firstNonFinite)
    #expect(place == (1, 2, 4))
  }

  // MARK: Luminance

  @Test func luminanceComesAndGoes() throws {
    var random = RandomGenerator(seed: 4)
    let image = ImagePlanes<Double>(planes: .uniform([3, 6, 7], in: 0..<1, using: &random))
    let (red, green, blue) = (image.planes.rows(0..<1), image.planes.rows(1..<2), image.planes.rows(2..<3))
    let luma = image.luminance
    #expect(largestDifference(luma, red * 0.2126 + green * 0.7152 + blue * 0.0722) <= 2 * 0x1p-53)
    // YCbCr by its own matrices (Rec. 709): Y changed, Cb and Cr put back.
    let changed = luma.map { $0 * $0 }
    let (cb, cr) = ((blue - luma) * (1 / 1.8556), (red - luma) * (1 / 1.5748))
    let newBlue = changed + cb * 1.8556
    let newRed = changed + cr * 1.5748
    let newGreen = (changed - newRed * 0.2126 - newBlue * 0.0722) * (1 / 0.7152)
    let result = image.with(luminance: changed)
    #expect(
      largestDifference(result.planes, Tensor([3, 6, 7], newRed.elements + newGreen.elements + newBlue.elements))
        <= 16 * 0x1p-53)
    #expect(largestDifference(result.luminance, changed) <= 4 * 0x1p-53)
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral filter`, from the outside. What it computes is tested where the library is.
@Suite struct FilterCommandTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func array(_ shape: TensorShape = [24, 36]) throws -> Tensor<Double> {
    var random = RandomGenerator(seed: 1)
    let x = Tensor<Double>.uniform(shape, in: 0..<1, using: &random)
    try x.writeNPY(to: path("x.npy"))
    return x
  }

  private func picture(_ name: String = "x.png", channels: Int = 3, alpha: Bool = false) throws -> RasterImage {
    var random = RandomGenerator(seed: 2)
    let image = RasterImage(
      pixels: .uniform([channels, 30, 40], in: 0.2..<0.8, using: &random),
      alpha: alpha ? .uniform([30, 40], in: 0..<1, using: &random) : nil)
    try image.write(to: path(name))
    return try RasterImage(path: path(name))
  }

  private func y() throws -> Tensor<Double> { try Tensor<Double>(npy: path("y.npy")) }

  private static let filters: [([String], FrequencyFilter)] = [
    (["--lowpass", "gaussian:0.08"], .lowPass(.gaussian, cutoff: 0.08)),
    (["--highpass", "butterworth:0.2nyq,2"], .highPass(.butterworth(order: 2), cutoff: 0.1)),
    (["--bandpass", "ideal:20px,5px"], .bandPass(.ideal, from: 0.05, to: 0.2)),
    (["--bandstop=gaussian:0.1,0.2"], .bandStop(.gaussian, from: 0.1, to: 0.2)),
    (["--directional", "keep:gaussian:30,10"], .directional(.gaussian, angle: 30, halfWidth: 10)),
    (
      ["--directional", "remove:gaussian:90,0.5,50px"],
      .removingDirection(.gaussian, angle: 90, halfWidth: 0.5, cutoff: 0.02)
    ),
    (["--laplacian"], .laplacian),
    (["--unsharp", "gaussian:0.1,0.8"], .unsharp(.gaussian, cutoff: 0.1, amount: 0.8)),
    (["--high-boost", "gaussian:0.1,1.5"], .highBoost(.gaussian, cutoff: 0.1, boost: 1.5)),
    (
      ["--notch", "gaussian:0.25,0.0,0.02", "--lowpass", "gaussian:0.2", "--notch", "ideal:-0.1,0.2,0.05"],
      .notch(.gaussian, x: 0.25, y: 0, radius: 0.02) * .lowPass(.gaussian, cutoff: 0.2)
        * .notch(.ideal, x: -0.1, y: 0.2, radius: 0.05)
    ),
  ]

  /// An array goes in and comes out as numbers of its own type, never clipped.
  @Test(arguments: filters) func arraysAreFilteredAsTheLibraryDoes(words: [String], filter: FrequencyFilter) throws {
    let x = try array()
    let outcome = spectral(["filter", "x.npy", "-o", "y.npy"] + words, in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    #expect(try y() == filter.apply(to: x))
    let circular = spectral(["filter", "x.npy", "-o", "y.npy", "--boundary", "circular"] + words, in: folder)
    #expect(circular.code == 0)
    #expect(try y() == filter.apply(to: x, boundary: .circular))
  }

  @Test func aHomomorphicFilterWorksOnLogarithms() throws {
    let x = try array()
    let words = ["--homomorphic", "gaussian:0.05,0.5,1.5", "--lowpass", "gaussian:0.2", "--lowpass", "gaussian:0.3"]
    #expect(spectral(["filter", "x.npy", "-o", "y.npy"] + words, in: folder).code == 0)
    let even = try HomomorphicFilter(
      .gaussian, cutoff: 0.05, low: 0.5, high: 1.5, offset: x.maximumMagnitude / 255
    ).apply(to: x)
    let low = FrequencyFilter.lowPass(.gaussian, cutoff: 0.2) * .lowPass(.gaussian, cutoff: 0.3)
    #expect(try y() == low.apply(to: even))
  }

  /// A mask as large as a circular transform chooses single waves; the half of one that was drawn counts half, and that is
  /// said.
  @Test func masksChooseWaves() throws {
    let x = try array([8, 10])
    var mask = Tensor<Float>.zeros([8, 10])
    mask[4, 5] = 1
    mask[4, 7] = 1
    try mask.writeNPY(to: path("mask.npy"))
    let outcome = spectral(
      "filter", "x.npy", "--mask", "mask.npy", "--boundary", "circular", "-o", "y.npy", in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("mask.npy: the mask and its mirror image"), "\(outcome)")
    #expect(outcome.talk.contains("differ by up to 1;"), "\(outcome)")
    let transform = RealTransform2D<Double>(height: 8, width: 10)
    let (before, after) = (transform.forward(x), transform.forward(try y()))
    for u in 0..<8 {
      for v in 0...5 {
        let share = u == 0 && v == 0 ? 1 : u == 0 && v == 2 ? 0.5 : 0.0
        #expect((after[u, v] - share * before[u, v]).magnitude < 1e-13)
      }
    }
    // A symmetric mask is taken without a word.
    mask[4, 3] = 1
    try RasterImage(pixels: mask.reshaped(to: [1, 8, 10])).write(to: path("mask.png"))
    #expect(spectral("filter", "x.npy", "--mask", "mask.png", "-o", "y.npy", in: folder).talk.isEmpty)
  }

  @Test func picturesKeepTheirColours() throws {
    let image = try picture()
    #expect(spectral("filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.png", in: folder).code == 0)
    let result = try RasterImage(path: path("y.png"))
    let expected = try FrequencyFilter.lowPass(.gaussian, cutoff: 0.1).apply(to: image.pixels)
    #expect((result.pixels - expected).maximumMagnitude <= 0.5001 / 255 && result.alpha == nil)
  }

  /// Rows of uneven brightness are waves of one direction. Below the cut-off remain ∫ L² = 3.5 % of their power, so at most
  /// 14.5 dB can be gained; the filter takes of the photograph itself what leaves it at 40 dB, and strong offsets lose
  /// something in black and white.
  @Test(
    .enabled(if: sharedData("images") != nil, "needs ../shared/data/images"),
    arguments: [(Float(0.03), 7.0), (0.05, 9), (0.1, 10)])
  func unevenRowsAreEvenedOut(deviation: Float, gain: Double) throws {
    let photograph = try RasterImage(path: #require(sharedData("images")).appendingPathComponent("camera.png").path)
    var (striped, random) = (photograph, RandomGenerator(seed: 1))
    for row in 0..<512 {
      let offset = deviation * Float(random.normal())
      for column in 0..<512 { striped.pixels[0, row, column] += offset }
    }
    try striped.write(to: path("x.png"))
    // And upright, scanned sideways.
    try RasterImage(pixels: transposed(striped.pixels)).write(to: path("upright.png"))
    func decibels(_ name: String, _ clean: Tensor<Float>) throws -> Double {
      let error = try RasterImage(path: path(name)).pixels - clean
      return -10 * log10(error.dot(error) / Double(error.count))
    }
    let before = try decibels("x.png", photograph.pixels)
    for (name, angle, clean) in [("x.png", 90, photograph.pixels), ("upright.png", 0, transposed(photograph.pixels))] {
      let outcome = spectral(
        "filter", name, "--directional", "remove:gaussian:\(angle),0.5,0.02", "-o", "y.png", in: folder)
      #expect(outcome.code == 0, "\(outcome)")
      let after = try decibels("y.png", clean)
      print(String(format: "camera.png with rows off by %.2f: %.2f dB to %.2f dB", deviation, before, after))
      #expect(after > before + gain)
    }
  }

  private func transposed(_ planes: Tensor<Float>) -> Tensor<Float> {
    let (height, width) = (planes.shape[1], planes.shape[2])
    return Tensor([1, width, height], (0..<height * width).map { planes[0, $0 % height, $0 / height] })
  }

  /// A wave along the direction goes, one across it stays, and one below the cut-off stays too.
  @Test func aDirectionIsRemovedAndTheRestIsKept() throws {
    func wave(_ rows: Double, _ columns: Double) -> Tensor<Double> {
      Tensor(
        [64, 64], (0..<64 * 64).map { i in cos(2 * .pi * (rows * Double(i / 64) + columns * Double(i % 64)) / 64) })
    }
    let (level, upright, slow) = (wave(16, 0), wave(0, 16), wave(1, 0))
    try (level + upright + slow).writeNPY(to: path("x.npy"))
    let words = ["--directional", "remove:ideal:90,5,0.1", "--boundary", "circular", "-o", "y.npy"]
    #expect(spectral(["filter", "x.npy"] + words, in: folder).code == 0)
    #expect((try y() - (upright + slow)).maximumMagnitude < 1e-12)
  }

  @Test func luminanceAloneLeavesTheColours() throws {
    let image = try picture()
    let run = spectral(
      "filter", "x.png", "--unsharp", "gaussian:0.1,0.3", "--luminance", "-o", "y.npy", in: folder)
    #expect(run.code == 0)
    let result = try Tensor<Float>(npy: path("y.npy"))
    for row in 0..<30 {
      for column in 0..<40 {
        // Red and green gain the same.
        let gains = (0..<2).map { result[row, column, $0] - image.pixels[$0, row, column] }
        #expect(abs(gains[0] - gains[1]) < 1e-5)
      }
    }
  }

  @Test func lightIsBlurredAsLight() throws {
    // Black and white stripes at Nyquist: the mean of what is stored is 0.5, the mean of the light is stored as 0.735.
    let stripes = Tensor<Float>([1, 4, 16]) { values in for i in values.indices { values[i] = Float(i % 2) } }
    try RasterImage(pixels: stripes).write(to: path("x.png"))
    for (words, value) in [([], 128), (["--linear-light"], 188)] {
      let run = spectral(
        ["filter", "x.png", "--lowpass", "ideal:0.25", "--boundary", "circular", "-o", "y.png"] + words, in: folder)
      #expect(run.code == 0)
      let pixels = try RasterImage(path: path("y.png")).pixels.elements
      #expect(pixels.allSatisfy { abs(Int(($0 * 255).rounded()) - value) <= 1 }, "\(pixels[0] * 255)")
    }
  }

  /// Stripes over a slope and noise, in an array; the wave is found, told, and taken away as the library does.
  @Test func wavesAreFoundAndTakenAway() throws {
    var random = RandomGenerator(seed: 5)
    let clean = Tensor<Double>([96, 128]) { x in
      for i in x.indices { x[i] = Double(i % 128) / 256 + 0.05 * random.normal() }
    }
    var x = clean
    x.withUnsafeMutableElements { x in
      for i in x.indices { x[i] += 0.2 * cos(2 * .pi * (0.21 * Double(i % 128) - 0.13 * Double(i / 128))) }
    }
    try x.writeNPY(to: path("x.npy"))
    let outcome = spectral("filter", "x.npy", "--remove-periodic-noise", "-o", "y.npy", in: folder)
    #expect(outcome.code == 0 && outcome.lines.count == 1, "\(outcome)")
    #expect(outcome.talk.contains("x.npy: took away a wave of 4.05 pixels at fx 0.2100, fy -0.1300, amplitude 0.2"))
    let (y, expected) = (try y(), try PeriodicNoise().removed(from: x))
    #expect(y == expected.images && (y - clean).norm < 0.02 * (x - clean).norm)
    // Among other filters, in the order of the line.
    let soft = FrequencyFilter.lowPass(.gaussian, cutoff: 0.1)
    let words = ["--remove-periodic-noise", "--lowpass", "gaussian:0.1"]
    #expect(spectral(["filter", "x.npy", "-o", "y.npy"] + words, in: folder).code == 0)
    #expect(try self.y() == soft.apply(to: expected.images))
    let none = spectral("filter", "y.npy", "--remove-periodic-noise", "-o", "z.npy", in: folder)
    #expect(none.code == 0 && none.talk.contains("y.npy: no wave stands out, nothing was taken away"), "\(none)")
    #expect(try data("z.npy") == data("y.npy"))
    // Without its mean an image is around zero, whatever is taken away after that.
    let slopes = spectral(
      "filter", "x.npy", "--highpass", "gaussian:0.02", "--remove-periodic-noise", "-o", "y.png", in: folder)
    #expect(slopes.code == 0 && slopes.talk.contains("y.png: mid-grey is 0"), "\(slopes)")
  }

  /// Two waves added to a photograph, and nothing told.
  @Test(.enabled(if: sharedData("images") != nil, "needs ../shared/data/images"))
  func wavesOverAPhotographAreTakenAway() throws {
    let photograph = try RasterImage(path: #require(sharedData("images")).appendingPathComponent("camera.png").path)
    var spoiled = photograph
    spoiled.pixels.withUnsafeMutableElements { x in
      for i in x.indices {
        let (row, column) = (Double(i / 512), Double(i % 512))
        x[i] += Float(0.1 * cos(2 * .pi * (0.08 * column - 0.03 * row) + 1))
        x[i] += Float(0.05 * cos(2 * .pi * (0.1237 * column + 0.2111 * row)))
      }
    }
    try spoiled.write(to: path("x.png"))
    let outcome = spectral(
      "filter", "x.png", "--remove-periodic-noise", "-o", "y.png", "--spectrum", "s.png", in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("fx 0.1237, fy 0.2111"), "\(outcome)")
    func decibels(_ name: String) throws -> Double {
      let error = try RasterImage(path: path(name)).pixels - photograph.pixels
      return -10 * log10(error.dot(error) / Double(error.count))
    }
    let (before, after) = (try decibels("x.png"), try decibels("y.png"))
    print(String(format: "camera.png under two waves: %.2f dB to %.2f dB", before, after))
    #expect(after > before + 14)
  }

  /// Two figures; the second in the colours of the first, so that what is gone is dark.
  @Test func spectraStandSideBySide() throws {
    _ = try picture()
    let outcome = spectral("filter", "x.png", "--highpass", "ideal:0.3", "--spectrum", "s.png", in: folder)
    #expect(outcome.code == 0 && names == ["s.png", "x.png"], "\(outcome)")
    let pair = try RasterImage(path: path("s.png"))
    // 30 x 40 pixels are drawn eightfold, in figures of one size. Around frequency 0 all is gone.
    let half = pair.width / 2
    let brightness = pair.luminance.pixels
    func mean(_ columns: Range<Int>) -> Float {
      let rows = 140..<200
      return rows.reduce(0) { sum, row in columns.reduce(sum) { $0 + brightness[0, row, $1] } }
        / Float(rows.count * columns.count)
    }
    #expect(half > 320 && mean(200..<260) > mean(half + 200..<half + 260) + 0.1)
  }

  /// The picture of differences has the bits that the image came with.
  @Test func deepPicturesStayDeep() throws {
    var image = try picture()
    image.bitDepth = 16
    try image.write(to: path("deep.png"))
    #expect(spectral("filter", "deep.png", "--highpass", "gaussian:0.1", "-o", "y.png", in: folder).code == 0)
    #expect(try RasterImage(path: path("y.png")).bitDepth == 16)
  }

  /// A high-pass is a difference around zero: in a picture mid-grey stands for it, and that is said.
  @Test func differencesAreShownAroundMidGrey() throws {
    _ = try picture(channels: 1)
    let outcome = spectral("filter", "x.png", "--highpass", "gaussian:0.1", "-o", "y.png", in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("y.png: mid-grey is 0, the ends are ±"), "\(outcome)")
    #expect(try RasterImage(path: path("y.png")).colorModel == .rgb)
  }

  @Test func beforeAndAfterStandSideBySide() throws {
    _ = try picture()
    let outcome = spectral(
      "filter", "x.png", "--lowpass", "gaussian:0.1", "--before-after", "both.png", in: folder)
    #expect(outcome.code == 0 && names == ["both.png", "x.png"], "\(outcome)")
    let both = try RasterImage(path: path("both.png"))
    #expect(both.height == 30 && both.width == 84)
  }

  @Test func verboseTellsTheStages() throws {
    _ = try picture()
    let outcome = spectral("filter", "x.png", "--lowpass", "gaussian:0.1", "-o", "y.png", "--verbose", in: folder)
    for word in [
      "30 x 40 pixels in a transform of", "reflect", "decode", "plan", "transform rows", "invert rows", "encode",
    ] {
      #expect(outcome.talk.contains(word), "\(outcome)")
    }
  }

  @Test func foldersAreFilteredImageByImage() throws {
    for name in ["in", "out"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: false)
    }
    for name in ["in/a.png", "in/b.png"] { _ = try picture(name) }
    try Data("no picture".utf8).write(to: folder.appendingPathComponent("in/c.png"))
    let outcome = spectral("filter", "in", "--lowpass", "gaussian:0.1", "-o", "out", in: folder)
    #expect(
      outcome.code == 1 && outcome.lines.count == 2 && outcome.talk.contains("1 of 3 images failed"), "\(outcome)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: path("out")).sorted() == ["a.png", "b.png"])
  }

  private static let refused: [([String], Int32, [String])] = [
    ([], 2, ["say which filter: e.g. --lowpass gaussian:0.08"]),
    (
      ["--lowpass", "butterworth:0.1"], 2,
      ["--lowpass butterworth needs a cut-off and an order: e.g. --lowpass butterworth:0.1,2"]
    ),
    (["--lowpass", "gaussian:0.6"], 2, ["--lowpass 0.6 is beyond Nyquist", "0.6nyq", "e.g. --lowpass gaussian:0.08"]),
    (
      ["--notch", "gaussian:0.25,0.02"], 2,
      ["--notch gaussian needs fx, fy and a radius: e.g. --notch gaussian:0.25,0.0,0.02"]
    ),
    // The first of two is judged too.
    (["--notch", "x", "--notch", "gaussian:0.25,0,0.02"], 2, ["--notch needs a shape"]),
    (["--lowpas", "gaussian:0.1"], 2, ["did you mean --lowpass"]),
    (["--lowpass"], 2, ["--lowpass needs a value: e.g. --lowpass gaussian:0.08"]),
    (["--laplacian=2"], 2, ["--laplacian takes no value"]),
    (["--mask", "absent.png"], 1, ["absent.png", "no such file"]),
    (["--mask", "text.png"], 1, ["text.png"]),
    (
      ["--lowpass", "gaussian:0.1", "--padding", "-1"], 2, ["--padding must be automatic, full, or a number of pixels"]
    ),
    (
      ["--lowpass", "gaussian:0.1", "--memory-limit", "1KiB"], 1,
      ["x.npy: filtering 24 x 36 pixels takes", "raise the limit"]
    ),
    (["--lowpass", "gaussian:0.1", "-o", "absent/y.npy"], 1, ["absent", "does not exist"]),
    // Judged before anything is written.
    (["--lowpass", "gaussian:0.1", "-o", "absent/y.npy", "--before-after", "b.png"], 1, ["absent", "does not exist"]),
    (["--lowpass", "gaussian:0.1", "--spectrum", "s.npy"], 2, ["--spectrum s.npy"]),
    (["--remove-periodic-noise"], 1, ["x.npy: in 24 x 36 pixels waves cannot be told", "32 x 32"]),
    (["--lowpass", "gaussian:0.1", "-o", "y.gif"], 2, ["y.gif", ".png"]),
    (["nan.npy", "--lowpass", "gaussian:0.1"], 1, ["nan.npy", "row 0, column 1", "NaN"]),
    (["negative.npy", "--homomorphic", "gaussian:0.1,0.5,2"], 1, ["negative.npy: values below 0"]),
  ]

  /// Every one of these fails with one line that holds its words, and leaves the folder as it was.
  @Test(arguments: refused) func failures(_ arguments: [String], _ code: Int32, _ words: [String]) throws {
    _ = try array()
    try Tensor<Float>([1, 2], [0, .nan]).writeNPY(to: path("nan.npy"))
    try Tensor<Float>([1, 2], [0, -1]).writeNPY(to: path("negative.npy"))
    try Data("no picture".utf8).write(to: folder.appendingPathComponent("text.png"))
    try Data("old".utf8).write(to: folder.appendingPathComponent("y.npy"))
    let before = names
    let input = arguments.first?.hasSuffix(".npy") == true ? [] : ["x.npy"]
    let output = arguments.contains("-o") ? [] : ["-o", "y.npy"]
    let outcome = spectral(["filter"] + input + output + arguments, in: folder)
    #expect(outcome.code == code && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
    #expect(try data("y.npy") == Data("old".utf8) && names == before)
  }
}

/// `spectral hybrid`, from the outside.
@Suite struct HybridCommandTests {
  private let folder = temporaryFolder()
  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func write(_ name: String, _ shape: TensorShape, seed: UInt64) throws -> RasterImage {
    var random = RandomGenerator(seed: seed)
    try RasterImage(pixels: .uniform(shape, in: 0.3..<0.7, using: &random)).write(to: path(name))
    return try RasterImage(path: path(name))
  }

  @Test func slowWavesOfOneAndFastOnesOfTheOther() throws {
    let (near, far) = (try write("near.png", [3, 64, 80], seed: 1), try write("far.png", [3, 64, 80], seed: 2))
    let outcome = spectral(
      "hybrid", "near.png", "far.png", "--cutoff", "32px", "-o", "y.npy", "--pyramid", "steps.png", in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    let y = try Tensor<Float>(npy: path("y.npy"))
    let expected = try HybridImage(cutoff: .wavelength(32))(
      near: near.pixels.converted(to: Double.self), far: far.pixels.converted(to: Double.self))
    for row in 0..<64 {
      for column in 0..<80 {
        for channel in 0..<3 {
          #expect(abs(Double(y[row, column, channel]) - expected[channel, row, column]) <= 1e-7)
        }
      }
    }
    // 64, 32 and 16 rows high, with gaps of 4.
    let steps = try RasterImage(path: path("steps.png"))
    #expect(steps.height == 64 && steps.width == 80 + 4 + 40 + 4 + 20)
  }

  @Test func sizesAndColoursMayDiffer() throws {
    _ = try (write("near.png", [1, 64, 80], seed: 1), write("far.png", [3, 32, 50], seed: 2))
    let words = ["hybrid", "near.png", "far.png", "--cutoff", "0.05,0.1", "--shape", "butterworth:2", "-o", "y.png"]
    let refused = spectral(words, in: folder)
    #expect(refused.code == 1 && refused.talk.contains("add --resize to bring far.png to the size of near.png"))
    #expect(spectral(words + ["--resize"], in: folder).code == 0)
    let result = try RasterImage(path: path("y.png"))
    #expect(result.height == 64 && result.width == 80 && result.colorModel == .rgb)
  }

  private static let refused: [([String], Int32, String)] = [
    (["near.png", "--cutoff", "0.05", "-o", "y.png"], 2, "NEAR FAR is missing"),
    (["near.png", "near.png", "-o", "y.png"], 2, "--cutoff is missing: e.g. --cutoff 0.03"),
    (["near.png", "near.png", "--cutoff", "12", "-o", "y.png"], 2, "--cutoff 12 is beyond Nyquist"),
    (["near.png", "near.png", "--cutoff", "0.05", "--shape", "butter", "-o", "y.png"], 2, "--shape needs a shape"),
    (["near.png", "near.png", "--cutoff", "0.05"], 2, "nothing would be left of the result"),
    (["near.png", "absent.png", "--cutoff", "0.05", "-o", "y.png"], 1, "absent.png"),
    (["near.png", "near.png", "--cutoff", "0.05", "--pyramid", "y.npy"], 2, "--pyramid y.npy"),
  ]

  @Test(arguments: refused) func failures(_ arguments: [String], _ code: Int32, _ words: String) throws {
    _ = try write("near.png", [1, 20, 20], seed: 1)
    let outcome = spectral(["hybrid"] + arguments, in: folder)
    #expect(outcome.code == code && outcome.lines.count == 1 && outcome.talk.contains(words), "\(outcome)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["near.png"])
  }
}

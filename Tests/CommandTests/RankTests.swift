import Foundation
import SpectralKit
import TestSupport
import Testing

/// Signals and volumes through `convolve`, `filter`, `spectrum` and `compare`, against SciPy and NumPy: the numbers are from
/// `Fixtures/make_ranks.py`.
@Suite struct RankTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private struct Numbers: Decodable {
    let shape: [Int]
    let values: [Double]

    var tensor: Tensor<Double> { Tensor(TensorShape(shape), values) }
  }

  private static let reference = try! JSONDecoder().decode(
    [String: Numbers].self, from: Data(contentsOf: fixtures(of: #filePath).appendingPathComponent("ranks.json")))

  private func expected(_ name: String) throws -> Tensor<Double> { try #require(Self.reference[name]).tensor }

  private func write(_ name: String) throws { try expected(name).writeNPY(to: path("x.npy")) }

  /// The command over `x.npy`, which must give a name's numbers to rounding.
  private func check(_ name: String, _ arguments: String...) throws {
    try write(String(name.prefix { $0 != " " }))
    let outcome = spectral(arguments + ["-o", "y.npy", "--quiet"], in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty && outcome.output.isEmpty, "\(outcome)")
    let (y, z) = (try Tensor<Double>(npy: path("y.npy")), try expected(name))
    // Sums of at most 960 terms of magnitude 8, weighed by no more than 40, in Double.
    #expect(y.shape == z.shape && largestDifference(y, z) < 1e-11 * max(1, z.maximumMagnitude), "\(name)")
  }

  // MARK: convolve

  @Test(arguments: ["direct", "fft"]) func convolveByNamedKernels(_ method: String) throws {
    try check("signal gaussian:2", "convolve", "x.npy", "--kernel", "gaussian:2", "--method", method)
    try check("signal box:5", "convolve", "x.npy", "--kernel", "box:5", "--method", method)
    for (kernel, boundary) in [
      ("gaussian:1,2,1.5", "constant:0.5"), ("gaussian:1,2,1.5,2", "mirror"), ("box:3,1,5", "replicate"),
    ] {
      try check(
        "volume \(kernel)", "convolve", "x.npy", "--ndim", "3", "--kernel", kernel, "--boundary", boundary, "--method",
        method)
    }
    // A kernel for volumes alone says what three axes are.
    try check("volume box:3,1,5", "convolve", "x.npy", "--kernel", "box:3,1,5", "--boundary", "replicate")
  }

  @Test func channelsAreConvolvedOneByOne() throws {
    let volume = try expected("volume")
    let count = volume.count
    let pair = Tensor<Double>(TensorShape(volume.shape.extents + [2]), volume.elements.flatMap { [$0, -2 * $0] })
    try pair.writeNPY(to: path("x.npy"))
    let outcome = spectral(
      "convolve", "x.npy", "--kernel", "box:3,1,5", "--boundary", "replicate", "-o", "y.npy", in: folder)
    #expect(outcome.code == 0 && outcome.talk.hasPrefix("y.npy (8 x 10 x 12 x 2): double precision"), "\(outcome)")
    let (y, z) = (try Tensor<Double>(npy: path("y.npy")).elements, try expected("volume box:3,1,5").elements)
    for i in 0..<count {
      #expect(abs(y[2 * i] - z[i]) < 1e-12 && abs(y[2 * i + 1] + 2 * z[i]) < 1e-12)
    }
  }

  /// The taps of a ball are its shares of voxels: sums over 60 x 60 x 60 parts of each know them to some 1e-4.
  @Test func aBallOfVoxels() throws {
    let taps = try expected("ball:3.6")
    var impulse = Tensor<Double>.zeros([9, 9, 9])
    impulse[4, 4, 4] = 1
    try impulse.writeNPY(to: path("x.npy"))
    let outcome = spectral(
      "convolve", "x.npy", "--ndim", "3", "--kernel", "ball:3.6", "--method", "direct", "-o", "y.npy", in: folder)
    #expect(outcome.code == 0, "\(outcome)")
    let y = try Tensor<Double>(npy: path("y.npy"))
    let reach = taps.shape[0] / 2
    for z in 0..<9 {
      for r in 0..<9 {
        for c in 0..<9 {
          let isInside = [z, r, c].allSatisfy { abs($0 - 4) <= reach }
          let tap = isInside ? taps[z - 4 + reach, r - 4 + reach, c - 4 + reach] : 0
          #expect(abs(y[z, r, c] - tap) < 1e-4)
        }
      }
    }
  }

  private static let refused: [([String], String)] = [
    (["convolve", "volume.npy", "--ndim", "3", "--kernel", "1,2;3,4", "-o", "y.npy"], "must be kD x kH x kW"),
    (
      ["convolve", "volume.npy", "--ndim", "3", "--kernel", "sobel:x", "-o", "y.npy"],
      "kernel for images, not for volumes"
    ),
    (["convolve", "signal.npy", "--kernel", "disk:5", "-o", "y.npy"], "kernel for images or volumes"),
    (["convolve", "signal.npy", "--kernel", "box:3,4", "-o", "y.npy"], "take another kernel, or say --ndim 2"),
    (["convolve", "signal.npy", "--ndim", "3", "--kernel", "box:3", "-o", "y.npy"], "is no volume"),
    (["convolve", "volume.npy", "--ndim", "3", "--kernel", "box:3", "-o", "y.png"], "from a .npy file to a .npy file"),
    (["convolve", "volume.npy", "--ndim", "3", "--kernel", "box:3", "--show"], "from a .npy file to a .npy file"),
    (["filter", "signal.npy", "--lowpass", "gaussian:0.1", "-o", "y.png"], "numbers for a result"),
    (["filter", "signal.npy", "--lowpass", "gaussian:0.1", "-o", "y.npy", "--luminance"], "--luminance is for images"),
    (["filter", "signal.npy", "--notch", "gaussian:0.1,0.1,0.01", "-o", "y.npy"], "notches at fy 0"),
    (["filter", "volume.npy", "--ndim", "3", "--notch", "gaussian:0.1,0,0.01", "-o", "y.npy"], "are for images"),
    (["filter", "signal.npy", "--remove-periodic-noise", "-o", "y.npy"], "--notch gaussian:0.25,0,0.01"),
    (["filter", "nan.npy", "--lowpass", "gaussian:0.1", "-o", "y.npy"], "not finite"),
    (["filter", "picture.png", "--ndim", "3", "--lowpass", "gaussian:0.1", "-o", "y.npy"], "this is a picture"),
    (["spectrum", "volume.npy", "--ndim", "3", "--profile", "p.png"], "--profile"),
    (["compare", "volume.npy", "--ndim", "3", "--kernel", "sobel:x"], "not for volumes"),
    (["compare", "signal.npy", "--kernel", "box:3", "--solver", "direct.none"], "there is no solver direct.none"),
  ]

  @Test(arguments: refused) func refusals(_ arguments: [String], _ words: String) throws {
    for name in ["signal", "volume"] { try expected(name).writeNPY(to: path("\(name).npy")) }
    try Tensor<Double>([3], [1, .nan, 2]).writeNPY(to: path("nan.npy"))
    try RasterImage(pixels: Tensor([1, 4, 4], repeating: 0.5)).write(to: path("picture.png"))
    let outcome = spectral(arguments, in: folder)
    #expect(outcome.code != 0 && outcome.lines.count == 1 && outcome.talk.contains(words), "\(outcome)")
    #expect(!FileManager.default.fileExists(atPath: path("y.npy")))
  }

  // MARK: filter

  @Test func filterByDistanceFromFrequency0() throws {
    try check("signal lowpass", "filter", "x.npy", "--lowpass", "gaussian:0.1", "--boundary", "circular")
    try check("signal bandpass", "filter", "x.npy", "--bandpass", "butterworth:0.05,0.2,2", "--boundary", "circular")
    try check("signal notch", "filter", "x.npy", "--notch", "gaussian:0.25,0,0.05", "--boundary", "circular")
    for (name, flags) in [
      ("lowpass", ["--lowpass", "gaussian:0.1"]), ("highpass", ["--highpass", "butterworth:0.2,3"]),
      ("laplacian", ["--laplacian"]),
    ] {
      try write("volume")
      let outcome = spectral(
        ["filter", "x.npy", "--ndim", "3", "--boundary", "circular", "-o", "y.npy"] + flags, in: folder)
      #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
      let (y, z) = (try Tensor<Double>(npy: path("y.npy")), try expected("volume \(name)"))
      #expect(largestDifference(y, z) < 1e-11 * max(1, z.maximumMagnitude), "\(name)")
    }
  }

  /// A low-pass by frequencies is a convolution with its impulse response: a Gaussian of 1 / (2π D0) elements. Beyond the
  /// border stands what the boundary says, a number of its own too.
  @Test(arguments: ["reflect", "mirror", "replicate", "circular", "zero", "constant:0.5"])
  func aGaussianByFrequenciesIsOneInSpace(_ boundary: String) throws {
    let cutoff = 1 / (2 * Double.pi * 2)
    for (name, ndim) in [("signal", "1"), ("volume", "3"), ("image", "2")] {
      let x = try name == "image" ? expected("volume").reshaped(to: [80, 12]) : expected(name)
      try x.writeNPY(to: path("x.npy"))
      let filtered = spectral(
        "filter", "x.npy", "--ndim", ndim, "--lowpass", "gaussian:\(cutoff)", "--boundary", boundary, "--padding", "40",
        "-o", "y.npy", in: folder)
      // Out to 12 standard deviations nothing is left out that Double could hold.
      let convolved = spectral(
        "convolve", "x.npy", "--ndim", ndim, "--kernel", "gaussian:2,24", "--boundary", boundary, "-o", "z.npy",
        "--quiet",
        in: folder)
      #expect(filtered.code == 0 && convolved.code == 0, "\(filtered) \(convolved)")
      // The response at Nyquist is exp(-2π²) = 3e-9, and what lies beyond it folds back.
      #expect(
        largestDifference(try Tensor<Double>(npy: path("y.npy")), try Tensor<Double>(npy: path("z.npy"))) < 3e-7,
        "\(name), \(boundary)")
    }
  }

  @Test func channelsAreFilteredOneByOne() throws {
    let signal = try expected("signal")
    try Tensor<Float>([60, 2], signal.elements.flatMap { [Float($0), 3 * Float($0)] }).writeNPY(to: path("x.npy"))
    let outcome = spectral(
      "filter", "x.npy", "--ndim", "1", "--lowpass", "gaussian:0.1", "--boundary", "circular", "-o", "y.npy",
      "--verbose",
      in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("x.npy: 60 numbers in a transform of 60 points"), "\(outcome)")
    let (y, z) = (try Tensor<Float>(npy: path("y.npy")), try expected("signal lowpass").elements)
    for i in 0..<60 { #expect(abs(Double(y[i, 0]) - z[i]) < 1e-5 && abs(Double(y[i, 1]) - 3 * z[i]) < 3e-5) }
  }

  /// Transparency has no number beyond the border.
  @Test func aNumberBeyondTheBorderOfATransparentPicture() throws {
    let pixels = Tensor<Float>([1, 4, 4], repeating: 0.5)
    try RasterImage(pixels: pixels, alpha: Tensor([4, 4], (0..<16).map { Float($0) / 15 })).write(to: path("x.png"))
    for command in [["convolve", "--kernel", "box:3"], ["filter", "--lowpass", "gaussian:0.1"]] {
      let outcome = spectral(
        command + ["x.png", "--boundary", "constant:0.5", "-o", "y.png"], in: folder)
      #expect(outcome.code == 1 && outcome.talk.contains("says nothing of the opacity"), "\(outcome)")
    }
    try RasterImage(pixels: pixels).write(to: path("x.png"))
    let outcome = spectral(
      "convolve", "x.png", "--kernel", "box:3", "--boundary", "constant:0.5", "-o", "y.npy", in: folder)
    #expect(outcome.code == 0, "\(outcome)")
    let y = try Tensor<Float>(npy: path("y.npy"))
    #expect(y.elements.allSatisfy { abs($0 - 0.5) < 1e-2 })
  }

  // MARK: spectrum

  @Test func spectraAreNumPys() throws {
    try check("signal spectrum", "spectrum", "x.npy")
    try write("volume")
    #expect(spectral("spectrum", "x.npy", "--ndim", "3", "-o", "y.npy", in: folder).code == 0)
    let (y, z) = (try Tensor<Double>(npy: path("y.npy")), try expected("volume spectrum"))
    #expect(y.shape == z.shape && largestDifference(y, z) < 1e-11 * z.maximumMagnitude)
  }

  @Test func peaksOfASignalAndAVolume() throws {
    func wave(_ cycles: Double) -> Double { cos(2 * .pi * cycles) }
    let signal = (0..<1000).map { (i: Int) -> Double in
      let t = Double(i)
      return 3 + 2 * wave(0.125 * t) + 0.5 * wave(0.3 * t - 0.25)
    }
    try Tensor<Double>([1000], signal).writeNPY(to: path("x.npy"))
    let outcome = spectral("spectrum", "x.npy", "--peaks", "2", "--json", in: folder)
    let peaks = try #require(outcome.json["peaks"] as? [[String: Any]])
    for (peak, (frequency, amplitude)) in zip(peaks, [(0.125, 2.0), (0.3, 0.5)]) {
      #expect(abs((peak["cycles_per_sample"] as? Double ?? 0) - frequency) < 1e-12)
      #expect(abs((peak["amplitude"] as? Double ?? 0) - amplitude) < 1e-5, "\(peak)")
    }
    #expect(peaks.count == 2 && abs((outcome.json["mean"] as? Double ?? 0) - 3) < 1e-12, "\(outcome)")
    let table = spectral("spectrum", "x.npy", "--peaks", "1", in: folder)
    #expect(
      table.code == 0 && table.output.contains("x.npy: 1000, mean 3") && table.output.contains("0.1250"), "\(table)")

    let voxels = (0..<1600).map { (i: Int) -> Double in
      let (z, y, x) = (Double(i / 200), Double(i / 20 % 10), Double(i % 20))
      return 4 * wave(0.25 * z - 0.1 * y + 0.2 * x)
    }
    try Tensor<Double>([8, 10, 20], voxels).writeNPY(to: path("x.npy"))
    let volume = spectral("spectrum", "x.npy", "--ndim", "3", "--peaks", "1", "--json", in: folder)
    let peak = try #require((volume.json["peaks"] as? [[String: Any]])?.first)
    for (name, value) in [("fz", 0.25), ("fy", -0.1), ("fx", 0.2), ("amplitude", 4)] {
      #expect(abs((peak[name] as? Double ?? .nan) - value) < 1e-5, "\(name): \(peak)")
    }
  }

  @Test func spectraAsPictures() throws {
    try write("signal")
    for name in ["y.png", "y.svg"] {
      let outcome = spectral(
        "spectrum", "x.npy", name.hasSuffix("svg") ? "--profile" : "-o", name, "--window", "hann", in: folder)
      #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    }
    #expect(try RasterImage(path: path("y.png")).width > 300)
    try write("volume")
    for flags in [[], ["--phase"], ["--plain"]] {
      let outcome = spectral(["spectrum", "x.npy", "--ndim", "3", "-o", "y.png"] + flags, in: folder)
      #expect(outcome.code == 0, "\(outcome)")
    }
    // Plain: three slices, a pixel for every frequency: H x W, D x W and D x H.
    let plain = try RasterImage(path: path("y.png"))
    #expect(plain.height == 10 && plain.width > 12 + 12 + 10)
  }

  // MARK: compare

  @Test func methodsAgreeOnSignalsAndVolumes() throws {
    for name in ["signal", "volume"] { try expected(name).writeNPY(to: path("\(name).npy")) }
    for (arguments, kernel, fft) in [
      (["signal.npy", "--kernel", "gaussian:2"], [13], "fft "), (["volume.npy", "--ndim", "3"], [25, 25, 25], "fft "),
      (["volume.npy", "--kernel", "ball:4", "--ndim", "3", "--solver", "fft.whole"], [5, 5, 5], "fft whole"),
      (["signal.npy", "--kernel", "box:3", "--solver", "direct.unfold"], [3], "fft "),
    ] {
      for precision in ["single", "double"] {
        for boundary in ["reflect", "constant:2"] {
          let outcome = spectral(
            ["compare"] + arguments + ["--precision", precision, "--boundary", boundary, "--runs", "1", "--json"],
            in: folder)
          #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
          #expect(outcome.json["kernel"] as? [Int] == kernel && outcome.json["bound_kept"] as? Bool == true)
          #expect((outcome.json["fft"] as? String)?.hasPrefix(fft) == true, "\(outcome)")
          if arguments.last == "direct.unfold" { #expect(outcome.json["direct"] as? String == "direct.unfold") }
        }
      }
    }
    let table = spectral("compare", "volume.npy", "--ndim", "3", "--kernel", "box:3", "--runs", "1", in: folder)
    #expect(table.code == 0 && table.output.contains("8 x 10 x 12 voxels, 1 plane; kernel 3 x 3 x 3"), "\(table)")
  }
}

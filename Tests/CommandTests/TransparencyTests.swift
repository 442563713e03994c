import Foundation
import SpectralKit
import TestSupport
import Testing

/// What commands make of pictures with transparency: colours count as much as they are opaque, and alpha is filtered like
/// them. `Fixtures/make_fixtures.py` computed the numbers by premultiplied colours in NumPy and SciPy.
@Suite struct TransparencyTests {
  private let folder = temporaryFolder()

  init() throws {
    for name in ["transparent.png", "transparent_far.png"] {
      try FileManager.default.copyItem(
        at: fixtures(of: #filePath).appendingPathComponent(name), to: folder.appendingPathComponent(name))
    }
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func run(_ words: [String], to name: String = "y.npy") -> Outcome {
    spectral(words + ["-o", name, "--quiet"], in: folder)
  }

  private func expected(_ name: String) throws -> Tensor<Double> {
    try Tensor<Double>(npy: fixtures(of: #filePath).appendingPathComponent("\(name).npy").path)
  }

  // MARK: Against NumPy and SciPy

  private static let taps = ["--kernel", "1,2,1;2,4,2;1,2,0"]
  private static let circular = ["--boundary", "circular"]

  private static let references: [(name: String, words: [String])] =
    ["zero", "reflect", "mirror", "replicate", "circular"].map {
      ("convolved_\($0)", ["convolve", "transparent.png", "--boundary", $0] + taps)
    } + [
      ("convolved_light", ["convolve", "transparent.png", "--linear-light"] + taps),
      ("convolved_luminance", ["convolve", "transparent.png", "--luminance"] + taps),
      ("slopes", ["convolve", "transparent.png", "--kernel", "sobel:x"]),
      ("unsharp", ["filter", "transparent.png", "--unsharp", "gaussian:0.1,0.8"] + circular),
      ("high_pass", ["filter", "transparent.png", "--highpass", "gaussian:0.1"] + circular),
      ("homomorphic", ["filter", "transparent.png", "--homomorphic", "gaussian:0.1,0.5,2"] + circular),
      ("hybrid", ["hybrid", "transparent.png", "transparent_far.png", "--cutoff", "0.1"] + circular),
      ("spectrum", ["spectrum", "transparent.png"]),
    ]

  /// Everything is computed in single precision from numbers up to 1 in 20 x 28 pixels. A sum of 9 products, a transform
  /// and its inverse, and sRGB's curve (7e-7) each stay within 1e-6 times the gain of the kernel, the largest of which is
  /// 15, and of a spectrum within 1e-6 times the sum of all pixels. The division by alpha enlarges that.
  @Test(arguments: references) func resultsAreThoseOfPremultipliedColours(name: String, words: [String]) throws {
    let outcome = run(words)
    #expect(outcome.code == 0, "\(outcome)")
    let (y, expected) = (try Tensor<Float>(npy: path("y.npy")), try expected(name))
    try #require(y.shape == expected.shape)
    let channels = y.shape[2]
    let error = 1e-6 * (name == "spectrum" ? 20 * 28 : 15)
    for row in 0..<20 {
      for column in 0..<28 {
        let alpha = channels == 4 ? expected[row, column, 3] : 1
        // Near the threshold below which there is nothing, either may be right.
        if alpha > 0 && alpha < error { continue }
        for channel in 0..<channels {
          let value = expected[row, column, channel]
          let bound = error * (1 + abs(value)) / max(alpha, error)
          #expect(
            abs(Double(y[row, column, channel]) - value) <= bound, "\(name) at \(row), \(column), \(channel)")
        }
      }
    }
  }

  // MARK: What must not be seen

  /// A disc of one colour on transparent ground that hides another, and a mask and a kernel to be read.
  private func writeDisc(hidden: [Float], bitDepth: Int = 8, to name: String = "disc.png") throws {
    let inside = (0..<96 * 96).map { i -> Bool in
      let (y, x) = (Double(i / 96) - 48, Double(i % 96) - 48)
      return y * y + x * x < 900
    }
    let pixels = Tensor<Float>([3, 96, 96], (0..<3).flatMap { c in inside.map { $0 ? 1 : hidden[c] } })
    try RasterImage(pixels: pixels, alpha: Tensor([96, 96], inside.map { $0 ? 1 : 0 }), bitDepth: bitDepth)
      .write(to: path(name))
  }

  private static let edits: [[String]] = [
    ["filter", "--lowpass", "gaussian:0.05"], ["filter", "--lowpass", "ideal:0.1"],
    ["filter", "--unsharp", "gaussian:0.1,1"], ["filter", "--bandstop", "butterworth:0.1,0.2,3", "--linear-light"],
    ["filter", "--directional", "remove:gaussian:90,2,0.05"], ["filter", "--remove-periodic-noise"],
    ["filter", "--lowpass", "gaussian:0.05", "--luminance"], ["convolve", "--kernel", "gaussian:4"],
    ["convolve", "--kernel", "gaussian:4", "--boundary", "zero"],
    ["convolve", "--kernel", "sharpen", "--method", "fft"],
    ["convolve", "--kernel", "gaussian:4", "--bit-depth", "16"], ["deblur", "--psf", "gaussian:1.5"],
    ["deblur", "--psf", "disk:5", "--algorithm", "inverse"],
    ["deblur", "--psf", "motion:7,30", "--algorithm", "richardson-lucy", "--linear-light"],
  ]

  private func run(_ edit: [String], of name: String, to target: String) -> Outcome {
    run([edit[0], name] + edit.dropFirst(), to: target)
  }

  /// White stays white wherever it can be seen, whatever colour is hidden around it, in 8 bits and in 16.
  @Test(arguments: edits) func anEvenColourStaysWhatItIs(edit: [String]) throws {
    for bitDepth in [8, 16] {
      for (name, hidden) in [("black.png", [0, 0, 0]), ("red.png", [1, 0, 0] as [Float])] {
        try writeDisc(hidden: hidden, bitDepth: bitDepth, to: name)
        let outcome = run(edit, of: name, to: "y-\(name)")
        #expect(outcome.code == 0, "\(outcome)")
      }
      let (black, red) = (try RasterImage(path: path("y-black.png")), try RasterImage(path: path("y-red.png")))
      #expect(black == red, "\(edit): hidden colours count")
      let alpha = try #require(black.alpha)
      for row in 0..<96 {
        for column in 0..<96 {
          let colors = (0..<3).map { black.pixels[$0, row, column] }
          // Where alpha is rounded to 0, nothing is seen: white that was nearly transparent, or nothing at all.
          let isHidden = alpha[row, column] == 0 && colors == [0, 0, 0]
          #expect(colors == [1, 1, 1] || isHidden, "\(edit) at \(row), \(column): \(colors)")
        }
      }
      // A disc that was never blurred rings under the inverse filter.
      let rings = edit.contains("inverse")
      #expect(rings || alpha[48, 48] > 0.8 && alpha[0, 0] < 0.2, "\(edit): \(alpha[48, 48]), \(alpha[0, 0])")
      #expect(black.bitDepth == (edit.contains("16") ? 16 : bitDepth))
    }
  }

  /// Results that are pictures of something else: hidden colours do not count there either.
  @Test(arguments: [
    ["filter", "--highpass", "gaussian:0.05"], ["filter", "--laplacian", "--luminance"],
    ["filter", "--homomorphic", "gaussian:0.1,0.5,2"], ["convolve", "--kernel", "sobel:y"],
    ["convolve", "--kernel", "gaussian:2", "--signed"], ["spectrum", "--plain"], ["spectrum", "--channel", "green"],
  ])
  func hiddenColoursDoNotCount(edit: [String]) throws {
    try writeDisc(hidden: [0, 0, 0], to: "x.png")
    #expect(run(edit, of: "x.png", to: "black.png").code == 0)
    try writeDisc(hidden: [1, 0.5, 0], to: "x.png")
    #expect(run(edit, of: "x.png", to: "orange.png").code == 0)
    #expect(try RasterImage(path: path("black.png")) == RasterImage(path: path("orange.png")))
  }

  @Test func comparedAndDrawnOnTheirGround() throws {
    var numbers: [[String: Any]] = []
    for hidden in [[0, 0, 0], [1, 0.5, 0]] as [[Float]] {
      try writeDisc(hidden: hidden, to: "x.png")
      let outcome = spectral("compare", "x.png", "--runs", "1", "--json", in: folder)
      #expect(outcome.code == 0, "\(outcome)")
      numbers.append(outcome.json)
      let pair = spectral(
        "filter", "x.png", "--lowpass", "gaussian:0.05", "--before-after", "both.png", "--spectrum", "s.png", in: folder
      )
      #expect(pair.code == 0, "\(pair)")
      // On white, a white disc cannot be seen.
      #expect(try RasterImage(path: path("both.png")).pixels.elements.allSatisfy { $0 == 1 })
    }
    #expect(numbers[0]["bound"] as? Double == numbers[1]["bound"] as? Double)
  }

  /// What comes out of differences has no transparency, and what is opaque has the bits it had without alpha.
  @Test func opaqueAlphaChangesNothing() throws {
    var random = RandomGenerator(seed: 4)
    let pixels = Tensor<Float>.uniform([3, 40, 50], in: 0..<1, using: &random)
    try RasterImage(pixels: pixels).write(to: path("rgb.png"))
    try RasterImage(pixels: pixels, alpha: Tensor([40, 50], repeating: 1)).write(to: path("rgba.png"))
    for edit in Self.edits + [
      ["filter", "--highpass", "gaussian:0.1"], ["filter", "--homomorphic", "gaussian:0.1,0.5,2"],
    ] {
      for name in ["rgb", "rgba"] { #expect(run(edit, of: "\(name).png", to: "y-\(name).png").code == 0) }
      let (rgb, rgba) = (try RasterImage(path: path("y-rgb.png")), try RasterImage(path: path("y-rgba.png")))
      #expect(rgb.pixels == rgba.pixels, "\(edit)")
      #expect(rgb.alpha == nil && rgba.alpha?.elements.allSatisfy { $0 == 1 } == true, "\(edit)")
    }
    #expect(run(["convolve", "transparent.png", "--kernel", "sobel:x"], to: "y.png").code == 0)
    #expect(try RasterImage(path: path("y.png")).alpha == nil)
  }

  /// A blur and its undoing bring a transparent picture back, alpha too.
  @Test func aBlurOfTransparencyIsUndone() throws {
    try writeDisc(hidden: [0, 1, 0], bitDepth: 16)
    #expect(run(["convolve", "disc.png", "--kernel", "gaussian:1.5"], to: "soft.png").code == 0)
    #expect(run(["deblur", "soft.png", "--psf", "gaussian:1.5"], to: "sharp.png").code == 0)
    func error(_ name: String) throws -> Double {
      let difference =
        try #require(RasterImage(path: path(name)).alpha) - #require(RasterImage(path: path("disc.png")).alpha)
      return difference.norm
    }
    let (soft, sharp) = (try error("soft.png"), try error("sharp.png"))
    #expect(sharp < 0.5 * soft, "\(sharp) of \(soft)")
  }

  /// A wave over the opaque part is found and fitted there alone. Its frequency is refined as if the whole window were
  /// there, so a little of it remains towards the rim.
  @Test func wavesAreTakenFromWhatIsSeen() throws {
    let (side, radius) = (160, 60.0)
    let clean = Tensor<Float>([1, side, side], repeating: 0.5)
    let inside = Tensor<Float>(
      [side, side], (0..<side * side).map { hypot(Double($0 / side) - 80, Double($0 % side) - 80) < radius ? 1 : 0 })
    var x = clean
    for row in 0..<side {
      for column in 0..<side {
        x[0, row, column] += 0.2 * Float(cos(2 * .pi * (0.21 * Double(column) - 0.13 * Double(row))))
      }
    }
    try RasterImage(pixels: x, alpha: inside, bitDepth: 16).write(to: path("x.png"))
    let outcome = spectral("filter", "x.png", "--remove-periodic-noise", "-o", "y.png", in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("amplitude 0."), "\(outcome)")
    let amplitude = outcome.talk.components(separatedBy: "amplitude ").last.flatMap { Double($0.prefix { $0 != "," }) }
    #expect(abs(try #require(amplitude) - 0.2) < 0.02, "\(outcome.talk)")
    let result = try RasterImage(path: path("y.png"))
    #expect(result.alpha == inside)
    func deviation(_ image: Tensor<Float>) -> Double { ((image - clean) * inside.reshaped(to: [1, side, side])).norm }
    #expect(deviation(result.pixels) < 0.15 * deviation(x))
  }

  // MARK: Masks and kernels

  /// A shape in alpha is the response, whether its colour is white or black; grey counts by its brightness.
  @Test func aMaskMayBeInAlpha() throws {
    let inside = (0..<64 * 64).map { (i: Int) -> Float in
      let distance: Double = hypot(Double(i / 64 - 32), Double(i % 64 - 32))
      return distance < 13 ? 1 : 0
    }
    let shape = Tensor<Float>([1, 64, 64], inside)
    try RasterImage(pixels: shape).write(to: path("grey.png"))
    try RasterImage(pixels: shape * 0.4).write(to: path("dim.png"))
    let alpha = shape.reshaped(to: [64, 64])
    for (name, value) in [("white", 1), ("black", 0), ("dark", 0.4)] as [(String, Float)] {
      try RasterImage(pixels: Tensor([1, 64, 64], repeating: value), alpha: alpha).write(to: path("\(name).png"))
    }
    try writeDisc(hidden: [0, 0, 0], to: "x.png")
    func result(_ mask: String) throws -> RasterImage {
      #expect(run(["filter", "x.png", "--mask", "\(mask).png"], to: "y.png").code == 0)
      return try RasterImage(path: path("y.png"))
    }
    #expect(try result("white") == result("grey") && result("black") == result("grey"))
    #expect(try result("dark") == result("dim"))
    // A kernel's picture likewise: what is transparent is no tap.
    try RasterImage(pixels: Tensor([1, 3, 3], repeating: 1), alpha: Tensor([3, 3], [0, 1, 0, 1, 1, 1, 0, 1, 0]))
      .write(to: path("kernel.png"))
    #expect(run(["convolve", "x.png", "--kernel", "kernel.png"], to: "a.png").code == 0)
    #expect(run(["convolve", "x.png", "--kernel", "0,0.2,0;0.2,0.2,0.2;0,0.2,0"], to: "b.png").code == 0)
    let (a, b) = (
      try #require(RasterImage(path: path("a.png")).alpha), try #require(RasterImage(path: path("b.png")).alpha)
    )
    // The taps are single-precision fifths on one side: a step of 8 bits may round the other way.
    #expect(largestDifference(a, b) < 1.01 / 255)
  }
}

import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral kernel`, from the outside. What it computes is tested where the library is.
@Suite struct KernelCommandTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @Test func tellsWhatSobelIs() {
    let outcome = spectral("kernel", "sobel:x")
    #expect(outcome.code == 0 && outcome.talk.isEmpty)
    for words in [
      "sobel:x: 3 x 3 taps, centre in row 1, column 1", "\n   1   0  -1\n   2   0  -2\n   1   0  -1\n",
      "sum                     0, of magnitudes 8", "a rise of 1 per pixel gives 8 along x, 0 along y",
      "odd about its centre: the response is imaginary; the same top and bottom",
      "column 1 2 1 times row 1 0 -1: 3 + 3 steps a pixel instead of 9", "turned by 180 degrees",
    ] { #expect(outcome.output.contains(words), "\(words) is not in\n\(outcome.output)") }
    // At a quarter of a cycle the slope of a wave is 8, a quarter of a turn ahead.
    #expect(outcome.output.contains(/half Nyquist, x +0.25 +0 +8 +90 deg/))
    #expect(outcome.output.contains(/Nyquist, both +0.5 +0.5 +0 +-\n/))
    #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test(arguments: [
    "box:4", "box:2,7", "gaussian:1.5", "gaussian:2,3", "disk:5", "disc:5", "motion:9,20", "sobel:y", "scharr:x",
    "prewitt:y", "laplacian", "laplacian:8", "log:1.2", "log:1.2,9", "sharpen", "sharpen:0.3", "emboss", "emboss:0",
    "gabor:6,45", "gabor:6,45,3,90,0.5", "random:7", "random:7,3", "1,2,1;2,4,2;1,2,1", "0",
  ])
  func everyNameHasAReport(_ name: String) throws {
    let outcome = spectral("kernel", name, "--json", "-o", "k.npy", in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    let kernel = try Kernel(path: path("k.npy"))
    let json = outcome.json
    #expect(json["height"] as? Int == kernel.height && json["width"] as? Int == kernel.width)
    let taps = try #require(json["taps"] as? [[Double]])
    // Foundation's reader of JSON may miss the last digits.
    let slack = 1e-14 * max(1, kernel.magnitudeSum)
    #expect(largestDifference(Kernel(rows: taps).taps, kernel.taps) <= slack)
    #expect(abs((json["sum"] as? Double ?? .nan) - kernel.sum) <= slack)
    #expect(json["parity"] as? String == kernel.parity.rawValue)
    let response = try #require(json["response"] as? [[String: Any]])
    for point in response {
      let (fx, fy) = (point["fx"] as? Double ?? .nan, point["fy"] as? Double ?? .nan)
      #expect(abs((point["magnitude"] as? Double ?? .nan) - kernel.response(fx: fx, fy: fy).magnitude) <= slack)
    }
    let text = spectral("kernel", name)
    #expect(text.code == 0 && text.output.contains("\(kernel.extent) taps"), "\(text)")
    #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(text.output)")
  }

  @Test func discAndDiskAreOne() {
    let (disc, disk) = (spectral("kernel", "disc:9", "--json"), spectral("kernel", "disk:9", "--json"))
    #expect(disc.output.replacing("disc", with: "disk") == disk.output && disk.code == 0)
  }

  @Test func cutoffsInAllUnits() throws {
    let outcome = spectral("kernel", "gaussian:2,20")
    // sqrt(ln 2) / (2π 2) cycles per pixel.
    #expect(outcome.output.contains("half power, along x     0.06625 cycles/pixel (15.09 px, 0.1325 Nyquist)"))
    #expect(outcome.output.contains("half power, along both  0.06625 "))
    let json = spectral("kernel", "gaussian:2,20", "--json").json["half_power_cycles_per_pixel"] as? [String: Double]
    #expect(abs((json?["x"] ?? 0) - log(2).squareRoot() / (4 * .pi)) < 1e-9)
    #expect(!spectral("kernel", "laplacian").output.contains("half power"))
  }

  @Test func largeKernelsShowTheirMiddle() {
    let outcome = spectral("kernel", "gaussian:12")
    #expect(outcome.output.contains("the middle 21 x 11") && outcome.output.split(separator: "\n").count < 50)
    #expect(outcome.output.contains("1e-3 times") || outcome.output.contains("1e-4 times"))
  }

  @Test func designs() throws {
    let outcome = spectral(
      "kernel", "gaussian:3", "--size", "7", "--window", "kaiser:4", "-o", "k.npy", "--json", in: folder)
    #expect(outcome.code == 0, "\(outcome)")
    let design = KernelDesign(extent: 7, method: .windowed(.kaiser(beta: 4))) {
      (fx: Double, fy: Double) -> ComplexNumber<Double> in
      Kernel(.gaussian(deviation: 3)).response(fx: fx, fy: fy)
    }
    #expect(try Kernel(path: path("k.npy")) == design.kernel)
    let deviation = outcome.json["design_deviation"] as? [String: Double]
    #expect(abs((deviation?["largest"] ?? .nan) - design.largestDeviation) < 1e-14)
    #expect(abs((deviation?["rms"] ?? .nan) - design.rootMeanSquareDeviation) < 1e-14)
    #expect(spectral("kernel", "gaussian:3", "--size", "7,5").output.contains("off by at most"))
  }

  @Test func profiles() throws {
    #expect(spectral("kernel", "motion:9,30", "--profile", "p.svg", in: folder).code == 0)
    let text = try String(contentsOf: folder.appendingPathComponent("p.svg"), encoding: .utf8)
    for words in ["magnitude of the response", "phase of the response", "cycles per pixel", "along both (fx = fy)"] {
      #expect(text.contains(words))
    }
  }

  @Test func responses() throws {
    let words = ["kernel", "gabor:8,30", "--response"]
    #expect(spectral(words + ["r.npy"], in: folder).code == 0)
    let response = try Tensor<Double>(npy: path("r.npy"))
    #expect(response.shape == [321, 321, 2])
    let kernel = Kernel(.gabor(wavelength: 8, angle: 30))
    for (row, column) in [(160, 160), (140, 195), (0, 320), (320, 7)] {
      let value = kernel.response(fx: Double(column - 160) / 321, fy: Double(row - 160) / 321)
      #expect(
        abs(response[row, column, 0] - value.real) < 1e-13 && abs(response[row, column, 1] - value.imaginary) < 1e-13)
    }
    // Two figures side by side, each with its bar.
    #expect(spectral(words + ["r.png"], in: folder).code == 0)
    let picture = try RasterImage(path: path("r.png"))
    #expect(picture.width > 2 * 321 && picture.height > 321 && picture.colorModel == .rgb)
  }

  /// In letters, where no label could be read, the bare picture: bright in the middle for a blur, under it a line.
  @Test func shown() throws {
    let outcome = spectral("kernel", "gaussian:2", "--show", in: folder)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    #expect(outcome.code == 0 && lines[0].isEmpty && lines[20][40] == "@", "\(outcome)")
    #expect(outcome.output.contains("magnitude of the response, 0 (dark) to 1 (bright)"))
    let kitty = spectral("kernel", "gaussian:2", "--graphics", "kitty", "--json", in: folder)
    #expect(kitty.code == 0 && kitty.json["height"] as? Int == 13 && kitty.talk.hasPrefix("\u{1b}_G"), "\(kitty)")
  }

  @Test func picturesAndBack() throws {
    #expect(spectral("kernel", "disk:7", "-o", "k.png", in: folder).code == 0)
    let outcome = spectral("kernel", "k.png", "--json", in: folder)
    #expect(abs((outcome.json["sum"] as? Double ?? 0) - 1) < 1e-12 && outcome.json["height"] as? Int == 7)
  }

  /// Each says what the kernel takes, and gives an example that works.
  @Test(arguments: [
    ("motion:21", 2, ["must be motion:LENGTH,ANGLE", "not 'motion:21'", "e.g. spectral kernel motion:21,30"]),
    ("motion:a,b", 2, ["must be motion:LENGTH,ANGLE"]), ("motion:0,3", 2, ["the length must be above 0 pixels"]),
    ("sobel", 2, ["must be sobel:x|y", "sobel:x"]), ("sobel:z", 2, ["sobel:x|y"]),
    ("gaussian:0", 2, ["above 0 pixels", "gaussian:4"]), ("gaussian:1,2,3,4,5", 2, ["gaussian:SIGMA[,RADIUS]"]),
    ("gabor:8", 2, ["gabor:WAVELENGTH,ANGLE", "gabor:8,30"]), ("gabor:1,0", 2, ["at least 2 pixels"]),
    ("laplacian:5", 2, ["laplacian[:4|8]", "laplacian:8"]), ("gauss:3", 2, ["did you mean gaussian?"]),
    ("box:", 2, ["box:N|H,W"]), ("sharpen:x", 2, ["sharpen[:AMOUNT]"]), ("1,2;3", 2, ["rows of the same length"]),
    ("absent.npy", 1, ["absent.npy: there is no such file"]),
    ("gaussian:1e6", 1, ["6000001 x 6000001 taps takes 262.0 TiB of memory", "256.0 MiB: take a smaller kernel"]),
    ("disk:1e300", 1, ["takes more than 8 EiB of memory"]),
  ])
  func refusals(_ name: String, _ code: Int32, _ words: [String]) {
    let outcome = spectral("kernel", name, in: folder)
    #expect(outcome.code == code && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
  }

  @Test(arguments: [
    (["box:3", "--size", "4"], 2, "odd"), (["box:3", "--window", "hann"], 2, "add --size"),
    (["box:3", "--size", "5", "--window", "han"], 2, "did you mean hann?"),
    (["box:3", "--size", "99999"], 2, "designing a kernel of 99999 x 99999 taps takes 4.7 TiB"),
    (["box:3", "--profile", "p.png"], 2, "end it in .svg"),
    (["box:3", "-o", "k.npy", "--profile", "p.png"], 2, "end it in .svg"),
    (["box:3", "-o", "k.npy", "--response", "r.txt"], 2, "--response r.txt"),
    (["box:3", "-o", "k.npy", "--response", "absent/r.png"], 1, "does not exist"),
    (["box:3", "-o", "k.txt"], 2, "end it in .npy, .png"),
    (["box:3", "-o", "k.npy", "--response", "k.npy"], 2, "--output and --response would both write k.npy"),
    (["box:3", "--response", "r.pgm"], 2, "a PGM is grey, and the result is in colour"),
    (["box:3", "-o", "absent/k.npy"], 1, "does not exist"),
  ])
  func refusedFlags(_ arguments: [String], _ code: Int32, _ words: String) throws {
    let outcome = spectral(["kernel"] + arguments, in: folder)
    #expect(outcome.code == code && outcome.lines.count == 1 && outcome.talk.contains(words), "\(outcome)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}

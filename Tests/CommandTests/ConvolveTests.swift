import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral convolve`, from the outside. What it computes is tested where the library is.
@Suite struct ConvolveTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func writeImage(_ shape: TensorShape = [60, 80]) throws {
    var random = RandomGenerator(seed: 1)
    try Tensor<Float>.normal(shape, using: &random).writeNPY(to: path("x.npy"))
  }

  @Test func doesWhatConv2DDoes() throws {
    try writeImage()
    for (operation, method) in [("convolution", "direct"), ("correlation", "direct"), ("convolution", "fft")] {
      let outcome = spectral(
        "convolve", "x.npy", "--kernel", "1,2,3;4,-5,6", "-o", "y.npy", "--operation", operation, "--method", method,
        in: folder)
      #expect(outcome.code == 0 && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
      #expect(outcome.talk.hasPrefix("y.npy (60 x 80): single precision by \(method) in "))
      try Tensor<Float>(npy: path("x.npy")).reshaped(to: [1, 1, 60, 80]).writeNPY(to: path("batch.npy"))
      try Tensor<Float>([1, 1, 2, 3], [1, 2, 3, 4, -5, 6]).writeNPY(to: path("w.npy"))
      let other = spectral(
        "conv2d", "--input", "batch.npy", "--weight", "w.npy", "--output", "z.npy", "--padding", "same", "--boundary",
        "reflect", "--operation", operation, "--method", "direct", in: folder)
      #expect(other.code == 0)
      let (y, z) = (try Tensor<Float>(npy: path("y.npy")), try Tensor<Float>(npy: path("z.npy")))
      // Sums of six products on either side, the Fourier method's error besides.
      let bound = ErrorBound.sum(count: 6, magnitude: 21 * z.maximumMagnitude, scalar: Float.self)
      #expect(largestDifference(y, z.reshaped(to: y.shape)) <= bound)
    }
  }

  @Test func quietAndVerbose() throws {
    try writeImage()
    #expect(spectral("convolve", "x.npy", "--kernel", "box:3", "-o", "y.npy", "--quiet", in: folder).talk == "")
    let outcome = spectral(
      "convolve", "x.npy", "--kernel", "box:3", "--output=y.npy", "--verbose", "--threads", "1", in: folder)
    for words in [
      "x.npy: 60 x 80 in single precision", "1 pieces of 2 times 30 x 80; 1 threads", "s per megapixel",
      "of memory",
    ] { #expect(outcome.talk.contains(words), "\(outcome.talk)") }
    #expect(outcome.code == 0 && outcome.lines.count == 3)
    let both = spectral("convolve", "x.npy", "--kernel", "box:3", "-o", "y.npy", "--quiet", "--verbose", in: folder)
    #expect(both.code == 2 && both.talk.contains("contradict"))
  }

  @Test func picturesAreConvolvedChannelByChannel() throws {
    var random = RandomGenerator(seed: 2)
    let image = RasterImage(pixels: .uniform([3, 20, 30], in: 0..<1, using: &random))
    try image.write(to: path("x.png"))
    #expect(spectral("convolve", "x.png", "--kernel", "0,0,1", "-o", "y.png", in: folder).code == 0)
    let (x, y) = (try RasterImage(path: path("x.png")), try RasterImage(path: path("y.png")))
    // A kernel with its one at the end, flipped, brings each pixel one to the right.
    for c in 0..<3 {
      for row in 0..<20 {
        for column in 0..<30 { #expect(y.pixels[c, row, column] == x.pixels[c, row, max(column - 1, 0)]) }
      }
    }
  }

  @Test func whatAPictureCannotHoldIsSaid() throws {
    let ramp = Tensor<Float>([1, 8, 16], (0..<128).map { Float($0 % 16) * 17 / 255 })
    try RasterImage(pixels: ramp).write(to: path("x.png"))
    let clipped = spectral("convolve", "x.png", "--kernel=-1", "-o", "y.png", in: folder)
    #expect(clipped.code == 0 && clipped.lines.count == 1, "\(clipped)")
    // All but the column that is black.
    #expect(clipped.talk.contains("y.png: 120 of 128 values lay outside 0...1 and were clipped; --signed"))
    let signed = spectral("convolve", "x.png", "--kernel=-1", "--signed", "-o", "y.png", in: folder)
    #expect(signed.code == 0 && signed.talk.contains("y.png: mid-grey is 0, the ends are ±1"), "\(signed)")
    // What slopes and waves leave is around 0 without being told.
    for kernel in ["sobel:x", "laplacian", "log:1", "gabor:4,0", "1,-1"] {
      let outcome = spectral("convolve", "x.png", "--kernel", kernel, "-o", "y.png", in: folder)
      #expect(outcome.code == 0 && outcome.talk.contains("y.png: mid-grey is 0, the ends are ±"), "\(outcome)")
    }
    // A slope of 17 steps of 255 times 8 in 14 columns of 16, half of that in the outermost.
    let falling = spectral(
      "convolve", "x.png", "--kernel", "sobel:x", "--operation", "correlation", "-o", "y.png", in: folder)
    #expect(falling.code == 0 && falling.talk.contains("y.png: mid-grey is 0, the ends are ±0.5333"), "\(falling)")
    // The most negative value is at the lower end: bluer than it is red.
    let drawn = try RasterImage(path: path("y.png")).pixels
    #expect(drawn[2, 4, 7] > drawn[0, 4, 7])
    // The numbers themselves.
    let numbers = spectral(
      "convolve", "x.png", "--kernel", "sobel:x", "--operation", "correlation", "-o", "y.npy", in: folder)
    #expect(numbers.code == 0 && numbers.talk.isEmpty)
    #expect(abs(try Tensor<Float>(npy: path("y.npy"))[4, 7] + 136.0 / 255) < 1e-6)
  }

  @Test func severalAtOnce() throws {
    var random = RandomGenerator(seed: 3)
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("in"), withIntermediateDirectories: false)
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("out"), withIntermediateDirectories: false)
    for name in ["a.png", "b.ppm"] {
      try RasterImage(pixels: .uniform([3, 9, 11], in: 0..<1, using: &random)).write(to: path("in/\(name)"))
    }
    try Tensor<Double>.normal([9, 7, 4], using: &random).writeNPY(to: path("in/c.npy"))
    let outcome = spectral("convolve", "in", "--kernel", "1", "-o", "out", "--quiet", in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    for name in ["a.png", "b.ppm", "c.npy"] { #expect(try data("out/\(name)") == data("in/\(name)"), "\(name)") }
    // One that fails does not keep the others from being done.
    try Data("no picture".utf8).write(to: folder.appendingPathComponent("in/b.ppm"))
    try FileManager.default.removeItem(atPath: path("out/c.npy"))
    let partly = spectral("convolve", "in", "--kernel", "1", "-o", "out", "--quiet", in: folder)
    #expect(partly.code == 1 && partly.talk.contains("1 of 3 images failed"), "\(partly)")
    #expect(try data("out/c.npy") == data("in/c.npy"))
  }

  /// Light is convolved, not what files store; and an array can be drawn.
  @Test func lightLuminanceAndArrays() throws {
    let half = Tensor<Float>([1, 1, 2], [0, 1])
    try RasterImage(pixels: half).write(to: path("x.png"))
    let outcome = spectral(
      "convolve", "x.png", "--kernel", "0.5,0.5", "--boundary", "circular", "--linear-light", "-o", "y.png", in: folder)
    #expect(outcome.code == 0, "\(outcome)")
    // Half the light is stored as 188 of 255.
    #expect(try RasterImage(path: path("y.png")).pixels.elements == [188.0 / 255, 188.0 / 255])
    let red = Tensor<Float>([3, 1, 2], [1, 0, 0, 0, 0, 0])
    try RasterImage(pixels: red).write(to: path("red.png"))
    #expect(
      spectral(
        "convolve", "red.png", "--kernel", "0,0,1", "--luminance", "--boundary", "zero", "-o", "y.npy", in: folder
      ).code == 0)
    // The brightness 0.2126 moved to the right, and the colours stayed.
    let moved = try Tensor<Float>(npy: path("y.npy"))
    for (c, pair) in [[0.7874, 0.2126], [-0.2126, 0.2126], [-0.2126, 0.2126]].enumerated() {
      for x in 0..<2 { #expect(abs(Double(moved[0, x, c]) - pair[x]) < 1e-6) }
    }
    try Tensor<Double>([2, 2], [0, 0.2, 0.4, 1]).writeNPY(to: path("a.npy"))
    #expect(spectral("convolve", "a.npy", "--kernel", "1", "-o", "a.png", in: folder).code == 0)
    #expect(try RasterImage(path: path("a.png")).pixels.elements == [0, 0.2, 0.4, 1])
    let shown = spectral("convolve", "a.npy", "--kernel", "box:1", "--show", "--graphics", "ascii", in: folder)
    #expect(shown.code == 0 && !shown.output.isEmpty && shown.talk.isEmpty, "\(shown)")
    let nothing = spectral("convolve", "a.npy", "--kernel", "1", in: folder)
    #expect(nothing.code == 2 && nothing.talk.contains("add --output"), "\(nothing)")
  }

  private static let refused: [([String], Int32, [String])] = [
    (["x.npy", "--kernel", "1,2;3"], 2, ["--kernel must have rows of the same length"]),
    (["x.npy", "--kernel", "1,2;"], 2, ["--kernel must be"]), (["x.npy", "--kernel", "nan"], 2, ["--kernel must be"]),
    (["x.npy", "--kernel", "absent.npy"], 1, ["absent.npy", "no such file"]),
    (["absent.npy", "--kernel", "1"], 1, ["absent.npy", "no such file"]),
    (["text.npy", "--kernel", "1"], 1, ["text.npy", "not a .npy file"]),
    (["x.png", "--kernel", "1", "-o", "y.txt"], 2, ["cannot be written as .txt"]),
    (
      ["x.npy", "--kernel", "1", "-o", "y.png", "--memory-limit", "60MiB"], 1, ["x.npy", "takes", "the limit is"]
    ),
    (["x.npy", "x.png", "--kernel", "1", "-o", "y.png"], 2, ["y.png is one file for 2 images: name a folder"]),
    (["x.npy", "--kernel", "gaussian:1e5"], 1, ["gaussian:1e5: a kernel of 600001 x 600001 taps takes"]),
    (["x.npy", "--kernel", "gaussian:5000"], 1, ["30001 x 30001 taps takes 13.5 GiB", "the limit is 512.0 MiB"]),
    (["x.npy", "--kernel", "motion:1e9,-90"], 1, ["1000000001 x 1 taps takes 15.0 GiB", "take a smaller kernel"]),
    (
      ["x.png", "--kernel", "box:1,1000000000", "-o", "y.png", "--memory-limit", "2GiB"], 1,
      ["takes 15.0 GiB", "the limit is 2.0 GiB"]
    ),
    (["x.png", "--kernel", "random:20000", "-o", "y.png", "--memory-limit", "1GiB"], 1, ["takes 6.0 GiB", "1.0 GiB"]),
    (
      ["x.png", "--kernel", "random:4000", "-o", "y.png", "--memory-limit", "200MiB"], 1,
      ["a kernel of 4000 x 4000 taps takes 284.2 MiB", "200.0 MiB"]
    ),
    (["x.npy", "--kernel", "wide.npy", "--memory-limit", "100MiB"], 1, ["1 x 9000000 taps in wide.npy", "takes"]),
    (["x.npy", "--kernel", "motion:9"], 2, ["--kernel must be motion:LENGTH,ANGLE", "e.g. --kernel motion:21,30"]),
    (["x.npy", "--kernel", "1", "-o", "absent/y.npy"], 1, ["absent/y.npy", "does not exist"]),
    (["x.npy", "--kernel", "1", "-o", "/dev/full"], 1, ["/dev/full", "the disk is full"]),
    (["/dev/zero", "--kernel", "1"], 1, ["/dev/zero"]),
    (["x.npy", "--kernel", "1", "--memory-limit", "1MiB"], 1, ["--memory-limit", "the program itself needs about"]),
    (["x.png", "--kernel", "1", "-o", "y.png", "--memory-limit", "1MiB"], 1, ["the program itself needs about"]),
    (
      ["x.npy", "--kernel", "random:2047", "--memory-limit", "150MiB", "--method", "fft"], 1,
      ["convolving by fft with a kernel of 2047 x 2047 takes", "the limit is 150.0 MiB"]
    ),
    (["x.npy", "--kernel", "1", "--memory-limit", "lots"], 2, ["--memory-limit must be a size"]),
    (["x.npy", "-o", "y.npy"], 2, ["--kernel is missing"]),
  ]

  /// Every one of these fails with one line that holds its words, and leaves the folder as it was.
  @Test(arguments: refused)
  func failures(_ arguments: [String], _ code: Int32, _ words: [String]) throws {
    try writeImage([2100, 2100])
    try RasterImage(pixels: Tensor([1, 4, 4], repeating: 0.5)).write(to: path("x.png"))
    try Data("not an array".utf8).write(to: folder.appendingPathComponent("text.npy"))
    if arguments.contains("wide.npy") {
      try Tensor<Float>([1, 9_000_000], repeating: 1).writeNPY(to: path("wide.npy"))
    }
    try Data("old".utf8).write(to: folder.appendingPathComponent("y.npy"))
    let before = names
    let outcome = spectral(["convolve"] + (arguments.contains("-o") ? [] : ["-o", "y.npy"]) + arguments, in: folder)
    #expect(outcome.code == code && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
    #expect(try data("y.npy") == Data("old".utf8) && names == before)
  }

  @Test func aFileThatOutgrowsTheLimitOfTheProcessIsAnError() throws {
    try writeImage([300, 400])
    let outcome = spectral(shell: "ulimit -f 100; exec \"$0\" convolve x.npy --kernel box:3 -o y.npy", in: folder)
    #expect(outcome.code == 1 && outcome.talk.contains("ulimit -f") && outcome.lines.count == 1, "\(outcome)")
    #expect(names == ["x.npy"])
  }

  /// 64 MiB of image, 200 MiB if it were all in memory with its convolution: square, along a row, along a column.
  @Test(arguments: [[4096, 4096], [1, 16_777_216], [16_777_216, 1], [3, 5_592_405], [5_592_405, 3]])
  func memoryStaysWithinTheLimit(_ extents: [Int]) throws {
    try Tensor<Float>(TensorShape(extents), repeating: 1).writeNPY(to: path("x.npy"))
    for (kernel, method) in [("random:31", "direct"), ("random:31", "fft"), ("box:3,7", "automatic")] {
      // One row under many rows of a kernel sees itself in each.
      if extents.contains(1) && kernel == "random:31" { continue }
      let outcome = spectral(
        "convolve", "x.npy", "--kernel", kernel, "-o", "y.npy", "--memory-limit", "64MiB", "--method", method,
        "--verbose", in: folder)
      let peak = outcome.talk.firstMatch(of: /at most ([0-9.]+) MiB of memory/).flatMap { Double($0.1) }
      #expect(outcome.code == 0 && peak ?? .infinity < 64, "\(outcome)")
    }
  }

  /// `-` is the standard input or output: a pipe or a file, of an array or a picture.
  @Test func streams() throws {
    try writeImage([300, 400])
    #expect(spectral("convolve", "x.npy", "--kernel", "box:5,3", "-o", "whole.npy", in: folder).code == 0)
    for line in [
      "cat x.npy | \"$0\" convolve - --kernel box:5,3 -o - | cat > y.npy",
      "\"$0\" convolve - --kernel box:5,3 -o - < x.npy > y.npy",
      "\"$0\" convolve x.npy --kernel box:5,3 -o /dev/stdout > y.npy",
      "cat x.npy | \"$0\" convolve /dev/stdin --kernel box:5,3 -o y.npy --quiet",
    ] {
      let outcome = spectral(shell: line, in: folder)
      #expect(outcome.code == 0 && outcome.output.isEmpty && outcome.lines.count <= 1, "\(line): \(outcome)")
      #expect(try data("y.npy") == data("whole.npy"), "\(line)")
      try FileManager.default.removeItem(atPath: path("y.npy"))
    }
    var random = RandomGenerator(seed: 4)
    try RasterImage(pixels: .uniform([3, 20, 30], in: 0..<1, using: &random)).write(to: path("x.png"))
    #expect(spectral("convolve", "x.png", "--kernel", "box:3", "-o", "whole.png", in: folder).code == 0)
    let outcome = spectral(shell: "cat x.png | \"$0\" convolve - --kernel box:3 -o - | cat > y.png", in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    #expect(try data("y.png") == data("whole.png"))
    #expect(names == ["whole.npy", "whole.png", "x.npy", "x.png", "y.png"])
  }

  // MARK: Kills

  /// A run that takes a few seconds on one thread; and what it gives when it is left alone, on two.
  private func startLongRun() throws -> RunningSpectral {
    try writeImage([2000, 2000])
    let whole = spectral(long + ["-o", "whole.npy", "--threads", "2"], in: folder)
    #expect(whole.code == 0)
    return RunningSpectral(long + ["-o", "y.npy", "--threads", "1"], in: folder)
  }

  private let long = ["convolve", "x.npy", "--kernel", "random:251", "--method", "direct", "--memory-limit", "60MiB"]

  /// Waits until some of the work is safe.
  private func waitForProgress(_ run: RunningSpectral) throws {
    while run.process.isRunning {
      if let journal = try? data("y.npy.journal"), String(decoding: journal, as: UTF8.self).contains("\ndone ") {
        return
      }
      usleep(10_000)
    }
    Issue.record("the run was over before it could be interrupted")
  }

  private func checkResumed() throws {
    let outcome = spectral(long + ["-o", "y.npy"], in: folder)
    #expect(outcome.code == 0 && outcome.lines.count == 2, "\(outcome)")
    #expect(
      outcome.talk.contains("going on after ") && outcome.talk.contains(" of 2000 rows, which y.npy.partial holds"))
    #expect(try data("y.npy") == data("whole.npy"))
    #expect(names == ["whole.npy", "x.npy", "y.npy"])
  }

  @Test func aKilledRunGoesOnToTheSameBits() throws {
    let run = try startLongRun()
    try waitForProgress(run)
    kill(run.process.processIdentifier, SIGKILL)
    #expect(run.finish().code == 128 + SIGKILL)
    #expect(names == ["whole.npy", "x.npy", "y.npy.journal", "y.npy.partial"])
    try checkResumed()
  }

  @Test func anInterruptedRunSaysHowToGoOn() throws {
    let run = try startLongRun()
    try waitForProgress(run)
    kill(run.process.processIdentifier, SIGINT)
    let outcome = run.finish()
    #expect(outcome.code == 128 + SIGINT && outcome.lines.count == 1)
    #expect(outcome.talk.contains("of 2000 rows; y.npy.partial holds them, the same command goes on"), "\(outcome)")
    try checkResumed()
  }
}

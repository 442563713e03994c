import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral conv2d` against the definition. Operands are small whole numbers: then the direct method must be exact,
/// and the Fourier method must be once it is rounded, so no tolerance is needed.
@Suite struct Conv2DTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  private func integers<Scalar: TensorScalar>(
    _ shape: TensorShape, _: Scalar.Type = Scalar.self, seed: UInt64
  ) -> Tensor<Scalar> {
    var random = RandomGenerator(seed: seed)
    return Tensor(shape) { for i in $0.indices { $0[i] = Scalar(Int.random(in: -4...4, using: &random)) } }
  }

  /// What a geometry is in flags, in one spelling or the other.
  private func flags(_ geometry: KernelGeometry, joined: Bool) -> [String] {
    func pair(_ values: AxisValues) -> String { values.values.map(String.init).joined(separator: ",") }
    let padding =
      switch geometry.padding {
      case .valid: "valid"
      case .same: "same"
      case .full: "full"
      case .sides(let sides):
        sides.allSatisfy { $0.before == $0.after }
          ? sides.map { "\($0.before)" }.joined(separator: ",")
          : sides.map { "\($0.before),\($0.after)" }.joined(separator: ",")
      }
    let pairs = [
      ("--stride", pair(geometry.stride)), ("--dilation", pair(geometry.dilation)), ("--padding", padding),
      ("--groups", "\(geometry.groups)"), ("--boundary", geometry.boundary.rawValue),
      ("--operation", geometry.operation.rawValue),
    ]
    return pairs.flatMap { joined ? ["\($0)=\($1)"] : [$0, $1] }
  }

  /// 1 2 3 / 4 5 6 / 7 8 9 under 1 0 / 0 1: each pixel and its lower right neighbour, and one more.
  @Test func shortArraysAreTakenNumberByNumber() throws {
    let outcome = spectral(
      "conv2d", "--input=1,2,3;4,5,6;7,8,9", "--weight", "1,0;0,1", "--bias", "1", "--output", "y.npy", in: folder)
    #expect(outcome.code == 0, "\(outcome.talk)")
    #expect(try Tensor<Double>(npy: path("y.npy")) == Tensor([1, 1, 2, 2], [7, 9, 13, 15]))
    for (weight, words) in [("1,2;3", "rows of the same length"), ("1,2,3,4", "1,2,3,4 does not fit 1,2;3,4")] {
      let refused = spectral("conv2d", "--input", "1,2;3,4", "--weight", weight, "--output", "z.npy", in: folder)
      #expect(refused.code != 0 && refused.lines.count == 1 && refused.talk.contains(words), "\(refused.talk)")
      #expect(!exists("z.npy"))
    }
  }

  private static let geometries: [(KernelGeometry, images: TensorShape, outputs: Int)] = [
    (.init(kernel: 3), [1, 1, 5, 5], 1),
    (.init(kernel: [3, 5], padding: .same), [2, 3, 11, 7], 4),
    (.init(kernel: [4, 2], stride: [2, 3], padding: .full), [1, 2, 9, 13], 2),
    (
      .init(kernel: 3, stride: 2, dilation: [2, 1], padding: .pixels(2), groups: 2), [2, 4, 10, 8],
      6
    ),
    (
      .init(
        kernel: 5, padding: .explicit(top: 1, bottom: 4, left: 0, right: 2), boundary: .reflect, operation: .convolution
      ),
      [1, 2, 8, 9], 3
    ),
    (
      .init(
        kernel: 3, padding: .explicit(top: 2, bottom: 2, left: 3, right: 3), groups: 3, boundary: .mirror,
        operation: .convolution), [1, 3, 6, 7], 6
    ),
    (.init(kernel: 7, padding: .same, boundary: .circular), [1, 1, 5, 17], 2),
    (.init(kernel: [1, 9], padding: .pixels(4), boundary: .replicate), [1, 1, 1, 19], 1),
  ]

  @Test(arguments: geometries.indices, ["direct", "fft", "automatic"])
  func allPassesFollowTheDefinition(_ index: Int, _ method: String) throws {
    try check(index, method, Float.self)
    try check(index, method, Double.self)
  }

  private func check<Scalar: TensorScalar>(_ index: Int, _ method: String, _: Scalar.Type) throws {
    let (geometry, images, outputs) = Self.geometries[index]
    let problem = try geometry.problem(images, outputs: outputs)
    let filters = problem.filterShape
    let x = integers(images, Scalar.self, seed: 1)
    let w = integers(filters, Scalar.self, seed: 2)
    let b = integers([outputs], Scalar.self, seed: 3)
    let dy = integers(problem.outputShape, Scalar.self, seed: 4)
    for (name, tensor) in [("x", x), ("w", w), ("b", b), ("dy", dy)] { try tensor.writeNPY(to: path("\(name).npy")) }
    let outcome = spectral(
      ["conv2d", "--method", method] + flags(geometry, joined: index % 2 == 0) + [
        "--input", "x.npy", "--weight", "w.npy", "--bias", "b.npy", "--output", "y.npy", "--output-gradient", "dy.npy",
        "--input-gradient", "dx.npy", "--weight-gradient", "dw.npy", "--bias-gradient", "db.npy", "--threads", "2",
        "--deterministic", "--memory-limit", "256MiB",
      ], in: folder)
    #expect(outcome.code == 0 && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")

    let reference = ReferenceConvolution()
    let (x64, w64, dy64) = (x.converted(to: Double.self), w.converted(to: Double.self), dy.converted(to: Double.self))
    var biasGradient = [Double](repeating: 0, count: outputs)
    let area = problem.outputShape[2] * problem.outputShape[3]
    for (i, value) in dy64.elements.enumerated() { biasGradient[i / area % outputs] += value }
    let expected = [
      ("y", reference.forward(x64, w64, bias: b.converted(to: Double.self), problem)),
      ("dx", reference.inputGradient(dy64, w64, problem)), ("dw", reference.filterGradient(dy64, x64, problem)),
      ("db", Tensor([outputs], biasGradient)),
    ]
    for (name, tensor) in expected {
      let array = try NumPyFile.read(path("\(name).npy"))
      #expect(array.elementType == (Scalar.self == Float.self ? .float32 : .float64))
      let found = try Tensor<Double>(npy: path("\(name).npy"))
      #expect(found.shape == tensor.shape)
      if method == "direct" {
        #expect(found == tensor, "\(name) of \(geometry)")
      } else {
        #expect(found.map { $0.rounded() } == tensor, "\(name) of \(geometry)")
        #expect(largestDifference(found, tensor) < 1e-2)
      }
    }
  }

  /// x is 1 x 1 x 4 x 4, w a 3 x 3 box: y is 2 x 2.
  private func writeSmallCase() throws {
    try integers([1, 1, 4, 4], Float.self, seed: 1).writeNPY(to: path("x.npy"))
    try Tensor<Float>([1, 1, 3, 3], repeating: 1).writeNPY(to: path("w.npy"))
    try integers([1, 1, 2, 2], Float.self, seed: 2).writeNPY(to: path("dy.npy"))
  }

  private let small = ["conv2d", "--input", "x.npy", "--weight", "w.npy"]

  @Test func onlyWhatIsAskedForIsWritten() throws {
    try writeSmallCase()
    let outcome = spectral(
      small + ["--output-gradient", "dy.npy", "--weight-gradient", "dw.npy"], in: folder)
    #expect(outcome.code == 0)
    #expect(exists("dw.npy") && !exists("y.npy") && !exists("dx.npy"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
  }

  @Test func aGradientNeedsTheGradientByTheOutput() throws {
    try writeSmallCase()
    for flag in ["--input-gradient", "--weight-gradient", "--bias-gradient"] {
      let outcome = spectral(small + ["--output", "y.npy", flag, "d.npy"], in: folder)
      #expect(
        outcome.code == 2 && outcome.talk.contains("\(flag) needs") && outcome.talk.contains("--output-gradient dy.npy")
      )
    }
    let outcome = spectral(small + ["--output", "y.npy", "--output-gradient", "dy.npy"], in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("note: --output-gradient is not used"))
  }

  @Test func twoResultsCannotShareAFile() throws {
    try writeSmallCase()
    let outcome = spectral(
      small + ["--output", "y.npy", "--output-gradient", "dy.npy", "--input-gradient", "./y.npy"], in: folder)
    #expect(outcome.code == 2 && outcome.talk.contains("--input-gradient and --output both name"))
  }

  @Test func aResultMayReplaceItsOperand() throws {
    try writeSmallCase()
    #expect(spectral(small + ["--padding", "same", "--output", "x.npy"], in: folder).code == 0)
    #expect(try Tensor<Float>(npy: path("x.npy")).shape == [1, 1, 4, 4])
  }

  @Test func standardInputAndOutputAreFilesToo() throws {
    try writeSmallCase()
    let line = "cat x.npy | \"$0\" conv2d --input /dev/stdin --weight w.npy --output /dev/stdout > y.npy"
    #expect(spectral(shell: line, in: folder).code == 0)
    #expect(try Tensor<Float>(npy: path("y.npy")).shape == [1, 1, 2, 2])
  }

  /// Every one of these fails with one line that holds these words, and leaves y.npy as it was.
  @Test(arguments: [
    (["--input", "absent.npy"], ["absent.npy", "no such file"]),
    (["--weight", "absent.npy"], ["absent.npy", "no such file"]),
    (["--input", "text.npy"], ["text.npy"]),
    (["--input", "flat.npy"], ["flat.npy", "N x C x H x W"]),
    (["--weight", "flat.npy"], ["flat.npy", "O x C/groups x kH x kW"]),
    (["--groups", "2"], ["w.npy does not fit x.npy", "2 equal groups"]),
    (["--dilation", "2"], ["w.npy does not fit x.npy", "at most"]),
    (["--bias", "flat.npy"], ["flat.npy", "the bias has shape 4 x 4", "one number for each filter"]),
    (["--output-gradient", "x.npy", "--input-gradient", "dx.npy"], ["x.npy", "1 x 1 x 4 x 4", "1 x 1 x 2 x 2"]),
    (["--output", "absent/y.npy"], ["absent/y.npy", "does not exist"]),
    (["--output-gradient", "dy.npy", "--input-gradient", "absent/dx.npy"], ["absent/dx.npy", "does not exist"]),
    (["--padding", "1000000000"], ["1 x 1 x 2000000002 x 2000000002", "of memory", "pad less"]),
    (
      ["--padding", "1000000000", "--output-gradient", "dy.npy", "--input-gradient", "dx.npy"],
      ["of memory", "pad less"]
    ),
    (["--padding", "9999999999999"], ["too large"]),
    (["--memory-limit", "1", "--method", "fft"], ["--memory-limit", "raise the limit"]),
    (["--memory-limit", "1", "--method", "direct"], ["--memory-limit", "raise the limit"]),
  ])
  func failures(_ arguments: [String], _ words: [String]) throws {
    try writeSmallCase()
    try Tensor<Float>.zeros([4, 4]).writeNPY(to: path("flat.npy"))
    try Data("not an array".utf8).write(to: folder.appendingPathComponent("text.npy"))
    let old = Data("the old contents".utf8)
    try old.write(to: folder.appendingPathComponent("y.npy"))
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let outcome = spectral(small + ["--output", "y.npy"] + arguments, in: folder)
    #expect(outcome.code == 1 && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
    #expect(try Data(contentsOf: folder.appendingPathComponent("y.npy")) == old)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
  }

  @Test func integersAreComputedInDouble() throws {
    try writeSmallCase()
    // A version 1.0 file of sixteen bytes 0 ... 15, as numpy.save writes it.
    var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 4, 4), }"
    header += String(repeating: " ", count: 128 - 10 - header.count - 1) + "\n"
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + Array(0..<16)
    try Data(bytes).write(to: folder.appendingPathComponent("x.npy"))
    #expect(spectral(small + ["--output", "y.npy", "--method", "direct"], in: folder).code == 0)
    let array = try NumPyFile.read(path("y.npy"))
    #expect(array.elementType == .float64)
    #expect(try Tensor<Double>(npy: path("y.npy")).elements == [45, 54, 81, 90])
  }

  @Test func anEmptyBatchGivesAnEmptyBatch() throws {
    try writeSmallCase()
    try Tensor<Float>.zeros([0, 1, 4, 4]).writeNPY(to: path("x.npy"))
    for method in ["direct", "fft", "automatic"] {
      #expect(spectral(small + ["--output", "y.npy", "--method", method], in: folder).code == 0)
      #expect(try Tensor<Float>(npy: path("y.npy")).shape == [0, 1, 2, 2])
    }
  }

  @Test func deterministicModeGivesTheSameBitsWhateverTheThreads() throws {
    var random = RandomGenerator(seed: 9)
    try Tensor<Float>.normal([3, 4, 40, 50], using: &random).writeNPY(to: path("x.npy"))
    try Tensor<Float>.normal([8, 4, 7, 7], using: &random).writeNPY(to: path("w.npy"))
    let results = try [1, 2, 3, 2].map { threads in
      let outcome = spectral(
        small + ["--output", "y.npy", "--method", "fft", "--deterministic", "--threads", "\(threads)"], in: folder)
      #expect(outcome.code == 0)
      return try Data(contentsOf: folder.appendingPathComponent("y.npy"))
    }
    #expect(Set(results).count == 1)
  }

  @Test func onePixelThatIsNoNumberSpoilsOnlyItsFootprint() throws {
    try writeSmallCase()
    var x = Tensor<Float>([1, 1, 40, 40], repeating: 1)
    x.withUnsafeMutableElements { $0[20 * 40 + 20] = .nan }
    try x.writeNPY(to: path("x.npy"))
    #expect(spectral(small + ["--output", "y.npy", "--method", "fft"], in: folder).code == 0)
    let y = try Tensor<Float>(npy: path("y.npy"))
    #expect(y.elements.count(where: \.isNaN) == 9)
  }
}

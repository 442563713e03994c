import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral conv1d` and `conv3d`: the flags of `conv2d` for arrays of other ranks.
@Suite struct ConvolutionRankTests {
  private let folder = temporaryFolder()
  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private static let geometries: [(KernelGeometry, input: TensorShape, outputs: Int, flags: [String])] = [
    (.init(kernel: 3, padding: .same), [1, 1, 9], 1, ["--padding", "same"]),
    (
      .init(
        kernel: 5, stride: 2, dilation: 2, padding: .sides([.init(before: 3, after: 6)]), groups: 2,
        boundary: .constant(1.5)), [2, 4, 17], 6,
      ["--stride", "2", "--dilation", "2", "--padding", "3,6", "--groups", "2", "--boundary", "constant:1.5"]
    ),
    (
      .init(kernel: [2, 1, 3], stride: [1, 2, 1], padding: .symmetric([1, 0, 2]), boundary: .mirror), [1, 2, 5, 6, 7],
      3,
      ["--stride", "1,2,1", "--padding", "1,0,2", "--boundary", "mirror"]
    ),
    (
      .init(
        kernel: 3,
        padding: .sides([.init(before: 0, after: 1), .init(before: 2, after: 0), .init(before: 1, after: 1)]),
        operation: .convolution), [1, 1, 4, 5, 6], 2, ["--padding", "0,1,2,0,1,1", "--operation", "convolution"]
    ),
  ]

  @Test(arguments: geometries.indices, ["direct", "fft", "automatic"])
  func everyPassFollowsTheDefinition(_ index: Int, _ method: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (geometry, input, outputs, flags) = Self.geometries[index]
    let problem = try geometry.problem(input, outputs: outputs)
    var random = RandomGenerator(seed: UInt64(index))
    let x = Tensor<Double>.normal(problem.inputShape, using: &random)
    let w = Tensor<Double>.normal(problem.filterShape, using: &random)
    let g = Tensor<Double>.normal(problem.outputShape, using: &random)
    for (name, tensor) in [("x", x), ("w", w), ("dy", g)] { try tensor.writeNPY(to: path("\(name).npy")) }
    let outcome = spectral(
      ["conv\(problem.rank)d", "--method", method] + flags + [
        "--input", "x.npy", "--weight", "w.npy", "-o", "y.npy", "--output-gradient", "dy.npy", "--input-gradient",
        "dx.npy", "--weight-gradient", "dw.npy",
      ], in: folder)
    try #require(outcome.code == 0, "\(outcome.talk)")
    let reference = ReferenceConvolution()
    for (name, expected) in [
      ("y", reference.forward(x, w, bias: nil, problem)), ("dx", reference.inputGradient(g, w, problem)),
      ("dw", reference.filterGradient(g, x, problem)),
    ] {
      let found = try Tensor<Double>(npy: path("\(name).npy"))
      #expect(found.shape == expected.shape && largestDifference(found, expected) < 1e-12, "\(name)")
    }
  }

  /// Who transforms is a flag of every rank and pass: whoever does, the numbers are those of the definition, deterministic to
  /// the bit, but not the bits of the other.
  @Test(arguments: 1...3) func transformsAreAskedForByName(rank: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let geometry = KernelGeometry(kernel: AxisValues(Array(repeating: 5, count: rank)), padding: .same)
    let problem = try geometry.problem(TensorShape([2, 3] + [40, 9, 8][0..<rank]), outputs: 4)
    var random = RandomGenerator(seed: UInt64(rank))
    let x = Tensor<Double>.normal(problem.inputShape, using: &random)
    let w = Tensor<Double>.normal(problem.filterShape, using: &random)
    let g = Tensor<Double>.normal(problem.outputShape, using: &random)
    for (name, tensor) in [("x", x), ("w", w), ("dy", g)] { try tensor.writeNPY(to: path("\(name).npy")) }
    let reference = ReferenceConvolution()
    // No transform has more points than the next fast size of the padded array.
    let points = problem.axes.reduce(1) { $0 * FastSize.next($1.padded) }
    // What is promised for pairs of channels, summed over them (Cauchy and Schwarz).
    func bound(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
      func norm(_ tensor: Tensor<Double>) -> Double { tensor.elements.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      return 2 * 0x1p-53 * log2(Double(points)).squareRoot() * norm(a) * norm(b)
    }
    var results: [String: [Tensor<Double>]] = [:]
    for (transforms, threads) in [("fftw", 1), ("fftw", 2), ("built-in", 2), ("fastest", 2)] {
      let outcome = spectral(
        "conv\(rank)d", "--input", "x.npy", "--weight", "w.npy", "--padding", "same", "--solver", "fft.tiles",
        "--transforms", transforms, "--deterministic", "--threads", "\(threads)", "-o", "y.npy", "--output-gradient",
        "dy.npy", "--input-gradient", "dx.npy", "--weight-gradient", "dw.npy", in: folder)
      try #require(outcome.code == 0, "\(outcome.talk)")
      let found = try ["y", "dx", "dw"].map { try Tensor<Double>(npy: path("\($0).npy")) }
      for (tensor, (expected, bound)) in zip(
        found,
        [
          (reference.forward(x, w, bias: nil, problem), bound(x, w)),
          (reference.inputGradient(g, w, problem), bound(g, w)),
          (reference.filterGradient(g, x, problem), bound(g, x)),
        ])
      { #expect(largestDifference(tensor, expected) <= bound, "\(transforms)") }
      if let other = results.updateValue(found, forKey: transforms) {
        #expect(zip(found, other).allSatisfy { $0.hasSameBits(as: $1) }, "\(transforms)")
      }
    }
    #expect(zip(results["built-in"]!, results["fastest"]!).allSatisfy { $0.hasSameBits(as: $1) })
    #expect(!zip(results["built-in"]!, results["fftw"]!).allSatisfy { $0.hasSameBits(as: $1) })
    for direct in [["--method", "direct"], ["--solver", "direct.unfold"]] {
      let useless = spectral(
        ["conv\(rank)d", "--input", "x.npy", "--weight", "w.npy", "--transforms", "fftw", "-o", "y.npy"] + direct,
        in: folder)
      #expect(useless.code == 2 && useless.lines.count == 1, "\(useless.talk)")
      #expect(useless.talk.contains("\(direct.joined(separator: " ")) transforms nothing"), "\(useless.talk)")
    }
  }

  @Test func arraysOfAnotherRankAreSentToTheirCommand() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try Tensor<Float>.zeros([1, 1, 5, 5]).writeNPY(to: path("x.npy"))
    try Tensor<Float>.zeros([1, 1, 3, 3]).writeNPY(to: path("w.npy"))
    let outcome = spectral("conv1d", "--input", "x.npy", "--weight", "w.npy", "--output", "y.npy", in: folder)
    #expect(outcome.code == 1 && outcome.lines.count == 1 && outcome.talk.contains("conv2d takes such arrays"))
    let stride = spectral(
      "conv3d", "--input", "x.npy", "--weight", "w.npy", "--output", "y.npy", "--stride", "1,2", in: folder)
    #expect(stride.code == 2 && stride.talk.contains("as in 1,2,2"), "\(stride.talk)")
  }

  /// Every solver by its name, and a reason from those that cannot.
  @Test func aSolverIsAskedForByName() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let geometry = KernelGeometry(kernel: 3, padding: .same)
    let problem = try geometry.problem([1, 2, 4, 5, 6], outputs: 2)
    var random = RandomGenerator(seed: 3)
    let x = Tensor<Double>.normal(problem.inputShape, using: &random)
    let w = Tensor<Double>.normal(problem.filterShape, using: &random)
    for (name, tensor) in [("x", x), ("w", w)] { try tensor.writeNPY(to: path("\(name).npy")) }
    let expected = ReferenceConvolution().forward(x, w, bias: nil, problem)
    let list = spectral("benchmark", "--solvers").output
    var computed = 0
    for (name, _) in ConvolutionSolvers.all {
      #expect(list.contains(name))
      let outcome = spectral(
        "conv3d", "--input", "x.npy", "--weight", "w.npy", "--padding", "same", "--solver", name, "-o", "\(name).npy",
        in: folder)
      guard outcome.code == 0 else {
        #expect(outcome.code == 1 && outcome.lines.count == 1 && outcome.talk.contains("--solver"), "\(outcome.talk)")
        continue
      }
      #expect(outcome.talk.contains(name))
      #expect(largestDifference(try Tensor<Double>(npy: path("\(name).npy")), expected) < 1e-12, "\(name)")
      computed += 1
    }
    #expect(computed >= 4)
    for (flags, words) in [
      (["--solver", "fft.magic"], "fft.whole"), (["--solver", "fft.whole", "--method", "fft"], "--method"),
    ] {
      let outcome = spectral(["conv3d", "--input", "x.npy", "--weight", "w.npy", "-o", "y.npy"] + flags, in: folder)
      #expect(outcome.code != 0 && outcome.lines.count == 1 && outcome.talk.contains(words), "\(outcome.talk)")
    }
  }
}

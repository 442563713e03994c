import AutomaticConvolution
import Foundation
import SpatialConvolution
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// Signals and volumes are streamed as images are. Operands are small whole numbers: the direct method must be exact, and the
/// Fourier method once it is rounded.
@Suite struct StreamedRankTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// A case of `Fixtures/scipy_streams.json`, from `scipy_streams.py`.
  private struct Case: Decodable {
    let shape: [Int]
    let kernelShape: [Int]
    let boundary: String
    let x: [Double]
    let kernel: [Double]
    let y: [Double]
  }

  private static let cases = try! JSONDecoder().decode(
    [Case].self, from: Data(contentsOf: fixtures(of: #filePath).appendingPathComponent("scipy_streams.json")))

  private func integers<Scalar: TensorScalar>(_ shape: TensorShape, seed: UInt64) -> Tensor<Scalar> {
    var random = RandomGenerator(seed: seed)
    return Tensor(shape) { for i in $0.indices { $0[i] = Scalar(Int.random(in: -4...4, using: &random)) } }
  }

  /// Writes numbers that are listed in C order with the first axis contiguous.
  private func writeFortran(_ values: [Double], _ shape: [Int], to name: String) throws {
    var strides = [1]
    for extent in shape.dropLast() { strides.append(strides.last! * extent) }
    var stored = [Double](repeating: 0, count: values.count)
    for (place, value) in values.enumerated() {
      var (rest, target) = (place, 0)
      for axis in shape.indices.reversed() {
        target += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      stored[target] = value
    }
    let header = NumPyHeader(type: .float64, extents: shape, isFortranOrder: true).bytes
    try (header + stored.withUnsafeBytes { Data($0) }).write(to: folder.appendingPathComponent(name))
  }

  private func run(_ convolution: StreamedConvolution) throws -> StreamReport {
    let report = try convolution.run(from: path("x.npy"), to: path("y.npy"))
    #expect(report.isFinished && report.plan.estimatedBytes <= convolution.memoryLimit)
    return report
  }

  /// The least power of two, in bytes, that is not refused.
  private func leastLimit(_ convolution: StreamedConvolution) -> Int {
    var convolution = convolution
    convolution.memoryLimit = 1 << 9
    while (try? convolution.run(from: path("x.npy"), to: path("y.npy"))) == nil { convolution.memoryLimit *= 2 }
    return convolution.memoryLimit
  }

  @Test(arguments: cases.indices)
  func equalsSciPy(_ index: Int) throws {
    let expected = Self.cases[index]
    let boundary = try #require(Boundary(rawValue: expected.boundary))
    for isFortran in [false, true] {
      if isFortran {
        try writeFortran(expected.x, expected.shape, to: "x.npy")
      } else {
        try Tensor(TensorShape(expected.shape), expected.x).writeNPY(to: path("x.npy"))
      }
      for method in [ConvolutionChoice.direct, .fft] {
        var convolution = StreamedConvolution(
          kernel: Tensor(TensorShape(expected.kernelShape), expected.kernel), boundary: boundary, method: method)
        for limit in [convolution.memoryLimit, leastLimit(convolution)] {
          convolution.memoryLimit = limit
          let report = try run(convolution)
          let y = try Tensor<Double>(npy: path("y.npy"))
          // Multiples of a half, on account of the constant.
          let result = method == .direct ? y : y.map { ($0 * 2).rounded() / 2 + 0 }
          #expect(y.shape == TensorShape(expected.shape))
          #expect(result.elements == expected.y.map { $0 + 0 }, "\(report.plan), \(boundary), Fortran \(isFortran)")
        }
      }
    }
  }

  /// Arrays of all shapes that fall into many blocks along each axis, against the convolution in memory.
  @Test(arguments: [[40_000], [7000, 3], [90, 31, 29], [3, 200, 70], [160, 50, 2], [31, 20, 17, 2], [1, 1, 9000]])
  func manyPanelsEqualTheConvolutionInMemory(_ extents: [Int]) throws {
    let hasChannels = extents == [7000, 3] || extents.count == 4
    let rank = extents.count - (hasChannels ? 1 : 0)
    let x: Tensor<Float> = integers(TensorShape(extents), seed: 1)
    try x.writeNPY(to: path("x.npy"))
    let kernel: Tensor<Double> = integers(TensorShape([4, 3, 7].suffix(rank)), seed: 2)
    for boundary in Boundary.allCases + [.constant(1)] {
      for method in [ConvolutionChoice.direct, .fft] {
        let convolution = StreamedConvolution(
          kernel: kernel, boundary: boundary, method: method, memoryLimit: 200 << 10)
        let report = try run(convolution)
        #expect(report.plan.panels > 2 && report.plan.rank == rank, "\(report.plan)")
        let y = try Tensor<Double>(npy: path("y.npy"))
        let expected = try inMemory(x.converted(to: Double.self), convolution, hasChannels: hasChannels)
        #expect((method == .direct ? y : y.map { $0.rounded() + 0 }) == expected.map { $0 + 0 }, "\(report.plan)")
      }
    }
  }

  private func inMemory(
    _ x: Tensor<Double>, _ convolution: StreamedConvolution, hasChannels: Bool
  ) throws -> Tensor<Double> {
    let channels = hasChannels ? x.shape[-1] : 1
    let axes = hasChannels ? x.shape.extents.dropLast() : x.shape.extents[...]
    let count = axes.reduce(1, *)
    let planes = x.reshaped(to: [count, channels]).transposed.reshaped(to: TensorShape([channels, 1] + axes))
    let geometry = ConvolutionGeometry(
      padding: .same, boundary: convolution.boundary, operation: convolution.operation)
    let kernel = convolution.kernel.reshaped(to: TensorShape([1, 1] + convolution.kernel.shape.extents))
    let y = try SpatialConvolution<Double>()(planes, kernel, geometry)
    return y.reshaped(to: [channels, count]).transposed.reshaped(to: x.shape)
  }

  /// NaN and infinity spoil what sees them and nothing else, across blocks and borders of a volume.
  @Test func nonFiniteVoxelsSpoilOnlyTheirFootprint() throws {
    var x: Tensor<Float> = integers([30, 25, 28], seed: 3)
    x.withUnsafeMutableElements { x in
      for place in [0, 1, 9999, x.count - 1] + Array(7000..<7020) { x[place] = .nan }
      x[15_000] = .infinity
    }
    try x.writeNPY(to: path("x.npy"))
    for limit in [512 << 20, 300_000] {
      var results: [[Float]] = []
      for method in [ConvolutionChoice.direct, .fft] {
        _ = try run(StreamedConvolution(kernel: integers([3, 4, 5], seed: 4), method: method, memoryLimit: limit))
        results.append(try Tensor<Float>(npy: path("y.npy")).elements)
      }
      #expect(results[0].count(where: \.isNaN) > 200 && results[0].count(where: \.isFinite) > 15_000)
      #expect(zip(results[0], results[1]).allSatisfy { a, b in a.isNaN && b.isNaN || a == b || a == b.rounded() })
    }
  }

  /// A volume that is stopped in the middle goes on to the same bytes, whatever the threads.
  @Test func aVolumeGoesOnToTheSameBytes() throws {
    var random = RandomGenerator(seed: 5)
    try Tensor<Float>.normal([60, 70, 50], using: &random).writeNPY(to: path("x.npy"))
    let convolution = StreamedConvolution(
      kernel: .normal([5, 6, 3], using: &random), method: .fft, memoryLimit: 600_000)
    let whole = try withThreads(1) { try convolution.run(from: path("x.npy"), to: path("whole.npy")) }
    #expect(whole.plan.panels > 6)
    var done = 0
    let part = try withThreads(3) {
      try convolution.run(from: path("x.npy"), to: path("y.npy"), shouldStop: { done >= 3 }) {
        if case .progress = $0 { done += 1 }
      }
    }
    #expect(!part.isFinished && part.progress.unit == "slices" && part.progress.totalRows == 60)
    var resumed = 0
    let rest = try withThreads(2) {
      try convolution.run(
        from: path("x.npy"), to: path("y.npy"),
        onEvent: { if case .resuming(let progress) = $0 { resumed = progress.pixels } })
    }
    #expect(resumed == part.progress.pixels && resumed + rest.computedPixels == 60 * 70 * 50 && rest.isFinished)
    #expect(
      try Data(contentsOf: folder.appendingPathComponent("y.npy"))
        == Data(contentsOf: folder.appendingPathComponent("whole.npy")))
  }

  /// What is held stays within the limit, planning included. Counted in a process of its own, since others would count too.
  @Test func theLimitHoldsForSignalsAndVolumes() async throws {
    await #expect(processExitsWith: .success) {
      let folder = temporaryFolder()
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      for (extents, kernel) in [([4_000_000], [301]), ([150, 160, 170], [7, 5, 9]), ([2000, 40, 50], [3, 3, 3])] {
        try Tensor<Float>(TensorShape(extents), repeating: 1).writeNPY(to: path("x.npy"))
        for method in [ConvolutionChoice.direct, .fft] {
          for limit in [4 << 20, 12 << 20] {
            let convolution = StreamedConvolution(
              kernel: Tensor(TensorShape(kernel), repeating: 1), method: method, memoryLimit: limit)
            let peak = try MemoryPool.peak { _ = try convolution.run(from: path("x.npy"), to: path("y.npy")) }
            #expect(peak <= limit, "\(extents), \(method), \(limit)")
          }
        }
      }
      try FileManager.default.removeItem(at: folder)
    }
  }

  /// A kernel about as large as the image: transforms of the whole array are fastest, and they are the Fourier method's.
  @Test func automaticTakesTheFourierMethodForTheLargestKernels() throws {
    try (integers([300, 300], seed: 6) as Tensor<Float>).writeNPY(to: path("x.npy"))
    let report = try run(StreamedConvolution(kernel: integers([255, 255], seed: 7), method: .automatic))
    #expect(report.plan.method == .fft && report.plan.way.hasPrefix("fft"), "\(report.plan)")
  }

  @Test(arguments: [
    ([12], 2, "array[None, :]"), ([3, 4], 3, "no volume: it must be D x H x W"), ([2, 3, 4], 1, "no signal"),
  ])
  func anArrayOfAnotherRankIsRefused(_ extents: [Int], _ rank: Int, _ words: String) throws {
    try Tensor<Float>(TensorShape(extents), repeating: 1).writeNPY(to: path("x.npy"))
    let kernel = Tensor<Double>(TensorShape(Array(repeating: 1, count: rank)), repeating: 1)
    let error = #expect(throws: FileError.self) { try run(StreamedConvolution(kernel: kernel)) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  /// A boundary that single precision cannot hold is refused where that is the precision.
  @Test func aConstantBeyondTheScalarIsRefused() throws {
    let convolution = StreamedConvolution(kernel: Tensor([3], repeating: 1), boundary: .constant(1e300))
    try Tensor<Float>([9], repeating: 1).writeNPY(to: path("x.npy"))
    let error = #expect(throws: FileError.self) { try run(convolution) }
    #expect(error?.description.contains("save the array as float64") == true)
    try Tensor<Double>([9], repeating: 1).writeNPY(to: path("x.npy"))
    _ = try run(convolution)
  }
}

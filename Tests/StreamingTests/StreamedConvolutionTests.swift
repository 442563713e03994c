import AutomaticConvolution
import Foundation
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// Streamed from file to file, an image is what it is when convolved in memory. Operands are small whole numbers: then
/// the direct method must be exact, and the Fourier method must be once it is rounded, so no tolerance is needed.
@Suite struct StreamedConvolutionTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func integers<Scalar: TensorScalar>(_ shape: TensorShape, seed: UInt64) -> Tensor<Scalar> {
    var random = RandomGenerator(seed: seed)
    return Tensor(shape) { for i in $0.indices { $0[i] = Scalar(Int.random(in: -4...4, using: &random)) } }
  }

  /// The convolution of `H x W` or `H x W x C` in memory, by the definition.
  private func expected(
    _ image: Tensor<Double>, _ convolution: StreamedConvolution
  ) throws -> Tensor<Double> {
    let (height, width) = (image.shape[0], image.shape[1])
    let channels = image.shape.rank == 3 ? image.shape[2] : 1
    let kernel = convolution.kernel
    let geometry = ConvolutionGeometry(
      padding: .same, boundary: convolution.boundary,
      operation: convolution.operation)
    let planes = image.reshaped(to: [height * width, channels]).transposed.reshaped(to: [channels, 1, height, width])
    let result = try ReferenceConvolution()(planes, kernel.reshaped(to: [1, 1] + kernel.shape), geometry)
    return result.reshaped(to: [channels, height * width]).transposed.reshaped(to: image.shape)
  }

  /// What planning says.
  private func run(_ convolution: StreamedConvolution, _ input: String = "x.npy", _ output: String = "y.npy") throws
    -> StreamPlan
  {
    var plan: StreamPlan?
    let report = try convolution.run(
      from: path(input), to: path(output), onEvent: { if case .planned(let planned) = $0 { plan = planned } })
    #expect(report.isFinished && report.plan == plan && report.progress.fraction == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.hasSuffix(".npy") })
    return try #require(plan)
  }

  private func check<Scalar: TensorScalar>(
    _ image: Tensor<Scalar>, _ convolution: StreamedConvolution, panels: ClosedRange<Int>
  ) throws {
    try image.writeNPY(to: path("x.npy"))
    let plan = try run(convolution)
    #expect(panels.contains(plan.panels), "\(plan)")
    #expect(plan.estimatedBytes <= convolution.memoryLimit)
    let result = try Tensor<Double>(npy: path("y.npy"))
    let isExact = plan.method == .direct
    let expected = try expected(image.converted(to: Double.self), convolution)
    #expect((isExact ? result : result.map { $0.rounded() + 0 }) == expected.map { $0 + 0 }, "\(convolution), \(plan)")
  }

  private static let sizes: [(image: TensorShape, kernel: TensorShape)] = [
    ([1, 1], [1, 1]), ([40, 50], [5, 5]), ([41, 53], [4, 6]), ([3, 60], [1, 9]), ([60, 3], [9, 1]),
    ([7, 5], [20, 31]),
    ([37, 29, 3], [3, 4]), ([64, 1], [1, 7]), ([30, 2, 5], [3, 3]), ([50, 1, 3], [9, 2]),
  ]

  @Test(arguments: sizes.indices, Boundary.allCases)
  func equalsTheConvolutionInMemory(_ index: Int, _ boundary: Boundary) throws {
    let (shape, kernelShape) = Self.sizes[index]
    let image: Tensor<Float> = integers(shape, seed: 1)
    for operation in ConvolutionOperation.allCases {
      for method in ConvolutionChoice.allCases {
        let convolution = StreamedConvolution(
          kernel: integers(kernelShape, seed: 2), boundary: boundary, operation: operation, method: method)
        try check(image, convolution, panels: 1...1)
      }
    }
  }

  /// As little memory as there may be: the image falls into many panels, some of them narrower than the kernel.
  @Test(arguments: sizes.indices.dropFirst(), Boundary.allCases)
  func equalsItInLittleMemoryToo(_ index: Int, _ boundary: Boundary) throws {
    let (shape, kernelShape) = Self.sizes[index]
    let image: Tensor<Double> = integers(shape, seed: 3)
    try image.writeNPY(to: path("x.npy"))
    for method in [ConvolutionChoice.direct, .fft] {
      var convolution = StreamedConvolution(kernel: integers(kernelShape, seed: 4), boundary: boundary, method: method)
      // The least power of two that is not refused.
      convolution.memoryLimit = 1 << 10
      while (try? convolution.run(from: path("x.npy"), to: path("y.npy"))) == nil { convolution.memoryLimit *= 2 }
      try check(image, convolution, panels: 1...10_000)
    }
  }

  /// Long stretches go to the disk in blocks, whatever the place where they begin and end.
  @Test(arguments: [[1500, 1001], [700, 501, 3]])
  func longStretchesAreWrittenWhole(_ extents: [Int]) throws {
    let image: Tensor<Double> = integers(TensorShape(extents), seed: 14)
    for limit in [512 << 20, 16 << 20] {
      try check(
        image, StreamedConvolution(kernel: integers([2, 3], seed: 15), method: .direct, memoryLimit: limit),
        panels: 1...1000)
    }
  }

  @Test func aLimitMakesPanelsSmallerAndThenRefuses() throws {
    let image: Tensor<Float> = integers([300, 400], seed: 5)
    let kernel: Tensor<Double> = integers([15, 15], seed: 6)
    var panels: [Int] = []
    for limit in [64 << 20, 512 << 10, 100 << 10] {
      let convolution = StreamedConvolution(kernel: kernel, method: .direct, memoryLimit: limit)
      try check(image, convolution, panels: 1...10_000)
      panels.append(try run(convolution).panels)
    }
    #expect(panels[0] <= panels[1] && panels[1] < panels[2], "\(panels)")
    for method in ConvolutionChoice.allCases {
      let small = StreamedConvolution(kernel: kernel, method: method, memoryLimit: 2000)
      let error = try #require(throws: MemoryError.self) { try run(small) }
      #expect(error.description.contains("a kernel of 15 x 15 with its copies takes 3.6 KiB of memory"), "\(error)")
      let tight = StreamedConvolution(kernel: kernel, method: method, memoryLimit: 4000)
      let other = try #require(throws: MemoryError.self) { try run(tight) }
      #expect(other.description.contains("with a kernel of 15 x 15 takes"), "\(other)")
      #expect(other.description.contains("the limit is 3.9 KiB: raise the limit"), "\(other)")
      // The estimate holds: with as much, it can be done.
      _ = try run(
        StreamedConvolution(kernel: kernel, method: method, memoryLimit: try #require(other.estimate.bytes)))
    }
  }

  /// Thin images are cut along their length, and several blocks are a panel; the last one overlaps its predecessor.
  @Test(arguments: [
    [1, 150_000], [150_000, 1], [2, 90_000], [50_000, 3], [70_000, 1, 2], [1, 40_000, 3], [5000, 17],
  ])
  func thinImages(_ extents: [Int]) throws {
    let image: Tensor<Float> = integers(TensorShape(extents), seed: 16)
    try image.writeNPY(to: path("x.npy"))
    for (kernelShape, boundary) in [([3, 7], .reflect), ([8, 2], .circular), ([1, 5], .zero)]
      as [(TensorShape, Boundary)]
    {
      for method in [ConvolutionChoice.direct, .fft] {
        for limit in [512 << 20, 1 << 20] {
          try check(
            image,
            StreamedConvolution(
              kernel: integers(kernelShape, seed: 17), boundary: boundary, method: method, memoryLimit: limit),
            panels: limit > 1 << 20 ? 1...2 : 2...10_000)
        }
      }
    }
  }

  /// What is held stays within the limit however long the rows are, planning included. Counted in a process of its own,
  /// since others would count too.
  @Test func theLimitHoldsWhateverTheShape() async throws {
    await #expect(processExitsWith: .success) {
      let folder = temporaryFolder()
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      for extents in [
        [1, 3_000_000], [3_000_000, 1], [3, 1_000_000], [1_000_000, 3], [20, 150_000], [150_000, 2, 3],
      ] {
        try Tensor<Float>(TensorShape(extents), repeating: 1).writeNPY(to: path("x.npy"))
        for method in [ConvolutionChoice.direct, .fft] {
          for limit in [4 << 20, 12 << 20] {
            let convolution = StreamedConvolution(
              kernel: Tensor([3, 7], repeating: 1), method: method, memoryLimit: limit)
            let peak = try MemoryPool.peak { _ = try convolution.run(from: path("x.npy"), to: path("y.npy")) }
            #expect(peak <= limit, "\(extents), \(method)")
          }
        }
      }
      try FileManager.default.removeItem(at: folder)
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    var random = RandomGenerator(seed: 7)
    try Tensor<Float>.normal([500, 700], using: &random).writeNPY(to: path("x.npy"))
    let kernel = Tensor<Double>.normal([31, 31], using: &random)
    for limit in [512 << 20, 3 << 20] {
      let results = try [1, 2, 3, 5].map { threads in
        try withThreads(threads) {
          _ = try run(StreamedConvolution(kernel: kernel, method: .fft, memoryLimit: limit))
          return try Data(contentsOf: URL(fileURLWithPath: path("y.npy")))
        }
      }
      #expect(Set(results).count == 1)
    }
  }

  @Test func theLimitChangesResultsByRoundingOnly() throws {
    var random = RandomGenerator(seed: 8)
    let image = Tensor<Float>.normal([500, 700], using: &random)
    try image.writeNPY(to: path("x.npy"))
    let kernel = Tensor<Double>.normal([31, 31], using: &random)
    var results: [Tensor<Float>] = []
    var points = 2
    for limit in [512 << 20, 3 << 20] {
      let plan = try run(StreamedConvolution(kernel: kernel, boundary: .zero, method: .fft, memoryLimit: limit))
      points = max(points, plan.way.split(separator: " ").compactMap { Int($0) }.reduce(1, *))
      results.append(try Tensor(npy: path("y.npy")))
    }
    // Each is within the bound of the exact result.
    let bound = 2 * ErrorBound.perChannelPair(image, kernel.converted(to: Float.self), pointCount: points)
    #expect(largestDifference(results[0], results[1]) <= bound)
  }

  /// NaN and infinity spoil what sees them and nothing else, with the direct method as the judge: at borders, where
  /// they are reflected, in corners of panels, alone and in crowds.
  @Test func numbersThatAreNoneSpoilOnlyTheirFootprint() throws {
    for (seed, shape) in [(11, [90, 140]), (12, [80, 70, 2])] as [(UInt64, TensorShape)] {
      var image: Tensor<Float> = integers(shape, seed: seed)
      image.withUnsafeMutableElements { x in
        for place in [0, 1, 999, x.count / 2, x.count - 1] + Array(3000..<3040) { x[place] = .nan }
        x[5000] = .infinity
      }
      try image.writeNPY(to: path("x.npy"))
      for limit in [512 << 20, 700_000] {
        var results: [Tensor<Float>] = []
        for method in [ConvolutionChoice.direct, .fft] {
          let kernel: Tensor<Double> = integers([6, 9], seed: 13)
          _ = try run(StreamedConvolution(kernel: kernel, method: method, memoryLimit: limit))
          results.append(try Tensor(npy: path("y.npy")))
        }
        let (direct, fourier) = (results[0].elements, results[1].elements)
        #expect(direct.count(where: \.isNaN) > 300 && direct.count(where: \.isFinite) > 3000)
        #expect(
          zip(direct, fourier).allSatisfy { a, b in a.isNaN && b.isNaN || a == b || a == b.rounded() }, "\(shape)")
      }
    }
  }

  // MARK: Files

  /// A version 1.0 file, as numpy.save writes it.
  private func write(_ descr: String, _ shape: String, fortran: Bool = false, _ bytes: some Sequence<UInt8>) throws {
    var header = "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
    header += String(repeating: " ", count: 128 - 10 - header.count - 1) + "\n"
    let file = Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + Array(bytes))
    try file.write(to: folder.appendingPathComponent("x.npy"))
  }

  private func bytes<Bits: FixedWidthInteger>(_ numbers: [Bits], bigEndian: Bool = false) -> [UInt8] {
    numbers.flatMap { number in
      withUnsafeBytes(of: bigEndian ? number.bigEndian : number.littleEndian) { Array($0) }
    }
  }

  @Test(arguments: ["|u1", "<i2", ">i2", "<u2", ">f4", ">f8", "<i4", ">i8", "<f2"])
  func numbersOfOtherTypesAreConverted(_ type: String) throws {
    let values = (0..<12).map { $0 * 7 % 11 }
    let big = type.hasPrefix(">")
    let raw: [UInt8] =
      switch type.dropFirst() {
      case "u1": bytes(values.map { UInt8($0) })
      case "i2": bytes(values.map { Int16($0) }, bigEndian: big)
      case "u2": bytes(values.map { UInt16($0) }, bigEndian: big)
      case "i4": bytes(values.map { Int32($0) }, bigEndian: big)
      case "i8": bytes(values.map { Int64($0) }, bigEndian: big)
      case "f4": bytes(values.map { Float($0).bitPattern }, bigEndian: big)
      case "f8": bytes(values.map { Double($0).bitPattern }, bigEndian: big)
      // Whole numbers below 16 in half precision: exponent, then the bits below the leading one.
      default:
        bytes(
          values.map { n -> UInt16 in
            guard n > 0 else { return 0 }
            let power = Int.bitWidth - 1 - n.leadingZeroBitCount
            return UInt16((15 + power) << 10 | (n - 1 << power) << (10 - power))
          })
      }
    try write(type, "(3, 4)", raw)
    let convolution = StreamedConvolution(kernel: Tensor([1, 3], [1, 2, 3]), method: .direct)
    let plan = try run(convolution)
    let isDouble = ["f8", "i4", "i8"].contains(type.dropFirst())
    #expect(plan.precision == (isDouble ? "double" : "single"))
    #expect(try NumPyFile.read(path("y.npy")).elementType == (isDouble ? .float64 : .float32))
    #expect(
      try Tensor<Double>(npy: path("y.npy")) == expected(Tensor([3, 4], values.map(Double.init)), convolution))
  }

  /// Files that are refused, each with words of the reason, and what was there before stays.
  @Test(arguments: [
    ("<f4", "(3, 4)", true, 47, "cut short"), ("<f4", "(3, 4)", false, 47, "cut short"),
    ("<f4", "(3, 4)", false, 52, "one array and nothing else"), ("<f4", "(12,)", false, 48, "H x W or H x W x C"),
    ("<f4", "()", false, 4, "scalar is no image"), ("<f4", "(0, 4)", false, 0, "not empty"),
    ("<f4", "(1, 1, 3, 4)", false, 48, "H x W or H x W x C"), ("<c8", "(3, 4)", false, 96, "not one of real numbers"),
    ("<f4", "(4611686018427387904, 4)", false, 48, "larger than any memory"),
    ("<f4", "(1000000, 1000000)", false, 48, "cut short"),
  ])
  func filesThatAreNoImages(_ type: String, _ shape: String, _ fortran: Bool, _ count: Int, _ words: String) throws {
    try write(type, shape, fortran: fortran, [UInt8](repeating: 0, count: count))
    try Data("old".utf8).write(to: folder.appendingPathComponent("y.npy"))
    let error = #expect(throws: FileError.self) { try run(StreamedConvolution(kernel: Tensor([1, 1], [1]))) }
    #expect(error?.description.contains(words) == true && error?.path == path("x.npy"), "\(String(describing: error))")
    #expect(try Data(contentsOf: folder.appendingPathComponent("y.npy")) == Data("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["x.npy", "y.npy"])
  }

  /// Arrays whose columns are contiguous, as `numpy.asfortranarray` makes them, give arrays of their kind.
  @Test(arguments: [[37, 29], [29, 37, 3], [1, 40], [40, 1], [2, 3, 4], [64, 70_000], [3, 1, 5]])
  func fortranOrderStreams(_ extents: [Int]) throws {
    let image: Tensor<Float> = integers(TensorShape(extents), seed: 18)
    let channels = extents.count == 3 ? extents[2] : 1
    // The first axis is contiguous, the last goes slowest.
    var numbers: [Float] = []
    for c in 0..<channels {
      for column in 0..<extents[1] {
        for row in 0..<extents[0] {
          numbers.append(extents.count == 3 ? image[row, column, c] : image[row, column])
        }
      }
    }
    let shape = "(\(extents.map(String.init).joined(separator: ", ")))"
    try write("<f4", shape, fortran: true, bytes(numbers.map(\.bitPattern)))
    for method in [ConvolutionChoice.direct, .fft] {
      for limit in [512 << 20, 300 << 10] {
        let convolution = StreamedConvolution(
          kernel: integers([4, 7], seed: 19), boundary: .mirror, method: method, memoryLimit: limit)
        let plan = try run(convolution)
        #expect(plan.array == TensorShape(extents) && plan.estimatedBytes <= limit)
        let header = String(
          decoding: try Data(contentsOf: folder.appendingPathComponent("y.npy")).prefix(128), as: UTF8.self)
        #expect(header.contains("'fortran_order': True, 'shape': \(shape), }"), "\(header)")
        let result = try Tensor<Double>(npy: path("y.npy"))
        let expected = try expected(image.converted(to: Double.self), convolution)
        #expect((method == .direct ? result : result.map { $0.rounded() + 0 }) == expected.map { $0 + 0 })
      }
    }
  }

  /// Three planes of an image, as PyTorch has them, are three rows here: that is said.
  @Test func channelsThatMayComeFirstAreToldOf() throws {
    for (extents, isOdd) in [([3, 20, 30], true), ([20, 30, 3], false), ([3, 20, 4], false), ([3, 20], false)] {
      try (integers(TensorShape(extents), seed: 20) as Tensor<Float>).writeNPY(to: path("x.npy"))
      let hint = try run(StreamedConvolution(kernel: Tensor([1, 1], [1]))).shapeHint
      #expect((hint != nil) == isOdd && hint?.contains("numpy.moveaxis(array, 0, -1)") != false)
    }
  }

  @Test func anIntegerBeyondTheScalarIsAnError() throws {
    try write("<i8", "(1, 2)", bytes([Int64(1), Int64(1) << 53 + 1]))
    let error = #expect(throws: FileError.self) { try run(StreamedConvolution(kernel: Tensor([1, 1], [1]))) }
    #expect(error?.message.contains("the integer at place 1 is too large") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.npy"])
  }

  @Test func theOutputMayBeTheInput() throws {
    let image: Tensor<Float> = integers([20, 30], seed: 9)
    let convolution = StreamedConvolution(kernel: integers([3, 3], seed: 10), method: .direct)
    try image.writeNPY(to: path("x.npy"))
    chmod(path("x.npy"), 0o640)
    symlink("x.npy", path("link.npy"))
    _ = try run(convolution, "x.npy", "link.npy")
    #expect(try Tensor<Double>(npy: path("x.npy")) == expected(image.converted(to: Double.self), convolution))
    var status = stat()
    #expect(lstat(path("link.npy"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(stat(path("x.npy"), &status) == 0 && status.st_mode & 0o777 == 0o640)
  }
}

private func + (a: TensorShape, b: TensorShape) -> TensorShape { TensorShape(a.extents + b.extents) }

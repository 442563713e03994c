import AutomaticConvolution
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import SpectralTransforms
import TestSupport
import Testing

/// Both methods against the float64 definition, on geometries that nobody chose.
@Suite struct CrossCheckTests {
  /// The worst error of each pass, as a share of what is promised.
  private struct Ratios {
    var forward = 0.0, inputGradient = 0.0, filterGradient = 0.0
    var worst: Double { max(forward, inputGradient, filterGradient) }
  }

  private func ratios<Method: ConvolutionMethod>(
    _ method: Method, _ random: RandomProblem, points: Int
  ) -> Ratios {
    let problem = random.problem
    let (x, w, g) = random.operands(Method.Scalar.self)
    let bounds = PassBounds(problem, x: x, w: w, g: g, points: points)
    let reference = ReferenceConvolution()
    let (x64, w64, g64) = (x.converted(to: Double.self), w.converted(to: Double.self), g.converted(to: Double.self))
    let y = reference.forward(x64, w64, bias: nil, problem)
    let dx = reference.inputGradient(g64, w64, problem)
    let dw = reference.filterGradient(g64, x64, problem)
    var ratios = Ratios()
    func add(_ path: WritableKeyPath<Ratios, Double>, _ difference: Double, _ bound: Double) {
      ratios[keyPath: path] = max(ratios[keyPath: path], difference / bound)
    }
    add(\.forward, largestDifference(method.forward(x, w, bias: nil, problem), y), bounds.forward)
    add(\.inputGradient, largestDifference(method.inputGradient(g, w, problem), dx), bounds.inputGradient)
    add(\.filterGradient, largestDifference(method.filterGradient(g, x, problem), dw), bounds.filterGradient)
    // And as a training step, with what the forward pass kept.
    let (output, tape) = method.record(x, w, bias: nil, problem)
    let step = method.gradients(g, tape, wantsInput: true)
    add(\.forward, largestDifference(output, y), bounds.forward)
    add(\.inputGradient, largestDifference(step.input!, dx), bounds.inputGradient)
    add(\.filterGradient, largestDifference(step.filter, dw), bounds.filterGradient)
    return ratios
  }

  private func check<Method: ConvolutionMethod>(
    _ label: String, seeds: Range<UInt64>, rank: Int = 2, _ method: Method, points: (ConvolutionProblem) -> Int
  ) {
    var worst = Ratios()
    for seed in seeds {
      let random = RandomProblem(seed: seed, rank: rank)
      let found = ratios(method, random, points: points(random.problem))
      #expect(found.worst <= 1, "\(label), \(random): \(found)")
      worst.forward = max(worst.forward, found.forward)
      worst.inputGradient = max(worst.inputGradient, found.inputGradient)
      worst.filterGradient = max(worst.filterGradient, found.filterGradient)
    }
    print(
      "cross-check, \(label): worst ratio to the promised bound over \(seeds.count) geometries: forward "
        + "\(worst.forward), input gradient \(worst.inputGradient), filter gradient \(worst.filterGradient)")
  }

  /// Who transforms; `fastest` is one of them for each length.
  private static let providers = [TransformProvider.builtIn, .fftw]

  @Test(arguments: providers) func fourierFloat(_ transforms: TransformProvider) {
    let method = FourierConvolution<Float>(transforms: transforms, rigor: .estimate)
    check("fft by \(transforms.rawValue), Float", seeds: 0..<300, method) { points(method, $0) }
  }

  @Test(arguments: providers) func fourierDouble(_ transforms: TransformProvider) {
    let method = FourierConvolution<Double>(transforms: transforms, rigor: .estimate)
    check("fft by \(transforms.rawValue), Double", seeds: 300..<600, method) { points(method, $0) }
  }

  @Test func directFloat() {
    check("direct, Float", seeds: 0..<300, SpatialConvolution<Float>()) { points(FourierConvolution<Float>(), $0) }
  }

  @Test func directDouble() {
    check("direct, Double", seeds: 300..<600, SpatialConvolution<Double>()) { points(FourierConvolution<Double>(), $0) }
  }

  /// The points of a transform of the padded array: no solver's transforms need to have more.
  private func paddedPoints(_ problem: ConvolutionProblem) -> Int {
    problem.axes.reduce(1) { $0 * FastSize.next($1.padded) }
  }

  @Test(arguments: [1, 3]) func otherRanksDirectly(rank: Int) {
    check(
      "direct, rank \(rank), Float", seeds: 1000..<1200, rank: rank, SpatialConvolution<Float>(), points: paddedPoints)
    check(
      "direct, rank \(rank), Double", seeds: 1200..<1300, rank: rank, SpatialConvolution<Double>(), points: paddedPoints
    )
  }

  @Test(arguments: [1, 3], providers) func otherRanksInTiles(rank: Int, transforms: TransformProvider) {
    let label = "fft.tiles by \(transforms.rawValue), rank \(rank)"
    check(
      "\(label), Float", seeds: 1000..<1200, rank: rank,
      FourierConvolution<Float>(transforms: transforms, rigor: .estimate, solver: .tiles), points: paddedPoints)
    check(
      "\(label), Double", seeds: 1200..<1300, rank: rank,
      FourierConvolution<Double>(transforms: transforms, rigor: .estimate, solver: .tiles), points: paddedPoints)
  }

  @Test(arguments: [1, 2, 3], providers) func everyRankByWholeTransforms(rank: Int, transforms: TransformProvider) {
    let label = "fft.whole by \(transforms.rawValue), rank \(rank)"
    check(
      "\(label), Float", seeds: 1000..<1200, rank: rank,
      FourierConvolution<Float>(transforms: transforms, rigor: .estimate, solver: .whole), points: paddedPoints)
    check(
      "\(label), Double", seeds: 1200..<1300, rank: rank,
      FourierConvolution<Double>(transforms: transforms, rigor: .estimate, solver: .whole), points: paddedPoints)
  }

  @Test(arguments: [1, 3], TransformProvider.allCases)
  func otherRanksByTheAutomaticChoice(rank: Int, transforms: TransformProvider) {
    check(
      "automatic by \(transforms.rawValue), rank \(rank), Float", seeds: 1300..<1400, rank: rank,
      AutomaticConvolution<Float>(fourier: FourierConvolution(transforms: transforms)), points: paddedPoints)
  }

  /// A tile for the whole image may be smaller than image and kernel together, if its ends fit onto each other.
  @Test(arguments: [Boundary.zero, .circular])
  func tilesThatWrapAround(boundary: Boundary) throws {
    let geometry = ConvolutionGeometry(padding: .same, boundary: boundary)
    let random = RandomProblem(
      problem: try ConvolutionProblem(geometry, input: [2, 3, 20, 28], filter: [4, 3, 9, 9]), seed: 5)
    let sizes = FourierConvolution<Double>().candidates(random.problem, training: true).map(\.tile)
    let wrapped = sizes.filter { $0.height < 20 + 8 && $0.height >= 20 && $0.width < 28 + 8 && $0.width >= 28 }
    #expect(!wrapped.isEmpty)
    for tile in wrapped {
      for transforms in Self.providers {
        let method = FourierConvolution<Double>(transforms: transforms, rigor: .estimate, tile: tile)
        let found = ratios(method, random, points: tile.height * tile.width)
        #expect(found.worst <= 1, "\(tile) by \(transforms): \(found)")
      }
    }
  }

  /// A tile of a prime size: by FFTW, and refused by the built-in transforms with the reason. Half the width counts, since
  /// columns are taken in pairs.
  @Test func tilesWithLargePrimeFactors() throws {
    let random = RandomProblem(
      problem: try ConvolutionProblem(
        ConvolutionGeometry(padding: .same), input: [2, 3, 20, 28], filter: [4, 3, 5, 5]), seed: 6)
    for tile in [Extent(height: 29, width: 32), Extent(height: 32, width: 34), Extent(height: 23, width: 38)] {
      for transforms in [TransformProvider.fftw, .fastest] {
        let method = FourierConvolution<Double>(transforms: transforms, rigor: .estimate, tile: tile)
        // With large primes twice the error is promised.
        let found = ratios(method, random, points: tile.height * tile.width)
        #expect(found.worst <= 2, "\(tile) by \(transforms): \(found)")
      }
      let builtIn = FourierConvolution<Double>(transforms: .builtIn, tile: tile)
      let error = try #require(throws: ConvolutionError.self) { try builtIn.workingMemory(.forward, random.problem) }
      #expect(error.description.contains("\(tile)") && error.description.contains("no prime factor above 7"))
    }
  }

  /// Of a whole array the zeros behind it may wrap around onto those in front.
  @Test(arguments: providers) func wholeTransformsThatWrapAround(transforms: TransformProvider) throws {
    let random = RandomProblem(
      problem: try ConvolutionProblem(
        ConvolutionGeometry(padding: .same), input: [2, 1, 28, 100], filter: [1, 1, 5, 57]), seed: 8)
    let method = FourierConvolution<Double>(transforms: transforms, rigor: .estimate, solver: .whole)
    #expect(method.way(for: random.problem) == "fft whole 30 x 128")
    let found = ratios(method, random, points: 30 * 128)
    #expect(found.worst <= 1, "\(transforms): \(found)")
  }

  /// Tiles of one row, so long that their transforms go in two steps; with channels of their own and with sums over them, few
  /// and many.
  @Test(arguments: [(3, 3, 1), (20, 20, 1), (1, 1, 1), (12, 4, 12)])
  func longSignals(channels: Int, groups: Int, outputsPerGroup: Int) throws {
    let geometry = ConvolutionGeometry(padding: .same, groups: groups)
    let problem = try ConvolutionProblem(
      geometry, input: [2, channels, 4500], filter: [groups * outputsPerGroup, channels / groups, 301])
    let random = RandomProblem(problem: problem, seed: 7)
    let found = ratios(
      FourierConvolution<Float>(rigor: .estimate, tile: Extent(height: 1, width: 4800)), random, points: 4800)
    #expect(found.worst <= 1, "\(found)")
  }

  /// However a volume is cut along its depth: a slice at a time, and a few.
  @Test(arguments: 1...4) func volumesInSegments(segment: Int) {
    func check<Scalar: FourierScalar>(_: Scalar.Type, seeds: Range<UInt64>) {
      for seed in seeds {
        let random = RandomProblem(seed: seed, rank: 3)
        var method = FourierConvolution<Scalar>(rigor: .estimate, solver: .tiles)
        method.segment = segment
        let found = ratios(method, random, points: paddedPoints(random.problem))
        #expect(found.worst <= 1, "\(segment) slices, \(random): \(found)")
      }
    }
    check(Float.self, seeds: 2000..<2040)
    check(Double.self, seeds: 2040..<2080)
  }

  private func points<Scalar>(_ method: FourierConvolution<Scalar>, _ problem: ConvolutionProblem) -> Int {
    let tiles = [false, true].map { method.tile(for: problem, training: $0) }
    return tiles.map { $0.height * $0.width }.min()!
  }
}

import AutomaticConvolution
import FourierConvolution
import SpectralConvolution
import SpectralNetworks
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

private let reference = ReferenceConvolution()

private func problem(
  _ input: TensorShape, outputs: Int = 1, _ geometry: KernelGeometry
) throws -> ConvolutionProblem {
  try geometry.problem(input, outputs: outputs)
}

/// The promises of the two methods, one by one, at the places where they are hardest to keep.
@Suite struct PromiseTests {
  @Test func smallIntegersAreExactDirectlyAndAfterRoundingBySpectra() throws {
    var random = RandomGenerator(seed: 1)
    for boundary in Boundary.allCases {
      let problem = try problem(
        [2, 3, 19, 23], outputs: 4, KernelGeometry(kernel: 5, stride: 2, padding: .same, boundary: boundary))
      func integers(_ shape: TensorShape) -> Tensor<Float> {
        Tensor<Float>.uniform(shape, in: -9..<10, using: &random).map { $0.rounded(.down) }
      }
      let (x, w) = (integers(problem.inputShape), integers(problem.filterShape))
      let exact = reference.forward(
        x.converted(to: Double.self), w.converted(to: Double.self), bias: nil, problem
      ).converted(to: Float.self)
      #expect(SpatialConvolution<Float>().forward(x, w, bias: nil, problem) == exact)
      #expect(FourierConvolution<Float>().forward(x, w, bias: nil, problem).map { $0.rounded() + 0 } == exact)
    }
  }

  @Test(arguments: [
    ([1, 1, 3, 3], [7, 9] as AxisValues, Padding.full), ([1, 2, 1, 40], 3, .same),
    ([1, 2, 40, 1], [4, 1] as AxisValues, .same), ([1, 1, 31, 37], [4, 6] as AxisValues, .same),
    ([2, 1, 1, 1], 1, .valid), ([1, 1, 8, 8], 31, .same), ([1, 1, 61, 59], 59, .valid),
  ])
  func awkwardSizes(input: [Int], kernel: AxisValues, padding: Padding) throws {
    for boundary in Boundary.allCases {
      let problem = try problem(
        TensorShape(input), outputs: 2, KernelGeometry(kernel: kernel, padding: padding, boundary: boundary))
      var random = RandomGenerator(seed: 2)
      let x = Tensor<Double>.normal(problem.inputShape, using: &random)
      let w = Tensor<Double>.normal(problem.filterShape, using: &random)
      let expected = reference.forward(x, w, bias: nil, problem)
      let fourier = FourierConvolution<Double>()
      let tile = fourier.tile(for: problem)
      let bounds = PassBounds(
        problem, x: x, w: w, g: .zeros(problem.outputShape), points: tile.height * tile.width)
      #expect(largestDifference(fourier.forward(x, w, bias: nil, problem), expected) <= bounds.forward)
      #expect(
        largestDifference(SpatialConvolution<Double>().forward(x, w, bias: nil, problem), expected) <= bounds.forward)
    }
  }

  @Test func aLargeOffsetStaysWithinTheBound() throws {
    let problem = try problem([1, 1, 64, 64], KernelGeometry(kernel: 9, padding: .same, boundary: .reflect))
    var random = RandomGenerator(seed: 3)
    let x = Tensor<Float>.normal(problem.inputShape, mean: 1e6, using: &random)
    let w = Tensor<Float>.normal(problem.filterShape, using: &random)
    let expected = reference.forward(
      x.converted(to: Double.self), w.converted(to: Double.self), bias: nil, problem)
    let fourier = FourierConvolution<Float>()
    let tile = fourier.tile(for: problem)
    let bounds = PassBounds(problem, x: x, w: w, g: .zeros(problem.outputShape), points: tile.height * tile.width)
    #expect(largestDifference(fourier.forward(x, w, bias: nil, problem), expected) <= bounds.forward)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func oneStrangePixelSpoilsOnlyTheWindowsThatSeeIt(value: Float) throws {
    for seed in 0..<40 as Range<UInt64> {
      let random = RandomProblem(seed: 900 + seed)
      let problem = random.problem
      let (x, w, g) = random.operands(Float.self)
      var generator = RandomGenerator(seed: seed)
      func spoiled(_ tensor: Tensor<Float>) -> Tensor<Float> {
        var tensor = tensor
        let place = Int.random(in: 0..<tensor.count, using: &generator)
        tensor.withUnsafeMutableElements { $0[place] = value }
        return tensor
      }
      let (direct, fourier) = (SpatialConvolution<Float>(), FourierConvolution<Float>(rigor: .estimate))
      func same(_ name: String, _ a: Tensor<Float>, _ b: Tensor<Float>, _ clean: Tensor<Float>) {
        let alike = zip(a.elements, b.elements).allSatisfy { p, q in
          p.isFinite && q.isFinite || p.isNaN && q.isNaN || p == q
        }
        #expect(alike, "\(name) of \(value), \(random)")
        // What is finite is right, too.
        let error = zip(a.elements, clean.elements).reduce(0) { $1.0.isFinite ? max($0, abs($1.0 - $1.1)) : $0 }
        #expect(error <= 1e-3 * Float(clean.maximumMagnitude), "\(name) of \(value), \(random)")
      }
      let (sx, sw, sg) = (spoiled(x), spoiled(w), spoiled(g))
      let y = direct.forward(x, w, bias: nil, problem)
      same("x forward", fourier.forward(sx, w, bias: nil, problem), direct.forward(sx, w, bias: nil, problem), y)
      same("w forward", fourier.forward(x, sw, bias: nil, problem), direct.forward(x, sw, bias: nil, problem), y)
      let dx = direct.inputGradient(g, w, problem)
      same("g input", fourier.inputGradient(sg, w, problem), direct.inputGradient(sg, w, problem), dx)
      same("w input", fourier.inputGradient(g, sw, problem), direct.inputGradient(g, sw, problem), dx)
      let dw = direct.filterGradient(g, x, problem)
      same("x filter", fourier.filterGradient(g, sx, problem), direct.filterGradient(g, sx, problem), dw)
      same("g filter", fourier.filterGradient(sg, x, problem), direct.filterGradient(sg, x, problem), dw)
    }
  }

  @Test(arguments: [Float.nan, .infinity])
  func aLargeBatchIsSpoiledAsItsImagesAre(value: Float) throws {
    let geometry = KernelGeometry(kernel: 3, padding: .same)
    let (batch, single) = (
      try problem([16, 3, 7, 6], outputs: 5, geometry), try problem([1, 3, 7, 6], outputs: 5, geometry)
    )
    let direct = SpatialConvolution<Float>()
    func spoiled(_ shape: TensorShape, at place: Int) -> Tensor<Float> {
      var random = RandomGenerator(seed: UInt64(place))
      var tensor = Tensor<Float>.normal(shape, using: &random)
      tensor.withUnsafeMutableElements { $0[place] = value }
      return tensor
    }
    func image(_ n: Int, _ tensor: Tensor<Float>) -> Tensor<Float> {
      let (shape, count) = (tensor.shape, tensor.count / 16)
      return Tensor([1, shape[1], shape[2], shape[3]], Array(tensor.elements[n * count..<(n + 1) * count]))
    }
    func kinds(_ tensor: Tensor<Float>) -> [Int] {
      tensor.elements.map { $0.isFinite ? 0 : $0.isNaN ? 1 : 2 }
    }
    let (x, w, g) = (
      spoiled(batch.inputShape, at: 200), spoiled(batch.filterShape, at: 31), spoiled(batch.outputShape, at: 300)
    )
    let (y, dx) = (direct.forward(x, w, bias: nil, batch), direct.inputGradient(g, w, batch))
    var dw = Tensor<Float>.zeros(batch.filterShape)
    for n in 0..<16 {
      #expect(kinds(image(n, y)) == kinds(direct.forward(image(n, x), w, bias: nil, single)))
      #expect(kinds(image(n, dx)) == kinds(direct.inputGradient(image(n, g), w, single)))
      dw = dw + direct.filterGradient(image(n, g), image(n, x), single)
    }
    #expect(kinds(direct.filterGradient(g, x, batch)) == kinds(dw))
  }

  @Test func hugeButFiniteNumbersDoNotOverflowOnTheWay() throws {
    let problem = try problem([1, 1, 40, 40], KernelGeometry(kernel: 5, padding: .same, boundary: .reflect))
    let x = Tensor<Float>(problem.inputShape, repeating: 3e38)
    let w = Tensor<Float>(problem.filterShape, repeating: 1 / 25)
    let y = FourierConvolution<Float>().forward(x, w, bias: nil, problem)
    #expect(y.elements.allSatisfy { abs($0 - 3e38) < 1e33 })
  }

  @Test func thePassesAreAdjoint() throws {
    for seed in 0..<60 as Range<UInt64> {
      let random = RandomProblem(seed: 2000 + seed)
      let (x, w, g) = random.operands(Double.self)
      for method in [
        FourierConvolution<Double>() as any ConvolutionMethod<Double>, SpatialConvolution<Double>(),
        AutomaticConvolution<Double>(),
      ] {
        let y = method.forward(x, w, bias: nil, random.problem)
        let form = g.dot(y)
        let scale = 1e-12 * max(g.norm * y.norm, 1)
        #expect(abs(method.inputGradient(g, w, random.problem).dot(x) - form) <= scale, "\(method.name), \(random)")
        #expect(abs(method.filterGradient(g, x, random.problem).dot(w) - form) <= scale, "\(method.name), \(random)")
      }
    }
  }

  @Test(arguments: ConvolutionChoice.allCases)
  func gradientsAgreeWithDifferences(choice: ConvolutionChoice) {
    var random = RandomGenerator(seed: 4)
    let layer = Convolution2D<Double>(
      inputChannels: 4, outputChannels: 6,
      kernel: [3, 4],
      geometry: ConvolutionGeometry(
        stride: [2, 1], dilation: [1, 2], padding: .same, groups: 2, boundary: .mirror, operation: .convolution),
      method: choice.method(deterministic: true), using: &random)
    #expect(checkGradients(layer, [2, 4, 9, 8]) == [])
  }

  @Test(arguments: [([3, 8, 40, 40], 7), ([40, 6, 14, 12], 5)])
  func deterministicResultsDoNotDependOnThreads(input: [Int], kernel: Int) throws {
    let problem = try problem(
      TensorShape(input), outputs: 16,
      KernelGeometry(kernel: [kernel, kernel], padding: .same))
    var random = RandomGenerator(seed: 5)
    let x = Tensor<Float>.normal(problem.inputShape, using: &random)
    let w = Tensor<Float>.normal(problem.filterShape, using: &random)
    let g = Tensor<Float>.normal(problem.outputShape, using: &random)
    for method in [
      FourierConvolution<Float>(rigor: .estimate) as any ConvolutionMethod<Float>, SpatialConvolution<Float>(),
      FourierConvolution<Float>(memoryLimit: 1 << 20, rigor: .estimate),
      FourierConvolution<Float>(transforms: .fftw, rigor: .estimate),
      FourierConvolution<Float>(transforms: .builtIn, rigor: .estimate),
      SpatialConvolution<Float>(memoryLimit: 100_000),
    ] {
      func results(_ threads: Int) -> [Tensor<Float>] {
        withThreads(threads) {
          let (y, tape) = method.record(x, w, bias: nil, problem)
          let step = method.gradients(g, tape, wantsInput: true)
          return [y, step.input!, step.filter, method.forward(x, w, bias: nil, problem)]
        }
      }
      let one = results(1)
      for threads in [1, 2, 3, 5] {
        for (a, b) in zip(one, results(threads)) { #expect(a.hasSameBits(as: b), "\(method.name), \(threads) threads") }
      }
    }
  }

  @Test func aMemoryLimitIsKeptOrRefused() throws {
    let problem = try problem([1, 1, 400, 400], KernelGeometry(kernel: 21, padding: .same))
    let unlimited = try FourierConvolution<Float>().workingMemory(.forward, problem)
    let limited = FourierConvolution<Float>(memoryLimit: unlimited / 2)
    #expect(try limited.workingMemory(.forward, problem) <= unlimited / 2)
    var random = RandomGenerator(seed: 6)
    let x = Tensor<Float>.normal(problem.inputShape, using: &random)
    let w = Tensor<Float>.normal(problem.filterShape, using: &random)
    let (a, b) = (
      limited.forward(x, w, bias: nil, problem), FourierConvolution<Float>().forward(x, w, bias: nil, problem)
    )
    #expect((a - b).norm <= 1e-5 * b.norm)
    #expect(throws: ConvolutionError.self) {
      try FourierConvolution<Float>(memoryLimit: 1000).workingMemory(.forward, problem)
    }
    #expect(throws: ConvolutionError.self) { try FourierConvolution<Float>(memoryLimit: 1000)(x, w) }
    #expect(throws: ConvolutionError.self) { try SpatialConvolution<Float>(memoryLimit: 10)(x, w) }
  }

  @Test func aTapeOfOneMethodServesTheOther() throws {
    let random = RandomProblem(seed: 77)
    let (x, w, g) = random.operands(Double.self)
    let (fourier, direct) = (FourierConvolution<Double>(), SpatialConvolution<Double>())
    let recorded = fourier.record(x, w, bias: nil, random.problem).tape
    let a = direct.gradients(g, recorded, wantsInput: true)
    let b = fourier.gradients(g, direct.record(x, w, bias: nil, random.problem).tape, wantsInput: true)
    #expect(largestDifference(a.input!, b.input!) <= 1e-10)
    #expect(largestDifference(a.filter, b.filter) <= 1e-10)
  }

  @Test func biasIsAdded() throws {
    let problem = try problem([2, 3, 9, 9], outputs: 5, KernelGeometry(kernel: 3, padding: .same))
    let bias = Tensor<Float>([5], [1, 2, 3, 4, 5])
    for method in [FourierConvolution<Float>() as any ConvolutionMethod<Float>, SpatialConvolution<Float>()] {
      let y = method.forward(.zeros(problem.inputShape), .zeros(problem.filterShape), bias: bias, problem)
      for o in 0..<5 { #expect(y[1, o, 4, 4] == Float(o + 1)) }
    }
  }

  @Test func anEmptyBatchGivesEmptyResults() throws {
    let problem = try problem([0, 2, 9, 9], outputs: 3, KernelGeometry(kernel: 3))
    let w = Tensor<Float>(problem.filterShape, repeating: 1)
    for method in [FourierConvolution<Float>() as any ConvolutionMethod<Float>, SpatialConvolution<Float>()] {
      let (y, tape) = method.record(.zeros(problem.inputShape), w, bias: nil, problem)
      #expect(y.shape == [0, 3, 7, 7])
      let step = method.gradients(y, tape, wantsInput: true)
      #expect(step.input!.count == 0 && step.filter == .zeros(problem.filterShape))
    }
  }
}

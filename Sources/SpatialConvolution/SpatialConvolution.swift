import Layers
import Tensors

/// Convolution by its definition: multiply the overlap, add, move.
///
/// Where channels meet, all three passes are products of matrices whose rows or terms are found through tables of places
/// (`IndirectSweep`, `IndirectFilterGradient`), as no window is unfolded; where many images are small, vectors go across
/// the images (`BatchSweep`, `BatchFilterGradient`), and zeros of the padding are left out; where channels are few or alone
/// (depthwise), windows pass over one plane at a time (`WindowSweep`), or rows are correlated in place
/// (`RowCorrelation`). Either way it is the sum itself: exact on integers that the scalar can hold.
public struct SpatialConvolution<Scalar: RowScalar>: ConvolutionMethod {
  /// The most working memory that a pass may take beside its operands and its result, in bytes; nil for no limit but the
  /// machine's memory. It covers the packed filters that are kept. To keep it, fewer threads and smaller tiles are taken;
  /// a pass that cannot keep it traps, with the estimate that ``workingMemory(_:_:)`` throws beforehand.
  public var memoryLimit: Int?

  /// The direct method.
  public init(memoryLimit: Int? = nil) { self.memoryLimit = memoryLimit }

  /// `direct`.
  public var name: String { "direct" }

  private let keptFilters = KeptFilters<Scalar, ConvolutionGeometry, Tensor<Scalar>>()
  private let keptBatchTiles = KeptBatchTiles<Scalar>()

  /// How a pass is cut up, if it is worth more than going row by row and the memory limit has room.
  private func tiles(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> IndirectTiles<Scalar>? {
    Self.isDense(problem) ? IndirectTiles(problem, pass, memoryLimit: memoryLimit) : nil
  }

  /// How a pass over single planes is cut up, if channels are too few for a matrix product and the memory limit has
  /// room.
  private func windows(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> WindowTiles<Scalar>? {
    Self.isDense(problem) ? nil : WindowTiles(problem, pass, memoryLimit: memoryLimit)
  }

  /// The same for the filter gradient.
  private func gradientWindows(_ problem: ConvolutionProblem) -> WindowGradientTiles<Scalar>? {
    Self.isDense(problem) ? nil : WindowGradientTiles(problem, memoryLimit: memoryLimit)
  }

  /// How a pass goes across the images of a batch, if that is worth it.
  private func batchTiles(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> BatchTiles<Scalar>? {
    Self.isDense(problem) ? keptBatchTiles.tiles(problem, pass, memoryLimit: memoryLimit) : nil
  }

  /// Whether enough channels meet that products of matrices beat going row by row.
  private static func isDense(_ problem: ConvolutionProblem) -> Bool {
    problem.outputsPerGroup * problem.channelsPerGroup >= 6
  }

  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    forward(input, filter, bias: bias, problem, keeps: true)
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    // The filters are about to change: keeping them would only make their owner copy them.
    let output = forward(input, filter, bias: bias, problem, keeps: false)
    return (output, ConvolutionTape(problem: problem, input: input, filter: filter))
  }

  private func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem, keeps: Bool
  ) -> Tensor<Scalar> {
    problem.check(input: input, filter: filter, bias: bias)
    checkMemory(.forward, problem)
    if let windows = windows(problem, .forward), filter.isFinite {
      return WindowSweep(windows)(input, oriented(filter, problem), bias: bias)
    }
    if let batch = batchTiles(problem, .forward),
      let result = BatchSweep(tiles: batch)(input, oriented(filter, problem), bias: bias)
    {
      return result
    }
    guard let tiles = tiles(problem, .forward) else {
      return RowCorrelation(problem, memoryLimit).forward(input, oriented(filter, problem), bias)
    }
    let sweep = IndirectSweep(tiles)
    func pack() -> Tensor<Scalar> { sweep.pack(oriented(filter, problem)).filters }
    guard keeps && !tiles.needsNoPacking else { return sweep(input, pack(), bias: bias) }
    let others = tiles.stretches.bytes(threads: min(Parallel.threads, tiles.workers)) - tiles.packedBytes
    let packed = keptFilters.value(
      filter, problem.geometry, bytes: tiles.packedBytes,
      budget: memoryLimit.map { $0 - others } ?? type(of: keptFilters).usualBudget, make: pack)
    return sweep(input, packed, bias: bias)
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(filter: filter, gradient: gradient)
    checkMemory(.inputGradient, problem)
    let weight = oriented(filter, problem)
    if let windows = windows(problem, .inputGradient), weight.isFinite {
      return WindowSweep(windows)(gradient, weight, bias: nil)
    }
    if let batch = batchTiles(problem, .inputGradient),
      let result = BatchSweep(tiles: batch)(gradient, weight, bias: nil)
    {
      return result
    }
    if let tiles = tiles(problem, .inputGradient) {
      let sweep = IndirectSweep(tiles)
      let (packed, areFinite) = sweep.pack(weight)
      // The zeros around a gradient are no terms of the sum: they must not meet an infinite weight.
      if areFinite { return sweep(gradient, packed, bias: nil) }
    }
    return RowCorrelation(problem, memoryLimit).inputGradient(gradient, weight)
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, gradient: gradient)
    checkMemory(.filterGradient, problem)
    let weight =
      if let batch = batchTiles(problem, .filterGradient),
        let result = BatchFilterGradient(tiles: batch)(gradient, input)
      {
        result
      } else if Self.isDense(problem), let tiles = FilterGradientTiles<Scalar>(problem, memoryLimit: memoryLimit) {
        IndirectFilterGradient(tiles)(gradient, input)
      } else {
        windowFilterGradient(gradient, input, problem)
          ?? RowCorrelation(problem, memoryLimit).filterGradient(gradient, input)
      }
    return oriented(weight, problem)
  }

  /// The filter gradient of single planes; nil where memory has no room for it, or where something infinite must meet
  /// every zero of the border, which windows skip.
  private func windowFilterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar>? {
    guard let tiles = gradientWindows(problem) else { return nil }
    let weight = WindowFilterGradient(tiles)(gradient, input)
    return weight.isFinite ? weight : nil
  }

  public func workingMemory(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    let stretches = stretches(pass, problem)
    let limit = memoryLimit ?? MachineMemory.physical
    let threads = min(Parallel.threads, stretches.threads(within: limit))
    guard threads > 0 else {
      throw ConvolutionError(
        "the direct method", needs: stretches.bytes(threads: 1), limit: limit, or: "convolve narrower images")
    }
    return stretches.bytes(threads: threads)
  }

  /// What a pass holds, stretch after stretch.
  private func stretches(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> [WorkingSet] {
    if let batch = batchTiles(problem, pass) { return batch.stretches }
    if pass == .filterGradient {
      if Self.isDense(problem), let tiles = FilterGradientTiles<Scalar>(problem, memoryLimit: memoryLimit) {
        return tiles.stretches
      }
      if let windows = gradientWindows(problem) { return windows.stretches }
    } else if let tiles = tiles(problem, pass) {
      return tiles.stretches
    } else if let windows = windows(problem, pass) {
      return windows.stretches
    }
    return RowCorrelation<Scalar>(problem, memoryLimit).stretches
  }

  /// Traps if a pass cannot keep the memory limit.
  private func checkMemory(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) {
    guard memoryLimit != nil else { return }
    do { _ = try workingMemory(pass, problem) } catch { preconditionFailure("\(error)") }
  }

  /// The seconds that inference (`forward`) or a training step (either gradient) would take on one core: a rule of thumb
  /// from AVX-512 machines, of which it matters how it compares with the Fourier method's.
  public func estimatedSeconds(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double {
    let single = Double(MemoryLayout<Scalar>.stride) / 4
    let terms = Double(problem.multiplyAdds) * single
    let outputs = Double(problem.outputShape.count) * single
    let beginning = 2e-5
    guard Self.isDense(problem) else {
      let passes: [ConvolutionPass] = pass == .forward ? [.forward] : ConvolutionPass.allCases
      return passes.reduce(0) {
        $0 + WindowCost(problem, $1, lanes: 64 / MemoryLayout<Scalar>.stride).seconds + beginning
      }
    }
    if let batch = BatchTiles<Scalar>(problem, .forward, memoryLimit: nil) {
      return (pass == .forward ? 1 : 3.6) * batch.seconds + beginning
    }
    let (inputs, channels) = (Double(problem.channelsPerGroup), Double(problem.outputsPerGroup))
    let forward = terms / (channels > 1 ? 80e9 : 26e9) + outputs * 0.5e-9 + beginning
    // Vectors of the gradients run over channels, and few do not fill them.
    return pass == .forward
      ? forward : forward + 2 * terms / (75e9 * channels / (channels + 6) * inputs / (inputs + 1))
  }

  /// The filters as correlation wants them: flipped for a true convolution. Flipping twice changes nothing, so this
  /// also turns a gradient back.
  private func oriented(_ filter: Tensor<Scalar>, _ problem: ConvolutionProblem) -> Tensor<Scalar> {
    guard problem.geometry.operation == .convolution else { return filter }
    let taps = problem.geometry.kernel.height * problem.geometry.kernel.width
    return filter.withUnsafeElements { w in
      Tensor(filter.shape) { flipped in
        for i in w.indices { flipped[i] = w[i / taps * taps + taps - 1 - i % taps] }
      }
    }
  }
}

extension ConvolutionProblem {
  /// The bytes of flipped filters, where they are to be flipped.
  func flippedBytes<Scalar>(_: Scalar.Type) -> Int where Scalar: TensorScalar {
    geometry.operation == .convolution ? Scratch<Scalar>.byteCount(filterShape.count) : 0
  }
}

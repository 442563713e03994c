import Fourier
import Layers
import Synchronization
import Tensors

/// Convolution by spectra: transform, multiply, invert, crop.
///
/// Images are cut into tiles (overlap-save), so memory is bounded whatever the image; stride and dilation are taken
/// apart beforehand (`AxisTiling`), so nothing is computed in vain. All three passes share one grid of tiles, and a
/// training step shares the spectra: those of images and filters serve forward and backward, those of the output
/// gradient serve both gradients.
///
/// Errors are within 2 u sqrt(log2 N) ‖x‖ ‖w‖ for each pair of channels, u being the unit round-off and N the points of a
/// tile, give or take a few of the smallest subnormal numbers. NaN and infinite pixels spoil the outputs that see them and no others, as in the direct method.
public struct FourierConvolution<Scalar: ConvolutionScalar>: ConvolutionMethod {
  /// The most working memory that a pass may take, in bytes; nil for no limit. Smaller tiles are taken to keep it.
  public var memoryLimit: Int?
  /// How FFTW chooses its plans. With `estimate`, results are the same to the bit on every run.
  public var rigor: PlanningRigor
  /// The size of tiles, in place of the one with the least estimated cost.
  public var tile: Extent?
  /// The bytes of image spectra that one convolution may keep from its forward pass for its backward passes; the
  /// spectra of its filters are kept besides.
  public var tapeBudget: Int

  private let keptFilters = KeptFilters<Scalar>()

  /// The Fourier method.
  public init(
    memoryLimit: Int? = nil, rigor: PlanningRigor = .measure, tile: Extent? = nil, tapeBudget: Int = 1 << 30
  ) {
    self.memoryLimit = memoryLimit
    self.rigor = rigor
    self.tile = tile
    self.tapeBudget = tapeBudget
  }

  /// `fft`.
  public var name: String { "fft" }

  // MARK: Passes

  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, filter: filter, bias: bias)
    let engine = engine(problem, training: false)
    let filters = keptFilters.spectra(of: filter, engine)
    let (output, isFinite) = engine.forward(input, filters, bias: bias, keeping: nil)
    return isFinite ? output : repairedForward(input, filter, bias, problem)
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(filter: filter, gradient: gradient)
    let engine = engine(problem, training: true)
    let result = engine.backward(
      gradient, images: nil, filters: engine.filterSpectra(filter, forward: false, backward: true),
      spectraBudget: spectraBudget)
    return result.isFinite ? result.input! : repairedInputGradient(gradient, filter, problem)
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, gradient: gradient)
    let engine = engine(problem, training: true)
    let result = engine.backward(gradient, images: .images(input), filters: nil, spectraBudget: spectraBudget)
    return result.isFinite ? result.filter! : repairedFilterGradient(gradient, input, problem)
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    problem.check(input: input, filter: filter, bias: bias)
    let engine = engine(problem, training: true)
    let filters = engine.filterSpectra(filter, forward: true, backward: true)
    let bytes = engine.blocks * engine.spectraCount(engine.inputMap) * MemoryLayout<Scalar>.stride
    let images =
      bytes <= min(tapeBudget, memoryLimit ?? .max)
      ? BlockSpectra<Scalar>(blocks: engine.blocks, blockCount: engine.spectraCount(engine.inputMap)) : nil
    var (output, isFinite) = engine.forward(input, filters, bias: bias, keeping: images)
    if !isFinite { output = repairedForward(input, filter, bias, problem) }
    let memory = KeptSpectra(engine: engine, images: images, filters: filters)
    return (output, ConvolutionTape(problem: problem, input: input, filter: filter, memory: memory))
  }

  public func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>) {
    let problem = tape.problem
    problem.check(gradient: gradient)
    // A tape that another method recorded has no spectra to offer.
    let kept = tape.memory as? KeptSpectra<Scalar>
    let engine = kept?.engine ?? engine(problem, training: true)
    let images: ImageSource<Scalar> = kept?.images.map { .spectra($0) } ?? .images(tape.input)
    let filters = wantsInput ? kept?.filters ?? engine.filterSpectra(tape.filter, forward: false, backward: true) : nil
    let result = engine.backward(gradient, images: images, filters: filters, spectraBudget: spectraBudget)
    guard result.isFinite else {
      return (
        wantsInput ? repairedInputGradient(gradient, tape.filter, problem) : nil,
        repairedFilterGradient(gradient, tape.input, problem)
      )
    }
    return (result.input, result.filter!)
  }

  public func workingMemory(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    let cost = TileCost(problem, scalarBytes: MemoryLayout<Scalar>.stride, transformsFilters: pass != .forward)
    let choice = try choice(problem, cost)
    return cost.workingBytes(choice, workers: Parallel.threads)
  }

  /// The seconds that inference (`forward`) or a training step (either gradient) would take on one core, by the cost
  /// model that also chooses the tiles; nil if no tile keeps within the memory limit.
  public func estimatedSeconds(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double? {
    let cost = TileCost(problem, scalarBytes: MemoryLayout<Scalar>.stride, transformsFilters: pass != .forward)
    return (try? choice(problem, cost)).map { cost.seconds($0.size) }
  }

  /// The tiles that are worth a try for the forward pass of a problem, or for a training step, with the seconds that each
  /// would take on one core by the cost model, the cheapest first; none if no tile keeps within the memory limit.
  public func candidates(_ problem: ConvolutionProblem, training: Bool) -> [(tile: Extent, seconds: Double)] {
    let cost = TileCost(problem, scalarBytes: MemoryLayout<Scalar>.stride, transformsFilters: training)
    if tile != nil { return (try? choice(problem, cost)).map { [($0.size, cost.seconds($0.size))] } ?? [] }
    return ((try? cost.ranked(memoryLimit: memoryLimit)) ?? []).map { ($0.choice.size, $0.seconds) }
  }

  /// The tile that the forward pass of a problem is cut into, or that of a training step.
  public func tile(for problem: ConvolutionProblem, training: Bool = false) -> Extent {
    engine(problem, training: training).size
  }

  // MARK: Tiles

  /// Spectra to hold at once in a backward pass.
  private var spectraBudget: Int { min(memoryLimit.map { $0 / 2 } ?? .max, 512 << 20) }

  private func choice(_ problem: ConvolutionProblem, _ cost: TileCost) throws(ConvolutionError) -> TileChoice {
    guard let tile else { return try cost.best(memoryLimit: memoryLimit) }
    return try cost.choice(tile, memoryLimit: memoryLimit)
  }

  func engine(_ problem: ConvolutionProblem, training: Bool) -> TileEngine<Scalar> {
    let key = EngineKey(
      precision: Scalar.precisionName, problem: problem, memoryLimit: memoryLimit, rigor: rigor, tile: tile,
      training: training)
    return EngineShelf.engine(key) {
      let cost = TileCost(problem, scalarBytes: MemoryLayout<Scalar>.stride, transformsFilters: training)
      do { return TileEngine<Scalar>(problem, try choice(problem, cost), rigor: rigor) } catch {
        preconditionFailure("\(error)")
      }
    }
  }
}

/// What the Fourier method keeps on the tape of a training step.
private struct KeptSpectra<Scalar: ConvolutionScalar>: Sendable {
  let engine: TileEngine<Scalar>
  let images: BlockSpectra<Scalar>?
  let filters: FilterSpectra<Scalar>
}

/// The spectra of filters that were used lately for inference.
///
/// A class because copies of a method share it. An entry holds on to its filters, so that whoever changes them writes
/// to a copy: as long as the memory is the same, the numbers are.
private final class KeptFilters<Scalar: ConvolutionScalar>: Sendable {
  private struct Entry: Sendable {
    let engine: TileEngine<Scalar>
    let spectra: FilterSpectra<Scalar>
  }

  private static var capacity: Int { 8 }
  private let entries = Mutex<[Entry]>([])

  func spectra(of filter: Tensor<Scalar>, _ engine: TileEngine<Scalar>) -> FilterSpectra<Scalar> {
    let kept = entries.withLock { entries in
      entries.first { $0.engine === engine && $0.spectra.filter.sharesStorage(with: filter) }?.spectra
    }
    if let kept { return kept }
    let spectra = engine.filterSpectra(filter, forward: true, backward: false)
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries.removeFirst() }
      entries.append(Entry(engine: engine, spectra: spectra))
    }
    return spectra
  }
}

private struct EngineKey: Hashable {
  let precision: String
  let problem: ConvolutionProblem
  let memoryLimit: Int?
  let rigor: PlanningRigor
  let tile: Extent?
  let training: Bool
}

/// Engines made so far: a network poses the same few problems at every step.
private enum EngineShelf {
  private static let capacity = 256
  private static let engines = Mutex<[EngineKey: any AnyObject & Sendable]>([:])

  static func engine<Scalar>(_ key: EngineKey, _ make: () -> TileEngine<Scalar>) -> TileEngine<Scalar> {
    if let engine = engines.withLock({ $0[key] }) as? TileEngine<Scalar> { return engine }
    let engine = make()
    engines.withLock { engines in
      if engines.count >= capacity { engines.removeAll() }
      engines[key] = engine
    }
    return engine
  }
}

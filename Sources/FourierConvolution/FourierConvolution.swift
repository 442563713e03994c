import SpectralTransforms
import SpectralConvolution
import Synchronization
import SpectralCore

/// Convolution by spectra: transform, multiply, invert, crop.
///
/// Images are cut into tiles (overlap-save), so memory is bounded whatever the image; stride and dilation are taken
/// apart beforehand (`AxisTiling`), so nothing is computed in vain. All three passes share one grid of tiles, and a
/// training step shares the spectra: those of images and filters serve forward and backward, those of the output
/// gradient serve both gradients.
///
/// Errors are within 2 u sqrt(log2 N) ‖x‖ ‖w‖ for each pair of channels, u being the unit round-off and N the points of a
/// tile, give or take a few of the smallest subnormal numbers. Non-finite numbers spoil what has a term with them and
/// nothing else, as in the direct method.
public struct FourierConvolution<Scalar: FourierScalar>: ConvolutionMethod {
  /// The most working memory that a pass may take beside its operands and results, in bytes; nil for no limit but the
  /// machine's memory. It covers what a tape holds, and the spectra of filters that are kept. To keep it, fewer threads
  /// and smaller tiles are taken; a pass that cannot keep it traps, with the estimate that
  /// ``workingMemory(_:_:)`` and ``trainingMemory(_:)`` throw beforehand.
  ///
  /// Beside it come tables of the places of tiles, a few numbers for every row and column, and, where results are not
  /// finite, copies of operands and results.
  public var memoryLimit: Int?
  /// Who transforms the rows and columns of tiles. Transforms of whole arrays (``FourierSolver/whole``) are always FFTW's,
  /// so `builtIn` rules them out. All keep the same bounds; they differ in the last bits.
  public var transforms: TransformProvider
  /// How FFTW chooses its plans, for tiles where it transforms them, and for whole arrays. With `estimate`, results are
  /// the same to the bit on every run and with any number of threads, on one machine and build: tiles are chosen by
  /// ``CostRates/fixed``, too. With `measure` this is promised only where FFTW takes no part, for its stop-watch decides how
  /// it adds up, and until this machine's rates are measured anew.
  public var rigor: PlanningRigor
  /// The size of tiles, in place of the one with the least estimated cost.
  public var tile: Extent?
  /// How it is computed: in tiles or by transforms of whole arrays; nil takes tiles for signals and images, and for volumes
  /// the way with the least estimated time.
  public var solver: FourierSolver?
  /// The bytes of image spectra that one convolution may keep from its forward pass for its backward passes; the
  /// spectra of its filters are kept besides.
  public var tapeBudget: Int

  /// The output slices of a tile of volumes, in place of those with the least estimated cost: for tests.
  package var segment: Int?

  private let keptFilters = KeptFilterSpectra<Scalar>()

  /// The Fourier method.
  public init(
    memoryLimit: Int? = nil, transforms: TransformProvider = .fastest, rigor: PlanningRigor = .measure,
    tile: Extent? = nil, solver: FourierSolver? = nil, tapeBudget: Int = 1 << 30
  ) {
    self.memoryLimit = memoryLimit
    self.transforms = transforms
    self.rigor = rigor
    self.tile = tile
    self.solver = solver
    self.tapeBudget = tapeBudget
  }

  /// `fft`, or the name of the only solver.
  public var name: String { solver?.rawValue ?? "fft" }

  // MARK: Passes

  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    forward(input, filter, epilogue, problem, keepsFilters: true)
  }

  /// - Parameter keepsFilters: Whether the spectra of the filters are kept for the next call, as in inference.
  private func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem, keepsFilters: Bool
  ) -> Tensor<Scalar> {
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    if let padded = PaddedProblem<Scalar>(problem) {
      return beside(padded).forward(padded.padded(input), filter, epilogue, padded.inner, keepsFilters: keepsFilters)
    }
    if route(problem, .forward) != .tiles {
      let transformed = transformed(
        .forward, input, filter, bias: epilogue.bias, problem, keepsFilters: keepsFilters)
      guard var output = transformed else {
        return nonFiniteForward(input, filter, epilogue, problem)
      }
      epilogue.activation.apply(to: &output)
      return output
    }
    let engine = engine(problem, .forward)
    let filters =
      keepsFilters ? spectra(filter, engine) : engine.filterSpectra(filter, forward: true, backward: false)
    let (output, isFinite) = engine.forward(input, filters, epilogue)
    return isFinite ? output : nonFiniteForward(input, filter, epilogue, problem)
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(filter: filter, gradient: gradient)
    if let padded = PaddedProblem<Scalar>(problem) {
      return padded.cropped(beside(padded).inputGradient(gradient, filter, padded.inner))
    }
    if route(problem, .inputGradient) != .tiles {
      return transformed(.inputGradient, gradient, filter, problem)
        ?? nonFiniteResult(.inputGradient, gradient, filter, problem)
    }
    let engine = engine(problem, .inputGradient)
    let result = engine.backward(
      gradient, images: nil, filters: engine.filterSpectra(filter, forward: false, backward: true),
      blocksAtOnce: luxuries(engine, .inputGradient, tapeBudget: 0).backwardBlocks)
    return result.isFinite ? result.input! : nonFiniteResult(.inputGradient, gradient, filter, problem)
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, gradient: gradient)
    if let padded = PaddedProblem<Scalar>(problem) {
      return beside(padded).filterGradient(gradient, padded.padded(input), padded.inner)
    }
    if route(problem, .filterGradient) != .tiles {
      return transformed(.filterGradient, gradient, input, problem)
        ?? nonFiniteResult(.filterGradient, gradient, input, problem)
    }
    let engine = engine(problem, .filterGradient)
    let result = engine.backward(
      gradient, images: .images(input), filters: nil,
      blocksAtOnce: luxuries(engine, .filterGradient, tapeBudget: 0).backwardBlocks)
    return result.isFinite ? result.filter! : nonFiniteResult(.filterGradient, gradient, input, problem)
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    // Only tiles keep spectra on the tape.
    if problem.geometry.boundary.isConstant || route(problem, .step) != .tiles {
      let output = forward(input, filter, epilogue, problem, keepsFilters: false)
      return (output, ConvolutionTape(problem: problem, input: input, filter: filter))
    }
    let engine = engine(problem, .step)
    let luxuries = luxuries(engine, .step, tapeBudget: tapeBudget)
    let (output, isFinite, memory) = recorded(input, filter, epilogue, engine, luxuries)
    return (
      isFinite ? output : nonFiniteForward(input, filter, epilogue, problem),
      ConvolutionTape(problem: problem, input: input, filter: filter, memory: memory)
    )
  }

  /// The forward pass, and what it keeps; nothing if the result is not finite, for then the spectra are of no use.
  private func recorded(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ engine: TileEngine<Scalar>, _ luxuries: TileMemory.Luxuries
  ) -> (output: Tensor<Scalar>, isFinite: Bool, memory: KeptSpectra<Scalar>?) {
    let filters = engine.filterSpectra(filter, forward: true, backward: true)
    let images =
      luxuries.keepsImages
      ? BlockSpectra<Scalar>(blocks: engine.blocks, blockCount: engine.spectraCount(engine.inputMap)) : nil
    let (output, isFinite) = engine.forward(
      input, filters, epilogue, keeping: images, blocksAtOnce: luxuries.forwardBlocks)
    return (output, isFinite, isFinite ? KeptSpectra(engine: engine, images: images, filters: filters) : nil)
  }

  public func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>) {
    let problem = tape.problem
    problem.check(gradient: gradient)
    if problem.geometry.boundary.isConstant || route(problem, .step) != .tiles {
      return (
        wantsInput ? inputGradient(gradient, tape.filter, problem) : nil,
        filterGradient(gradient, tape.input, problem)
      )
    }
    // A tape that another method recorded has no spectra to offer.
    let kept = tape.memory as? KeptSpectra<Scalar>
    let engine = kept?.engine ?? engine(problem, .step)
    let images: ImageSource<Scalar> = kept?.images.map { .spectra($0) } ?? .images(tape.input)
    let filters = wantsInput ? kept?.filters ?? engine.filterSpectra(tape.filter, forward: false, backward: true) : nil
    let luxuries = luxuries(engine, .step, tapeBudget: kept?.images == nil ? 0 : .max)
    let result = engine.backward(
      gradient, images: images, filters: filters, blocksAtOnce: luxuries.backwardBlocks)
    guard result.isFinite else {
      return (
        wantsInput ? nonFiniteResult(.inputGradient, gradient, tape.filter, problem) : nil,
        nonFiniteResult(.filterGradient, gradient, tape.input, problem)
      )
    }
    return (result.input, result.filter!)
  }

  public func workingMemory(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    try workingMemory(FourierPass(pass), problem)
  }

  public func trainingMemory(_ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    try workingMemory(.step, problem)
  }

  private func workingMemory(_ pass: FourierPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    if let padded = PaddedProblem<Scalar>(problem) {
      return try ConvolutionError.beside(padded.copyBytes, limit: limit, "the Fourier method") {
        () throws(ConvolutionError) in try beside(padded).workingMemory(pass, padded.inner)
      }
    }
    // Without tiles the passes of a step go one by one.
    if pass == .step && route(problem, .step) != .tiles {
      var (most, refused) = (0, 0)
      for pass in ConvolutionPass.allCases {
        do { most = max(most, try workingMemory(FourierPass(pass), problem)) } catch {
          guard let bytes = error.neededBytes else { throw error }
          refused = max(refused, bytes)
        }
      }
      guard refused == 0 else {
        throw ConvolutionError("the Fourier method", needs: refused, limit: limit, or: "convolve less at once")
      }
      return most
    }
    switch route(problem, pass) {
    case .tiles: break
    case .slices(let choice):
      return sliceLayout(problem, choice).workingSets(pass.single).bytes(threads: min(Parallel.threads, choice.workers))
    case .whole(let size):
      let bytes = [Parallel.threads, 1].map {
        size.bytes(problem, pass, scalarBytes: MemoryLayout<Scalar>.stride, threads: $0)
      }
      return bytes.first { $0 <= limit } ?? bytes[1]
    case .none(let error): throw error
    }
    let cost = cost(problem, pass)
    let choice = try choice(cost)
    let memory = cost.memory(choice)
    let threads = min(Parallel.threads, choice.workers)
    return memory.workingSets(pass, memory.luxuries(pass, limit: limit, threads: threads, tapeBudget: tapeBudget))
      .bytes(threads: threads)
  }

  /// The seconds that inference (`forward`) or a training step (either gradient) would take on one core, by the cost
  /// model that also chooses the tiles; nil if nothing keeps within the memory limit.
  public func estimatedSeconds(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double? {
    if let padded = PaddedProblem<Scalar>(problem) { return estimatedSeconds(pass, padded.inner) }
    let isForward = pass == .forward
    if route(problem, isForward ? .forward : .step) == .tiles {
      let cost = cost(problem, isForward ? .forward : .step)
      return (try? choice(cost)).map { cost.seconds($0.size, $0.tilesPerBlock) }
    }
    // Without tiles the passes of a step go one by one.
    var sum = 0.0
    for pass in isForward ? [.forward] : ConvolutionPass.allCases {
      switch route(problem, FourierPass(pass)) {
      case .slices(let choice): sum += sliceLayout(problem, choice).seconds(pass, transforms, rates)
      case .whole(let size):
        sum += size.seconds(problem, FourierPass(pass), rates, scalarBytes: MemoryLayout<Scalar>.stride)
      case .tiles, .none: return nil
      }
    }
    return sum
  }

  /// What the seconds of ``estimatedSeconds(_:_:)`` consist of: each kind of work by its name among the rates; empty if
  /// nothing keeps within the memory limit.
  package func estimatedParts(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> [String: Double] {
    switch route(problem, FourierPass(pass)) {
    case .tiles:
      let cost = cost(problem, pass == .forward ? .forward : .step)
      return (try? choice(cost)).map { cost.parts($0.size, $0.tilesPerBlock) } ?? [:]
    case .slices(let choice):
      let layout = sliceLayout(problem, choice)
      return [layout.kind(pass): layout.seconds(pass, transforms, rates)]
    case .whole(let size):
      let seconds = size.seconds(problem, FourierPass(pass), rates, scalarBytes: MemoryLayout<Scalar>.stride)
      return [FourierSolver.whole.rawValue: seconds]
    case .none: return [:]
    }
  }

  /// The tiles that are worth a try for the forward pass of a problem, or for a training step, with the seconds that each
  /// would take on one core by the cost model, the cheapest first; none if no tile keeps within the memory limit.
  public func candidates(_ problem: ConvolutionProblem, training: Bool) -> [(tile: Extent, seconds: Double)] {
    let cost = cost(problem, training ? .step : .forward)
    if tile != nil {
      return (try? choice(cost)).map { [($0.size, cost.seconds($0.size, $0.tilesPerBlock))] } ?? []
    }
    return ((try? cost.ranked(limit: limit)) ?? []).map { ($0.choice.size, $0.seconds) }
  }

  /// The tile that the forward pass of a problem is cut into, or that of a training step.
  ///
  /// - Precondition: signals or images, in tiles: ``way(for:training:)`` says how anything is computed.
  public func tile(for problem: ConvolutionProblem, training: Bool = false) -> Extent {
    precondition(problem.rank < 3, "volumes have no tiles of their own")
    if let padded = PaddedProblem<Scalar>(problem) { return tile(for: padded.inner, training: training) }
    return engine(problem, training ? .step : .forward).size
  }

  /// How the forward pass of a problem is computed, or a training step: `fft 32 x 30` in tiles, `fft slices 24 x 16 x 20` in
  /// tiles of 16 x 20 on 24 slices of a volume, `fft whole 64 x 64 x 96` by transforms with these numbers of points along the axes.
  public func way(for problem: ConvolutionProblem, training: Bool = false) -> String {
    if let padded = PaddedProblem<Scalar>(problem) { return way(for: padded.inner, training: training) }
    let pass: FourierPass = training ? .step : .forward
    switch route(problem, pass) {
    case .tiles: return "fft \(engine(problem, pass).size)"
    case .slices(let choice): return "fft slices \(choice.segment) x \(choice.size)"
    case .whole(let size): return "fft whole \(AxisValues(size.lengths))"
    case .none: return "fft"
    }
  }

  // MARK: Tiles

  /// The method within what a padded copy leaves of its limit.
  private func beside(_ padded: PaddedProblem<Scalar>) -> Self {
    var method = self
    method.memoryLimit = memoryLimit.map { max(0, $0 - padded.copyBytes) }
    return method
  }

  /// The memory limit; without one, there is still the machine's.
  private var limit: Int { memoryLimit ?? MachineMemory.physical }

  private func cost(_ problem: ConvolutionProblem, _ pass: FourierPass) -> TileCost {
    TileCost(problem, scalarBytes: MemoryLayout<Scalar>.stride, pass, transforms, rates)
  }

  /// What is to be the same on every run goes by the rates that are the same on every machine.
  var rates: CostRates { rigor == .estimate ? .fixed : .machine }

  private func choice(_ cost: TileCost) throws(ConvolutionError) -> TileChoice {
    guard let tile else { return try cost.best(limit: limit) }
    return try cost.choice(tile, limit: limit)
  }

  func engine(_ problem: ConvolutionProblem, _ pass: FourierPass) -> TileEngine<Scalar> {
    let key = EngineKey(
      precision: Scalar.precisionName, problem: problem, memoryLimit: memoryLimit, transforms: transforms, rigor: rigor,
      tile: tile, pass: pass)
    return EngineShelf.engine(key) {
      do { return TileEngine<Scalar>(problem, try choice(cost(problem, pass)), transforms, rigor: rigor) } catch {
        preconditionFailure("\(error)")
      }
    }
  }

  func sliceEngine(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ choice: SliceChoice) -> SliceEngine<Scalar>
  {
    let key = EngineKey(
      precision: Scalar.precisionName, problem: problem, memoryLimit: memoryLimit, transforms: transforms, rigor: rigor,
      tile: tile, segment: segment, pass: FourierPass(pass))
    return EngineShelf.engine(key) { SliceEngine(sliceLayout(problem, choice), transforms, rigor: rigor) }
  }

  private func sliceLayout(_ problem: ConvolutionProblem, _ choice: SliceChoice) -> SliceLayout {
    SliceLayout(problem, choice, scalarBytes: MemoryLayout<Scalar>.stride)
  }

  /// The spectra of filters for inference of volumes, those that are kept.
  func spectra(_ filter: Tensor<Scalar>, _ engine: SliceEngine<Scalar>) -> FilterSpectra<Scalar> {
    let layout = engine.layout
    let others =
      layout.workingSets(.forward).bytes(threads: min(Parallel.threads, layout.choice.workers)) - layout.keptFilters
    return keptFilters.value(
      filter, EngineIdentity(engine: engine), bytes: layout.keptFilters,
      budget: memoryLimit.map { $0 - others } ?? KeptFilterSpectra<Scalar>.usualBudget
    ) {
      engine.filterSpectra(filter, forward: true)
    }
  }

  /// What a pass may hold for speed.
  ///
  /// - Parameter tapeBudget: The bytes of image spectra that the tape may hold.
  func luxuries(_ engine: TileEngine<Scalar>, _ pass: FourierPass, tapeBudget: Int) -> TileMemory.Luxuries {
    engine.memory.luxuries(
      pass, limit: limit, threads: min(Parallel.threads, engine.workers), tapeBudget: tapeBudget)
  }

  /// The spectra of filters for inference, those that are kept.
  func spectra(_ filter: Tensor<Scalar>, _ engine: TileEngine<Scalar>) -> FilterSpectra<Scalar> {
    let memory = engine.memory
    let others = memory.workingSets(.forward).bytes(threads: min(Parallel.threads, engine.workers)) - memory.keptFilters
    return keptFilters.value(
      filter, EngineIdentity(engine: engine), bytes: memory.keptFilters,
      budget: memoryLimit.map { $0 - others } ?? KeptFilterSpectra<Scalar>.usualBudget
    ) {
      engine.filterSpectra(filter, forward: true, backward: false)
    }
  }
}

/// The spectra of filters that were used lately for inference, by the engine that made them.
private typealias KeptFilterSpectra<Scalar: FourierScalar> = KeptFilters<
  Scalar, EngineIdentity, FilterSpectra<Scalar>
>

private struct EngineIdentity: Equatable, Sendable {
  let engine: any AnyObject & Sendable
  static func == (a: Self, b: Self) -> Bool { a.engine === b.engine }
}

/// What the Fourier method keeps on the tape of a training step.
private struct KeptSpectra<Scalar: FourierScalar>: Sendable {
  let engine: TileEngine<Scalar>
  let images: BlockSpectra<Scalar>?
  let filters: FilterSpectra<Scalar>
}

private struct EngineKey: Hashable {
  let precision: String
  let problem: ConvolutionProblem
  let memoryLimit: Int?
  let transforms: TransformProvider
  let rigor: PlanningRigor
  let tile: Extent?
  var segment: Int?
  let pass: FourierPass
}

/// Engines made so far: a network poses the same few problems at every step.
private enum EngineShelf {
  private static let capacity = 256
  private static let engines = Mutex<[EngineKey: any AnyObject & Sendable]>([:])

  static func engine<Engine: AnyObject & Sendable>(_ key: EngineKey, _ make: () -> Engine) -> Engine {
    if let engine = engines.withLock({ $0[key] }) as? Engine { return engine }
    let engine = make()
    engines.withLock { engines in
      if engines.count >= capacity { engines.removeAll() }
      engines[key] = engine
    }
    return engine
  }
}

/// A way to compute a convolution by spectra.
public enum FourierSolver: String, CaseIterable, Hashable, Sendable {
  /// Tiles of a signal or an image under lane transforms; of a volume those of its slices, whose products are summed over
  /// the slices of the kernel.
  case tiles = "fft.tiles"
  /// Real transforms of the whole array in all its axes, with FFTW.
  case whole = "fft.whole"

  /// What it does, in a sentence.
  public var summary: String {
    switch self {
    case .tiles: "tiles under lane transforms, any number of channels; of volumes the slices, summed over the kernel's"
    case .whole: "FFTW's real transforms of the whole array in all its axes; large kernels and few channels"
    }
  }
}

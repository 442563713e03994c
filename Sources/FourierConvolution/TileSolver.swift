import SpectralConvolution
import SpectralCore
import SpectralTransforms
import Synchronization

/// Tiles of signals and images under lane transforms (overlap-save), or of the slices of volumes.
///
/// A class because its engine, with tables and transforms, is made when a pass first runs.
final class TileSolver<Scalar: FourierScalar>: FourierPassSolver {
  static var name: String { FourierSolver.tiles.rawValue }
  static var summary: String {
    "tiles under lane transforms, any number of channels; of volumes the slices, summed over the kernel's"
  }

  let layout: TileLayout
  let cost: CostEstimate
  private let pass: ConvolutionPass?
  private let settings: FourierSettings
  private let madeEngine = Mutex<TileEngine<Scalar>?>(nil)

  init(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ settings: FourierSettings
  ) throws(ConvolutionError) {
    (self.pass, self.settings) = (pass, settings)
    if problem.rank == 3 {
      layout = try TileLayout.best(
        problem, pass, settings.transforms, settings.rates, tile: settings.tile, segment: settings.segment,
        scalarBytes: MemoryLayout<Scalar>.stride, limit: settings.limit)
      cost = [layout.kind(pass): layout.seconds(pass, settings.transforms, settings.rates)]
      return
    }
    let tiles = TileCost(
      problem, scalarBytes: MemoryLayout<Scalar>.stride, pass, settings.transforms, settings.rates)
    let choice =
      if let tile = settings.tile { try tiles.choice(tile, limit: settings.limit) } else {
        try tiles.best(limit: settings.limit)
      }
    layout = tiles.layout(choice)
    cost = tiles.cost(choice.size, choice.tilesPerBlock)
  }

  /// For signals and images it need not be compared with whole transforms, which the automatic choice does.
  var isPreferred: Bool { layout.problem.rank < 3 }

  var memory: [WorkingSet] { layout.workingSets(pass, buffers(tapeBudget: settings.tapeBudget)) }

  // Products are summed over the slices of a kernel as well.
  var points: Int { layout.choice.size.height * layout.choice.size.width * layout.problem.depth.kernel }

  var way: String {
    layout.problem.rank < 3
      ? "fft \(layout.choice.size)" : "fft slices \(layout.choice.segment) x \(layout.choice.size)"
  }

  var engine: TileEngine<Scalar> {
    madeEngine.withLock {
      if let engine = $0 { return engine }
      let engine = TileEngine<Scalar>(
        layout, workers: layout.workingSets(pass).threads(within: settings.limit), settings.transforms,
        rigor: settings.rigor)
      $0 = engine
      return engine
    }
  }

  /// What a pass may hold for speed.
  ///
  /// - Parameter tapeBudget: The bytes of image spectra that the tape may hold.
  private func buffers(tapeBudget: Int) -> TileLayout.OptionalBuffers {
    let threads = min(Parallel.threads, layout.workingSets(pass).threads(within: settings.limit))
    return layout.optionalBuffers(pass, limit: settings.limit, threads: threads, tapeBudget: tapeBudget)
  }

  // MARK: Passes

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let engine = engine
    switch pass {
    case .forward, nil:
      let (output, isFinite) = engine.forward(operands.first, filterSpectra(operands), operands.epilogue)
      return isFinite ? output : nil
    case .inputGradient:
      let filters = engine.filterSpectra(operands.second, forward: false, backward: true)
      let result = engine.backward(
        operands.first, images: nil, filters: filters, blocksAtOnce: buffers(tapeBudget: 0).backwardBlocks)
      return result.isFinite ? result.input! : nil
    case .filterGradient:
      let result = engine.backward(
        operands.first, images: .images(operands.second), filters: nil,
        blocksAtOnce: buffers(tapeBudget: 0).backwardBlocks)
      return result.isFinite ? result.filter! : nil
    }
  }

  /// The spectra of filters for inference, from the cache if there is one.
  private func filterSpectra(_ operands: PassOperands<Scalar>) -> FilterSpectra<Scalar> {
    let engine = engine
    func make() -> FilterSpectra<Scalar> { engine.filterSpectra(operands.second, forward: true, backward: false) }
    guard let cache = operands.cache else { return make() }
    let others = memory.bytes(threads: min(Parallel.threads, engine.workers)) - layout.keptFilters
    return cache.value(
      operands.second, FilterKey(layout, settings),
      bytes: layout.keptFilters,
      budget: settings.memoryLimit.map { $0 - others } ?? FilterCache<Scalar>.usualBudget, make: make)
  }

  /// What the spectra of filters depend on beside the filters.
  private struct FilterKey: Hashable {
    let problem: ConvolutionProblem
    let choice: TileChoice
    let transforms: TransformProvider
    let rigor: PlanningRigor

    init(_ layout: TileLayout, _ settings: FourierSettings) {
      (problem, choice) = (layout.problem, layout.choice)
      (transforms, rigor) = (settings.transforms, settings.rigor)
    }
  }

  // MARK: Training step

  /// What is kept on the tape of a training step.
  struct KeptSpectra: Sendable {
    fileprivate let solver: TileSolver
    fileprivate let images: BlockSpectra<Scalar>?
    fileprivate let filters: FilterSpectra<Scalar>
  }

  /// The forward pass, and what it keeps; nil if the result is not finite, for then the spectra are of no use.
  func record(_ operands: PassOperands<Scalar>) -> (output: Tensor<Scalar>, kept: KeptSpectra)? {
    let (engine, buffers) = (engine, buffers(tapeBudget: settings.tapeBudget))
    let filters = engine.filterSpectra(operands.second, forward: true, backward: true)
    let images = buffers.keepsImages ? BlockSpectra<Scalar>(blocks: layout.blocks, layout.input) : nil
    let (output, isFinite) = engine.forward(
      operands.first, filters, operands.epilogue, keeping: images, blocksAtOnce: buffers.forwardBlocks)
    return isFinite ? (output, KeptSpectra(solver: self, images: images, filters: filters)) : nil
  }

  /// Both gradients, from one transform of the output gradient; nil if a result is not finite.
  func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>)? {
    // A tape that another method recorded has no spectra to offer.
    let kept = tape.memory as? KeptSpectra
    let solver = kept?.solver ?? self
    let images: ImageSource<Scalar> = kept?.images.map { .spectra($0) } ?? .images(tape.input)
    let filters =
      wantsInput ? kept?.filters ?? solver.engine.filterSpectra(tape.filter, forward: false, backward: true) : nil
    let result = solver.engine.backward(
      gradient, images: images, filters: filters,
      blocksAtOnce: buffers(tapeBudget: kept?.images == nil ? 0 : .max).backwardBlocks)
    return result.isFinite ? (result.input, result.filter!) : nil
  }
}

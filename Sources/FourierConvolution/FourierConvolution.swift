import SpectralTransforms
import SpectralConvolution
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
  /// Beside it come tables, a few numbers for each row and column of tiles, and, where results are not finite, copies of
  /// operands and results.
  public var memoryLimit: Int?
  /// Who transforms the rows and columns of tiles, or whole arrays. All keep the same bounds; they differ in the last bits.
  public var transforms: TransformProvider
  /// How FFTW chooses its plans, where it transforms. With `estimate`, results are
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

  private let filterCache = FilterCache<Scalar>()

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
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    return run(.forward, problem, operands(input, filter, epilogue, cache: filterCache))
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(filter: filter, gradient: gradient)
    return run(.inputGradient, problem, PassOperands(gradient, filter))
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, gradient: gradient)
    return run(.filterGradient, problem, PassOperands(gradient, input))
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    // The filters are about to change: their spectra are not worth keeping.
    let operands = operands(input, filter, epilogue, cache: nil)
    let recorded = orTrap { () throws(ConvolutionError) in try stepSolver(problem) }.map { $0.record(operands) }
    let output: Tensor<Scalar> =
      switch recorded {
      case nil: run(.forward, problem, operands)
      case .some(nil): nonFinite(.forward, problem, operands)
      case .some(let recorded?): recorded.output
      }
    return (output, ConvolutionTape(problem: problem, input: input, filter: filter, memory: recorded??.kept))
  }

  public func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>) {
    let problem = tape.problem
    problem.check(gradient: gradient)
    let compute: (ConvolutionPass, ConvolutionProblem, PassOperands<Scalar>) -> Tensor<Scalar>
    if let solver = orTrap({ () throws(ConvolutionError) in try stepSolver(problem) }) {
      if let result = solver.gradients(gradient, tape, wantsInput: wantsInput) { return result }
      compute = nonFinite
    } else {
      compute = run
    }
    return (
      wantsInput ? compute(.inputGradient, problem, PassOperands(gradient, tape.filter)) : nil,
      compute(.filterGradient, problem, PassOperands(gradient, tape.input))
    )
  }

  private func operands(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    cache: FilterCache<Scalar>?
  ) -> PassOperands<Scalar> {
    PassOperands(input, filter, bias: epilogue.bias, activation: epilogue.activation, cache: cache)
  }

  private func run(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem, _ operands: PassOperands<Scalar>
  ) -> Tensor<Scalar> {
    if let padded = PaddedProblem<Scalar>(problem) {
      let method = beside(padded)
      return padded.run(pass, operands) { method.run(pass, $0, $1) }
    }
    return transformed(pass, problem, operands) ?? nonFinite(pass, problem, operands)
  }

  /// A pass by transforms alone, which is what it should be if all numbers are finite.
  ///
  /// - Returns: Nil if a result is not finite: then the pass may have ended there.
  func transformed(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem, _ operands: PassOperands<Scalar>
  ) -> Tensor<Scalar>? {
    orTrap { () throws(ConvolutionError) in try solver(problem, pass) }.run(operands)
  }

  // MARK: Solvers

  private var settings: FourierSettings {
    FourierSettings(
      memoryLimit: memoryLimit, transforms: transforms, rigor: rigor, tile: tile, segment: segment, solver: solver,
      tapeBudget: tapeBudget)
  }

  /// The solver that does a pass of a problem, or a training step if it is nil.
  private func solver(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?
  ) throws(ConvolutionError) -> any FourierPassSolver<Scalar> {
    try FourierSolvers<Scalar>.solver(problem, pass, settings)
  }

  /// The solver of a training step, which keeps spectra on the tape; nil where the passes of a step go one by one: over
  /// volumes, whole arrays and padded copies.
  private func stepSolver(_ problem: ConvolutionProblem) throws(ConvolutionError) -> TileSolver<Scalar>? {
    guard problem.rank < 3, solver != .whole, !problem.geometry.boundary.isConstant else { return nil }
    return try solver(problem, nil) as? TileSolver
  }

  /// The solver in tiles of the forward pass of signals or images, or of a training step.
  ///
  /// - Precondition: there is one.
  func tiles(_ problem: ConvolutionProblem, training: Bool) -> TileSolver<Scalar> {
    orTrap { () throws(ConvolutionError) in try solver(problem, training ? nil : .forward) } as! TileSolver<Scalar>
  }

  private func orTrap<Result>(_ result: () throws(ConvolutionError) -> Result) -> Result {
    do { return try result() } catch { preconditionFailure("\(error)") }
  }

  /// The method within what a padded copy leaves of its limit.
  private func beside(_ padded: PaddedProblem<Scalar>) -> Self {
    var method = self
    method.memoryLimit = memoryLimit.map { max(0, $0 - padded.copyBytes) }
    return method
  }

  public func workingMemory(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    if let padded = PaddedProblem<Scalar>(problem) {
      return try ConvolutionError.beside(padded.copyBytes, limit: settings.limit, "the Fourier method") {
        () throws(ConvolutionError) in try beside(padded).workingMemory(pass, padded.inner)
      }
    }
    return bytes(try solver(problem, pass))
  }

  public func trainingMemory(_ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    guard let solver = try stepSolver(problem) else { return try memoryOfPasses(problem) }
    return bytes(solver)
  }

  private func bytes(_ solver: some ConvolutionSolver<Scalar>) -> Int {
    let memory = solver.memory
    return memory.bytes(threads: min(Parallel.threads, memory.threads(within: settings.limit)))
  }

  /// The seconds that inference (`forward`) or a training step (either gradient) would take on one core, by the cost
  /// model that also chooses the tiles; nil if nothing keeps within the memory limit.
  public func estimatedSeconds(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double? {
    let problem = PaddedProblem<Scalar>(problem)?.inner ?? problem
    do {
      if pass != .forward, let step = try stepSolver(problem) { return step.cost.seconds }
      return try (pass == .forward ? [.forward] : ConvolutionPass.allCases).reduce(0) { sum, pass in
        sum + (try solver(problem, pass).cost.seconds)
      }
    } catch { return nil }
  }

  /// What the seconds of ``estimatedSeconds(_:_:)`` consist of, for volumes those of one pass: each kind of work by its name
  /// among the rates; empty if nothing keeps within the memory limit.
  package func estimatedParts(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> [String: Double] {
    let step = pass == .forward ? nil : try? stepSolver(problem)
    let cost = step?.cost ?? (try? solver(problem, pass))?.cost
    return Dictionary(uniqueKeysWithValues: (cost?.parts ?? []).map { ($0.name, $0.seconds) })
  }

  /// The tiles that are worth a try for the forward pass of a problem, or for a training step, with the seconds that each
  /// would take on one core by the cost model, the cheapest first; none if no tile keeps within the memory limit.
  public func candidates(_ problem: ConvolutionProblem, training: Bool) -> [(tile: Extent, seconds: Double)] {
    if tile != nil {
      return (try? solver(problem, training ? nil : .forward) as? TileSolver<Scalar>).map {
        [($0.layout.choice.size, $0.cost.seconds)]
      } ?? []
    }
    let cost = TileCost(
      problem, scalarBytes: MemoryLayout<Scalar>.stride, training ? nil : .forward, transforms, settings.rates)
    return ((try? cost.ranked(limit: settings.limit)) ?? []).map { ($0.choice.size, $0.seconds) }
  }

  /// The tile that the forward pass of a problem is cut into, or that of a training step.
  ///
  /// - Precondition: signals or images, in tiles: ``way(for:training:)`` says how anything is computed.
  public func tile(for problem: ConvolutionProblem, training: Bool = false) -> Extent {
    precondition(problem.rank < 3, "volumes have no tiles of their own")
    return tiles(PaddedProblem<Scalar>(problem)?.inner ?? problem, training: training).layout.choice.size
  }

  /// How the forward pass of a problem is computed, or the last pass of a training step: `fft 32 x 30` in tiles, `fft slices
  /// 24 x 16 x 20` in tiles of 16 x 20 on 24 slices of a volume, `fft whole 64 x 64 x 96` by transforms with these numbers of
  /// points along the axes.
  public func way(for problem: ConvolutionProblem, training: Bool = false) -> String {
    let problem = PaddedProblem<Scalar>(problem)?.inner ?? problem
    do {
      let step = training ? try stepSolver(problem) : nil
      return try step?.way ?? solver(problem, training ? .filterGradient : .forward).way
    } catch { return "fft" }
  }

  /// The points of the transforms that the forward pass is made of: N of the error that is promised.
  package func transformPoints(for problem: ConvolutionProblem) -> Int {
    transformPoints(PaddedProblem<Scalar>(problem)?.inner ?? problem, .forward)
  }

  /// The points of the transforms that a pass is made of.
  func transformPoints(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> Int {
    orTrap { () throws(ConvolutionError) in try solver(problem, pass) }.points
  }
}

/// A way to compute a convolution by spectra.
public enum FourierSolver: String, CaseIterable, Hashable, Sendable {
  /// Tiles of a signal or an image under lane transforms; of a volume those of its slices, whose products are summed over
  /// the slices of the kernel.
  case tiles = "fft.tiles"
  /// Transforms of the whole array in all its axes.
  case whole = "fft.whole"

  /// What it does, in a sentence.
  public var summary: String {
    FourierSolvers<Float>.table.first { $0.name == rawValue }!.summary
  }
}

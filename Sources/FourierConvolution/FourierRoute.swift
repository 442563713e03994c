import SpectralConvolution
import SpectralCore
import SpectralTransforms
import Synchronization

/// The way that a pass of a problem goes.
enum FourierRoute: Equatable, Sendable {
  /// In tiles.
  case tiles
  /// In tiles of the slices of volumes.
  case slices(SliceChoice)
  /// By transforms of the whole array.
  case whole(WholeSize)
  /// No way keeps within the memory limit.
  case none(ConvolutionError)
}

extension FourierPass {
  /// The pass itself; of a training step, whose passes go one by one where there are no tiles, the last of them.
  var single: ConvolutionPass {
    switch self {
    case .forward: .forward
    case .inputGradient: .inputGradient
    case .filterGradient, .step: .filterGradient
    }
  }
}

extension FourierConvolution {
  /// The way that a pass goes, looked up after the first time.
  func route(_ problem: ConvolutionProblem, _ pass: FourierPass) -> FourierRoute {
    if problem.rank < 3 && solver != .whole { return .tiles }
    let pass = pass.single
    let key = RouteKey(
      precision: Scalar.precisionName, problem: problem, memoryLimit: memoryLimit, transforms: transforms, rates: rates,
      tile: tile, segment: segment, solver: solver, pass: pass)
    return RouteTable.route(key) { newRoute(problem, pass) }
  }

  private func newRoute(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> FourierRoute {
    let scalarBytes = MemoryLayout<Scalar>.stride
    let limit = memoryLimit ?? MachineMemory.physical
    if solver == .whole && transforms == .builtIn {
      return .none(
        ConvolutionError(
          "\(FourierSolver.whole.rawValue) transforms with FFTW, which the built-in transforms exclude: take fftw or fastest"
        ))
    }
    let mayBeWhole = solver == .whole || solver == nil && tile == nil && transforms != .builtIn
    let whole =
      !mayBeWhole ? nil : WholeSize.best(problem, FourierPass(pass), rates, scalarBytes: scalarBytes, limit: limit)
    func refusal(_ bytes: Int) -> FourierRoute {
      .none(ConvolutionError("the Fourier method", needs: bytes, limit: limit, or: "convolve less at once"))
    }
    func leastOfWhole() -> Int { WholeSize.leastBytes(problem, FourierPass(pass), scalarBytes: scalarBytes) }
    if solver == .whole { return whole.map { .whole($0.size) } ?? refusal(leastOfWhole()) }
    do {
      let slices = try SliceLayout.best(
        problem, pass, transforms, rates, tile: tile, segment: segment, scalarBytes: scalarBytes, limit: limit)
      if let whole, whole.seconds < slices.seconds(pass, transforms, rates) { return .whole(whole.size) }
      return .slices(slices.choice)
    } catch {
      if let whole { return .whole(whole.size) }
      guard let bytes = error.neededBytes, mayBeWhole else { return .none(error) }
      return refusal(min(bytes, leastOfWhole()))
    }
  }

  /// A pass by transforms alone, which is what it should be if all numbers are finite.
  ///
  /// - Parameters: As those of the pass, in its order; and whether the spectra of filters are kept for the next call, as in
  ///   inference.
  /// - Returns: Nil if a result is not finite: then the pass may have ended there.
  func transformed(
    _ pass: ConvolutionPass, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    _ problem: ConvolutionProblem, keepsFilters: Bool = true
  ) -> Tensor<Scalar>? {
    switch route(problem, FourierPass(pass)) {
    case .tiles: return tiled(pass, a, b, bias: bias, problem)
    case .none(let error): preconditionFailure("\(error)")
    case .whole(let size):
      let whole = WholeConvolution<Scalar>(
        problem, size, FourierPass(pass), rigor: rigor, limit: memoryLimit ?? MachineMemory.physical)
      let result =
        switch pass {
        case .forward: whole.forward(a, b, bias: bias)
        case .inputGradient: whole.inputGradient(a, b)
        case .filterGradient: whole.filterGradient(a, b)
        }
      return result.isFinite ? result : nil
    case .slices(let choice):
      let engine = sliceEngine(problem, pass, choice)
      let result =
        switch pass {
        case .forward:
          engine.forward(
            a, keepsFilters ? spectra(b, engine) : engine.filterSpectra(b, forward: true),
            ConvolutionEpilogue(bias: bias))
        case .inputGradient: engine.inputGradient(a, engine.filterSpectra(b, forward: false))
        case .filterGradient: engine.filterGradient(a, b)
        }
      return result.isFinite ? result.result : nil
    }
  }

  /// A pass over signals or images in tiles.
  private func tiled(
    _ pass: ConvolutionPass, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar>? {
    let pass = FourierPass(pass)
    let engine = engine(problem, pass)
    let atOnce = luxuries(engine, pass, tapeBudget: 0).backwardBlocks
    switch pass {
    case .inputGradient:
      let filters = engine.filterSpectra(b, forward: false, backward: true)
      let result = engine.backward(a, images: nil, filters: filters, blocksAtOnce: atOnce)
      return result.isFinite ? result.input! : nil
    case .filterGradient:
      let result = engine.backward(a, images: .images(b), filters: nil, blocksAtOnce: atOnce)
      return result.isFinite ? result.filter! : nil
    case .forward, .step:
      let result = engine.forward(a, spectra(b, engine), ConvolutionEpilogue(bias: bias))
      return result.isFinite ? result.output : nil
    }
  }

  /// The points of the transforms that the forward pass is made of: N of the error that is promised.
  package func transformPoints(for problem: ConvolutionProblem) -> Int {
    transformPoints(PaddedProblem<Scalar>(problem)?.inner ?? problem, .forward)
  }

  /// The points of the transforms that a pass is made of.
  func transformPoints(_ problem: ConvolutionProblem, _ pass: FourierPass) -> Int {
    switch route(problem, pass) {
    case .whole(let size): return size.points
    // Products are summed over the slices of a kernel as well.
    case .slices(let choice): return choice.size.height * choice.size.width * problem.depth.kernel
    case .tiles, .none:
      let tile = engine(problem, pass).size
      return tile.height * tile.width
    }
  }
}

private struct RouteKey: Hashable {
  let precision: String
  let problem: ConvolutionProblem
  let memoryLimit: Int?
  let transforms: TransformProvider
  let rates: CostRates
  let tile: Extent?
  let segment: Int?
  let solver: FourierSolver?
  let pass: ConvolutionPass
}

/// Routes found so far: a network poses the same few problems at every step.
private enum RouteTable {
  private static let capacity = 256
  private static let routes = Mutex<[RouteKey: FourierRoute]>([:])

  static func route(_ key: RouteKey, _ make: () -> FourierRoute) -> FourierRoute {
    if let route = routes.withLock({ $0[key] }) { return route }
    let route = make()
    routes.withLock { routes in
      if routes.count >= capacity { routes.removeAll() }
      routes[key] = route
    }
    return route
  }
}

import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// The solvers of the Fourier method.
///
/// Of those that can do a pass the one with the least estimate is taken, unless an earlier one in the table is preferred.
enum FourierSolvers<Scalar: FourierScalar> {
  /// All of them.
  static var table: [any FourierPassSolver<Scalar>.Type] { [TileSolver<Scalar>.self, WholeSolver<Scalar>.self] }

  /// The solver that is to do a pass, or a training step if it is nil; remembered after the first time.
  ///
  /// - Throws: If none can; the sentence gives the least memory that would do, if that is what was wrong.
  static func solver(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ settings: FourierSettings
  ) throws(ConvolutionError) -> any FourierPassSolver<Scalar> {
    let key = FourierSolverKey(
      precision: Scalar.precisionName, problem: problem, pass: pass, settings: settings)
    let found = chosenSolvers.value(key) {
      Result { () throws(ConvolutionError) in try choose(problem, pass, settings) as any Sendable }
    }
    return try found.get() as! any FourierPassSolver<Scalar>
  }

  private static func choose(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ settings: FourierSettings
  ) throws(ConvolutionError) -> any FourierPassSolver<Scalar> {
    var fastest: (any FourierPassSolver<Scalar>)?
    var refusals: [ConvolutionError] = []
    for type in table where settings.solver == nil || type.name == settings.solver?.rawValue {
      do {
        let solver = try type.init(problem, pass, settings)
        if solver.isPreferred { return solver }
        if solver.cost.seconds < fastest?.cost.seconds ?? .infinity { fastest = solver }
      } catch { refusals.append(error) }
    }
    guard let fastest else { throw refusals.min { $0.neededBytes ?? .max < $1.neededBytes ?? .max }! }
    return fastest
  }
}

/// What a solver of the Fourier method keeps to: see ``FourierConvolution`` for each.
struct FourierSettings: Hashable, Sendable {
  var memoryLimit: Int?
  var transforms = TransformProvider.fastest
  var rigor = PlanningRigor.measure
  var tile: Extent?
  var segment: Int?
  var solver: FourierSolver?
  var tapeBudget = 1 << 30

  /// What estimates go by: what is to be the same on every run goes by the rates that are the same on every machine.
  var rates: CostRates { rigor == .estimate ? .fixed : .machine }

  /// The memory limit; without one, there is still the machine's.
  var limit: Int { memoryLimit ?? MachineMemory.physical }
}

/// A solver of the Fourier method, for a pass or for a training step.
protocol FourierPassSolver<Scalar>: ConvolutionSolver where Scalar: FourierScalar {
  /// A solver for a pass of a problem, or for a training step if it is nil.
  ///
  /// - Throws: If it cannot do it, or not within the memory limit; the sentence says why.
  init(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ settings: FourierSettings
  ) throws(ConvolutionError)

  /// The points of the transforms that the pass is made of: N of the error that is promised.
  var points: Int { get }
  /// How the pass is cut up, e.g. `fft 32 x 30`.
  var way: String { get }
}

extension FourierPassSolver {
  init(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?
  ) throws(ConvolutionError) {
    try self.init(problem, pass, FourierSettings(memoryLimit: memoryLimit))
  }
}

/// What the choice of a solver depends on.
private struct FourierSolverKey: Hashable {
  let precision: String
  let problem: ConvolutionProblem
  let pass: ConvolutionPass?
  let settings: FourierSettings
}

/// The solvers that were chosen lately, and the refusals: a network poses the same few problems at every step.
private let chosenSolvers = RecentCache<FourierSolverKey, Result<any Sendable, ConvolutionError>>(capacity: 256)

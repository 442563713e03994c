import SpectralConvolution
import Synchronization
import SpectralCore

/// The solvers of the direct method.
///
/// A solver is taken if measurements prefer it for such channels and images, the first of the table that can; unless the
/// estimate of another is less than two thirds of its own, as happens where padding, dilation or strides make it copy and
/// multiply mostly what nobody sees.
enum DirectSolvers<Scalar: TensorScalar> {
  /// All of them, in the order of preference. The last one can do everything, in the least memory.
  static var table: [any ConvolutionSolver<Scalar>.Type] {
    [BatchSolver<Scalar>.self, MatrixSolver<Scalar>.self, WindowSolver<Scalar>.self, UnfoldSolver<Scalar>.self]
  }

  /// The place of the solver in the table that is to do a pass.
  ///
  /// - Throws: If the memory limit has no room for any.
  static func choose(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ rates: CostRates, memoryLimit: Int?
  ) throws(ConvolutionError) -> (index: Int, solver: any ConvolutionSolver<Scalar>) {
    var able: [(index: Int, solver: any ConvolutionSolver<Scalar>)] = []
    var refusal: ConvolutionError?
    for (index, type) in table.enumerated() {
      do { able.append((index, try type.init(problem, pass, memoryLimit: memoryLimit))) } catch { refusal = error }
    }
    func seconds(_ solver: any ConvolutionSolver<Scalar>) -> Double { solver.seconds(pass, rates) }
    guard let fastest = able.min(by: { seconds($0.solver) < seconds($1.solver) }) else { throw refusal! }
    if let preferred = able.first(where: { $0.solver.isPreferred }),
      seconds(preferred.solver) <= 1.5 * seconds(fastest.solver)
    {
      return preferred
    }
    return fastest
  }
}

/// The choices that were made lately: making one takes longer than a small pass.
///
/// A class because copies of a method share it.
final class SolverCache<Scalar: TensorScalar>: Sendable {
  private struct Key: Equatable {
    let problem: ConvolutionProblem
    let pass: ConvolutionPass
    let memoryLimit: Int?
    let threads: Int
  }
  private struct Entry {
    let key: Key
    let index: Int
    /// Where it is worth keeping.
    let solver: (any ConvolutionSolver<Scalar>)?
  }

  private static var capacity: Int { 48 }
  private let entries = Mutex<[Entry]>([])

  /// The solver for a pass.
  func solver(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ rates: CostRates, memoryLimit: Int?
  ) throws(ConvolutionError) -> any ConvolutionSolver<Scalar> {
    let key = Key(problem: problem, pass: pass, memoryLimit: memoryLimit, threads: Parallel.threads)
    if let entry = entries.withLock({ entries in entries.first { $0.key == key } }) {
      if let solver = entry.solver { return solver }
      return try DirectSolvers<Scalar>.table[entry.index].init(problem, pass, memoryLimit: memoryLimit)
    }
    let (index, solver) = try DirectSolvers<Scalar>.choose(problem, pass, rates, memoryLimit: memoryLimit)
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries.removeFirst() }
      entries.append(Entry(key: key, index: index, solver: solver.isReusable ? solver : nil))
    }
    return solver
  }
}

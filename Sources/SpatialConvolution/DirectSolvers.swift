import SpectralConvolution
import SpectralCore

/// The solvers of the direct method.
///
/// A solver is taken if measurements prefer it for such channels and images, the first of the table that can; unless the
/// estimate of another is less than two thirds of its own, as happens where padding, dilation or strides make it copy and
/// multiply mostly what nobody sees.
enum DirectSolvers<Scalar: TensorScalar> {
  /// All of them, in the order of preference. The last one can do everything, in the least memory.
  static var table: [any ConvolutionSolver<Scalar>.Type] {
    [WindowSolver<Scalar>.self, MatrixSolver<Scalar>.self, UnfoldSolver<Scalar>.self]
  }

  /// The solver that is to do a pass.
  ///
  /// - Throws: If the memory limit has no room for any.
  static func choose(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ rates: CostRates, memoryLimit: Int?
  ) throws(ConvolutionError) -> any ConvolutionSolver<Scalar> {
    var able: [any ConvolutionSolver<Scalar>] = []
    var refusal: ConvolutionError?
    for type in table {
      do { able.append(try type.init(problem, pass, memoryLimit: memoryLimit)) } catch { refusal = error }
    }
    func seconds(_ solver: any ConvolutionSolver<Scalar>) -> Double { solver.seconds(pass, rates) }
    guard let fastest = able.min(by: { seconds($0) < seconds($1) }) else { throw refusal! }
    if let preferred = able.first(where: \.isPreferred), seconds(preferred) <= 1.5 * seconds(fastest) {
      return preferred
    }
    return fastest
  }
}

/// The choices that were made lately: making one takes longer than a small pass.
typealias SolverCache<Scalar: TensorScalar> = RecentCache<SolverKey, SolverChoice<Scalar>>

/// A solver that was chosen; itself, if it is worth keeping.
struct SolverChoice<Scalar: TensorScalar>: Sendable {
  let type: any ConvolutionSolver<Scalar>.Type
  let kept: (any ConvolutionSolver<Scalar>)?
}

/// What the choice of a solver depends on.
struct SolverKey: Hashable {
  let problem: ConvolutionProblem
  let pass: ConvolutionPass
  /// The only one that may be taken.
  let solver: String?
  let memoryLimit: Int?
  let threads: Int
}

import SpectralConvolution
import SpectralCore

/// Products of matrices whose rows or terms are found through tables of offsets in a padded copy of the operand, without
/// unfolding windows: for several channels.
struct MatrixSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.matrix" }
  static var summary: String {
    "multiplies matrices whose rows are found through offsets in a padded tile: for several channels or outputs"
  }

  private let pass: any DirectPass<Scalar>
  let isPreferred: Bool

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    let tiles: (any DirectPass<Scalar>)? =
      pass == .filterGradient
      ? MatrixGradientTiles<Scalar>(problem, memoryLimit: memoryLimit)
      : MatrixTiles<Scalar>(problem, pass, memoryLimit: memoryLimit)
    guard let tiles else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the packed filters or their sums, and for all that a window sees "
          + "in all channels")
    }
    self.pass = tiles
    isPreferred = problem.isDense
  }

  var cost: CostEstimate { pass.cost }
  var memory: [WorkingSet] { pass.workingSets }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? { pass.run(operands) }
}

extension MatrixTiles: DirectPass {
  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let sweep = MatrixSweep(self)
    func result(_ packed: Tensor<Scalar>) -> Tensor<Scalar> {
      sweep(PassOperands(operands.first, packed, bias: operands.bias))
    }
    if pass == .inputGradient {
      let (packed, areFinite) = sweep.pack(problem.oriented(operands.second))
      // The zeros around a gradient are no terms of the sum: they must not meet an infinite weight.
      return areFinite ? result(packed) : nil
    }
    func pack() -> Tensor<Scalar> { sweep.pack(problem.oriented(operands.second)).filters }
    guard let cache = operands.cache, !needsNoPacking else { return result(pack()) }
    let others = workingSets.bytes(threads: min(Parallel.threads, workers)) - packedBytes
    return result(
      cache.value(
        operands.second, problem.geometry, bytes: packedBytes,
        budget: memoryLimit.map { $0 - others } ?? type(of: cache).usualBudget, make: pack))
  }
}

extension MatrixGradientTiles: DirectPass {
  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    problem.oriented(MatrixFilterGradient(self)(operands))
  }
}

import SpectralConvolution
import SpectralCore

/// Products of matrices whose rows or terms are found through tables of offsets in a padded copy of the operand, without
/// unfolding windows: for several channels.
struct MatrixSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.matrix" }
  static var summary: String {
    "multiplies matrices whose rows are found through offsets in a padded tile: for several channels or outputs"
  }

  private let tiles: MatrixTiles<Scalar>

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    guard let tiles = MatrixTiles<Scalar>(problem, pass, memoryLimit: memoryLimit) else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the packed filters or their sums, and for all that a window sees "
          + "in all channels")
    }
    self.tiles = tiles
  }

  var cost: CostEstimate { tiles.cost }
  var isPreferred: Bool { tiles.problem.isDense }
  var memory: [WorkingSet] { tiles.workingSets }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let problem = tiles.problem
    if tiles.pass == .filterGradient { return problem.oriented(MatrixFilterGradient(tiles)(operands)) }
    let sweep = MatrixSweep(tiles)
    func result(_ packed: Tensor<Scalar>) -> Tensor<Scalar> {
      sweep(PassOperands(operands.first, packed, bias: operands.bias))
    }
    func pack() -> (filters: Tensor<Scalar>, areFinite: Bool) { sweep.pack(problem.oriented(operands.second)) }
    if tiles.pass == .inputGradient {
      let (packed, areFinite) = pack()
      // The zeros around a gradient are no terms of the sum: they must not meet an infinite weight.
      return areFinite ? result(packed) : nil
    }
    guard let cache = operands.cache, !tiles.needsNoPacking else { return result(pack().filters) }
    let others =
      tiles.workingSets.bytes(threads: min(Parallel.threads, tiles.workers)) - tiles.packedBytes
    return result(
      cache.value(
        operands.second, problem.geometry, bytes: tiles.packedBytes,
        budget: tiles.memoryLimit.map { $0 - others } ?? type(of: cache).usualBudget
      ) { pack().filters })
  }
}

import SpectralConvolution
import SpectralCore

/// Products of matrices whose rows or terms are found through tables of offsets in a padded copy of the operand, without
/// unfolding windows: for several channels.
struct MatrixSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.matrix" }
  static var summary: String {
    "multiplies matrices whose rows are found through offsets in a padded tile: for several channels or outputs"
  }

  private let problem: ConvolutionProblem
  private let pass: ConvolutionPass
  private let memoryLimit: Int?

  /// How the pass is cut up.
  private enum Tiles {
    case sweep(MatrixTiles<Scalar>)
    case filterGradient(MatrixGradientTiles<Scalar>)
  }
  private let tiles: Tiles

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    (self.problem, self.pass, self.memoryLimit) = (problem, pass, memoryLimit)
    let tiles =
      pass == .filterGradient
      ? MatrixGradientTiles<Scalar>(problem, memoryLimit: memoryLimit).map(Tiles.filterGradient)
      : MatrixTiles<Scalar>(problem, pass, memoryLimit: memoryLimit).map(Tiles.sweep)
    guard let tiles else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the packed filters or their sums, and for all that a window sees "
          + "in all channels")
    }
    self.tiles = tiles
  }

  var cost: CostEstimate {
    switch tiles {
    case .sweep(let tiles): tiles.cost
    case .filterGradient(let tiles): tiles.cost
    }
  }
  var isPreferred: Bool { problem.isDense }
  var memory: [WorkingSet] {
    switch tiles {
    case .sweep(let tiles): tiles.phases
    case .filterGradient(let tiles): tiles.phases
    }
  }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    switch tiles {
    case .filterGradient(let tiles):
      return problem.oriented(MatrixFilterGradient(tiles)(operands.first, operands.second))
    case .sweep(let tiles):
      let sweep = MatrixSweep(tiles)
      if pass == .inputGradient {
        let (packed, areFinite) = sweep.pack(problem.oriented(operands.second))
        // The zeros around a gradient are no terms of the sum: they must not meet an infinite weight.
        return areFinite ? sweep(operands.first, packed, bias: nil) : nil
      }
      func pack() -> Tensor<Scalar> { sweep.pack(problem.oriented(operands.second)).filters }
      guard let cache = operands.cache, !tiles.needsNoPacking else {
        return sweep(operands.first, pack(), bias: operands.bias)
      }
      let others = tiles.phases.bytes(threads: min(Parallel.threads, tiles.workers)) - tiles.packedBytes
      let packed = cache.value(
        operands.second, problem.geometry, bytes: tiles.packedBytes,
        budget: memoryLimit.map { $0 - others } ?? type(of: cache).usualBudget, make: pack)
      return sweep(operands.first, packed, bias: operands.bias)
    }
  }
}

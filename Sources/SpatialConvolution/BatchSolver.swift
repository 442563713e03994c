import SpectralConvolution
import SpectralCore

/// Vectors across the images of a batch: for small images in large batches.
struct BatchSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.batch" }
  static var summary: String {
    "puts the images of a batch side by side in vectors: for small images in batches that fill whole vectors"
  }

  private let tiles: BatchTiles<Scalar>

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    guard let tiles = BatchTiles<Scalar>(problem, pass, memoryLimit: memoryLimit) else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it takes batches that fill vectors of \(Scalar.vectorWidth) images to seven eighths, "
          + "windows of at most \(BatchTiles<Scalar>.mostTerms) taps, and as much memory as a row of all these images")
    }
    self.tiles = tiles
  }

  var cost: CostEstimate { tiles.cost }
  var isReusable: Bool { true }
  var isPreferred: Bool { tiles.problem.isDense && tiles.isWorthwhile }
  var memory: [WorkingSet] { tiles.workingSets }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let problem = tiles.problem
    if tiles.pass == .filterGradient { return BatchFilterGradient(tiles: tiles)(operands).map(problem.oriented) }
    return BatchSweep(tiles: tiles)(
      PassOperands(operands.first, problem.oriented(operands.second), bias: operands.bias))
  }
}

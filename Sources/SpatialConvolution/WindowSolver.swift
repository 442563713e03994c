import SpectralConvolution
import SpectralCore

/// Windows over one plane at a time: for depthwise convolutions, images with one kernel, and whatever else has too few
/// channels for a matrix product; and small images in large batches, a vector of images at a time.
struct WindowSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.window" }
  static var summary: String {
    "moves windows over planes, each vector of pixels meeting all that see it: for single channels and large batches"
  }

  private let tiles: WindowTiles<Scalar>
  /// The pass with its tables, if they were made already.
  private var pass: (@Sendable (PassOperands<Scalar>) -> Tensor<Scalar>)?
  let isPreferred: Bool

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    guard let tiles = WindowTiles<Scalar>(problem, pass, memoryLimit: memoryLimit) else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the rows that a window sees in all channels of a group"
          + (pass == .filterGradient ? ", and windows that all see something of the image" : ""))
    }
    self.tiles = tiles
    isPreferred = !problem.isDense || tiles.isShared && tiles.isWorthwhile
  }

  var cost: CostEstimate { tiles.cost }
  var memory: [WorkingSet] { tiles.workingSets }

  var kept: (any ConvolutionSolver<Scalar>)? {
    guard tiles.tableBytes < 1 << 17 else { return nil }
    var copy = self
    copy.pass = makePass()
    return copy
  }

  private func makePass() -> @Sendable (PassOperands<Scalar>) -> Tensor<Scalar> {
    tiles.pass == .filterGradient ? WindowFilterGradient(tiles).callAsFunction : WindowSweep(tiles).callAsFunction
  }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let (problem, pass) = (tiles.problem, pass ?? makePass())
    if tiles.pass == .filterGradient {
      let weight = pass(operands)
      // Something infinite must meet every zero of the border, which windows skip.
      return weight.isFinite ? problem.oriented(weight) : nil
    }
    guard operands.second.isFinite else { return nil }
    return pass(PassOperands(operands.first, problem.oriented(operands.second), bias: operands.bias))
  }
}

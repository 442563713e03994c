import SpectralConvolution
import SpectralCore

/// Windows over one plane at a time: for depthwise convolutions, images with one kernel, and whatever else has too few
/// channels for a matrix product.
struct WindowSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.window" }
  static var summary: String {
    "moves windows over one plane at a time, each vector of pixels meeting all taps that see it: for single channels"
  }

  private let tiles: WindowTiles<Scalar>
  let isPreferred: Bool

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    guard let tiles = WindowTiles<Scalar>(problem, pass, memoryLimit: memoryLimit) else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the rows that a window sees in all channels of a group"
          + (pass == .filterGradient ? ", and windows that all see something of the image" : ""))
    }
    self.tiles = tiles
    isPreferred = !problem.isDense
  }

  var cost: CostEstimate { tiles.cost }
  var memory: [WorkingSet] { tiles.workingSets }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let problem = tiles.problem
    if tiles.pass == .filterGradient {
      let weight = WindowFilterGradient(tiles)(operands)
      // Something infinite must meet every zero of the border, which windows skip.
      return weight.isFinite ? problem.oriented(weight) : nil
    }
    guard operands.second.isFinite else { return nil }
    return WindowSweep(tiles)(PassOperands(operands.first, problem.oriented(operands.second), bias: operands.bias))
  }
}

import SpectralConvolution
import SpectralCore

/// Windows over one plane at a time: for depthwise convolutions, images with one kernel, and whatever else has too few
/// channels for a matrix product.
struct WindowSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.window" }
  static var summary: String {
    "moves windows over one plane at a time, each vector of pixels meeting all taps that see it: for single channels"
  }

  private let pass: any DirectPass<Scalar>
  let isPreferred: Bool

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    let tiles: (any DirectPass<Scalar>)? =
      pass == .filterGradient
      ? WindowGradientTiles<Scalar>(problem, memoryLimit: memoryLimit)
      : WindowTiles<Scalar>(problem, pass, memoryLimit: memoryLimit)
    guard let tiles else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the rows that a window sees in all channels of a group"
          + (pass == .filterGradient ? ", and windows that all see something of the image" : ""))
    }
    self.pass = tiles
    isPreferred = !problem.isDense
  }

  var cost: CostEstimate { pass.cost }
  var memory: [WorkingSet] { pass.workingSets }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? { pass.run(operands) }
}

// With tables in scratch memory, which nobody writes to once they are made: hence the unchecked conformances.
extension WindowTiles: DirectPass, @unchecked Sendable {
  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    guard operands.second.isFinite else { return nil }
    return WindowSweep(self)(PassOperands(operands.first, problem.oriented(operands.second), bias: operands.bias))
  }
}

extension WindowGradientTiles: DirectPass, @unchecked Sendable {
  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let weight = WindowFilterGradient(self)(operands)
    // Something infinite must meet every zero of the border, which windows skip.
    return weight.isFinite ? problem.oriented(weight) : nil
  }
}

import SpectralConvolution
import SpectralCore

/// Windows over one plane at a time: for depthwise convolutions, images with one kernel, and whatever else has too few
/// channels for a matrix product.
struct WindowSolver<Scalar: TensorScalar>: ConvolutionSolver, @unchecked Sendable {
  static var name: String { "direct.window" }
  static var summary: String {
    "moves windows over one plane at a time, each vector of pixels meeting all taps that see it: for single channels"
  }

  private let problem: ConvolutionProblem

  // With tables in scratch memory, which nobody writes to once they are made: hence the unchecked conformance.
  /// How the pass is cut up.
  private enum Tiles {
    case sweep(WindowTiles<Scalar>)
    case filterGradient(WindowGradientTiles<Scalar>)
  }
  private let tiles: Tiles

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    self.problem = problem
    let tiles =
      pass == .filterGradient
      ? WindowGradientTiles<Scalar>(problem, memoryLimit: memoryLimit).map(Tiles.filterGradient)
      : WindowTiles<Scalar>(problem, pass, memoryLimit: memoryLimit).map(Tiles.sweep)
    guard let tiles else {
      throw ConvolutionError(
        "\(Self.name) cannot do this: it needs memory for the rows that a window sees in all channels of a group"
          + (pass == .filterGradient ? ", and windows that all see something of the image" : ""))
    }
    self.tiles = tiles
  }

  var cost: CostEstimate {
    switch tiles {
    case .sweep(let tiles): tiles.cost
    case .filterGradient(let tiles): tiles.cost
    }
  }
  var isPreferred: Bool { !problem.isDense }
  var memory: [WorkingSet] {
    switch tiles {
    case .sweep(let tiles): tiles.phases
    case .filterGradient(let tiles): tiles.phases
    }
  }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    switch tiles {
    case .filterGradient(let tiles):
      let weight = WindowFilterGradient(tiles)(operands.first, operands.second)
      // Something infinite must meet every zero of the border, which windows skip.
      return weight.isFinite ? problem.oriented(weight) : nil
    case .sweep(let tiles):
      guard operands.second.isFinite else { return nil }
      return WindowSweep(tiles)(operands.first, problem.oriented(operands.second), bias: operands.bias)
    }
  }
}

import Foundation
import Layers
import Tensors
import TestSupport

/// A random convolution, small enough for the float64 definition: any kernel, stride, dilation, padding, grouping,
/// boundary and operation.
struct RandomProblem: CustomStringConvertible {
  let problem: ConvolutionProblem
  let seed: UInt64

  /// Random operands for a problem that is not.
  init(problem: ConvolutionProblem, seed: UInt64) {
    self.problem = problem
    self.seed = seed
  }

  init(seed: UInt64) {
    self.seed = seed
    var random = RandomGenerator(seed: seed)
    while true {
      if let problem = try? Self.draw(&random), problem.multiplyAdds < 3_000_000 {
        self.problem = problem
        return
      }
    }
  }

  private static func draw(_ random: inout RandomGenerator) throws -> ConvolutionProblem {
    func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }
    func extent(_ choices: [Int]) -> Extent { Extent(height: pick(choices), width: pick(choices)) }
    let groups = pick([1, 1, 1, 2, 3, 5])
    let (channels, outputs) = (groups * pick([1, 1, 2, 3, 7]), groups * pick([1, 1, 2, 4, 6]))
    let kernel = extent([1, 2, 3, 3, 4, 5, 7, 9, 13])
    let padding: Padding = pick([
      .valid, .same, .same, .full,
      .explicit(top: pick([0, 1, 5]), bottom: pick([0, 2, 7]), left: pick([0, 1, 4]), right: pick([0, 3, 11])),
    ])
    let geometry = ConvolutionGeometry(
      kernel: kernel, stride: extent([1, 1, 1, 2, 3, 4]), dilation: extent([1, 1, 1, 2, 3]), padding: padding,
      groups: groups, boundary: pick(Boundary.allCases), operation: pick(ConvolutionOperation.allCases))
    let sizes = [1, 2, 3, 5, 8, 13, 16, 17, 23, 29, 31, 32, 40]
    return try ConvolutionProblem(
      geometry, input: [pick([1, 2, 3]), channels, pick(sizes), pick(sizes)],
      filter: [outputs, channels / groups, kernel.height, kernel.width])
  }

  /// A geometry that nobody would choose: kernels up to 60 taps a side, strides up to 50, dilations up to 40, any padding,
  /// long and thin arrays.
  ///
  /// - Parameter batch: The images; drawn if it is nil.
  static func wild(seed: UInt64, batch: Int? = nil, multiplyAdds: Int) -> RandomProblem {
    var random = RandomGenerator(seed: seed)
    while true {
      if let problem = try? wild(&random, batch: batch), problem.multiplyAdds < multiplyAdds,
        problem.inputShape.count < 1 << 22, problem.outputShape.count < 1 << 22
      {
        return RandomProblem(problem: problem, seed: seed)
      }
    }
  }

  private static func wild(_ random: inout RandomGenerator, batch: Int?) throws -> ConvolutionProblem {
    func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }
    /// Small as often as large.
    func size(_ most: Int) -> Int {
      Int(Double.random(in: 0..<Double(most + 1).logarithm, using: &random).exponential.rounded(.down))
    }
    func extent(_ most: Int) -> Extent { Extent(height: size(most), width: size(most)) }
    let groups = pick([1, 1, 1, size(8), size(40)])
    let (channels, outputs) = (pick([1, 1, size(12)]), pick([1, 1, size(20)]))
    var (height, width) = (size(60), size(60))
    if pick([false, false, true]) { (height, width) = pick([(size(4000), size(4)), (size(4), size(4000))]) }
    let kernel = extent(60)
    let geometry = ConvolutionGeometry(
      kernel: kernel, stride: pick([1, extent(50)]), dilation: pick([1, extent(40)]),
      padding: pick([
        .valid, .same, .same, .full,
        .explicit(top: size(40) - 1, bottom: size(40) - 1, left: size(40) - 1, right: size(40) - 1),
      ]), groups: groups, boundary: pick(Boundary.allCases), operation: pick(ConvolutionOperation.allCases))
    return try ConvolutionProblem(
      geometry, input: [batch ?? pick([1, 1, size(8), size(40)]), groups * channels, height, width],
      filter: [groups * outputs, channels, kernel.height, kernel.width])
  }

  /// Random images, filters and output gradient.
  func operands<Scalar: TensorScalar>(
    _: Scalar.Type = Scalar.self
  ) -> (x: Tensor<Scalar>, w: Tensor<Scalar>, g: Tensor<Scalar>) {
    var random = RandomGenerator(seed: seed &+ 1)
    return (
      .normal(problem.inputShape, using: &random), .normal(problem.filterShape, using: &random),
      .normal(problem.outputShape, using: &random)
    )
  }

  var description: String { "seed \(seed): \(problem)" }
}

/// The largest error that the promise `2 u sqrt(log2 N) ‖x‖ ‖k‖` for each channel pair allows each pass. A boundary
/// other than zero repeats pixels: then x is the padded image, and a pixel collects as many gradients as it has copies.
struct PassBounds {
  let forward: Double
  let inputGradient: Double
  let filterGradient: Double

  init<Scalar: TensorScalar>(
    _ problem: ConvolutionProblem, x: Tensor<Scalar>, w: Tensor<Scalar>, g: Tensor<Scalar>, points: Int
  ) {
    let factor = ErrorBound.relativeL2(scalar: Scalar.self, pointCount: points)
    func norms(_ tensor: Tensor<Scalar>) -> [Double] {
      let plane = max(tensor.shape[2] * tensor.shape[3], 1)
      let values = tensor.elements
      return stride(from: 0, to: values.count, by: plane).map { start in
        values[start..<start + plane].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      }
    }
    func copies(_ axis: ConvolutionAxis) -> [Int] {
      var counts = [Int](repeating: 0, count: axis.input)
      for position in 0..<axis.padded { if let source = axis.source(position) { counts[source] += 1 } }
      return counts
    }
    let (rows, columns) = (copies(problem.vertical), copies(problem.horizontal))
    let width = problem.horizontal.input
    let padded = Tensor<Scalar>(
      x.shape,
      x.elements.enumerated().map { index, value in
        let pixel = index % (problem.vertical.input * width)
        return value * Scalar(rows[pixel / width] * columns[pixel % width]).squareRoot()
      })
    let (nx, nw, ng) = (norms(padded), norms(w), norms(g))
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let repeats = Double(max(rows.max() ?? 1, 1) * max(columns.max() ?? 1, 1))
    var (y, dx, dw) = (0.0, 0.0, 0.0)
    for n in 0..<problem.batch {
      for o in 0..<problem.outputChannels {
        let first = n * problem.inputChannels + o / outputs * perGroup
        y = max(y, (0..<perGroup).reduce(0) { $0 + nx[first + $1] * nw[o * perGroup + $1] })
      }
      for c in 0..<problem.inputChannels {
        let group = c / perGroup
        dx = max(
          dx,
          (group * outputs..<(group + 1) * outputs).reduce(0) {
            $0 + ng[n * problem.outputChannels + $1] * nw[$1 * perGroup + c % perGroup]
          })
      }
    }
    for o in 0..<problem.outputChannels {
      for c in 0..<perGroup {
        let channel = o / outputs * perGroup + c
        dw = max(
          dw,
          (0..<problem.batch).reduce(0) {
            $0 + nx[$1 * problem.inputChannels + channel] * ng[$1 * problem.outputChannels + o]
          })
      }
    }
    (forward, inputGradient, filterGradient) = (factor * y, factor * dx * repeats, factor * dw)
  }
}

extension Double {
  fileprivate var logarithm: Double { log(self) }
  fileprivate var exponential: Double { exp(self) }
}

import Foundation
import SpectralConvolution
import SpectralCore
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

  /// - Parameter rank: 1 for signals, 2 for images, 3 for volumes.
  init(seed: UInt64, rank: Int = 2) {
    self.seed = seed
    var random = RandomGenerator(seed: seed)
    while true {
      if let problem = try? Self.draw(&random, rank), problem.multiplyAdds < 3_000_000 {
        self.problem = problem
        return
      }
    }
  }

  private static func draw(_ random: inout RandomGenerator, _ rank: Int) throws -> ConvolutionProblem {
    func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }
    func each(_ choices: [Int]) -> [Int] { (0..<rank).map { _ in pick(choices) } }
    let groups = pick([1, 1, 1, 2, 3, 5])
    let (channels, outputs) = (groups * pick([1, 1, 2, 3, 7]), groups * pick([1, 1, 2, 4, 6]))
    let kernel = each(
      rank == 3 ? [1, 2, 3, 3, 4, 5] : rank == 1 ? [1, 2, 3, 5, 9, 31, 64] : [1, 2, 3, 3, 4, 5, 7, 9, 13])
    let padding: Padding = pick([
      .valid, .same, .same, .full,
      .sides((0..<rank).map { _ in Padding.Sides(before: pick([0, 1, 4, 5]), after: pick([0, 2, 3, 7, 11])) }),
    ])
    let boundaries = rank == 2 ? Boundary.allCases : Boundary.allCases + [.constant(1.5), .constant(-0.25)]
    let geometry = ConvolutionGeometry(
      stride: AxisValues(each([1, 1, 1, 2, 3, 4])), dilation: AxisValues(each([1, 1, 1, 2, 3])), padding: padding,
      groups: groups, boundary: pick(boundaries), operation: pick(ConvolutionOperation.allCases))
    let sizes =
      rank == 3
      ? [1, 2, 3, 5, 8, 11, 13, 16]
      : rank == 1
        ? [1, 2, 5, 16, 31, 40, 100, 257, 600]
        : [1, 2, 3, 5, 8, 13, 16, 17, 23, 29, 31, 32, 40]
    return try ConvolutionProblem(
      geometry, input: TensorShape([pick([1, 2, 3]), channels] + each(sizes)),
      filter: TensorShape([outputs, channels / groups] + kernel))
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
    func each(_ most: Int) -> AxisValues { [size(most), size(most)] }
    let groups = pick([1, 1, 1, size(8), size(40)])
    let (channels, outputs) = (pick([1, 1, size(12)]), pick([1, 1, size(20)]))
    var (height, width) = (size(60), size(60))
    if pick([false, false, true]) { (height, width) = pick([(size(4000), size(4)), (size(4), size(4000))]) }
    let kernel = each(60)
    let geometry = ConvolutionGeometry(
      stride: pick([1, each(50)]), dilation: pick([1, each(40)]),
      padding: pick([
        .valid, .same, .same, .full,
        .explicit(top: size(40) - 1, bottom: size(40) - 1, left: size(40) - 1, right: size(40) - 1),
      ]), groups: groups, boundary: pick(Boundary.allCases), operation: pick(ConvolutionOperation.allCases))
    return try ConvolutionProblem(
      geometry, input: [batch ?? pick([1, 1, size(8), size(40)]), groups * channels, height, width],
      filter: [groups * outputs, channels, kernel[0], kernel[1]])
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
      let plane = max(tensor.shape.extents.dropFirst(2).reduce(1, *), 1)
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
    let axisCopies = problem.axes.map(copies)
    let volume = problem.axes.reduce(1) { $0 * $1.input }
    let padded = Tensor<Scalar>(
      x.shape,
      x.elements.enumerated().map { index, value in
        var (place, count) = (index % volume, 1)
        for (axis, copies) in zip(problem.axes, axisCopies).reversed() {
          count *= copies[place % axis.input]
          place /= axis.input
        }
        return value * Scalar(count).squareRoot()
      })
    // What a constant boundary adds to the norm of a padded array.
    let beyond = problem.axes.reduce(1) { $0 * $1.padded } - volume
    let addition = problem.geometry.boundary.value * Double(beyond).squareRoot()
    let nx = norms(padded).map { ($0 * $0 + addition * addition).squareRoot() }
    let (nw, ng) = (norms(w), norms(g))
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let repeats = axisCopies.reduce(1.0) { $0 * Double(max($1.max() ?? 1, 1)) }
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

import SpectralConvolution
import SpectralCore

/// Compares results with the sums that define them, in float64, at places drawn at random: a whole reference would take
/// longer than the benchmark.
struct SampledCheck<Scalar: TensorScalar> {
  private let problem: ConvolutionProblem
  private let x: Tensor<Scalar>
  private let w: Tensor<Scalar>
  private let places = 48

  init(_ problem: ConvolutionProblem, _ x: Tensor<Scalar>, _ w: Tensor<Scalar>) {
    (self.problem, self.x, self.w) = (problem, x, w)
  }

  /// Two places whose numbers are multiplied, each in an array of one channel.
  private typealias Pair = (first: Int, second: Int)

  private var inputVolume: Int { problem.axes.reduce(1) { $0 * $1.input } }
  private var outputVolume: Int { problem.axes.reduce(1) { $0 * $1.output } }

  func forward(_ y: Tensor<Scalar>) -> Double {
    compare(y) { n, o, place in
      // The element that each tap of the window sees.
      let pairs = pairs(problem.axes.map(\.kernel)) { axis, tap in
        (problem.axes[axis].source(output: place[axis], tap: tap), problem.axes[axis].input)
      }
      let channel = n * problem.inputChannels + o / problem.outputsPerGroup * problem.channelsPerGroup
      return (0..<problem.channelsPerGroup).reduce(0) { sum, c in
        sum + dot(pairs, x, (channel + c) * inputVolume, w, (o * problem.channelsPerGroup + c) * problem.taps)
      }
    }
  }

  func inputGradient(_ dx: Tensor<Scalar>, _ g: Tensor<Scalar>) -> Double {
    compare(dx) { n, c, place in
      // The output that sees the element with each tap, under zero padding.
      let pairs = pairs(problem.axes.map(\.kernel)) { axis, tap in
        let own = problem.axes[axis]
        let (output, rest) = (place[axis] + own.paddingBefore - own.dilation * tap)
          .quotientAndRemainder(dividingBy: own.stride)
        return (rest == 0 && output >= 0 && output < own.output ? output : nil, own.output)
      }
      let (group, channel) = c.quotientAndRemainder(dividingBy: problem.channelsPerGroup)
      return (0..<problem.outputsPerGroup).reduce(0) { sum, j in
        let o = group * problem.outputsPerGroup + j
        return sum
          + dot(
            pairs, g, (n * problem.outputChannels + o) * outputVolume, w,
            (o * problem.channelsPerGroup + channel) * problem.taps)
      }
    }
  }

  func filterGradient(_ dw: Tensor<Scalar>, _ g: Tensor<Scalar>) -> Double {
    compare(dw, places: 6) { o, c, tap in
      // The element that each window sees through the tap.
      let pairs = pairs(problem.axes.map(\.output)) { axis, output in
        (problem.axes[axis].source(output: output, tap: tap[axis]), problem.axes[axis].input)
      }
      let channel = o / problem.outputsPerGroup * problem.channelsPerGroup + c
      return (0..<problem.batch).reduce(0) { sum, n in
        sum
          + dot(
            pairs, x, (n * problem.inputChannels + channel) * inputVolume, g,
            (n * problem.outputChannels + o) * outputVolume)
      }
    }
  }

  /// For every place of an array of some extents, the place that belongs to it, axis by axis; without those that have none.
  private func pairs(_ extents: [Int], _ partner: (_ axis: Int, _ place: Int) -> (place: Int?, extent: Int)) -> [Pair] {
    var pairs: [Pair] = [(0, 0)]
    for (axis, extent) in extents.enumerated() {
      let partners = (0..<extent).map { partner(axis, $0) }
      pairs = pairs.flatMap { pair in
        partners.indices.compactMap { place in
          partners[place].place.map { (pair.first * partners[place].extent + $0, pair.second * extent + place) }
        }
      }
    }
    return pairs
  }

  private func dot(
    _ pairs: [Pair], _ a: Tensor<Scalar>, _ aStart: Int, _ b: Tensor<Scalar>, _ bStart: Int
  ) -> Double {
    a.withUnsafeElements { a in
      b.withUnsafeElements { b in
        var sum = 0.0
        for pair in pairs { sum += Double(a[aStart + pair.first]) * Double(b[bStart + pair.second]) }
        return sum
      }
    }
  }

  private func compare(
    _ result: Tensor<Scalar>, places: Int? = nil, _ expected: (Int, Int, [Int]) -> Double
  ) -> Double {
    var random = RandomGenerator(seed: 7)
    var (difference, total) = (0.0, 0.0)
    for _ in 0..<(places ?? self.places) {
      let place = result.shape.extents.map { Int.random(in: 0..<$0, using: &random) }
      let value = expected(place[0], place[1], Array(place.dropFirst(2)))
      var index = 0
      for (axis, coordinate) in place.enumerated() { index = index * result.shape[axis] + coordinate }
      let found = result.withUnsafeElements { Double($0[index]) }
      difference += (found - value) * (found - value)
      total += value * value
    }
    return total == 0 ? difference.squareRoot() : (difference / total).squareRoot()
  }
}

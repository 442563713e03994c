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

  func forward(_ y: Tensor<Scalar>) -> Double {
    compare(y) { n, o, place in
      let first = o / problem.outputsPerGroup * problem.channelsPerGroup
      return sum(channels: problem.channelsPerGroup) { c, tap in
        element(x, n, first + c, seenFrom: place, tap) * at(w, o, c, tap)
      }
    }
  }

  func inputGradient(_ dx: Tensor<Scalar>, _ g: Tensor<Scalar>) -> Double {
    compare(dx) { n, c, place in
      let (group, channel) = c.quotientAndRemainder(dividingBy: problem.channelsPerGroup)
      return sum(channels: problem.outputsPerGroup) { j, tap in
        var outputs: [Int] = []
        for (axis, (element, tap)) in zip(problem.axes, zip(place, tap)) {
          // The output that sees the element with the tap, under zero padding.
          let (output, rest) = (element + axis.paddingBefore - axis.dilation * tap)
            .quotientAndRemainder(dividingBy: axis.stride)
          guard rest == 0 && output >= 0 && output < axis.output else { return 0 }
          outputs.append(output)
        }
        let o = group * problem.outputsPerGroup + j
        return at(g, n, o, outputs) * at(w, o, channel, tap)
      }
    }
  }

  func filterGradient(_ dw: Tensor<Scalar>, _ g: Tensor<Scalar>) -> Double {
    compare(dw, places: 6) { o, c, tap in
      let channel = o / problem.outputsPerGroup * problem.channelsPerGroup + c
      var total = 0.0
      for n in 0..<problem.batch {
        forEachPlace(problem.axes.map(\.output)) { output in
          total += at(g, n, o, output) * element(x, n, channel, seenFrom: output, tap)
        }
      }
      return total
    }
  }

  private func sum(channels: Int, _ term: (Int, [Int]) -> Double) -> Double {
    var total = 0.0
    for c in 0..<channels { forEachPlace(problem.axes.map(\.kernel)) { total += term(c, $0) } }
    return total
  }

  /// Calls `body` with every place of an array.
  private func forEachPlace(_ extents: [Int], _ body: ([Int]) -> Void) {
    var place = [Int](repeating: 0, count: extents.count)
    for _ in 0..<extents.reduce(1, *) {
      body(place)
      var axis = extents.count - 1
      while axis >= 0 {
        place[axis] += 1
        if place[axis] < extents[axis] { break }
        place[axis] = 0
        axis -= 1
      }
    }
  }

  private func element(_ x: Tensor<Scalar>, _ n: Int, _ c: Int, seenFrom output: [Int], _ tap: [Int]) -> Double {
    var place: [Int] = []
    for (axis, (output, tap)) in zip(problem.axes, zip(output, tap)) {
      guard let source = axis.source(output: output, tap: tap) else { return 0 }
      place.append(source)
    }
    return at(x, n, c, place)
  }

  @inline(__always)
  private func at(_ tensor: Tensor<Scalar>, _ a: Int, _ b: Int, _ place: [Int]) -> Double {
    let shape = tensor.shape
    var index = a * shape[1] + b
    for (axis, value) in place.enumerated() { index = index * shape[2 + axis] + value }
    return tensor.withUnsafeElements { Double($0[index]) }
  }

  private func compare(
    _ result: Tensor<Scalar>, places: Int? = nil, _ expected: (Int, Int, [Int]) -> Double
  ) -> Double {
    var random = RandomGenerator(seed: 7)
    var (difference, total) = (0.0, 0.0)
    for _ in 0..<(places ?? self.places) {
      let place = result.shape.extents.map { Int.random(in: 0..<$0, using: &random) }
      let rest = Array(place.dropFirst(2))
      let value = expected(place[0], place[1], rest)
      let found = at(result, place[0], place[1], rest)
      difference += (found - value) * (found - value)
      total += value * value
    }
    return total == 0 ? difference.squareRoot() : (difference / total).squareRoot()
  }
}

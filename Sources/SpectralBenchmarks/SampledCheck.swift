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
    compare(y) { n, o, row, column in
      let first = o / problem.outputsPerGroup * problem.channelsPerGroup
      return sum(channels: problem.channelsPerGroup) { c, ky, kx in
        pixel(x, n, first + c, row, column, ky, kx) * at(w, o, c, ky, kx)
      }
    }
  }

  func inputGradient(_ dx: Tensor<Scalar>, _ g: Tensor<Scalar>) -> Double {
    compare(dx) { n, c, row, column in
      let (group, channel) = c.quotientAndRemainder(dividingBy: problem.channelsPerGroup)
      return sum(channels: problem.outputsPerGroup) { j, ky, kx in
        let o = group * problem.outputsPerGroup + j
        guard let y = output(problem.vertical, row, ky), let x = output(problem.horizontal, column, kx) else {
          return 0
        }
        return at(g, n, o, y, x) * at(w, o, channel, ky, kx)
      }
    }
  }

  /// The output that sees a pixel with a tap, under zero padding; nil if none does.
  private func output(_ axis: ConvolutionAxis, _ pixel: Int, _ tap: Int) -> Int? {
    let (output, rest) = (pixel + axis.paddingBefore - tap).quotientAndRemainder(dividingBy: axis.stride)
    return rest == 0 && output >= 0 && output < axis.output ? output : nil
  }

  func filterGradient(_ dw: Tensor<Scalar>, _ g: Tensor<Scalar>) -> Double {
    compare(dw, places: 6) { o, c, ky, kx in
      let channel = o / problem.outputsPerGroup * problem.channelsPerGroup + c
      var total = 0.0
      for n in 0..<problem.batch {
        for row in 0..<problem.vertical.output {
          for column in 0..<problem.horizontal.output {
            total += at(g, n, o, row, column) * pixel(x, n, channel, row, column, ky, kx)
          }
        }
      }
      return total
    }
  }

  private func sum(channels: Int, _ term: (Int, Int, Int) -> Double) -> Double {
    var total = 0.0
    for c in 0..<channels {
      for ky in 0..<problem.vertical.kernel { for kx in 0..<problem.horizontal.kernel { total += term(c, ky, kx) } }
    }
    return total
  }

  private func pixel(_ x: Tensor<Scalar>, _ n: Int, _ c: Int, _ row: Int, _ column: Int, _ ky: Int, _ kx: Int) -> Double
  {
    guard let y = problem.vertical.source(output: row, tap: ky),
      let z = problem.horizontal.source(output: column, tap: kx)
    else { return 0 }
    return at(x, n, c, y, z)
  }

  @inline(__always)
  private func at(_ tensor: Tensor<Scalar>, _ a: Int, _ b: Int, _ row: Int, _ column: Int) -> Double {
    let shape = tensor.shape
    return tensor.withUnsafeElements { Double($0[((a * shape[1] + b) * shape[2] + row) * shape[3] + column]) }
  }

  private func compare(
    _ result: Tensor<Scalar>, places: Int? = nil, _ expected: (Int, Int, Int, Int) -> Double
  ) -> Double {
    var random = RandomGenerator(seed: 7)
    var (difference, total) = (0.0, 0.0)
    for _ in 0..<(places ?? self.places) {
      let place = result.shape.extents.map { Int.random(in: 0..<$0, using: &random) }
      let value = expected(place[0], place[1], place[2], place[3])
      let found = at(result, place[0], place[1], place[2], place[3])
      difference += (found - value) * (found - value)
      total += value * value
    }
    return total == 0 ? difference.squareRoot() : (difference / total).squareRoot()
  }
}

import AutomaticConvolution
import Foundation
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// Operands with NaN, infinities of both signs and zeros: every method gives what IEEE 754 makes of the definition's sums,
/// in which the zeros beyond the border are multiplied, too.
@Suite struct NonFiniteTests {
  /// The sums of a pass in float64, term by term.
  private func definition(
    _ pass: ConvolutionPass, x: Tensor<Double>, w: Tensor<Double>, g: Tensor<Double>, _ problem: ConvolutionProblem
  ) -> [Double] {
    let (x, w, g) = (x.elements, w.elements, g.elements)
    let (rows, columns) = (problem.vertical, problem.horizontal)
    let flips = problem.geometry.operation == .convolution
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let shape = [problem.outputShape, problem.inputShape, problem.filterShape][
      ConvolutionPass.allCases.firstIndex(of: pass)!]
    var result = [Double](repeating: 0, count: shape.count)
    var output = -1
    for n in 0..<problem.batch {
      for o in 0..<problem.outputChannels {
        for row in 0..<rows.output {
          for column in 0..<columns.output {
            output += 1
            for c in 0..<perGroup {
              let plane = (n * problem.inputChannels + o / outputs * perGroup + c) * rows.input
              for i in 0..<rows.kernel {
                let sourceRow = rows.source(output: row, tap: flips ? rows.kernel - 1 - i : i)
                for j in 0..<columns.kernel {
                  let sourceColumn = columns.source(output: column, tap: flips ? columns.kernel - 1 - j : j)
                  let tap = ((o * perGroup + c) * rows.kernel + i) * columns.kernel + j
                  let pixel =
                    if let sourceRow, let sourceColumn { (plane + sourceRow) * columns.input + sourceColumn } else {
                      -1
                    }
                  let value = pixel < 0 ? 0 : x[pixel]
                  switch pass {
                  case .forward: result[output] += value * w[tap]
                  case .inputGradient: if pixel >= 0 { result[pixel] += g[output] * w[tap] }
                  case .filterGradient: result[tap] += g[output] * value
                  }
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Some numbers replaced by others, in turn.
  private func replacing<Scalar: TensorScalar>(
    _ share: Double, of tensor: Tensor<Scalar>, by values: [Scalar], _ random: inout RandomGenerator
  ) -> Tensor<Scalar> {
    var elements = tensor.elements
    for i in elements.indices where Double.random(in: 0..<1, using: &random) < share {
      elements[i] = values[Int.random(in: 0..<values.count, using: &random)]
    }
    return Tensor(tensor.shape, elements)
  }

  private func check<Scalar: AnyMethodScalar>(
    _ scalar: Scalar.Type, seed: UInt64, values: [Scalar], share: Double, in factors: String
  ) throws {
    let random = RandomProblem(seed: seed)
    let problem = random.problem
    guard problem.multiplyAdds < 400_000 else { return }
    var generator = RandomGenerator(seed: seed)
    var (x, w, g) = random.operands(Scalar.self)
    if seed % 2 == 0 {
      (x, w, g) = (
        replacing(0.2, of: x, by: [0], &generator), replacing(0.2, of: w, by: [0], &generator),
        replacing(0.2, of: g, by: [0], &generator)
      )
    } else {
      // Neither zeros nor two signs. Whole numbers, which sum up exactly.
      (x, w, g) = (
        x.map { abs(4 * $0).rounded() + 1 }, w.map { abs(4 * $0).rounded() + 1 }, g.map { abs(4 * $0).rounded() + 1 }
      )
    }
    if factors.contains("x") { x = replacing(share, of: x, by: values, &generator) }
    if factors.contains("w") { w = replacing(share, of: w, by: values, &generator) }
    if factors.contains("g") { g = replacing(share, of: g, by: values, &generator) }
    func finite(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> { tensor.map { $0.isFinite ? $0 : 0 } }
    let fourier = FourierConvolution<Scalar>(rigor: .estimate)
    for method in [
      fourier as any ConvolutionMethod<Scalar>, FourierConvolution<Scalar>(transforms: .fftw, rigor: .estimate),
      SpatialConvolution<Scalar>(),
    ] {
      let tile = fourier.tile(for: problem)
      let bounds = PassBounds(
        problem, x: finite(x), w: finite(w), g: finite(g), points: tile.height * tile.width)
      let (output, tape) = method.record(x, w, bias: nil, problem)
      let step = method.gradients(g, tape, wantsInput: true)
      for (pass, found, bound) in [
        (ConvolutionPass.forward, method.forward(x, w, bias: nil, problem), bounds.forward),
        (.forward, output, bounds.forward), (.inputGradient, method.inputGradient(g, w, problem), bounds.inputGradient),
        (.inputGradient, step.input!, bounds.inputGradient),
        (.filterGradient, method.filterGradient(g, x, problem), bounds.filterGradient),
        (.filterGradient, step.filter, bounds.filterGradient),
      ] {
        let expected = definition(
          pass, x: x.converted(), w: w.converted(), g: g.converted(), problem)
        let wrong = zip(found.elements, expected).enumerated().first { _, pair in
          let (a, b) = (Double(pair.0), pair.1)
          return b.isNaN ? !a.isNaN : b.isInfinite ? a != b : !(abs(a - b) <= bound)
        }
        #expect(wrong == nil, "\(method.name), \(pass), \(values) in \(share) of \(factors), \(random): \(wrong!)")
      }
    }
  }

  @Test(
    arguments: [[Float.nan], [.infinity], [-.infinity], [.nan, .infinity, -.infinity], [.infinity, -.infinity]],
    ["x", "w", "g", "xwg"])
  func everyShareOfNonFiniteNumbersInFloat(values: [Float], factors: String) throws {
    for seed in 0..<6 as Range<UInt64> {
      for share in [0.02, 0.3, 1] {
        try check(Float.self, seed: 4000 + seed, values: values, share: share, in: factors)
      }
    }
  }

  @Test(arguments: [[Double.nan], [.infinity, -.infinity], [.nan, .infinity, -.infinity]], ["x", "w", "g", "xwg"])
  func everyShareOfNonFiniteNumbersInDouble(values: [Double], factors: String) throws {
    for seed in 0..<4 as Range<UInt64> {
      for share in [0.02, 1] { try check(Double.self, seed: 4100 + seed, values: values, share: share, in: factors) }
    }
  }

  /// Sums of so many terms that counting them in Float could be off by one.
  @Test func aLargeSumTellsOneTermFromNone() throws {
    let problem = try ConvolutionProblem(
      ConvolutionGeometry(padding: .same), input: [1, 1, 700, 700], filter: [1, 1, 511, 511])
    let x = Tensor<Float>(problem.inputShape, repeating: .infinity)
    var w = Tensor<Float>(problem.filterShape, repeating: 1)
    let fourier = FourierConvolution<Float>(rigor: .estimate)
    // Zeros beyond the border times 1 are 0: every window sees infinities of one sign.
    #expect(fourier.forward(x, w, bias: nil, problem).elements.allSatisfy { $0 == .infinity })
    // The last tap sees pixels from the first 445 rows and columns, and zeros beyond.
    w.withUnsafeMutableElements { $0[$0.count - 1] = 0 }
    let y = fourier.forward(x, w, bias: nil, problem)
    for row in [0, 300, 444, 445, 699] {
      for column in [0, 444, 445, 699] {
        let isSeen = row < 445 && column < 445
        #expect(isSeen ? y[0, 0, row, column].isNaN : y[0, 0, row, column] == .infinity, "\(row), \(column)")
      }
    }
  }

  /// What is not finite is counted by at most two more passes, whatever its share. With the finite numbers' own these are
  /// three; what replaces numbers and spoils results may take as long as three more. Seconds of one thread's own; but where
  /// another thread shares the core's caches and units, even these vary, so it is measured on demand only.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["SPECTRALKIT_SURVEY"] != nil, "a measurement"))
  func nonFiniteNumbersTakeAFewTimesAsLong() throws {
    func best(_ work: () -> Void) -> Double {
      func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
      }
      return (0..<4).map { _ in
        let start = now()
        work()
        return now() - start
      }.min()!
    }
    var random = RandomGenerator(seed: 3)
    // A large picture under a disk, which has zeros in its corners, and a layer of a network.
    for (input, filter) in [
      ([1, 1, 1500, 1500] as TensorShape, [1, 1, 63, 63] as TensorShape), ([8, 16, 48, 48], [24, 16, 9, 9]),
    ] {
      let problem = try ConvolutionProblem(
        ConvolutionGeometry(padding: .same), input: input, filter: filter)
      let x = Tensor<Float>.normal(input, using: &random)
      let radius = Double(filter[2]) / 2
      let w = Tensor<Float>(filter) { w in
        for i in w.indices {
          let (y, x) = (Double(i / filter[3] % filter[2]) - radius + 0.5, Double(i % filter[3]) - radius + 0.5)
          w[i] = hypot(x, y) < radius ? 0.01 : 0
        }
      }
      withThreads(1) {
        let fourier = FourierConvolution<Float>(rigor: .estimate)
        // Another filter each time, as in training: otherwise its spectra are kept.
        var factor: Float = 1
        func filter() -> Tensor<Float> {
          factor += 0.25
          return factor * w
        }
        let finite = best { _ = fourier.forward(x, filter(), bias: nil, problem) }
        for (share, values) in [
          (0.01, [Float.infinity, -.infinity]), (1, [.infinity, -.infinity]), (1, [.nan]),
          (0.01, [.nan, .infinity, -.infinity]),
        ] {
          let spoiled = replacing(share, of: x, by: values, &random)
          let seconds = best { _ = fourier.forward(spoiled, filter(), bias: nil, problem) }
          print("\(input), \(share) of \(values): \((10 * seconds / finite).rounded() / 10) times the finite pass")
          #expect(seconds < 6 * finite, "\(input), \(share) of \(values): \(seconds) s, finite \(finite) s")
        }
      }
    }
  }

  @Test func biasAndRectificationComeAfter() throws {
    let problem = try ConvolutionProblem(
      ConvolutionGeometry(padding: .same), input: [1, 1, 9, 9], filter: [3, 1, 3, 3])
    var x = Tensor<Float>(problem.inputShape, repeating: 1)
    x.withUnsafeMutableElements { ($0[0], $0[40], $0[80]) = (.nan, .infinity, -.infinity) }
    let w = Tensor<Float>(problem.filterShape, repeating: 1)
    let bias = Tensor<Float>([3], [-100, 1, .infinity])
    for method in [FourierConvolution<Float>() as any ConvolutionMethod<Float>, SpatialConvolution<Float>()] {
      let y = method.forward(x, w, ConvolutionEpilogue(bias: bias, activation: .relu), problem)
      #expect(y[0, 0, 0, 0].isNaN && y[0, 0, 4, 4] == .infinity && y[0, 0, 8, 8] == 0 && y[0, 0, 0, 5] == 0)
      #expect(abs(y[0, 1, 0, 5] - 7) < 1e-5 && y[0, 2, 0, 5] == .infinity && y[0, 2, 8, 8].isNaN)
    }
  }
}

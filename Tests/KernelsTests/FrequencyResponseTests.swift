import Foundation
import SpectralTransforms
import SpectralImaging
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// What kernels make of waves.
@Suite struct FrequencyResponseTests {
  private static let kernels: [Kernel] = [
    Kernel(.box(Extent(height: 3, width: 4))), Kernel(.gaussian(deviation: 1.3)), Kernel(.sobel(.y)),
    Kernel(.motion(length: 9, angle: 25)), Kernel(.gabor(wavelength: 5, angle: 70, phase: 40)), Kernel(.emboss()),
    Kernel(.random(side: 12)), Kernel(rows: [[2]]), Kernel(rows: [[1, -2, 4, 7]]),
  ]

  /// The definition, in the widest numbers there are.
  private func definition(_ kernel: Kernel, _ fx: Double, _ fy: Double) -> ComplexNumber<Double> {
    var (real, imaginary) = (ReferenceScalar(0), ReferenceScalar(0))
    for row in 0..<kernel.height {
      for column in 0..<kernel.width {
        let turns =
          ReferenceScalar(fx) * ReferenceScalar(column - kernel.width / 2)
          + ReferenceScalar(fy) * ReferenceScalar(row - kernel.height / 2)
        let tap = ReferenceScalar(kernel.taps[row, column])
        real += tap * cos(2 * ReferenceScalar.pi * turns)
        imaginary -= tap * sin(2 * ReferenceScalar.pi * turns)
      }
    }
    return ComplexNumber(Double(real), Double(imaginary))
  }

  /// A product and a sum for each tap, of waves whose angle is off by a rounding or two of some turns.
  private func bound(_ kernel: Kernel) -> Double {
    Double(kernel.taps.count + 4 * (kernel.height + kernel.width)) * 4 * Double.unitRoundoff * kernel.magnitudeSum
  }

  private func distance(_ a: ComplexNumber<Double>, _ b: ComplexNumber<Double>) -> Double {
    ComplexNumber(a.real - b.real, a.imaginary - b.imaginary).magnitude
  }

  @Test(arguments: kernels) func followsTheDefinition(_ kernel: Kernel) {
    var random = RandomGenerator(seed: 5)
    for _ in 0..<40 {
      let (fx, fy) = (random.uniform(in: -1.5..<1.5), random.uniform(in: -1.5..<1.5))
      let expected = definition(kernel, fx, fy)
      #expect(distance(kernel.response(fx: fx, fy: fy), expected) <= bound(kernel))
      for (line, value) in [
        (FrequencyLine.x, definition(kernel, fx, 0)), (.y, definition(kernel, 0, fx)),
        (.diagonal, definition(kernel, fx, fx)),
      ] { #expect(distance(kernel.response(along: line, at: [fx])[0], value) <= bound(kernel), "\(line)") }
    }
    #expect(distance(kernel.response(fx: 0, fy: 0), ComplexNumber(kernel.sum)) <= bound(kernel))
  }

  /// On grids larger, smaller, odd and even; where the kernel is larger its taps fall on each other.
  @Test(arguments: kernels, [[16, 16], [7, 5], [1, 1], [3, 20], [64, 9]])
  func onAGrid(_ kernel: Kernel, _ grid: [Int]) {
    let spectrum = kernel.response(height: grid[0], width: grid[1])
    for row in 0..<grid[0] {
      for column in 0..<grid[1] {
        let expected = definition(kernel, Double(column) / Double(grid[1]), Double(row) / Double(grid[0]))
        // The transform adds an error of its own, relative to the norm.
        #expect(distance(spectrum[row, column], expected) <= 2 * bound(kernel))
      }
    }
  }

  @Test func boxesAreDirichletKernels() {
    for (height, width) in [(1, 5), (3, 3), (7, 2), (4, 9)] {
      let kernel = Kernel(.box(Extent(height: height, width: width)))
      for (fx, fy) in [(0.1, 0.0), (0.23, 0.41), (0.5, 0.3), (-0.37, 0.05)] {
        func dirichlet(_ n: Int, _ f: Double) -> ComplexNumber<Double> {
          let size = f == 0 ? 1 : sin(.pi * Double(n) * f) / (Double(n) * sin(.pi * f))
          // The middle of an even box is half a pixel before its centre.
          let turn = n % 2 == 0 ? .pi * f : 0
          return ComplexNumber(size * cos(turn), size * sin(turn))
        }
        let expected = dirichlet(width, fx) * dirichlet(height, fy)
        #expect(distance(kernel.response(fx: fx, fy: fy), expected) <= bound(kernel))
      }
    }
  }

  /// A sampled Gaussian has a Gaussian's transform, repeated; a truncated one is off by what is left out.
  @Test(arguments: [0.7, 1.5, 4.0]) func gaussiansHaveGaussianResponses(_ deviation: Double) {
    func exact(_ f: Double) -> Double {
      func periodic(_ f: Double) -> Double {
        (-3...3).reduce(0) { $0 + exp(-2 * pow(.pi * deviation * (f - Double($1)), 2)) }
      }
      return periodic(f) / periodic(0)
    }
    let whole = Kernel(.gaussian(deviation: deviation, radius: Int((9 * deviation).rounded(.up))))
    let usual = Kernel(.gaussian(deviation: deviation))
    // With t the share of an axis's weight that is left out, H differs by 2t/(1-t) in each factor.
    let radius = Int((3 * deviation).rounded(.up))
    let bells = (-60...60).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let left = bells.enumerated().filter { abs($0.offset - 60) > radius }.reduce(0) { $0 + $1.element }
    let share = left / bells.reduce(0, +)
    let each = 2 * share / (1 - share)
    #expect(share < 0.003)
    for (fx, fy) in [(0.0, 0.1), (0.05, 0.02), (0.2, 0.3), (0.5, 0.5)] {
      let expected = ComplexNumber(exact(fx) * exact(fy))
      #expect(distance(whole.response(fx: fx, fy: fy), expected) <= bound(whole))
      #expect(distance(usual.response(fx: fx, fy: fy), expected) <= 2 * each + each * each)
    }
  }

  @Test func derivativesTurnByAQuarter() {
    // 2i sin(2πf) times the smoothing across.
    for f in [0.01, 0.125, 0.3] {
      let sobel = Kernel(.sobel(.x)).response(fx: f, fy: 0)
      #expect(abs(sobel.real) < 1e-14 && abs(sobel.imaginary - 8 * sin(2 * .pi * f)) < 1e-14)
      #expect(sobel.phaseInDegrees == 90)
      let across = Kernel(.scharr(.x)).response(fx: 0.25, fy: f)
      #expect(abs(across.imaginary - 2 * (10 + 6 * cos(2 * .pi * f))) < 1e-13)
      let laplacian = Kernel(.laplacian()).response(fx: f, fy: 0.2)
      #expect(abs(laplacian.real + 4 * (pow(sin(.pi * f), 2) + pow(sin(.pi * 0.2), 2))) < 1e-14)
    }
  }

  @Test func gaborsAnswerToTheirWave() {
    for (wavelength, angle, phase) in [(8.0, 0.0, 0.0), (5, 30, 90), (12, 135, 45)] {
      let kernel = Kernel(.gabor(wavelength: wavelength, angle: angle, phase: phase))
      let f = (x: cos(angle * .pi / 180) / wavelength, y: -sin(angle * .pi / 180) / wavelength)
      #expect(abs(kernel.response(fx: f.x, fy: f.y).magnitude - 1) < 1e-14)
      let largest = kernel.largestResponse
      // A point of the grid, and a bell that overlaps its mirror image a little.
      let sign = f.x * largest.fx + f.y * largest.fy < 0 ? -1.0 : 1
      #expect(hypot(largest.fx - sign * f.x, largest.fy - sign * f.y) < 0.02)
      #expect(largest.magnitude > 0.98 && largest.magnitude < 1.02)
      #expect(!kernel.isLowPass)
    }
  }

  @Test func cutoffs() throws {
    // |H|² = 1/2 where 4π² σ² f² = ln 2, but for what is left out of a bell cut off at 3 σ.
    for deviation in [1.0, 2.5, 6] {
      let kernel = Kernel(.gaussian(deviation: deviation, radius: Int(9 * deviation)))
      let expected = log(2).squareRoot() / (2 * .pi * deviation)
      #expect(abs(try #require(kernel.halfPowerCutoff(along: .x)) - expected) < 1e-6 * expected)
      #expect(abs(try #require(kernel.halfPowerCutoff(along: .y)) - expected) < 1e-6 * expected)
      #expect(
        abs(try #require(kernel.halfPowerCutoff(along: .diagonal)) * 2.0.squareRoot() - expected) < 1e-6 * expected)
      #expect(kernel.isLowPass)
    }
    // (1 + cos 2πf)/2 is 1/√2 at acos(√2 - 1)/2π.
    let binomial = Kernel(rows: [[0.25, 0.5, 0.25]])
    #expect(abs(try #require(binomial.halfPowerCutoff(along: .x)) - acos(2.0.squareRoot() - 1) / (2 * .pi)) < 1e-15)
    #expect(binomial.halfPowerCutoff(along: .y) == nil && binomial.isLowPass)
    for shape in [KernelShape.sobel(.x), .laplacian(), .sharpen(), .emboss()] {
      #expect(!Kernel(shape).isLowPass, "\(shape)")
    }
    #expect(!Kernel(rows: [[1]]).isLowPass && Kernel(.sobel(.x)).halfPowerCutoff(along: .x) == nil)
    #expect(Kernel(.motion(length: 21, angle: 30)).isLowPass && Kernel(.disk(diameter: 5)).isLowPass)
  }

  @Test func whereTheResponseIsLargest() {
    let laplacian = Kernel(.laplacian()).largestResponse
    #expect(laplacian == (0.5, 0.5, 8))
    let sobel = Kernel(.sobel(.y)).largestResponse
    #expect(abs(sobel.magnitude - 8) < 1e-14 && sobel.fx == 0 && abs(sobel.fy) == 0.25)
    #expect(Kernel(.gaussian(deviation: 2)).largestResponse.fx == 0)
  }
}

import Foundation
import SpectralCore
import SpectralTransforms
import TestSupport
import Testing

@Suite struct RightAngleTransformTests {
  /// A convolution, or a correlation, by its definition: cyclic along all axes but the last, where what wraps around
  /// changes its sign.
  private func definition(_ x: [Double], _ w: [Double], _ size: [Int], correlates: Bool) -> [Double] {
    let width = size.last!
    let lines = x.count / width
    /// The line of a sum or difference of places along the other axes.
    func line(_ a: Int, _ b: Int) -> Int {
      var (a, b, stride, result) = (a, b, 1, 0)
      for extent in size.dropLast().reversed() {
        result += (a % extent + (correlates ? extent - b % extent : b % extent)) % extent * stride
        (a, b, stride) = (a / extent, b / extent, stride * extent)
      }
      return result
    }
    var y = [Double](repeating: 0, count: x.count)
    for a in 0..<lines {
      for b in 0..<lines {
        let target = line(a, b) * width
        for j in 0..<width where w[b * width + j] != 0 {
          let factor = w[b * width + j]
          for i in 0..<width {
            let place = correlates ? i - j : i + j
            if place < 0 {
              y[target + place + width] -= factor * x[a * width + i]
            } else if place >= width {
              y[target + place - width] -= factor * x[a * width + i]
            } else {
              y[target + place] += factor * x[a * width + i]
            }
          }
        }
      }
    }
    return y
  }

  private func check<Scalar: FourierScalar>(_: Scalar.Type, _ size: [Int], taps: Int) {
    var random = RandomGenerator(seed: 7)
    let count = size.reduce(1, *)
    let x = Tensor<Scalar>.normal([count], using: &random)
    // Of long rows the kernel is sparse, so that the definition is quick.
    var w = Tensor<Scalar>.zeros([count])
    w.withUnsafeMutableElements { w in
      for _ in 0..<taps { w[Int.random(in: 0..<count, using: &random)] = Scalar(random.uniform(in: -1..<1)) }
    }
    let transform = RightAngleTransform<Scalar>.shared(size: size)
    func spectrum(_ array: Tensor<Scalar>) -> Scratch<Scalar> {
      let spectrum = Scratch<Scalar>(count: count)
      array.withUnsafeElements { transform.forward(.init($0.baseAddress!, size), spectrum.base) }
      return spectrum
    }
    let bound =
      2 * Scalar.unitRoundoff * log2(Double(count)).squareRoot() * x.dot(x).squareRoot() * w.dot(w).squareRoot()
    for correlates in [false, true] {
      let exact = definition(
        x.converted(to: Double.self).elements, w.converted(to: Double.self).elements, size, correlates: correlates)
      func compare(_ found: Scratch<Scalar>, _ what: String, times factor: Double = 1) {
        let worst = (0..<count).map { abs(Double(found.base[$0]) - factor * exact[$0]) }.max()!
        #expect(worst <= factor * bound, "\(size), \(Scalar.self), correlates \(correlates), \(what)")
      }
      let (product, other, array) = (spectrum(x), spectrum(w), Scratch<Scalar>(count: count))
      transform.multiply(product.base, product.base, other.base, conjugated: correlates, adding: false)
      transform.inverse(product.base, .init(array.base, size))
      compare(array, "step by step")
      let (twice, again) = (Scratch<Scalar>(count: count), spectrum(x))
      transform.multiply(twice.base, again.base, other.base, conjugated: correlates, adding: false)
      transform.multiply(twice.base, again.base, other.base, conjugated: correlates, adding: true)
      transform.inverse(twice.base, .init(array.base, size))
      compare(array, "added up", times: 2)
      for i in 0..<count { array.base[i] = x[i] }
      transform.convolve(
        .init(array.base, size), other.base, conjugated: correlates, work: product.base, to: .init(array.base, size))
      compare(array, "all in one")
    }
  }

  @Test(arguments: [
    [32], [96], [1, 160], [7, 32], [30, 64], [3, 5, 32], [4, 6, 96], [1, 9, 64], [2, 1, 64], [2, 3, 160],
  ])
  func productsAreConvolutions(size: [Int]) {
    check(Float.self, size, taps: .max >> 50)
    check(Double.self, size, taps: .max >> 50)
  }

  /// Rows that are cut into lines.
  @Test(arguments: [1 << 14, 16800, 20480, 1 << 17]) func longRows(count: Int) {
    check(Float.self, [RightAngleTransform<Float>.nextLength(count)], taps: 40)
    check(Double.self, [RightAngleTransform<Double>.nextLength(count)], taps: 40)
  }

  @Test func lengthsAreWholeGroupsWithSmallPrimeFactors() {
    #expect(RightAngleTransform<Float>.nextLength(1) == 32 && RightAngleTransform<Double>.nextLength(1) == 16)
    #expect(RightAngleTransform<Float>.nextLength(321) == 384 && RightAngleTransform<Float>.nextLength(320) == 320)
  }
}

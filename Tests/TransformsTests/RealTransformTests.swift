import Foundation
import SpectralTransforms
import SpectralCore
import TestSupport
import Testing

/// ‖computed - exact‖ <= 2 u sqrt(log2 N) ‖exact‖ for a transform of N points; twice that where N has a large prime factor,
/// for which FFTW convolves (Rader, Bluestein).
private func bound<Scalar: TensorScalar>(_: Scalar.Type, _ height: Int, _ width: Int) -> Double {
  ErrorBound.relativeL2(
    fastSize: FastSize.isSmooth(height) && FastSize.isSmooth(width), scalar: Scalar.self, pointCount: height * width)
}

@Suite struct RealTransformTests {
  /// Two by two by hand: sum, differences along each axis, and the difference of differences.
  @Test func twoByTwoByHand() {
    let transform = RealTransform2D<Double>(height: 2, width: 2)
    let spectrum = transform.forward(Tensor([2, 2], [1, 2, 3, 5]))
    #expect(spectrum.values.elements == [11, 0, -3, 0, -5, 0, 1, 0])
    #expect(transform.inverse(spectrum).elements == [1, 2, 3, 5])
  }

  private func check<Scalar: FourierScalar>(_ image: Tensor<Scalar>, _ exact: Tensor<Double>, ownError: Double) {
    let (height, width) = (image.shape[0], image.shape[1])
    let transform = RealTransform2D<Scalar>(height: height, width: width)
    let spectrum = transform.forward(image)
    let bound = bound(Scalar.self, height, width) + ownError
    #expect(relativeL2(spectrum.values, exact) <= bound, "\(height) x \(width), forward")
    let back = transform.inverse(spectrum)
    #expect(relativeL2(back, image.converted(to: Double.self)) <= 2 * bound, "\(height) x \(width), inverse")
    // Parseval: the energy of the spectrum is N times that of the image. Both sums have N terms, each rounded once.
    let energy = image.dot(image)
    let summation = 2 * Double(height * width) * Double.unitRoundoff
    #expect(
      abs(spectrum.energy / Double(height * width) - energy) <= (2 * bound + summation) * energy,
      "\(height) x \(width), energy")
  }

  /// Both precisions on the same pixels, which Float can hold.
  private func check(_ height: Int, _ width: Int, _ random: inout RandomGenerator) {
    let image = Tensor<Float>.normal([height, width], using: &random)
    let wide = image.converted(to: Double.self)
    let naive = NaiveTransform(height: height, width: width)
    let exact = naive(wide)
    check(image, exact, ownError: naive.ownError)
    check(wide, exact, ownError: naive.ownError)
  }

  @Test func allSizesUpTo64MatchTheDefinition() {
    var random = RandomGenerator(seed: 1)
    for height in 1...64 { for width in 1...64 { check(height, width, &random) } }
  }

  @Test(arguments: [(127, 131), (1, 1009), (509, 2), (200, 333), (256, 256), (100, 1), (67, 640)])
  func largerSizesMatchTheDefinition(height: Int, width: Int) {
    var random = RandomGenerator(seed: 3)
    check(height, width, &random)
  }

  @Test(arguments: [(7, 9), (16, 10), (13, 64), (1, 5), (6, 1)])
  func lawsOfTheTransform(height: Int, width: Int) {
    var random = RandomGenerator(seed: 4)
    let transform = RealTransform2D<Double>(height: height, width: width)
    let shape: TensorShape = [height, width]
    let (a, b) = (Tensor<Double>.normal(shape, using: &random), Tensor<Double>.normal(shape, using: &random))
    let (fa, fb) = (transform.forward(a), transform.forward(b))
    let tolerance = 4 * bound(Double.self, height, width) * (fa.values.norm + fb.values.norm)

    // Linearity.
    #expect(largestDifference(transform.forward(2 * a + b).values, 2 * fa.values + fb.values) <= tolerance)
    // An impulse at the origin has the spectrum 1.
    var impulse = Tensor<Double>.zeros(shape)
    impulse[0, 0] = 1
    let flat = transform.forward(impulse)
    for u in 0..<height { for v in 0..<width { #expect((flat[u, v] - ComplexNumber(1)).magnitude <= tolerance) } }
    // A circular shift by (p, q) multiplies by exp(-2πi (u p / H + v q / W)).
    let (p, q) = (height / 3 + 1, width / 2)
    var shifted = a
    for y in 0..<height { for x in 0..<width { shifted[(y + p) % height, (x + q) % width] = a[y, x] } }
    let moved = transform.forward(shifted)
    for u in 0..<height {
      for v in 0..<width {
        let angle = -2 * Double.pi * (Double(u * p) / Double(height) + Double(v * q) / Double(width))
        #expect((moved[u, v] - fa[u, v] * ComplexNumber(cos(angle), sin(angle))).magnitude <= tolerance)
      }
    }
    // The product of spectra is the spectrum of the circular convolution.
    var circular = Tensor<Double>.zeros(shape)
    for y in 0..<height {
      for x in 0..<width {
        var sum = 0.0
        for i in 0..<height {
          for j in 0..<width { sum += a[i, j] * b[(y + height - i) % height, (x + width - j) % width] }
        }
        circular[y, x] = sum
      }
    }
    #expect(largestDifference(transform.inverse(fa * fb), circular) <= tolerance * b.norm)
  }

  @Test func batchesAreTransformedImageByImage() {
    var random = RandomGenerator(seed: 5)
    let transform = RealTransform2D<Float>(height: 20, width: 34)
    let batch = Tensor<Float>.normal([2, 3, 20, 34], using: &random)
    let spectra = transform.forward(batch)
    #expect(spectra.values.shape == [2, 3, 20, 18, 2] && spectra.leading == [2, 3])
    let one = transform.forward(batch.reshaped(to: [6, 20, 34]).rows(4..<5))
    for u in 0..<20 { for v in 0..<34 { #expect(spectra[u, v, image: 4] == one[u, v]) } }
    #expect(transform.inverse(spectra).shape == batch.shape)
  }

  @Test func theSpectrumIsHermitian() {
    var random = RandomGenerator(seed: 6)
    let spectrum = RealTransform2D<Double>(height: 6, width: 7).forward(.normal([6, 7], using: &random))
    for u in 0..<6 {
      for v in 0..<7 {
        #expect((spectrum[u, v] - spectrum[(6 - u) % 6, (7 - v) % 7].conjugate).magnitude < 1e-13)
      }
    }
  }

  @Test func resultsDoNotDependOnThreads() {
    var random = RandomGenerator(seed: 7)
    let image = Tensor<Float>.normal([1, 300, 200], using: &random)
    let transform = RealTransform2D<Float>(height: 300, width: 200)
    let one = withThreads(1) { transform.forward(image).values }
    let four = withThreads(4) { transform.forward(image).values }
    #expect(one.hasSameBits(as: four))
  }
}

@Suite struct FastSizeTests {
  @Test func sizesByHand() {
    #expect(
      [1, 2, 3, 7, 11, 13, 17, 31, 53, 121, 1023].map(FastSize.next) == [1, 2, 4, 8, 12, 14, 18, 32, 54, 126, 1024])
    #expect(FastSize.all(in: 10...30) == [10, 12, 14, 16, 18, 20, 24, 28, 30])
    #expect(FastSize.isSmooth(2 * 3 * 5 * 7) && !FastSize.isSmooth(22) && !FastSize.isSmooth(0))
  }

  @Test func theNextSizeIsTheFirstThatIsFast() {
    for count in 2...3000 {
      let size = FastSize.next(count)
      #expect(size >= count && size % 2 == 0 && FastSize.isSmooth(size))
      #expect(!(count..<size).contains { $0 % 2 == 0 && FastSize.isSmooth($0) })
    }
  }
}

import Foundation
import SpectralTransforms
import SpectralCore
import TestSupport
import Testing

@Suite struct LaneTransformTests {
  /// Lengths of one pass, of several, of all radices, with prime factors that only FFTW knows, and long ones; all remainders
  /// of a vector.
  static let counts =
    Array(1...36) + [45, 48, 56, 64, 70, 77, 81, 90, 98, 100, 121, 125, 128, 143, 210, 343, 360, 512, 2048, 2187, 2400]

  @Test(arguments: counts) func aTransformIsTheSumThatDefinesIt(count: Int) {
    for provider in FastSize.isSmooth(count) ? [.builtIn, .fftw] : [TransformProvider.fftw] {
      check(Float.self, count, provider)
      check(Double.self, count, provider)
    }
  }

  /// The forward transform of every lane against the sum in extended precision, and the inverse back to the signal.
  private func check<Scalar: FourierScalar>(_: Scalar.Type, _ count: Int, _ provider: TransformProvider) {
    let transform = LaneTransform<Scalar>(count: count, provider, rigor: .estimate)
    #expect(transform.provider == provider)
    let (lanes, group) = (LaneTransform<Scalar>.lanes, LaneTransform<Scalar>.group)
    // Strides that leave gaps, whose contents must stay.
    let (inputStride, outputStride) = (group + lanes, 2 * group)
    var random = RandomGenerator(seed: UInt64(count))
    let input = Scratch<Scalar>(count: count * inputStride)
    let (output, back) = (Scratch<Scalar>(count: count * outputStride), Scratch<Scalar>(count: count * inputStride))
    let work = Scratch<Scalar>(count: LaneTransform<Scalar>.workCount(transform.count))
    for i in 0..<input.count { input.base[i] = Scalar(Double.random(in: -1...1, using: &random)) }
    output.base.initialize(repeating: .nan, count: output.count)
    back.base.initialize(repeating: .nan, count: back.count)
    work.base.initialize(repeating: .nan, count: work.count)

    transform.execute(input.base, inputStride, output.base, outputStride, work: work.base, inverse: false)
    work.base.initialize(repeating: .nan, count: work.count)
    transform.execute(output.base, outputStride, back.base, inputStride, work: work.base, inverse: true)

    // Where the reference is no wider than Double, its own sums round as well.
    let ownError = ReferenceScalar.significandBitCount > 52 ? 0 : Double(count) * 0x1p-53
    let relativeBound =
      ErrorBound.relativeL2(
        fastSize: FastSize.isSmooth(count), scalar: Scalar.self, pointCount: count) + ownError
    let roots = (0..<count).map { k in
      let angle = 2 * ReferenceScalar.pi * ReferenceScalar(k) / ReferenceScalar(count)
      return (re: cos(angle), im: sin(angle))
    }
    for lane in [0, 1, lanes - 1] {
      func number(_ array: Scratch<Scalar>, _ stride: Int, _ j: Int) -> (ReferenceScalar, ReferenceScalar) {
        let at = array.base + j * stride + lane
        return (ReferenceScalar(Double(at[0])), ReferenceScalar(Double(at[lanes])))
      }
      let signal = (0..<count).map { number(input, inputStride, $0) }
      let norm = signal.reduce(0) { $0 + $1.0 * $1.0 + $1.1 * $1.1 }.squareRoot()
      let side = ReferenceScalar(count).squareRoot()
      let bound = ReferenceScalar(relativeBound) * norm * side
      for k in 0..<count {
        var (re, im) = (ReferenceScalar(0), ReferenceScalar(0))
        for (j, x) in signal.enumerated() {
          let root = roots[j * k % count]
          re += x.0 * root.re + x.1 * root.im
          im += x.1 * root.re - x.0 * root.im
        }
        let found = number(output, outputStride, k)
        #expect(
          abs(found.0 - re) <= bound && abs(found.1 - im) <= bound, "\(provider), \(count) points, frequency \(k)")
        #expect(output.base[k * outputStride + group].isNaN, "what lies between the groups was written")
        let same = number(back, inputStride, k)
        #expect(abs(same.0 / (side * side) - signal[k].0) <= 2 * bound / side)
        #expect(abs(same.1 / (side * side) - signal[k].1) <= 2 * bound / side)
      }
    }
  }
}

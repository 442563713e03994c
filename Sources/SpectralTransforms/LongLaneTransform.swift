import CKernels
import Foundation
import SpectralCore

/// The complex transform of a length whose lanes do not fit a cache, as two transforms of about the root of it.
///
/// With N = A B, element j = B j₁ + j₂ and frequency k = k₁ + A k₂,
///
///     X[k] = Σ_j₂ exp(-2πi j₂ k₂ / B) · exp(-2πi j₂ k₁ / N) · Σ_j₁ x[j] exp(-2πi j₁ k₁ / A).
///
/// So memory is read and written twice, where a pass for each radix would do so four or five times (D. H. Bailey, FFTs in
/// external or hierarchical memory, 1990).
final class LongLaneTransform<Scalar: FourierScalar>: @unchecked Sendable {
  private let first: LaneTransform<Scalar>
  private let second: LaneTransform<Scalar>
  /// exp(-2πi j₂ k₁ / N), `[j₂][k₁]`.
  private let twiddles: UnsafeMutablePointer<Scalar>
  /// Transforms of the first kind that are turned while they are in the second-level cache.
  private let columnsAtOnce: Int

  /// The two lengths for a long one, as equal as can be; nil if it is short, or has none.
  static func factors(_ count: Int) -> (Int, Int)? {
    guard count >= 1 << 8, FastSize.isSmooth(count) else { return nil }
    var first = Int(Double(count).squareRoot())
    while count % first != 0 { first -= 1 }
    return first >= 8 ? (first, count / first) : nil
  }

  init(_ factors: (Int, Int)) {
    // No plans of FFTW are made for built-in ones.
    first = LaneTransform(count: factors.0, .builtIn, rigor: .estimate)
    second = LaneTransform(count: factors.1, .builtIn, rigor: .estimate)
    let count = factors.0 * factors.1
    twiddles = .allocate(capacity: 2 * count)
    for j in 0..<factors.1 {
      for k in 0..<factors.0 {
        let angle = -2 * Double.pi * Double(j * k % count) / Double(count)
        let at = 2 * (j * factors.0 + k)
        twiddles[at] = Scalar(cos(angle))
        twiddles[at + 1] = Scalar(sin(angle))
      }
    }
    let group = LaneTransform<Scalar>.group
    columnsAtOnce = max(1, (1 << 16) / (factors.0 * group * MemoryLayout<Scalar>.stride))
  }

  deinit { twiddles.deallocate() }

  /// See ``LaneTransform/execute(_:_:_:_:work:inverse:repeats:inputStep:outputStep:)``.
  func execute(
    _ input: UnsafePointer<Scalar>, _ inputStride: Int, _ output: UnsafeMutablePointer<Scalar>, _ outputStride: Int,
    work: UnsafeMutablePointer<Scalar>, inverse: Bool
  ) {
    let (a, b, group) = (first.count, second.count, LaneTransform<Scalar>.group)
    // `[j₂][k₁]`
    let rest = work + a * b * group
    for column in stride(from: 0, to: b, by: columnsAtOnce) {
      let columns = min(columnsAtOnce, b - column)
      let target = work + column * a * group
      first.execute(
        input + column * inputStride, b * inputStride, target, group, work: rest, inverse: inverse, repeats: columns,
        inputStep: inputStride, outputStep: a * group)
      Scalar.kernels.pointee.lanes_multiply(
        target, group, target, group, twiddles + 2 * column * a, 2, columns * a, inverse, true)
    }
    second.execute(
      work, a * group, output, a * outputStride, work: rest, inverse: inverse, repeats: a, inputStep: group,
      outputStep: outputStride)
  }
}

import SpectralBenchmarks
import Synchronization

/// Where the methods cross as a kernel grows, on this machine; measured once and kept.
final class CrossoverCurves: Sendable {
  /// What the page hears.
  struct Words: Encodable {
    let sizes: [Int]
    /// Milliseconds; nil where the direct method would have been too slow to wait for.
    let direct: [Double?]
    let fft: [Double]
    let crossing: Double?
  }

  /// One plane, as pictures have.
  static let shape = BenchmarkCase(name: "one image", kind: .array, size: [512, 512], kernel: [3, 3])
  private static let sizes = [3, 5, 7, 9, 11, 15, 21, 31, 47, 63, 95, 127]

  private let measured = Mutex<[Int: MethodCurves]>([:])

  /// The curves up to a kernel size. Whoever asks while it is being measured waits for the same figures.
  func upTo(_ largest: Int) throws -> Words {
    let sizes = Self.sizes.filter { $0 <= largest }
    guard largest <= KernelSource.largestSide, let last = sizes.last else {
      throw HTTPError(422, "largest must be from 3 to \(KernelSource.largestSide).")
    }
    let curves = try measured.withLock { measured in
      if let kept = measured[last] { return kept }
      let curves = try MethodCurves(Self.shape, kernels: sizes, budget: 0.05) { _, _ in }
      measured[last] = curves
      return curves
    }
    return Words(
      sizes: sizes, direct: sizes.indices.map { $0 < curves.direct.count ? 1e3 * curves.direct[$0] : nil },
      fft: curves.fourier.map { 1e3 * $0 }, crossing: curves.crossing)
  }
}

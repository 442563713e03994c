import CKernels
import Foundation
import SpectralCore

/// The complex transform of one length, unnormalised, of a group of lanes at once.
///
/// A *group* is 64 bytes of independent signals side by side: element j of all lanes, first their real parts, then their
/// imaginary ones. So butterflies are sums of vectors, and no number is shuffled. That is what the built-in loops
/// (`transform.inc`) do, for lengths with factors up to 7. FFTW does any length, but wants each signal to itself: its codelets
/// run along a signal, and over neighbouring signals only where one of them does the whole length. So for FFTW lanes become
/// rows, and rows lanes again.
///
/// A class because it owns the table of its twiddles.
public final class LaneTransform<Scalar: FourierScalar>: @unchecked Sendable {
  /// The lanes of a group.
  public static var lanes: Int { 64 / MemoryLayout<Scalar>.stride }
  /// Numbers of a group: real parts and imaginary parts.
  public static var group: Int { 2 * lanes }

  /// The length.
  public let count: Int
  /// Who computes it: FFTW or the built-in loops.
  public let provider: TransformProvider
  private let passes: UnsafeMutablePointer<sk_lane_plan>
  private let twiddles: UnsafeMutablePointer<Scalar>
  private let plan: TransformPlan<Scalar>?
  /// What computes a long one in its place.
  private let long: LongLaneTransform<Scalar>?

  /// A transform of `count` points.
  ///
  /// - Parameter rigor: How FFTW plans it, if FFTW does it.
  /// - Precondition: not built-in if a prime factor is above 7.
  public init(count: Int, _ provider: TransformProvider = .fastest, rigor: PlanningRigor) {
    precondition(count > 0, "a transform has at least one point, not \(count)")
    self.count = count
    self.provider = provider.chosen(count)
    // FFTW cuts long ones itself.
    long = self.provider == .builtIn ? LongLaneTransform<Scalar>.factors(count).map { LongLaneTransform($0) } : nil
    passes = .allocate(capacity: 1)
    twiddles = .allocate(capacity: 2 * count)
    passes.initialize(to: sk_lane_plan())
    guard self.provider == .builtIn else {
      let layout = TransformLayout(
        transformed: [.init(count, 1, 1)],
        repeated: [.init(Self.lanes, Self.rowPitch(count) / 2, Self.rowPitch(count) / 2)])
      plan = .shared(.complexForward, layout, rigor: rigor)
      return
    }
    plan = nil
    guard let radices = Self.radices(count) else {
      preconditionFailure("the built-in transforms have no prime factor above 7, as \(count) points do")
    }
    passes.pointee.count = Int32(count)
    passes.pointee.batch = Int32(Self.batch(count))
    passes.pointee.twiddles = UnsafeRawPointer(twiddles)
    passes.pointee.factor_count = Int32(radices.count)
    withUnsafeMutableBytes(of: &passes.pointee.factors) {
      let factors = $0.bindMemory(to: Int32.self)
      for (index, radix) in radices.enumerated() { factors[index] = Int32(radix) }
    }
    var (next, length) = (twiddles, count)
    for radix in radices {
      for p in 0..<length / radix {
        for k in 1..<radix {
          let angle = -2 * Double.pi * Double(p * k) / Double(length)
          next[0] = Scalar(cos(angle))
          next[1] = Scalar(sin(angle))
          next += 2
        }
      }
      length /= radix
    }
  }

  deinit {
    passes.deallocate()
    twiddles.deallocate()
  }

  /// Numbers that `work` must hold for a transform of `count` points.
  public static func workCount(_ count: Int) -> Int { 2 * max(batch(count) * count * group, lanes * rowPitch(count)) }

  /// Transforms that go through a pass together: as many as leave room in the first-level cache, since a pass has to find
  /// its way before its first butterfly.
  private static func batch(_ count: Int) -> Int { max(1, (8 << 10) / (count * group * MemoryLayout<Scalar>.stride)) }

  /// Numbers from a lane's row to the next, for FFTW: an odd number of cache lines, so that rows do not all fall on the same
  /// ones.
  private static func rowPitch(_ count: Int) -> Int { ((2 * count + lanes - 1) / lanes | 1) * lanes }

  /// Transforms `count` groups that lie `inputStride` numbers apart to others.
  ///
  /// - Parameters:
  ///   - work: Working memory for ``workCount(_:)`` numbers, at a multiple of 64 bytes.
  ///   - inverse: Exponent +i in place of -i.
  ///   - repeats: How many such transforms to compute.
  ///   - inputStep: Numbers from the input of one to that of the next.
  ///   - outputStep: Numbers from the output of one to that of the next.
  @inline(__always)
  public func execute(
    _ input: UnsafePointer<Scalar>, _ inputStride: Int, _ output: UnsafeMutablePointer<Scalar>, _ outputStride: Int,
    work: UnsafeMutablePointer<Scalar>, inverse: Bool, repeats: Int = 1, inputStep: Int = 0, outputStep: Int = 0
  ) {
    if let long {
      for index in 0..<repeats {
        long.execute(
          input + index * inputStep, inputStride, output + index * outputStep, outputStride, work: work,
          inverse: inverse)
      }
      return
    }
    guard let plan else {
      return Scalar.kernels.pointee.lane_transform(
        passes, input, inputStride, inputStep, output, outputStride, outputStep, repeats, work, inverse)
    }
    let pitch = Self.rowPitch(count)
    let result = work + Self.lanes * pitch
    for index in 0..<repeats {
      // The inverse is the forward transform with real and imaginary parts exchanged.
      Scalar.kernels.pointee.lanes_to_rows(work, pitch, input + index * inputStep, inputStride, count, inverse)
      plan.execute(work, result)
      Scalar.kernels.pointee.rows_to_lanes(output + index * outputStep, outputStride, result, pitch, count, inverse)
    }
  }

  /// The radices of the passes: as few as can be, and then as even as can be; nil if there is another prime factor.
  static func radices(_ count: Int) -> [Int]? {
    guard FastSize.isSmooth(count) else { return nil }
    var best: [Int: [Int]] = [1: []]
    func search(_ count: Int) -> [Int]? {
      if let known = best[count] { return known }
      var found: [Int]?
      for radix in 2...10 where count % radix == 0 {
        guard let rest = search(count / radix) else { continue }
        let all = ([radix] + rest).sorted(by: >)
        if found == nil || (all.count, all.reduce(0, +)) < (found!.count, found!.reduce(0, +)) { found = all }
      }
      best[count] = found
      return found
    }
    return search(count)
  }
}

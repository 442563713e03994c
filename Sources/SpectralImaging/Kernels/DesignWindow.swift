import Foundation

/// How the taps of a designed kernel fade towards its ends.
///
/// A kernel that is cut off abruptly rings: its response overshoots by 9 % at each edge of the desired one, however large
/// it is (Gibbs). A window trades that for a broader transition. The definitions are those of Harris, "On the use of
/// windows for harmonic analysis with the discrete Fourier transform" (1978), symmetric, with N points for N taps: the
/// same numbers as `scipy.signal.windows` gives.
public enum DesignWindow: Hashable, Sendable {
  /// No fading: the smallest squared deviation, and the most ringing.
  case rectangular
  /// 0.5 - 0.5 cos(2πn / (N - 1)). The outermost taps are 0.
  case hann
  /// 0.54 - 0.46 cos(2πn / (N - 1)).
  case hamming
  /// 0.42 - 0.5 cos(2πn / (N - 1)) + 0.08 cos(4πn / (N - 1)). The outermost taps are 0.
  case blackman
  /// I₀(β √(1 - (2n / (N - 1) - 1)²)) / I₀(β): 0 is rectangular, 5 is near Hamming, 8.6 near Blackman (Kaiser 1974).
  case kaiser(beta: Double)

  /// The weights of so many taps.
  ///
  /// - Precondition: `count` is positive, and a beta 0 to 700.
  public func weights(_ count: Int) -> [Double] {
    precondition(count > 0, "a window has at least one point, not \(count)")
    guard count > 1 else { return [1] }
    func cosines(_ terms: [Double]) -> [Double] {
      (0..<count).map { n in
        // From the nearer end, so that both halves have the same bits.
        let place = Double(min(n, count - 1 - n)) / Double(count - 1)
        let sum = terms.enumerated().reduce(0) { $0 + $1.element * cos(2 * .pi * Double($1.offset) * place) }
        // What is 0 should be 0, not what is left of 0.5 - 0.5.
        return place == 0 && abs(sum) < 0x1p-50 ? 0 : sum
      }
    }
    switch self {
    case .rectangular: return Array(repeating: 1, count: count)
    case .hann: return cosines([0.5, -0.5])
    case .hamming: return cosines([0.54, -0.46])
    case .blackman: return cosines([0.42, -0.5, 0.08])
    case .kaiser(let beta):
      precondition((0...700).contains(beta), "the beta of a Kaiser window is from 0 to 700, not \(beta)")
      return (0..<count).map { n in
        let place = 2 * Double(min(n, count - 1 - n)) / Double(count - 1) - 1
        return Self.besselI0(beta * max(0, 1 - place * place).squareRoot()) / Self.besselI0(beta)
      }
    }
  }

  /// The modified Bessel function of the first kind and order 0, by its power series Σ (x²/4)^k / k!², whose terms are all
  /// positive.
  private static func besselI0(_ x: Double) -> Double {
    var (sum, term, k) = (1.0, 1.0, 0.0)
    while term > sum * 0x1p-54 {
      k += 1
      term *= x * x / (4 * k * k)
      sum += term
    }
    return sum
  }
}

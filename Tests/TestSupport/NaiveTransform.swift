import Foundation
import SpectralCore

#if arch(x86_64)
  /// Wider than what is tested, so that the reference's own error does not count.
  public typealias ReferenceScalar = Float80
#else
  /// There is nothing wider here: see ``NaiveTransform/ownError``.
  public typealias ReferenceScalar = Double
#endif

/// The discrete Fourier transform by its definition: X[u, v] = Σ x[y, x] exp(-2πi (u y / H + v x / W)), along
/// rows, then along columns.
public struct NaiveTransform {
  private let height: Int
  private let width: Int
  private let rowRoots: [(ReferenceScalar, ReferenceScalar)]
  private let columnRoots: [(ReferenceScalar, ReferenceScalar)]

  /// The transform of images of one size.
  public init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    func roots(_ count: Int) -> [(ReferenceScalar, ReferenceScalar)] {
      (0..<count).map { k in
        let angle = -2 * ReferenceScalar.pi * ReferenceScalar(k) / ReferenceScalar(count)
        return (cos(angle), sin(angle))
      }
    }
    (rowRoots, columnRoots) = (roots(width), roots(height))
  }

  /// The relative error that the sums themselves may have: nothing that counts where the reference is wider than
  /// Double, else one rounding for each term.
  public var ownError: Double {
    ReferenceScalar.significandBitCount > Double.significandBitCount ? 0x1p-53 : Double(height + width) * 0x1p-53
  }

  /// The half spectrum, `[H, W/2 + 1, 2]`.
  public func callAsFunction(_ image: Tensor<Double>) -> Tensor<Double> {
    let half = width / 2 + 1
    var rows = [(ReferenceScalar, ReferenceScalar)](repeating: (0, 0), count: height * half)
    image.withUnsafeElements { x in
      for y in 0..<height {
        for v in 0..<half {
          var sum: (ReferenceScalar, ReferenceScalar) = (0, 0)
          var k = 0
          for column in 0..<width {
            let value = ReferenceScalar(x[y * width + column])
            sum.0 += value * rowRoots[k].0
            sum.1 += value * rowRoots[k].1
            k += v
            if k >= width { k -= width }
          }
          rows[y * half + v] = sum
        }
      }
    }
    return Tensor([height, half, 2]) { spectrum in
      for u in 0..<height {
        for v in 0..<half {
          var sum: (ReferenceScalar, ReferenceScalar) = (0, 0)
          var k = 0
          for y in 0..<height {
            let (a, b) = (rows[y * half + v], columnRoots[k])
            sum.0 += a.0 * b.0 - a.1 * b.1
            sum.1 += a.0 * b.1 + a.1 * b.0
            k += u
            if k >= height { k -= height }
          }
          spectrum[2 * (u * half + v)] = Double(sum.0)
          spectrum[2 * (u * half + v) + 1] = Double(sum.1)
        }
      }
    }
  }
}

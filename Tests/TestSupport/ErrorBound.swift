import Foundation
import SpectralConvolution
import SpectralCore

/// The promised error figures, so that no test makes up its own. u is the unit round-off, N the points of a transform.
public enum ErrorBound {
  /// The promised relative L2 error of a convolution of ordinary data by transforms of N points:
  /// `2 u sqrt(log2 N)` on sizes with small factors only, `4 u sqrt(log2 N)` otherwise.
  public static func relativeL2<Scalar: TensorScalar>(
    fastSize: Bool = true, scalar: Scalar.Type = Scalar.self, pointCount: Int
  ) -> Double {
    (fastSize ? 2 : 4) * Scalar.unitRoundoff * log2(Double(max(pointCount, 2))).squareRoot()
  }

  /// The promised largest absolute error for one image plane x and one filter plane k, whatever finite values they
  /// hold: `2 u sqrt(log2 N) ‖x‖ ‖k‖`.
  public static func perChannelPair<Scalar: TensorScalar>(
    _ x: Tensor<Scalar>, _ k: Tensor<Scalar>, pointCount: Int
  ) -> Double {
    2 * Scalar.unitRoundoff * log2(Double(max(pointCount, 2))).squareRoot() * x.norm * k.norm
  }

  /// The bound that ``perChannelPair(_:_:pointCount:)`` implies for a whole convolution: the largest, over images and
  /// output channels, of the sum over the channel pairs that the output adds up.
  public static func perOutput<Scalar: TensorScalar>(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem, pointCount: Int
  ) -> Double {
    let images = planeNorms(input)
    let filters = planeNorms(filter)
    let channels = problem.channelsPerGroup
    var largest = 0.0
    for n in 0..<problem.batch {
      for o in 0..<problem.outputChannels {
        let first = n * problem.inputChannels + o / problem.outputsPerGroup * channels
        largest = max(largest, (0..<channels).reduce(0) { $0 + images[first + $1] * filters[o * channels + $1] })
      }
    }
    return 2 * Scalar.unitRoundoff * log2(Double(max(pointCount, 2))).squareRoot() * largest
  }

  /// A bound on the absolute error of adding up `count` products of magnitudes that sum to `magnitude`, in any order:
  /// `count u` to first order (Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1).
  public static func sum<Scalar: TensorScalar>(
    count: Int, magnitude: Double, scalar: Scalar.Type = Scalar.self
  ) -> Double {
    Double(count + 1) * Scalar.unitRoundoff * magnitude
  }

  private static func planeNorms<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) -> [Double] {
    let plane = tensor.shape[2] * tensor.shape[3]
    return tensor.withUnsafeElements { x in
      (0..<tensor.shape[0] * tensor.shape[1]).map { p in
        x[p * plane..<(p + 1) * plane].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      }
    }
  }
}

/// How far a result is from what it should be: `‖a - b‖ / ‖b‖`, and the difference alone where b is zero.
public func relativeL2<A: TensorScalar>(_ result: Tensor<A>, _ expected: Tensor<Double>) -> Double {
  let difference = (result.converted(to: Double.self) - expected).norm
  return expected.norm == 0 ? difference : difference / expected.norm
}

/// The largest absolute difference; infinite if the shapes differ or a value is NaN on one side only.
public func largestDifference<A: TensorScalar, B: TensorScalar>(_ a: Tensor<A>, _ b: Tensor<B>) -> Double {
  guard a.shape == b.shape else { return .infinity }
  var largest = 0.0
  for (x, y) in zip(a.elements, b.elements) {
    let (x, y) = (Double(x), Double(y))
    if x == y || (x.isNaN && y.isNaN) { continue }
    let difference = abs(x - y)
    if difference.isNaN { return .infinity }
    largest = max(largest, difference)
  }
  return largest
}

import Tensors

/// How noisy an image is, from the image alone.
///
/// J. Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64, 1996. The mask
///
///      1 -2  1
///     -2  4 -2
///      1 -2  1
///
/// is the difference of two Laplacians: it is zero over planes and parabolas, so the picture hardly shows in it, and white
/// noise of deviation σ comes out with deviation 6 σ. The mean of magnitudes, sqrt(2/π) 6 σ for normal noise, heeds what
/// few edges there are less than a mean of squares would. Fine texture counts as noise; a blurred image has none.
public enum NoiseEstimate {
  /// The standard deviation of the noise in a plane, in the units of its pixels; 0 below 3 x 3 pixels.
  ///
  /// - Parameter plane: `[H, W]`.
  public static func deviation<Scalar: TensorScalar>(of plane: Tensor<Scalar>) -> Double {
    precondition(plane.shape.rank == 2, "noise is estimated in a plane [H, W], not in \(plane.shape)")
    let (height, width) = (plane.shape[0], plane.shape[1])
    guard height >= 3, width >= 3 else { return 0 }
    let sum = plane.withUnsafeElements { x in
      nonisolated(unsafe) let x = x.baseAddress!
      return sumOverRows(height - 2, grain: max(1, (1 << 15) / width)) { maskMagnitude(x + $0 * width, width) }
    }
    return (Double.pi / 2).squareRoot() * sum / (6 * Double(height - 2) * Double(width - 2))
  }
}

/// Σ |mask| over the windows whose first row is given.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func maskMagnitude<Scalar: TensorScalar>(_ row: UnsafePointer<Scalar>, _ width: Int) -> Double {
  func columnDifference(_ j: Int) -> Scalar { row[j] - 2 * row[j + width] + row[j + 2 * width] }
  var sum = 0.0
  for j in 0..<width - 2 {
    sum += Double((columnDifference(j) - 2 * columnDifference(j + 1) + columnDifference(j + 2)).magnitude)
  }
  return sum
}

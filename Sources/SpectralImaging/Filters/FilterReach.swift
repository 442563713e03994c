import SpectralTransforms
import SpectralCore

extension FilterExpression {
  /// How many pixels away a pixel still counts: what is further off changes an output by at most `tolerance` for each unit
  /// of contrast. nil if that is no finite number of pixels, or more than `most`.
  ///
  /// A filter that is taken apart into others reaches as far as the furthest of a sum, and as far as those of a product
  /// together.
  func reach(tolerance: Double, most: Int) -> Int? {
    switch self {
    case .constant: return 0
    case .lowPass(let lowPass), .notch(let lowPass):
      return lowPass.reach(tolerance: tolerance / 2, most: most).map { symmetry == .point ? 2 * $0 : $0 }
    // Responses with a corner, at frequency 0 or at Nyquist, or with any at all.
    case .directional, .laplacian, .mask, .function: return nil
    case .affine(let factor, let a, _):
      return factor == 0 ? 0 : a.reach(tolerance: tolerance / abs(factor), most: most)
    case .sum(let a, let b):
      guard let x = a.reach(tolerance: tolerance / 2, most: most), let y = b.reach(tolerance: tolerance / 2, most: most)
      else { return nil }
      return max(x, y)
    case .product(let a, let b):
      guard let x = a.reach(tolerance: tolerance / 4, most: most), let y = b.reach(tolerance: tolerance / 4, most: most)
      else { return nil }
      return x + y
    }
  }
}

extension CentredLowPass {
  /// The reach about the origin; about another centre the impulse response is a wave under the same envelope.
  ///
  /// Measured where it matters most, across an edge that runs straight along the border: by the projection-slice theorem
  /// the response along one axis of the plane is the transform of the impulse response summed along the other.
  fileprivate func reach(tolerance: Double, most: Int) -> Int? {
    if shape == .ideal { return nil }
    let count = FastSize.next(max(64, 4 * most))
    let half = count / 2 + 1
    let slice = Tensor<Double>([1, half, 2]) { values in
      for v in 0..<half {
        let distance = Double(v) / Double(count) / cutoff
        (values[2 * v], values[2 * v + 1]) = (shape.lowPass(distance * distance), 0)
      }
    }
    let line = RealTransform2D<Double>(height: 1, width: count).inverse(
      Spectrum(height: 1, width: count, values: slice))
    return line.withUnsafeElements { line in
      var tail = 0.0
      for place in stride(from: count / 2, to: 0, by: -1) {
        tail += 2 * abs(line[place])
        if tail > tolerance { return place < most ? place : nil }
      }
      return 0
    }
  }
}

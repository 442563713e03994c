import SpectralTransforms
import SpectralCore

/// The correlation of images by the phases of their spectra: a shift turns the phases and leaves the magnitudes, so the
/// cross spectrum without its magnitudes is a wave, and its inverse transform a single point (C. D. Kuglin and
/// D. C. Hines, "The phase correlation image alignment method", IEEE Conference on Cybernetics and Society, 1975).
enum PhaseSurface {
  /// The circular correlation at every shift, `[H, W]`, of planes `[C, H, W]`: 1 at most.
  ///
  /// - Parameter normalization: `none` for the plain correlation, in the images' own units.
  static func surface<Scalar: FourierScalar>(
    from a: Tensor<Scalar>, to b: Tensor<Scalar>, normalization: SpectrumNormalization = .phase
  ) -> Tensor<Scalar> {
    let (height, width) = (a.shape[1], a.shape[2])
    let transform = RealTransform2D<Scalar>(height: height, width: width)
    var cross = Tensor<Scalar>.zeros([height, width / 2 + 1, 2])
    for plane in 0..<a.shape[0] {
      addCrossSpectrum(
        transform.forward(a.rows(plane..<plane + 1).reshaped(to: [height, width])).values,
        transform.forward(b.rows(plane..<plane + 1).reshaped(to: [height, width])).values, to: &cross)
    }
    let values = normalization == .none ? cross : phases(of: cross)
    return transform.inverse(Spectrum(height: height, width: width, values: values))
  }
}

/// Adds conj(A) B.
func addCrossSpectrum<Scalar: TensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>, to cross: inout Tensor<Scalar>) {
  cross.withUnsafeMutableElements { cross in
    a.withUnsafeElements { a in b.withUnsafeElements { b in addConjugateProduct(a, b, cross) } }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addConjugateProduct<Scalar: TensorScalar>(
  _ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, _ cross: UnsafeMutableBufferPointer<Scalar>
) {
  nonisolated(unsafe) let (a, b, cross) = (a, b, cross)
  let piece = 1 << 14
  Parallel.forEach((cross.count + piece - 1) / piece) { index in
    for i in stride(from: index * piece, to: min(cross.count, (index + 1) * piece), by: 2) {
      cross[i] += a[i] * b[i] + a[i + 1] * b[i + 1]
      cross[i + 1] += a[i] * b[i + 1] - a[i + 1] * b[i]
    }
  }
}

/// Complex numbers over their magnitudes; 0 where there is nothing but rounding.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func phases<Scalar: TensorScalar>(of cross: Tensor<Scalar>) -> Tensor<Scalar> {
  // Each spectrum is rounded relative to its largest value: a product below this has a phase by chance.
  let unit = Scalar(Scalar.unitRoundoff)
  let least = 100 * unit * unit * Scalar(cross.maximumMagnitude)
  var phases = cross
  phases.withUnsafeMutableElements { x in
    for i in stride(from: 0, to: x.count, by: 2) {
      let magnitude = (x[i] * x[i] + x[i + 1] * x[i + 1]).squareRoot()
      let factor = magnitude > least ? 1 / magnitude : 0
      x[i] *= factor
      x[i + 1] *= factor
    }
  }
  return phases
}

/// The highest local maxima above zero of a surface that wraps around, the highest first; of equal ones the first by rows.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func highestPeaks<Scalar: TensorScalar>(_ surface: Tensor<Scalar>, count: Int) -> [(row: Int, column: Int)] {
  let (height, width) = (surface.shape[0], surface.shape[1])
  return surface.withUnsafeElements { s in
    var best: [Int] = []
    for row in 0..<height {
      let above = (row + height - 1) % height * width
      let below = (row + 1) % height * width
      for column in 0..<width {
        let place = row * width + column
        let value = s[place]
        guard value > 0, best.count < count || value > s[best[count - 1]] else { continue }
        let (left, right) = ((column + width - 1) % width, (column + 1) % width)
        guard value >= s[row * width + left], value >= s[row * width + right],
          [left, column, right].allSatisfy({ value >= s[above + $0] && value >= s[below + $0] })
        else { continue }
        best.insert(place, at: best.firstIndex { s[$0] < value } ?? best.count)
        if best.count > count { best.removeLast() }
      }
    }
    return best.map { ($0 / width, $0 % width) }
  }
}

import SpectralCore
import SpectralTransforms

/// What transforms whole arrays, and multiplies their spectra.
enum WholeTransform<Scalar: FourierScalar>: Sendable {
  case fftw(RealTransform<Scalar>)
  case builtIn(RightAngleTransform<Scalar>)

  init(_ size: WholeSize, rigor: PlanningRigor) {
    self =
      size.isBuiltIn ? .builtIn(.shared(size: size.lengths)) : .fftw(RealTransform(size: size.lengths, rigor: rigor))
  }

  /// The numbers that each thread works in, those of tables, and those that FFTW plans with.
  static func workCount(_ size: WholeSize) -> Int {
    size.isBuiltIn
      ? RightAngleTransform<Scalar>.workCount(size.lengths) : RealTransform<Scalar>.workCount(size.lengths)
  }
  static func tableCount(_ size: WholeSize) -> Int {
    size.isBuiltIn ? RightAngleTransform<Scalar>.tableCount(size.lengths) : 0
  }
  static func planningCounts(_ size: WholeSize) -> [Int] {
    size.isBuiltIn ? [] : RealTransform<Scalar>.planningCounts(size.lengths)
  }

  func forward(_ array: UnsafePointer<Scalar>, _ spectrum: UnsafeMutablePointer<Scalar>, atMost threads: Int) {
    switch self {
    case .fftw(let transform): transform.forward(array, spectrum, atMost: threads)
    case .builtIn(let transform): transform.forward(.init(array, transform.size), spectrum, atMost: threads)
    }
  }

  /// Back; the spectrum is destroyed.
  func inverse(_ spectrum: UnsafeMutablePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>, atMost threads: Int) {
    switch self {
    case .fftw(let transform): transform.inverse(spectrum, array, atMost: threads)
    case .builtIn(let transform): transform.inverse(spectrum, .init(array, transform.size), atMost: threads)
    }
  }

  /// `y = x w` or `x conj w` for two spectra, or that added to y.
  func multiply(
    _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, conjugated: Bool,
    adding: Bool, atMost threads: Int
  ) {
    switch self {
    case .builtIn(let transform):
      transform.multiply(y, x, w, conjugated: conjugated, adding: adding, atMost: threads)
    case .fftw(let transform):
      let (count, piece) = (transform.spectrumCount, 1 << 14)
      nonisolated(unsafe) let (y, x, w) = (y, x, w)
      Parallel.forEach((count + piece - 1) / piece, atMost: threads) { index in
        let start = 2 * index * piece
        multiplySpectra(
          y + start, x + start, w + start, min(piece, count - index * piece), conjugated ? -1 : 1, adding)
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiplySpectra<Scalar: TensorScalar>(
  _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ count: Int,
  _ sign: Scalar, _ adding: Bool
) {
  for i in 0..<count {
    let (a, b, c, d) = (x[2 * i], x[2 * i + 1], w[2 * i], sign * w[2 * i + 1])
    let (real, imaginary) = (a * c - b * d, a * d + b * c)
    y[2 * i] = adding ? y[2 * i] + real : real
    y[2 * i + 1] = adding ? y[2 * i + 1] + imaginary : imaginary
  }
}

import SpectralCore

extension RasterImage {
  /// An image for the eye: a picture as it is, an array that leaves 0...1 stretched from its smallest number (black) to
  /// its largest (white); of other than one or three channels the first.
  public init<Scalar: TensorScalar>(shown image: ImagePlanes<Scalar>) {
    let stored = image.converted(to: .stored).planes.colors
    if case .picture = image.origin {
      self.init(pixels: stored.converted(to: Float.self), alpha: image.alpha, metadata: image.metadata)
      return
    }
    self.init(pixels: stretched(stored), alpha: image.alpha)
  }
}

/// Numbers of 0...1 as they are, others from 0 for the smallest to 1 for the largest.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func stretched<Scalar: TensorScalar>(_ values: Tensor<Scalar>) -> Tensor<Float> {
  let shape = values.shape
  return values.withUnsafeElements { values in
    var (low, high) = (Scalar.infinity, -Scalar.infinity)
    for value in values { (low, high) = (min(low, value), max(high, value)) }
    let (start, length): (Scalar, Scalar) =
      low >= 0 && high <= 1 ? (0, 1) : (low, max(high - low, .leastNormalMagnitude))
    return Tensor(shape) { target in for i in values.indices { target[i] = Float((values[i] - start) / length) } }
  }
}

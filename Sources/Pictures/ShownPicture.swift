import Imaging
import Tensors

extension Image {
  /// An image for the eye: a picture as it is, an array that leaves 0...1 stretched from its smallest number (black) to
  /// its largest (white); of other than one or three channels the first.
  public init<Scalar: TensorScalar>(shown image: ImagePlanes<Scalar>) {
    let stored = image.converted(to: .stored).planes.colors
    if case .picture = image.origin {
      self.init(pixels: stored.converted(to: Float.self), alpha: image.alpha)
      return
    }
    let (low, high) = stored.withUnsafeElements { values in
      values.reduce((Scalar.infinity, -Scalar.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    }
    let (start, length): (Scalar, Scalar) =
      low >= 0 && high <= 1 ? (0, 1) : (low, max(high - low, .leastNormalMagnitude))
    self.init(pixels: stored.map { ($0 - start) / length }.converted(to: Float.self), alpha: image.alpha)
  }
}

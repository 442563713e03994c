import SpectralCore

/// Whether each plane of `[C, H, W]` has one value only where it is visible.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func isEven<Scalar: TensorScalar>(_ planes: Tensor<Scalar>, whereVisible opacity: Tensor<Float>?) -> Bool {
  guard let opacity else { return isEvenEverywhere(planes) }
  return planes.withUnsafeElements { x in
    opacity.withUnsafeElements { opacity in
      guard let first = opacity.firstIndex(where: { $0 > 0 }) else { return true }
      return x.indices.allSatisfy {
        let pixel = $0 % opacity.count
        return opacity[pixel] <= 0 || x[$0] == x[$0 - pixel + first]
      }
    }
  }
}

/// Requires an opacity of `[H, W]` from 0 to 1, and not 0 everywhere.
func requireOpacity(_ opacity: Tensor<Float>?, of planes: TensorShape, called name: String) throws(RestorationError) {
  guard let opacity else { return }
  guard opacity.shape == TensorShape([planes[-2], planes[-1]]) else {
    throw RestorationError("the \(name) has shape \(planes), its opacity \(opacity.shape): it must be [H, W]")
  }
  let (isValid, isVisible) = opacity.withUnsafeElements { x in
    (x.allSatisfy { (0...1).contains($0) }, x.contains { $0 > 0 })
  }
  guard isValid else { throw RestorationError("the opacity of the \(name) must be from 0 to 1") }
  guard isVisible else {
    throw RestorationError("the \(name) is transparent everywhere: take one with something to see in it")
  }
}

/// Who computes the one-dimensional transforms over lanes that tiles are made of: see ``LaneTransform``.
public enum TransformProvider: String, CaseIterable, Hashable, Codable, Sendable {
  /// FFTW: any length.
  case fftw
  /// The vector loops of `Sources/CKernels/transform.inc`: lengths without prime factors above 7.
  case builtIn = "built-in"
  /// For each length the faster of the two.
  case fastest

  /// Who transforms `count` points: `fftw` or `builtIn`.
  func chosen(_ count: Int) -> TransformProvider {
    self == .fastest ? FastSize.isSmooth(count) ? .builtIn : .fftw : self
  }

  /// About how many times as long a lane transform of `count` points takes as the built-in loops take for such a length. Of
  /// FFTW's codelets those for vectors need a multiple of the vector's length to run along, unless one does all.
  public func relativeCost(_ count: Int) -> Double {
    guard chosen(count) == .fftw else { return 1 }
    if count <= 16 || [20, 25, 32, 64, 128].contains(count) || count % 16 == 0 { return 3 }
    return count % 8 == 0 ? 4.5 : 8
  }
}

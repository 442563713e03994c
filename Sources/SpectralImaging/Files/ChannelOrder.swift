import SpectralCore

extension AnyImagePlanes {
  /// What to say of an array whose channels may come first, and so be taken for rows, or which may be a volume; nil of all
  /// others.
  package var shapeHint: String? {
    switch self {
    case .float(let image): image.shapeHint
    case .double(let image): image.shapeHint
    }
  }
}

extension ImagePlanes {
  fileprivate var shapeHint: String? {
    guard case .array(_, hasChannelAxis: true) = origin else { return nil }
    return NumPyHeader.shapeHint([height, width, channels])
  }
}

import SpectralCore

extension AnyImagePlanes {
  /// What to say of an array whose channels may come first, and so be taken for rows; nil of all others.
  package var channelsFirstHint: String? {
    switch self {
    case .float(let image): image.channelsFirstHint
    case .double(let image): image.channelsFirstHint
    }
  }
}

extension ImagePlanes {
  fileprivate var channelsFirstHint: String? {
    guard case .array(_, hasChannelAxis: true) = origin else { return nil }
    return NumPyHeader.channelsFirstHint([height, width, channels])
  }
}

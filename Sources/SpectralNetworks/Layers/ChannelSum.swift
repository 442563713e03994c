import SpectralCore

extension Tensor {
  /// The sum over every axis but the second: `[N, C, ...]` to `[C]`. The gradient of a bias.
  var sumOverAllButChannels: Tensor { sum(over: shape.extents.indices.filter { $0 != 1 }) }
}

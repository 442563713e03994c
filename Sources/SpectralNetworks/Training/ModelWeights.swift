import SpectralCore

extension ModelKind {
  /// The bytes of a network's weights in single precision, from sizes alone: known before any of them is allocated.
  package func weights(image: TensorShape, classes: Int) -> MemoryEstimate {
    /// So many outputs, each with weights for its inputs and a bias.
    func layer(_ inputs: [Int], _ outputs: Int) -> MemoryEstimate {
      MemoryEstimate(inputs + [outputs], scalarBytes: 4) + MemoryEstimate([outputs], scalarBytes: 4)
    }
    switch self {
    case .lenet5, .lenet5Classic:
      let (height, width) = (Models.lenetExtent(image[1]), Models.lenetExtent(image[2]))
      return layer([image[0], 25], 6) + layer([6, 25], 16) + layer([16, height, width], 120) + layer([120], 84)
        + layer([84], classes)
    case .dense: return layer(image.extents, classes)
    case .largeKernel:
      let width = Models.largeKernelWidth
      func normalization(_ channels: Int) -> MemoryEstimate { layer([1], channels) }
      func block(_ kernel: Int) -> MemoryEstimate {
        layer([kernel, kernel], width) + normalization(width) + layer([width], 2 * width) + layer([2 * width], width)
      }
      return layer([image[0], 9], width) + normalization(width) + block(13) + block(31) + layer([width, 9], 2 * width)
        + normalization(2 * width) + layer([2 * width], classes)
    }
  }
}

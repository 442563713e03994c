import SpectralCore

/// A network that can be looked at layer by layer.
package protocol Sequenced: Layer where Scalar == Float {
  /// What each layer gives, in order.
  func activations(of input: Tensor<Float>) -> [(label: String, values: Tensor<Float>)]
}

extension Chain: Sequenced where First.Scalar == Float {
  package func activations(of input: Tensor<Float>) -> [(label: String, values: Tensor<Float>)] {
    let before = (first as? any Sequenced)?.activations(of: input) ?? [(first.label, first(input))]
    return before + [(second.label, second(before.last!.values))]
  }
}

extension Layer {
  /// The weights of the first layer, a convolution, for the first channel of its input: `[O, kH, kW]`.
  package var firstFilters: Tensor<Double> {
    var filters = Tensor<Scalar>.zeros([1, 1, 1, 1])
    parameters.forEach { name, tensor in if name == "0.weight" { filters = tensor } }
    let (count, size) = (filters.shape[0], filters.shape[2] * filters.shape[3])
    let first = (0..<count).flatMap { filters.rows($0..<$0 + 1).elements.prefix(size) }
    return Tensor<Scalar>([count, filters.shape[2], filters.shape[3]], first).converted(to: Double.self)
  }
}

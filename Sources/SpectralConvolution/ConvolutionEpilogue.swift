import SpectralCore

/// What is done to feature maps as they are written: a bias is added, then an activation taken. A method that does it on the
/// way saves a walk through memory.
public struct ConvolutionEpilogue<Scalar: TensorScalar>: Sendable {
  /// A number for each output channel, `[O]`; nil for none.
  public var bias: Tensor<Scalar>?
  /// The function that is taken of every sum.
  public var activation: ConvolutionActivation

  /// An epilogue; without arguments it changes nothing.
  public init(bias: Tensor<Scalar>? = nil, activation: ConvolutionActivation = .none) {
    self.bias = bias
    self.activation = activation
  }

  /// Does it in place: for a method that has written the sums already.
  ///
  /// - Parameter output: Feature maps, `[N, O, ...]`.
  public func apply(to output: inout Tensor<Scalar>) {
    if let bias {
      output += bias.reshaped(to: TensorShape([bias.count] + Array(repeating: 1, count: output.shape.rank - 2)))
    }
    activation.apply(to: &output)
  }
}

/// A function of single numbers that a convolution can take of what it writes.
public enum ConvolutionActivation: String, CaseIterable, Hashable, Sendable {
  /// The number itself.
  case none
  /// `max(x, 0)`; NaN stays NaN.
  case relu

  /// Takes the function of every element in place.
  public func apply<Scalar>(to output: inout Tensor<Scalar>) {
    switch self {
    case .none: break
    case .relu: output.rectify()
    }
  }
}

import SpectralCore

/// How random weights are drawn.
public enum Initialization: String, CaseIterable, Hashable, Sendable {
  /// Uniform within ±1/sqrt(fan-in) for weight and bias: what PyTorch's layers start from (He et al., 2015, with the
  /// slope sqrt(5)).
  case kaimingUniform
  /// Normal with variance 2 / fan-in, zero bias: He et al., "Delving deep into rectifiers", 2015.
  case kaimingNormal
  /// Uniform within ±sqrt(6 / (fan-in + fan-out)), zero bias: Glorot and Bengio, 2010.
  case xavierUniform
  /// Normal with variance 2 / (fan-in + fan-out), zero bias.
  case xavierNormal

  /// How many inputs reach one output, and how many outputs one input reaches.
  private func fans(_ shape: TensorShape) -> (in: Double, out: Double) {
    let field = shape.extents.dropFirst(2).reduce(1, *)
    return (Double(shape[1] * field), Double(shape[0] * field))
  }

  /// A weight `[outputs, inputs, ...]`.
  public func weight<Scalar: TensorScalar>(_ shape: TensorShape, using random: inout RandomGenerator) -> Tensor<Scalar>
  {
    let fans = fans(shape)
    func uniform(_ bound: Double) -> Tensor<Scalar> { .uniform(shape, in: -bound..<bound, using: &random) }
    return switch self {
    case .kaimingUniform: uniform(1 / fans.in.squareRoot())
    case .kaimingNormal: .normal(shape, deviation: (2 / fans.in).squareRoot(), using: &random)
    case .xavierUniform: uniform((6 / (fans.in + fans.out)).squareRoot())
    case .xavierNormal: .normal(shape, deviation: (2 / (fans.in + fans.out)).squareRoot(), using: &random)
    }
  }

  /// The bias `[count]` that goes with a weight of shape `weight`.
  public func bias<Scalar: TensorScalar>(
    _ count: Int, weight: TensorShape, using random: inout RandomGenerator
  ) -> Tensor<Scalar> {
    guard self == .kaimingUniform else { return .zeros([count]) }
    let bound = 1 / fans(weight).in.squareRoot()
    return .uniform([count], in: -bound..<bound, using: &random)
  }
}

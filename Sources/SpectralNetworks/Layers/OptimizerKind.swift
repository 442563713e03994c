import SpectralCore

/// The optimizers by the words that choose them on the command line, with sensible settings.
public enum OptimizerKind: String, CaseIterable, Hashable, Codable, Sendable {
  /// Stochastic gradient descent with momentum 0.9.
  case sgd
  /// Adam.
  case adam
  /// Adam with decoupled weight decay.
  case adamw

  /// The learning rate that usually works: 0.01 for descent, 0.001 for the others.
  public var defaultLearningRate: Double { self == .sgd ? 0.01 : 0.001 }

  /// The weight decay unless told otherwise: 0.01 for ``adamw``, none for the others.
  public var defaultWeightDecay: Double { self == .adamw ? 0.01 : 0 }

  /// An optimizer of this kind.
  ///
  /// - Parameters:
  ///   - learningRate: The usual one if nil.
  ///   - momentum: For ``sgd``; the others have none.
  ///   - weightDecay: The usual one if nil.
  public func optimizer<Scalar: TensorScalar>(
    for scalar: Scalar.Type = Scalar.self, learningRate: Double? = nil, momentum: Double = 0.9,
    weightDecay: Double? = nil
  ) -> any Optimizer<Scalar> {
    let rate = learningRate ?? defaultLearningRate
    let decay = weightDecay ?? defaultWeightDecay
    return switch self {
    case .sgd: SGD<Scalar>(learningRate: rate, momentum: momentum, weightDecay: decay)
    case .adam: Adam<Scalar>(learningRate: rate, weightDecay: decay)
    case .adamw: AdamW<Scalar>(learningRate: rate, weightDecay: decay)
    }
  }
}

import CKernels
import Foundation
import SpectralCore

/// Steps scaled by running moments of the gradient (Kingma and Ba, 2015): PyTorch's `Adam`, update for update.
///
/// `g = gradient + weightDecay p`; `m = β₁ m + (1 - β₁) g`; `v = β₂ v + (1 - β₂) g²`; at step t,
/// `p = p - learningRate / (1 - β₁ᵗ) · m / (sqrt(v) / sqrt(1 - β₂ᵗ) + ε)`.
public struct Adam<Scalar: TensorScalar>: Optimizer {
  public var learningRate: Double
  public var stepCount = 0
  /// How much of the past the mean of the gradient keeps, β₁.
  public let beta1: Double
  /// How much of the past the mean of its square keeps, β₂.
  public let beta2: Double
  /// Keeps the quotient finite where gradients vanish, ε.
  public let epsilon: Double
  /// How strongly parameters are drawn to zero: added to the gradient. See ``AdamW`` for the decoupled kind.
  public let weightDecay: Double
  private var moments = AdamMoments<Scalar>()

  /// An optimizer with PyTorch's usual settings unless told otherwise.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    AdamMoments<Scalar>.check(beta1, beta2)
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public mutating func prepare<L: Layer>(for layer: L) where L.Scalar == Scalar {
    moments.prepare(for: layer.parameters)
  }

  public mutating func update<L: Layer>(_ layer: inout L, _ gradient: L.Parameters) where L.Scalar == Scalar {
    stepCount += 1
    moments.prepare(for: gradient)
    let factors = AdamFactors<Scalar>(
      step: stepCount, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, kept: 1,
      decay: weightDecay)
    var moments = AdamMoments<Scalar>()
    swap(&moments, &self.moments)
    forEachParameter(&layer, gradient) { moments.step($0, $1, $2, factors) }
    swap(&moments, &self.moments)
  }

  public mutating func updateState(_ body: (String, inout Tensor<Scalar>) -> Void) { moments.update(body) }

  public var label: String { "Adam(\(beta1), \(beta2), epsilon \(epsilon), weight decay \(weightDecay))" }
}

/// ``Adam`` with decoupled weight decay (Loshchilov and Hutter, 2019): PyTorch's `AdamW`, update for update. Parameters
/// shrink by the factor `1 - learningRate weightDecay` at each step, whatever their gradient.
public struct AdamW<Scalar: TensorScalar>: Optimizer {
  public var learningRate: Double
  public var stepCount = 0
  /// How much of the past the mean of the gradient keeps, β₁.
  public let beta1: Double
  /// How much of the past the mean of its square keeps, β₂.
  public let beta2: Double
  /// Keeps the quotient finite where gradients vanish, ε.
  public let epsilon: Double
  /// How strongly parameters are drawn to zero, apart from the gradient.
  public let weightDecay: Double
  private var moments = AdamMoments<Scalar>()

  /// An optimizer with PyTorch's usual settings unless told otherwise.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) {
    AdamMoments<Scalar>.check(beta1, beta2)
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public mutating func prepare<L: Layer>(for layer: L) where L.Scalar == Scalar {
    moments.prepare(for: layer.parameters)
  }

  public mutating func update<L: Layer>(_ layer: inout L, _ gradient: L.Parameters) where L.Scalar == Scalar {
    stepCount += 1
    moments.prepare(for: gradient)
    let factors = AdamFactors<Scalar>(
      step: stepCount, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      kept: 1 - learningRate * weightDecay, decay: 0)
    var moments = AdamMoments<Scalar>()
    swap(&moments, &self.moments)
    forEachParameter(&layer, gradient) { moments.step($0, $1, $2, factors) }
    swap(&moments, &self.moments)
  }

  public mutating func updateState(_ body: (String, inout Tensor<Scalar>) -> Void) { moments.update(body) }

  public var label: String { "AdamW(\(beta1), \(beta2), epsilon \(epsilon), weight decay \(weightDecay))" }
}

/// The running means of the gradient and of its square, for every parameter.
private struct AdamMoments<Scalar: TensorScalar>: Sendable {
  var first = OptimizerMemory<Scalar>("exp_avg")
  var second = OptimizerMemory<Scalar>("exp_avg_sq")

  static func check(_ beta1: Double, _ beta2: Double) {
    precondition(
      beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "betas of \(beta1) and \(beta2) are not in 0 ..< 1")
  }

  mutating func prepare<P: ParameterSpace>(for space: P) where P.Scalar == Scalar {
    first.prepare(for: space)
    second.prepare(for: space)
  }

  mutating func update(_ body: (String, inout Tensor<Scalar>) -> Void) {
    first.update(body)
    second.update(body)
  }

  mutating func step(
    _ index: Int, _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>,
    _ factors: AdamFactors<Scalar>
  ) {
    first.withElements(index) { m in
      second.withElements(index) { v in
        forEachRange(p.count, size: elementwiseGrain / 4) { adapt(p, g, m, v, $0, factors) }
      }
    }
  }
}

/// The numbers of one step, computed once in Double.
struct AdamFactors<Scalar: TensorScalar>: Sendable {
  let keepFirst: Scalar
  let takeFirst: Scalar
  let keepSecond: Scalar
  let takeSecond: Scalar
  /// learningRate / (1 - β₁ᵗ)
  let stepSize: Scalar
  /// sqrt(1 - β₂ᵗ)
  let correction: Scalar
  let epsilon: Scalar
  /// What decoupled decay leaves of a parameter.
  let kept: Scalar
  /// How much of a parameter coupled decay adds to its gradient.
  let decay: Scalar

  init(
    step: Int, learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, kept: Double, decay: Double
  ) {
    keepFirst = Scalar(beta1)
    takeFirst = Scalar(1 - beta1)
    keepSecond = Scalar(beta2)
    takeSecond = Scalar(1 - beta2)
    stepSize = Scalar(learningRate / (1 - pow(beta1, Double(step))))
    correction = Scalar((1 - pow(beta2, Double(step))).squareRoot())
    self.epsilon = Scalar(epsilon)
    self.kept = Scalar(kept)
    self.decay = Scalar(decay)
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func adapt<Scalar: TensorScalar>(
  _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ m: UnsafeMutableBufferPointer<Scalar>,
  _ v: UnsafeMutableBufferPointer<Scalar>, _ range: Range<Int>, _ factors: AdamFactors<Scalar>
) {
  let first = range.lowerBound
  let (p, g) = (p.baseAddress! + first, g.baseAddress! + first)
  let (m, v) = (m.baseAddress! + first, v.baseAddress! + first)
  Scalar.kernels.pointee.adapt(
    p, g, m, v, Double(factors.keepFirst), Double(factors.takeFirst), Double(factors.keepSecond),
    Double(factors.takeSecond), Double(factors.stepSize), Double(factors.correction), Double(factors.epsilon),
    Double(factors.kept), Double(factors.decay), range.count)
}

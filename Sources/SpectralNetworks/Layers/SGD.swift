import CKernels
import SpectralCore

/// Stochastic gradient descent, with momentum and weight decay if wanted: PyTorch's `SGD`, update for update.
///
/// `g = gradient + weightDecay p`; `b = momentum b + g`; `p = p - learningRate b`, or with Nesterov's look ahead
/// `p = p - learningRate (g + momentum b)`.
public struct SGD<Scalar: TensorScalar>: Optimizer {
  public var learningRate: Double
  public var stepCount = 0
  /// How much of the last step goes into the next; 0 for none.
  public let momentum: Double
  /// Whether the gradient is corrected as if it were taken one step ahead.
  public let nesterov: Bool
  /// How strongly parameters are drawn to zero: added to the gradient.
  public let weightDecay: Double
  private var buffer = OptimizerMemory<Scalar>("momentum_buffer")

  /// A gradient descent; plain unless told otherwise.
  public init(learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    precondition(momentum >= 0 && momentum < 1, "a momentum of \(momentum) is not at least 0 and less than 1")
    precondition(!nesterov || momentum > 0, "Nesterov's look ahead needs a momentum")
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  public mutating func prepare<L: Layer>(for layer: L) where L.Scalar == Scalar {
    if momentum != 0 { buffer.prepare(for: layer.parameters) }
  }

  public mutating func update<L: Layer>(_ layer: inout L, _ gradient: L.Parameters) where L.Scalar == Scalar {
    if momentum != 0 { buffer.prepare(for: gradient) }
    let (rate, decay, momentum) = (Scalar(learningRate), Scalar(weightDecay), Scalar(momentum))
    var buffer = OptimizerMemory<Scalar>("")
    swap(&buffer, &self.buffer)
    forEachParameter(&layer, gradient) { index, p, g in
      guard momentum != 0 else {
        forEachRange(p.count) { descend(p, g, $0, rate, decay) }
        return
      }
      buffer.withElements(index) { b in
        forEachRange(p.count) { descend(p, g, b, $0, rate, decay, momentum, nesterov) }
      }
    }
    swap(&buffer, &self.buffer)
    stepCount += 1
  }

  public mutating func updateState(_ body: (String, inout Tensor<Scalar>) -> Void) { buffer.update(body) }

  public var label: String {
    "SGD(momentum \(momentum)\(nesterov ? ", Nesterov" : ""), weight decay \(weightDecay))"
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func descend<Scalar: TensorScalar>(
  _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ range: Range<Int>, _ rate: Scalar,
  _ decay: Scalar
) {
  let (p, g) = (p.baseAddress! + range.lowerBound, g.baseAddress! + range.lowerBound)
  Scalar.kernels.pointee.descend(p, g, Double(rate), Double(decay), range.count)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func descend<Scalar: TensorScalar>(
  _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ b: UnsafeMutableBufferPointer<Scalar>,
  _ range: Range<Int>, _ rate: Scalar, _ decay: Scalar, _ momentum: Scalar, _ nesterov: Bool
) {
  let first = range.lowerBound
  let (p, g, b) = (p.baseAddress! + first, g.baseAddress! + first, b.baseAddress! + first)
  Scalar.kernels.pointee.descend_momentum(
    p, g, b, Double(rate), Double(decay), Double(momentum), nesterov, range.count)
}

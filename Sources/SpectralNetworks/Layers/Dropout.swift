import SpectralCore

/// Sets a random part of its input to zero during training and scales the rest up, so that the expectation stays
/// (Srivastava et al., 2014); at inference, nothing.
///
/// The random generator is state of the layer and moves on only when a step is finished. So `forward` is a pure
/// function: it drops the same elements until a step is finished, whatever the number of threads.
public struct Dropout<Scalar: TensorScalar>: Layer {
  /// The probability that an element is dropped.
  public let probability: Double
  /// What the next step draws from.
  public private(set) var generator: RandomGenerator

  /// A layer that drops each element with a probability, 0.5 unless given.
  public init(probability: Double = 0.5, using random: inout RandomGenerator) {
    precondition(probability >= 0 && probability <= 1, "a probability of \(probability) is not between 0 and 1")
    self.probability = probability
    generator = random.split()
  }

  /// What was dropped.
  public struct Tape: Sendable {
    /// The factor of each element: 0, or 1 / (1 - probability).
    let factors: Tensor<Scalar>
    /// What the next step draws from.
    let next: RandomGenerator
  }

  /// Elements that share a generator: a fixed number, so that threads change nothing.
  private static var slice: Int { 1 << 13 }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    var next = generator
    let generators = (0..<(input.count + Self.slice - 1) / Self.slice).map { _ in next.split() }
    _ = next.next()
    let factor: Scalar = probability < 1 ? Scalar(1 / (1 - probability)) : 0
    let threshold = UInt64(probability * 0x1p32)
    let factors = Tensor<Scalar>(input.shape) { factors in
      Parallel.forEach(generators.count, grain: 2) { slice in
        let range = slice * Self.slice..<min(input.count, (slice + 1) * Self.slice)
        drawFactors(.init(rebasing: factors[range]), generators[slice], threshold, factor)
      }
    }
    return (input * factors, Tape(factors: factors, next: next))
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient * tape.factors, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input }

  public func outputShape(for input: TensorShape) -> TensorShape { input }

  public mutating func finishStep(_ tape: Tape) { generator = tape.next }

  public mutating func updateState(at place: LayerPlace, _ body: (String, inout LayerState<Scalar>) -> Void) {
    var state = LayerState<Scalar>.generator(generator)
    body(place.name("generator"), &state)
    guard case .generator(let changed) = state else {
      preconditionFailure("the state \(place.name("generator")) is a random generator and must stay one")
    }
    generator = changed
  }

  public var label: String { "Dropout(\(probability))" }
}

// Two decisions from each 64 random bits.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func drawFactors<Scalar: TensorScalar>(
  _ factors: UnsafeMutableBufferPointer<Scalar>, _ generator: RandomGenerator, _ threshold: UInt64, _ factor: Scalar
) {
  var generator = generator
  var i = 0
  while i < factors.count {
    let bits = generator.next()
    factors[i] = bits >> 32 < threshold ? 0 : factor
    if i + 1 < factors.count { factors[i + 1] = bits & 0xffff_ffff < threshold ? 0 : factor }
    i += 2
  }
}

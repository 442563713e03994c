#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A seeded generator of random numbers: the same seed gives the same numbers on every machine.
///
/// The method is xoshiro256** by Blackman and Vigna ("Scrambled linear pseudorandom number generators", 2021), its
/// state filled by SplitMix64 as they advise. It is a value: a copy goes on by itself, and ``state`` saves it.
public struct RandomGenerator: RandomNumberGenerator, Hashable, Sendable {
  /// The 256 bits that determine everything to come.
  public private(set) var state: SIMD4<UInt64>

  /// A generator from a seed.
  public init(seed: UInt64) {
    var counter = seed
    var state = SIMD4<UInt64>()
    for i in 0..<4 {
      counter &+= 0x9e37_79b9_7f4a_7c15
      var z = counter
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      state[i] = z ^ (z >> 31)
    }
    self.state = state
  }

  /// A generator that goes on where another one's state was saved.
  ///
  /// - Precondition: the state is not all zeros, from which it would never come back.
  public init(state: SIMD4<UInt64>) {
    precondition(state != SIMD4(), "a random generator cannot start from a state of zeros")
    self.state = state
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    let result = rotated(state[1] &* 5, 7) &* 9
    let t = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = rotated(state[3], 45)
    return result
  }

  /// A generator of its own for a part of the work, so that parts do not depend on each other's order.
  public mutating func split() -> RandomGenerator { RandomGenerator(seed: next()) }

  /// A number in `0 ..< 1` with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in `range`.
  public mutating func uniform(in range: Range<Double>) -> Double {
    range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
  }

  /// A normally distributed number with mean 0 and variance 1 (Box and Muller, 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }
}

extension Tensor {
  /// A tensor of independent numbers, uniform in `range`.
  public static func uniform(_ shape: TensorShape, in range: Range<Double>, using random: inout RandomGenerator)
    -> Tensor
  {
    Tensor(shape) { for i in $0.indices { $0[i] = Scalar(random.uniform(in: range)) } }
  }

  /// A tensor of independent, normally distributed numbers.
  public static func normal(
    _ shape: TensorShape, mean: Double = 0, deviation: Double = 1, using random: inout RandomGenerator
  ) -> Tensor {
    Tensor(shape) { for i in $0.indices { $0[i] = Scalar(mean + deviation * random.normal()) } }
  }
}

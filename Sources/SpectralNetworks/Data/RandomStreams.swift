import SpectralCore

extension RandomGenerator {
  /// The generator of one place in a family, e.g. of sample 17 in epoch 3.
  ///
  /// Every place has a stream of its own that depends on nothing but the seed and the place, so work can be done in
  /// any order, by any thread, and taken up again anywhere.
  init(seed: UInt64, stream: Stream, _ first: Int, _ second: Int = 0) {
    var mixed = seed
    for word in [stream.rawValue, UInt64(bitPattern: Int64(first)), UInt64(bitPattern: Int64(second))] {
      // The output function of SplitMix64: a bijection, so different words never meet.
      var z = (mixed ^ word) &+ 0x9e37_79b9_7f4a_7c15
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      mixed = z ^ (z >> 31)
    }
    self.init(seed: mixed)
  }

  /// What a stream of random numbers is for. Streams with one seed must differ, or the flip of an image would tell
  /// its place in the shuffle.
  enum Stream: UInt64 {
    case shuffle = 1
    case augmentation = 2
    case trainingDigits = 3
    case testDigits = 4
    case folder = 5
  }

  /// A whole number in `0 ..< bound`, each equally likely (Lemire, "Fast random integer generation in an interval",
  /// 2019). Our own, because an order must stay the same under the next standard library.
  mutating func below(_ bound: Int) -> Int {
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let reject = (0 &- bound) % bound
      while product.low < reject { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// Puts the elements in random order, every order equally likely (Fisher and Yates, 1938; Durstenfeld, 1964).
  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for i in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(i, below(i + 1)) }
  }
}

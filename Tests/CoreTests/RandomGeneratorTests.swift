import SpectralCore
import Testing

@Suite struct RandomGeneratorTests {
  /// From the authors' C program (prng.di.unimi.it/xoshiro256starstar.c) with the state 1, 2, 3, 4.
  @Test func firstNumbersAreTheAuthors() {
    var random = RandomGenerator(state: [1, 2, 3, 4])
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
      16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    #expect(expected.map { _ in random.next() } == expected)
  }

  /// From the authors' splitmix64.c with the seed 1234567.
  @Test func seedsFillTheStateBySplitMix() {
    let expected: SIMD4<UInt64> = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
    ]
    #expect(RandomGenerator(seed: 1_234_567).state == expected)
  }

  @Test func savedStateGoesOn() {
    var random = RandomGenerator(seed: 7)
    _ = (0..<5).map { _ in random.next() }
    var resumed = RandomGenerator(state: random.state)
    #expect((0..<9).map { _ in random.next() } == (0..<9).map { _ in resumed.next() })
  }

  /// The mean of n numbers of variance v has deviation sqrt(v / n); five of them are missed once in 1.7 million.
  @Test func momentsAreRight() {
    var random = RandomGenerator(seed: 11)
    let count = 100_000
    let uniform = Tensor<Double>.uniform([count], in: -1..<1, using: &random)
    #expect(abs(uniform.mean) < 5 * (1.0 / 3 / Double(count)).squareRoot())
    #expect(uniform.elements.allSatisfy { -1 <= $0 && $0 < 1 })
    let normal = Tensor<Double>.normal([count], mean: 2, deviation: 3, using: &random)
    #expect(abs(normal.mean - 2) < 5 * 3 / Double(count).squareRoot())
    // The variance of a squared normal number is 2 times the variance squared.
    let variance = ((normal - 2) * (normal - 2)).mean
    #expect(abs(variance - 9) < 5 * 9 * (2 / Double(count)).squareRoot())
  }

  @Test func splitsDiffer() {
    var random = RandomGenerator(seed: 1)
    var (a, b) = (random.split(), random.split())
    #expect((0..<4).map { _ in a.next() } != (0..<4).map { _ in b.next() })
  }
}

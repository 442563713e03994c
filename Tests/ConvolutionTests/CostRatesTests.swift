import AutomaticConvolution
import SpectralConvolution
import SpectralCore
import Testing

@Suite struct CostRatesTests {
  @Test func whatIsWrittenIsRead() {
    let factors = ["One processor": ["a": 0.5, "b c": 2], "Another one": ["a": 1.25]]
    #expect(MachineRates.decode(MachineRates.encode(factors)) == factors)
  }

  @Test func linesThatAreNoRatesAreLeftOut() {
    let text = "P\ta\t2\nP\tb\nP\tc\tx\nP\td\t-1\nP\te\tinf\nP\tf\t0\nP\tg\tnan\n\n"
    #expect(MachineRates.decode(text) == ["P": ["a": 2]])
  }

  @Test func fixedRatesAreTheSameOnEveryMachine() {
    for work in MachineRates.factors.keys { #expect(CostRates.fixed.factor(work) == 1) }
    #expect(CostRates.fixed.factor("unheard of") == 1)
    #expect(CostRates.machine.factor("unheard of") == 1)
  }

  /// Times that are made of known factors give these factors back, as far as the samples tell them apart.
  @Test func theFitFindsTheFactorsThatTimesAreMadeOf() {
    let truth = ["tiles rows": 0.5, "tiles products": 2, "tiles spills": 1.2]
    var random = RandomGenerator(seed: 3)
    let samples = (0..<60).map { _ in
      let parts = truth.mapValues { _ in random.uniform(in: 0.1..<1) * 1e-3 }
      return RateMeasurement.Sample(parts: parts, seconds: parts.reduce(0) { $0 + $1.value * truth[$1.key]! })
    }
    let factors = RateMeasurement.fit(samples)
    // The tie to the common factor pulls a little: its weight is about a tenth of that of the samples.
    for (work, factor) in truth { #expect(abs(factors[work]! / factor - 1) < 0.2, "\(work): \(factors[work]!)") }
  }

  /// A kind of work that no sample has keeps the factor that the others have in common.
  @Test func whatWasNotSeenGoesWithTheRest() {
    let samples = (1...9).map { i in
      RateMeasurement.Sample(parts: ["tiles rows": 1e-3 * Double(i), "tiles spills": 0], seconds: 3e-3 * Double(i))
    }
    let factors = RateMeasurement.fit(samples)
    #expect(abs(factors["tiles rows"]! - 3) < 1e-6)
    #expect(abs(factors["tiles spills"]! - 3) < 1e-6)
  }

  @Test func oneKindOfWorkHasTheMeanOfItsRatios() {
    let samples = [1.0, 4].map { RateMeasurement.Sample(parts: ["direct.window forward": 1e-3], seconds: 1e-3 * $0) }
    #expect(abs(RateMeasurement.fit(samples)["direct.window forward"]! - 2) < 1e-12)
  }
}

import SpectralImaging
import Testing

@Suite struct FrequencyTests {
  @Test func theThreeUnitsByHand() throws {
    let cutoff: Frequency = 0.125
    #expect(cutoff == .wavelength(8) && cutoff == .fractionOfNyquist(0.25))
    #expect(cutoff.wavelength == 8 && cutoff.fractionOfNyquist == 0.25)
    #expect(Frequency.nyquist.wavelength == 2 && Frequency.nyquist.fractionOfNyquist == 1)
    #expect("\(cutoff)" == "0.125 cycles/pixel (8 px, 0.25 Nyquist)")
  }

  @Test(arguments: [("0.125", 0.125), ("8px", 0.125), ("0.25nyq", 0.125), ("-8px", -0.125), ("0", 0), ("1e-2", 0.01)])
  func readsAllUnits(text: String, cyclesPerPixel: Double) throws {
    #expect(try Frequency(parsing: text).cyclesPerPixel == cyclesPerPixel)
  }

  @Test(arguments: ["", "px", "0px", "nan", "inf", "1/8", "8 pixels", "0.1hz", "nyq"])
  func refusesWhatIsNoFrequency(text: String) {
    #expect(throws: FrequencyFilterError.self) { try Frequency(parsing: text) }
  }
}

import SpectralFigures
import Testing

@Suite struct ScaleTests {
  private func ticks(_ axis: ChartAxis, _ values: [Double], most: Int, snug: Bool = false) -> [String] {
    let scale = ChartScale(axis, values: values, snug: snug)
    return scale.ticks(most: most).map(axis.label)
  }

  @Test func roundNumbersOnALogarithmicAxis() {
    let time = ChartAxis("time", unit: .seconds)
    #expect(
      ticks(time, [0.0031, 0.21], most: 9) == ["2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms", "200 ms", "500 ms"])
    // Within less than a decade every multiple is round.
    #expect(ticks(ChartAxis("loss"), [2.2, 2.4], most: 9) == ["2", "3"])
    #expect(ticks(ChartAxis("loss"), [0.21, 0.79], most: 9) == ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"])
    // Too many for the room: powers of ten only, then every other one.
    #expect(ticks(time, [0.0031, 0.21], most: 4) == ["10 ms", "100 ms"])
    #expect(ticks(time, [1e-6, 10], most: 4) == ["1 µs", "100 µs", "10 ms", "1 s"])
    #expect(
      ticks(ChartAxis("memory", unit: .bytes), [3e6, 50e6], most: 9) == [
        "2 MiB", "4 MiB", "8 MiB", "16 MiB", "32 MiB", "64 MiB",
      ])
    #expect(
      ticks(ChartAxis("side"), [256, 32768], most: 9) == [
        "200", "500", "1,000", "2,000", "5,000", "10,000", "20,000", "50,000",
      ])
  }

  @Test func powersOfTen() {
    #expect(ticks(ChartAxis("loss"), [1e-13, 1e-2], most: 4) == ["10⁻¹³", "10⁻¹⁰", "10⁻⁷", "0.0001"])
    #expect(ChartAxis("weights").label(1e7) == "10⁷" && ChartAxis("weights").label(2.5e-5) == "2.5·10⁻⁵")
    #expect(ChartAxis("weights").label(0) == "0" && ChartAxis("weights").label(0.0001) == "0.0001")
  }

  @Test func roundNumbersOnALinearAxis() {
    #expect(ticks(ChartAxis("step", .linear), [0, 937], most: 6) == ["0", "200", "400", "600", "800", "1,000"])
    #expect(
      ticks(ChartAxis("loss", .linear), [-0.3, 0.21], most: 6) == ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"])
  }

  @Test func ticksOfTheAxisItself() {
    let axis = ChartAxis("kernel", ticks: [1, 3, 5, 7, 9])
    #expect(ticks(axis, [3, 7], most: 2, snug: true) == ["3", "5", "7"])
  }

  @Test(arguments: [ChartAxis.Spread.linear, .logarithmic], [false, true])
  func everyValueHasAPlaceAndOrderIsKept(_ spread: ChartAxis.Spread, _ snug: Bool) {
    for values in [[1.0, 2, 4], [7], [1e-9, 1e9], [0.99, 1.01], [3, 3, 3]] {
      let scale = ChartScale(ChartAxis("x", spread), values: values, snug: snug)
      let places = values.map(scale.position)
      #expect(
        places.allSatisfy { $0 >= -1e-12 && $0 <= 1 + 1e-12 } && places == places.sorted(), "\(values): \(places)")
      for tick in scale.ticks(most: 10) {
        #expect((-1e-6...1 + 1e-6).contains(scale.position(tick)), "\(values): \(tick)")
      }
    }
  }

  @Test func equalRatiosAreEquallyFarApart() {
    let scale = ChartScale(ChartAxis("x"), values: [1, 1000], snug: false)
    #expect(abs(scale.position(10) - 1.0 / 3) < 1e-12 && abs(scale.position(100) - 2.0 / 3) < 1e-12)
  }

  /// A scale of nothing, or of what it cannot show, is still a scale.
  @Test func valuesWithoutAPlaceAreLeftOut() {
    #expect(ChartScale(ChartAxis("x"), values: [0, -1, .nan, .infinity], snug: true).domain == 1...10)
    #expect(ChartScale(ChartAxis("x"), values: [0, 2, 8], snug: false).domain == 2...10)
  }

  @Test func numbersAsPeopleWriteThem() {
    let (plain, time, memory) = (ChartAxis("x"), ChartAxis("t", unit: .seconds), ChartAxis("m", unit: .bytes))
    #expect([0.25, 3, 999, 1024, 32768, -1500].map(plain.label) == ["0.25", "3", "999", "1,024", "32,768", "-1,500"])
    #expect([2e-9, 3.5e-6, 0.012, 0.99999, 61].map(time.label) == ["2 ns", "3.5 µs", "12 ms", "1 s", "61 s"])
    #expect([0, 512, 1024, 1.5 * 0x1p20, 0x1p32].map(memory.label) == ["0", "512 B", "1 KiB", "1.5 MiB", "4 GiB"])
  }
}

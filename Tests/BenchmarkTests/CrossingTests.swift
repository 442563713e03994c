import SpectralBenchmarks
import Testing

@Suite struct CrossingTests {
  @Test func straightLinesOnLogarithmicAxesMeetWhereTheyShould() {
    // x^2 and 20 meet at the root of 20, whatever the places.
    for places in [[1.0, 2, 4, 8], [3, 5], [1, 100]] {
      let crossings = Crossing.between(
        places: places, first: places.map { _ in 20 }, second: places.map { $0 * $0 })
      #expect(crossings.count == 1 && crossings[0].firstIsLowerBeyond)
      #expect(abs(crossings[0].place - 20.0.squareRoot()) < 1e-12)
    }
  }

  @Test func everyCrossingIsFoundWithItsDirection() {
    let crossings = Crossing.between(
      places: [1, 2, 3, 4, 5], first: [1, 3, 1, 1, 9], second: [2, 2, 2, 2, 2])
    #expect(crossings.map(\.firstIsLowerBeyond) == [false, true, false])
    #expect(zip(crossings, 1...).allSatisfy { (Double($1)..<Double($1 + 2)).contains($0.place) })
  }

  @Test func curvesThatDoNotCross() {
    #expect(Crossing.between(places: [], first: [], second: []).isEmpty)
    #expect(Crossing.between(places: [1, 2], first: [1, 1], second: [2, 3]).isEmpty)
    // They touch and part again on the same side.
    #expect(Crossing.between(places: [1, 2, 3], first: [1, 2, 1], second: [2, 2, 2]).isEmpty)
    #expect(Crossing.between(places: [1, 2], first: [2, 2], second: [2, 2]).isEmpty)
  }

  @Test func aCrossingAtAPlaceItself() {
    let crossings = Crossing.between(places: [1, 4, 9], first: [1, 2, 3], second: [2, 2, 2])
    #expect(crossings.map(\.place) == [4] && !crossings[0].firstIsLowerBeyond)
    // On a stretch where they are equal it is in the middle.
    let stretch = Crossing.between(places: [1, 4, 9, 16], first: [3, 2, 2, 1], second: [2, 2, 2, 2])
    #expect(stretch.map(\.place) == [6] && stretch[0].firstIsLowerBeyond)
  }
}

import Foundation

/// A place where one curve passes under another.
public struct Crossing: Hashable, Sendable {
  /// Where, by interpolation.
  public let place: Double
  /// Whether it is the first of the two curves that is lower beyond.
  public let firstIsLowerBeyond: Bool

  /// The crossings of two curves over the same places, which are positive and ascend. Between neighbours the ratio of the
  /// curves is taken to be a power of the place: a straight line on logarithmic axes.
  public static func between(places: [Double], first: [Double], second: [Double]) -> [Crossing] {
    precondition(places.count == first.count && places.count == second.count, "two curves over different places")
    var crossings: [Crossing] = []
    var last: (place: Double, ratio: Double)?
    var touching: [Double] = []
    for (place, values) in zip(places, zip(first, second)) {
      let ratio = log(values.0 / values.1)
      // Where they touch nobody is lower: what counts is who is lower before and after.
      if ratio == 0 {
        touching.append(place)
        continue
      }
      if let last, (last.ratio < 0) != (ratio < 0) {
        let between =
          touching.isEmpty
          ? last.place * pow(place / last.place, last.ratio / (last.ratio - ratio))
          : (touching.first! * touching.last!).squareRoot()
        crossings.append(Crossing(place: between, firstIsLowerBeyond: ratio < 0))
      }
      last = (place, ratio)
      touching = []
    }
    return crossings
  }
}

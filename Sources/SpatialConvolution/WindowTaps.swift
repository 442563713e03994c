import CKernels
import SpectralCore

/// The taps of one residue of an axis. They stand equally far apart, so the positions that see the same places do, too:
/// what one position sees with a tap, the next of them sees `tapShift` taps earlier.
struct WindowTaps {
  /// The taps' places in the kernel, ascending.
  let indices: [Int]
  /// The place that each tap sees from position 0.
  let places: [Int]
  /// The first place, and how far apart places are.
  let firstPlace: Int
  let spacing: Int
  /// Whether places ascend with the taps, not descend.
  let ascends: Bool
  /// Places from one position to the next.
  let step: Int
  /// From one position to the next that sees the same places.
  let distance: Int
  let tapShift: Int

  var count: Int { indices.count }

  /// - Parameter stacked: Whether what is summed together is several results at one position, which all see the same
  ///   places, not several positions.
  init(_ taps: [SlidingAxis.Tap], step: Int, stacked: Bool = false) {
    indices = taps.map(\.index)
    places = taps.map(\.place)
    self.step = step
    firstPlace = min(places.first!, places.last!)
    ascends = places.count == 1 || places[1] > places[0]
    spacing = places.count == 1 ? step : abs(places[1] - places[0])
    var (a, b) = (step, spacing)
    while b != 0 { (a, b) = (b, a % b) }
    distance = stacked ? 1 : spacing / a
    tapShift = stacked ? 0 : step / a
  }

  /// Rows of places that some positions, `distance` apart, see together.
  func places(_ positions: Int) -> Int { tapShift * (positions - 1) + count }

  /// The positions, of so many, that see a place with one of the taps.
  func positions(seeing place: Int, of count: Int) -> Range<Int>? {
    if tapShift == 0 { return 0..<count }
    let first = max(0, (place - self.count + tapShift) / tapShift)
    let last = min(count - 1, place / tapShift)
    return first <= last ? first..<last + 1 : nil
  }

  /// The tap, counted in the kernel's order, with which a position sees a place.
  func tap(seeing place: Int, from position: Int) -> Int {
    let tap = place - tapShift * position
    return ascends ? tap : count - 1 - tap
  }

  /// The taps that see places from one to another, both included, from position 0.
  func taps(from low: Int, to high: Int) -> Range<Int> {
    guard high >= firstPlace else { return 0..<0 }
    let first = low <= firstPlace ? 0 : (low - firstPlace + spacing - 1) / spacing
    let last = min(count - 1, (high - firstPlace) / spacing)
    guard first <= last else { return 0..<0 }
    return ascends ? first..<last + 1 : count - 1 - last..<count - first
  }

  /// Calls `body` with the blocks of so many positions that are summed together: the first of them, and how many,
  /// `distance` apart.
  @inline(__always)
  func forEachBlock(_ positions: Int, atMost: Int = Int(SK_WINDOW_ROWS), _ body: (_ first: Int, _ count: Int) -> Void) {
    for start in 0..<min(positions, distance) {
      let all = (positions - start + distance - 1) / distance
      let blocks = (all + atMost - 1) / atMost
      for block in 0..<blocks {
        let first = all * block / blocks
        body(start + distance * first, all * (block + 1) / blocks - first)
      }
    }
  }
}

extension Array where Element == sk_column_run {
  /// The sources of neighbouring columns, nil for zero, in runs of equal steps.
  ///
  /// - Parameter interior: Columns of which it is known that their sources are neighbours.
  init(columns: Int, interior: Range<Int> = 0..<0, source: (Int) -> Int?) {
    self = []
    let interior = interior.clamped(to: 0..<columns)
    var i = 0
    while i < columns {
      let from = source(i)
      var end = i + 1
      var step = 1
      if interior.contains(i) {
        end = interior.upperBound
      } else if let from {
        if end < columns, let next = source(end) {
          step = next - from
          while end < columns, source(end) == from + (end - i) * step { end += 1 }
        }
      } else {
        while end < columns, source(end) == nil { end += 1 }
      }
      append(sk_column_run(to: Int32(i), from: Int32(from ?? -1), count: Int32(end - i), step: Int32(step)))
      i = end
    }
  }
}

extension Scratch {
  /// A copy of an array, at an address that stays.
  convenience init(_ array: [Element]) {
    self.init(count: array.count)
    base.update(from: array, count: array.count)
  }
}

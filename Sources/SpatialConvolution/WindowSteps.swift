import CKernels
import SpectralCore

/// How the rows of a band pass by rows of sums that stay in registers together, for every number of such rows: which of
/// the sums see a place, and with which of their taps.
struct WindowSteps {
  private let steps: Scratch<sk_window_step>
  /// Where the steps of each number of rows begin, and where the last of them end.
  private let bounds: [Int]

  /// The most rows of sums, of so many, that are in registers together.
  private static func most(_ rows: Int) -> Int { min(SK_WINDOW_ROWS, rows) }

  /// The most bytes of the steps.
  static func byteCount(_ taps: WindowTaps, rows: Int) -> Int {
    let most = most(rows)
    return Scratch<sk_window_step>.byteCount(most * taps.places(most))
  }

  init(_ taps: WindowTaps, rows: Int) {
    var steps: [sk_window_step] = []
    var bounds = [0]
    for count in 1...Self.most(rows) {
      for t in 0..<taps.places(count) {
        guard let seeing = taps.positions(seeing: t, of: count) else { continue }
        steps.append(
          sk_window_step(
            place: Int32(taps.firstPlace + taps.spacing * t),
            factor: Int32(taps.tap(seeing: t, from: seeing.lowerBound)), first: Int32(seeing.lowerBound),
            last: Int32(seeing.upperBound - 1)))
      }
      bounds.append(steps.count)
    }
    self.steps = Scratch(steps)
    self.bounds = bounds
  }

  /// The steps for so many rows of sums.
  subscript(rows: Int) -> UnsafeBufferPointer<sk_window_step> {
    let (first, end) = (bounds[rows - 1], bounds[rows])
    return UnsafeBufferPointer(start: steps.base + first, count: end - first)
  }
}

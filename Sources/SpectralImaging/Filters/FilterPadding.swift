import SpectralTransforms
import SpectralConvolution

/// How much of what lies beyond an image's border is added before the transform, which is circular: what is not added
/// there is taken from the opposite border.
public enum FilterPadding: Hashable, Sendable {
  /// As far as the filter reaches: what still wraps around changes no pixel by more than half a step of 16 bits, for
  /// values in 0...1. Filters that reach without end, such as ideal ones, get ``full``.
  case automatic
  /// Half the image on each side. With `reflect` and `mirror` that is their whole period, so that nothing at all is left
  /// out; but above 4096 points the next fast size is taken in its place.
  case full
  /// At least so many pixels on each side.
  case pixels(Int)

  /// What may wrap around, for each unit of contrast.
  static let tolerance = 0x1p-17

  /// The longest reach that is looked for along an axis of `count` pixels; a filter that reaches further counts as one
  /// that reaches without end.
  static func longestReach(_ count: Int) -> Int { min(max(2 * count, 1 << 10), 1 << 16) }

  /// The points of a transform along an axis of `count` pixels, for any filter or for the one given.
  func points(_ count: Int, _ boundary: Boundary, _ expression: FilterExpression?) -> Int {
    // A single pixel goes on for ever, unless zeros follow, or another number.
    let goesOn = boundary != .zero && !boundary.isConstant
    if boundary == .circular || (count == 1 && goesOn) { return count }
    let reach: Int? =
      switch self {
      case .automatic: expression?.reach(tolerance: Self.tolerance, most: Self.longestReach(count))
      case .full: nil
      case .pixels(let pixels): pixels
      }
    switch boundary {
    case .circular: return count
    case .zero, .constant:
      // What is added serves both sides.
      return FastSize.next(count + (reach ?? count))
    case .reflect, .mirror:
      // A whole period is enough for any reach. A long one is taken only where its transform is fast.
      let period = boundary == .reflect ? 2 * count : max(2 * count - 2, 1)
      let isWhole = period <= 1 << 12 || FastSize.isSmooth(period)
      guard let reach else { return isWhole ? period : FastSize.next(period) }
      let points = FastSize.next(count + 2 * reach)
      return points > period && isWhole ? period : points
    case .replicate: return FastSize.next(count + (reach.map { 2 * $0 } ?? count))
    }
  }
}

/// An axis of an image inside the longer one of its transform: the image first, then what follows it beyond its end, then
/// what precedes its beginning, which is where a circular transform looks for it.
struct PaddedAxis: Sendable {
  /// Pixels of the image.
  let count: Int
  /// Points of the transform.
  let points: Int
  /// The pixel at each point from `count` on; -1 where none stands there, but ``constant``.
  let sources: [Int32]
  /// What stands beyond the border where no pixel does.
  let constant: Double

  init(_ count: Int, points: Int, boundary: Boundary) {
    (self.count, self.points, constant) = (count, points, boundary.value)
    let after = (points - count + 1) / 2
    sources = (count..<points).map { point in
      let position = point < count + after ? point : point - points
      return boundary.source(of: position, count: count).map(Int32.init) ?? -1
    }
  }
}

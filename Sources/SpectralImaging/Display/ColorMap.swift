import Foundation

/// Colours for numbers from 0 to 1.
public struct ColorMap: Sendable {
  /// The colours at equal steps, from 0 to 1.
  private let table: [RGBColor]

  private static let steps = 1024

  /// A map of colours that `color` gives.
  public init(_ color: (Double) -> RGBColor) {
    table = (0...Self.steps).map { color(Double($0) / Double(Self.steps)) }
  }

  /// The colour of a number; beyond the ends, and for NaN at the lower one, that of the end.
  public func callAsFunction(_ value: Double) -> RGBColor {
    let place = value > 0 ? min(value, 1) * Double(Self.steps) : 0
    return table[Int(place + 0.5)]
  }

  /// From black to white.
  public static let grey = ColorMap { .grey(Float($0)) }

  /// For magnitudes: from a dark violet through blue, green and yellow to nearly white.
  ///
  /// Lightness in OKLab rises evenly from 0.1 to 0.97, so that equal differences look equally large, are in the right
  /// order for those who see few colours, and survive printing in grey; the hue turns from violet to yellow meanwhile.
  public static let magnitude = ColorMap { x in
    PerceivedColor(
      lightness: 0.1 + 0.87 * x, chroma: curve([0.05, 0.1, 0.085, 0.1, 0.14, 0.11], x),
      hue: curve([5.2, 4.85, 4.1, 3.1, 2.4, 1.9], x)
    ).color
  }

  /// A smooth curve through values at equal steps from 0 to 1 (Catmull and Rom's).
  private static func curve(_ values: [Double], _ x: Double) -> Double {
    let place = x * Double(values.count - 1)
    let i = min(Int(place), values.count - 2)
    let t = place - Double(i)
    let (b, c) = (values[i], values[i + 1])
    let (a, d) = (i > 0 ? values[i - 1] : 2 * b - c, i + 2 < values.count ? values[i + 2] : 2 * c - b)
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
  }

  /// For numbers with a sign, 0.5 standing for zero, which is mid-grey: blue and darker below, orange and lighter above.
  ///
  /// Lightness in OKLab rises evenly all the way, by as much on either side.
  public static let signed = ColorMap { x in
    let distance = abs(2 * x - 1)
    return PerceivedColor(
      lightness: midGrey + 0.32 * (2 * x - 1),
      chroma: 0.15 * sin(.pi / 2 * min(1, 1.6 * distance)) * (1 - 0.6 * distance * distance),
      hue: x < 0.5 ? 4.55 : 0.95 + 0.75 * distance
    ).color
  }

  /// The lightness of the stored value 0.5.
  private static let midGrey = 0.5981807

  /// For angles as a share of a turn: all hues at one lightness and one chroma, so that no angle stands out.
  public static let phase = ColorMap { x in
    PerceivedColor(lightness: 0.74, chroma: 0.124, hue: phaseOrigin + 2 * .pi * x).color
  }

  /// The hue at either end of ``phase``, so that its middle, phase 0, is the opposite one: blue-green.
  package static let phaseOrigin = 0.5
}

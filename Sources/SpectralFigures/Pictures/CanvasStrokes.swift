import SpectralImaging
import Foundation

/// Which point of a text is put where one says.
public enum TextAnchor: Sendable {
  /// Its beginning.
  case start
  /// Its middle.
  case middle
  /// Its end.
  case end
}

extension DrawingCanvas {
  /// The height of capitals and figures at size 1, in pixels.
  public static let textHeight = 10
  /// From one line of text to the next at size 1, in pixels.
  public static let lineHeight = 18

  /// The pixels that a text takes along its line, its strokes' thickness included.
  public static func width(of text: String, size: Double = 1) -> Double {
    size * (advance(text) + StrokeFont.pen)
  }

  private static func advance(_ text: String) -> Double {
    text.reduce(-StrokeFont.gap) { $0 + StrokeFont.glyph($1).width + StrokeFont.gap }
  }

  /// Writes a line of text.
  ///
  /// - Parameters:
  ///   - x: Where the anchor is, in pixels from the left edge of the picture.
  ///   - baseline: The row of pixels on which letters stand; for a vertical text the column.
  ///   - size: 1 for capitals of 10 pixels.
  ///   - isVertical: Whether it runs upwards; then `x` counts from the top.
  public mutating func write(
    _ text: String, x: Double, baseline: Double, size: Double = 1, color: RGBColor, anchor: TextAnchor = .start,
    isVertical: Bool = false
  ) {
    let length = size * Self.advance(text)
    let shift =
      switch anchor {
      case .start: StrokeFont.pen / 2 * size
      case .middle: -length / 2
      case .end: -length - StrokeFont.pen / 2 * size
      }
    // Stems of letters at size 1 stand on the middle of pixels.
    var pen = isVertical ? (x - shift).rounded(.down) + 0.5 : (x + shift).rounded(.down) + 0.5
    let base = baseline.rounded(.down) + 0.5
    var strokes: [[(x: Double, y: Double)]] = []
    for character in text {
      let glyph = StrokeFont.glyph(character)
      for stroke in glyph.strokes {
        strokes.append(
          stroke.map {
            isVertical
              ? (base - size * $0.y, pen - size * $0.x) : (pen + size * $0.x, base - size * $0.y)
          })
      }
      pen += (isVertical ? -1 : 1) * size * (glyph.width + StrokeFont.gap)
    }
    stroke(strokes, thickness: StrokeFont.pen * max(size, 0.8), color: color)
  }

  /// Draws lines with round ends and joints, their edges smoothed; pixel (0, 0) reaches from 0 to 1 along both axes.
  ///
  /// - Parameter lines: The points of each line; where lines cross, the colour is mixed in once.
  public mutating func stroke(
    _ lines: [[(x: Double, y: Double)]], thickness: Double, color: RGBColor, opacity: Double = 1
  ) {
    // What is nowhere, or further off than any picture reaches, is left out.
    let lines = lines.filter { $0.allSatisfy { abs($0.x) < 1e6 && abs($0.y) < 1e6 } }
    let points = lines.joined()
    guard let first = points.first else { return }
    let reach = thickness / 2 + 1
    var (left, right, top, bottom) = (first.x, first.x, first.y, first.y)
    for point in points {
      (left, right) = (min(left, point.x), max(right, point.x))
      (top, bottom) = (min(top, point.y), max(bottom, point.y))
    }
    let columns = Self.pixels(left - reach, right + reach, in: 0..<width)
    let rows = Self.pixels(top - reach, bottom + reach, in: 0..<height)
    guard !columns.isEmpty, !rows.isEmpty else { return }
    var coverage = [Float](repeating: 0, count: columns.count * rows.count)
    for line in lines {
      for i in 0..<max(line.count - 1, 1) where !line.isEmpty {
        let (a, b) = (line[i], line[min(i + 1, line.count - 1)])
        let own = Self.pixels(min(a.x, b.x) - reach, max(a.x, b.x) + reach, in: columns)
        for row in Self.pixels(min(a.y, b.y) - reach, max(a.y, b.y) + reach, in: rows) {
          for column in own {
            let distance = Self.distance((Double(column) + 0.5, Double(row) + 0.5), a, b)
            let share = Float(min(max(thickness / 2 + 0.5 - distance, 0), 1))
            let place = (row - rows.lowerBound) * columns.count + column - columns.lowerBound
            coverage[place] = max(coverage[place], share)
          }
        }
      }
    }
    for row in rows {
      for column in columns {
        let share = coverage[(row - rows.lowerBound) * columns.count + column - columns.lowerBound]
        if share > 0 { blend(color, row: row, column: column, share: share * Float(opacity)) }
      }
    }
  }

  /// The pixels from one place to another, as far as they lie in a range.
  private static func pixels(_ low: Double, _ high: Double, in range: Range<Int>) -> Range<Int> {
    (Int(low.rounded(.down))..<Int(high.rounded(.down)) + 1).clamped(to: range)
  }

  /// From a point to the line between two others.
  private static func distance(_ p: (x: Double, y: Double), _ a: (x: Double, y: Double), _ b: (x: Double, y: Double))
    -> Double
  {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    let t = length > 0 ? min(max(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0), 1) : 0
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy)
  }
}

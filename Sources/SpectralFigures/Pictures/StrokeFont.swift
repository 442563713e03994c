import Foundation

/// Letters made of strokes, at any size: for labels in pictures, without a font file.
///
/// Our own drawing, on a grid: capitals and figures are 10 units high, small letters 7, descenders reach 3 below the
/// baseline. At size 1 a unit is a pixel, and stems stand on the middle of pixels, so that small labels are crisp.
package enum StrokeFont {
  /// A point of the grid: x to the right, y upwards from the baseline.
  struct Point {
    var x: Double
    var y: Double
  }

  /// One letter.
  struct Glyph {
    /// From the middle of the leftmost stem to that of the rightmost.
    let width: Double
    /// Lines through points, curves already broken into short ones.
    let strokes: [[Point]]
  }

  /// Between the stems of neighbouring letters.
  static let gap = 3.0
  /// Of a space, in place of a letter's width.
  static let spaceWidth = 2.0
  /// How thick strokes are at size 1.
  static let pen = 1.35

  /// The glyph of a character: accents are left away, and what has no drawing is a box.
  static func glyph(_ character: Character) -> Glyph {
    if let glyph = glyphs[character] { return glyph }
    let plain = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first.map(Character.init)
    return plain.flatMap { glyphs[$0] } ?? box
  }

  private static let box = Glyph(width: 5, strokes: [[(0, 0), (0, 10), (5, 10), (5, 0), (0, 0)].map(Point.init)])
  private static let glyphs: [Character: Glyph] = drawings.mapValues { drawing in
    let strokes = drawing.path.split(separator: "/").map { stroke(String($0)) }
    return Glyph(width: drawing.width, strokes: strokes)
  }

  /// Points `x,y` between spaces; one after `~` is the control point of a quadratic curve between its neighbours.
  private static func stroke(_ text: String) -> [Point] {
    var points: [Point] = []
    var control: Point?
    for word in text.split(separator: " ") {
      let numbers = word.drop { $0 == "~" }.split(separator: ",").compactMap { Double($0) }
      precondition(numbers.count == 2, "'\(word)' is no point of a letter")
      let point = Point(x: numbers[0], y: numbers[1])
      if word.hasPrefix("~") {
        control = point
      } else if let bend = control, let start = points.last {
        for step in 1...8 {
          let t = Double(step) / 8
          let (a, b, c) = ((1 - t) * (1 - t), 2 * t * (1 - t), t * t)
          points.append(
            Point(x: a * start.x + b * bend.x + c * point.x, y: a * start.y + b * bend.y + c * point.y))
        }
        control = nil
      } else {
        points.append(point)
      }
    }
    return points
  }
}

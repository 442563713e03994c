/// How the ten digits are written: strokes in a box from (0, 0), top left, to (1, 1), bottom right.
///
/// A digit leaves free about a fifth of the box on either side. Strokes of a digit that touch share the exact point,
/// so that a smooth distortion keeps them joined.
enum DigitStrokes {
  typealias Point = SIMD2<Double>

  /// One movement of the pen.
  enum Stroke {
    /// Straight from point to point.
    case line([Point])
    /// A smooth curve through the points.
    case curve([Point])
    /// The same, back to the first point.
    case loop([Point])
  }

  /// The ways to write each digit.
  static let variants: [[[Stroke]]] = [zero, one, two, three, four, five, six, seven, eight, nine]

  private static let zero: [[Stroke]] = [
    [
      .loop([
        [0.50, 0.00], [0.26, 0.14], [0.18, 0.50], [0.26, 0.86], [0.50, 1.00], [0.74, 0.86], [0.82, 0.50], [0.74, 0.14],
      ])
    ],
    // Begun and ended past each other.
    [
      .curve([
        [0.62, 0.02], [0.38, 0.06], [0.24, 0.30], [0.24, 0.66], [0.38, 0.94], [0.60, 0.96], [0.76, 0.70], [0.76, 0.32],
        [0.62, 0.08], [0.46, 0.00],
      ])
    ],
  ]

  private static let one: [[Stroke]] = [
    [.line([[0.50, 0.00], [0.50, 1.00]])],
    [.line([[0.32, 0.22], [0.54, 0.00], [0.54, 1.00]])],
    [.line([[0.34, 0.20], [0.52, 0.00], [0.52, 1.00]]), .line([[0.30, 1.00], [0.74, 1.00]])],
  ]

  private static let two: [[Stroke]] = [
    [
      .curve([
        [0.22, 0.24], [0.34, 0.05], [0.56, 0.00], [0.76, 0.12], [0.76, 0.34], [0.60, 0.58], [0.38, 0.82], [0.20, 1.00],
      ]),
      .line([[0.20, 1.00], [0.82, 1.00]]),
    ],
    // With a loop at the foot.
    [
      .curve([
        [0.22, 0.20], [0.40, 0.02], [0.64, 0.02], [0.76, 0.22], [0.66, 0.48], [0.44, 0.78], [0.26, 0.96], [0.16, 0.90],
        [0.26, 0.80], [0.46, 0.88], [0.64, 0.98], [0.84, 0.94],
      ])
    ],
  ]

  private static let three: [[Stroke]] = [
    [
      .curve([[0.22, 0.14], [0.42, 0.00], [0.66, 0.05], [0.74, 0.24], [0.62, 0.42], [0.42, 0.48]]),
      .curve([[0.42, 0.48], [0.66, 0.53], [0.78, 0.73], [0.66, 0.94], [0.42, 1.00], [0.20, 0.87]]),
    ],
    // With a flat top.
    [
      .line([[0.22, 0.00], [0.74, 0.00], [0.44, 0.40]]),
      .curve([[0.44, 0.40], [0.68, 0.46], [0.78, 0.70], [0.64, 0.94], [0.42, 1.00], [0.20, 0.88]]),
    ],
  ]

  private static let four: [[Stroke]] = [
    // Open.
    [.line([[0.28, 0.00], [0.20, 0.56], [0.82, 0.56]]), .line([[0.68, 0.12], [0.64, 1.00]])],
    // Closed.
    [.line([[0.84, 0.68], [0.14, 0.68], [0.62, 0.00], [0.62, 1.00]])],
    // With a round bowl.
    [
      .curve([[0.24, 0.04], [0.20, 0.34], [0.30, 0.54], [0.52, 0.52], [0.72, 0.38]]),
      .line([[0.76, 0.00], [0.72, 0.38], [0.66, 1.00]]),
    ],
  ]

  private static let five: [[Stroke]] = [
    [
      .line([[0.76, 0.00], [0.32, 0.00], [0.27, 0.46]]),
      .curve([[0.27, 0.46], [0.50, 0.37], [0.72, 0.48], [0.77, 0.70], [0.64, 0.93], [0.40, 1.00], [0.20, 0.88]]),
    ],
    // The bar drawn last, the back slanting.
    [
      .curve([[0.36, 0.06], [0.30, 0.40], [0.52, 0.40], [0.74, 0.54], [0.74, 0.80], [0.52, 0.98], [0.22, 0.96]]),
      .line([[0.36, 0.06], [0.82, 0.00]]),
    ],
  ]

  private static let six: [[Stroke]] = [
    [
      .curve([
        [0.70, 0.02], [0.46, 0.14], [0.29, 0.42], [0.24, 0.72], [0.36, 0.96], [0.58, 0.99], [0.76, 0.85], [0.76, 0.65],
        [0.58, 0.54], [0.38, 0.60], [0.25, 0.76],
      ])
    ],
    // Steep, with a small bowl.
    [
      .curve([
        [0.50, 0.00], [0.36, 0.28], [0.28, 0.58], [0.28, 0.86], [0.46, 1.00], [0.66, 0.92], [0.70, 0.74], [0.56, 0.63],
        [0.38, 0.70], [0.28, 0.86],
      ])
    ],
  ]

  private static let seven: [[Stroke]] = [
    [.line([[0.20, 0.00], [0.80, 0.00], [0.44, 1.00]])],
    // With a bar.
    [.line([[0.20, 0.02], [0.80, 0.02], [0.46, 1.00]]), .line([[0.36, 0.50], [0.78, 0.50]])],
    // With a serif and a bent stem.
    [
      .line([[0.20, 0.16], [0.24, 0.00], [0.80, 0.00]]),
      .curve([[0.80, 0.00], [0.62, 0.30], [0.50, 0.62], [0.46, 1.00]]),
    ],
  ]

  private static let eight: [[Stroke]] = [
    // In one movement.
    [
      .loop([
        [0.50, 0.47], [0.30, 0.32], [0.30, 0.10], [0.50, 0.00], [0.70, 0.10], [0.70, 0.32], [0.50, 0.47], [0.26, 0.66],
        [0.25, 0.88], [0.50, 1.00], [0.75, 0.88], [0.74, 0.66],
      ])
    ],
    // Two rings.
    [
      .loop([[0.50, 0.00], [0.31, 0.08], [0.29, 0.34], [0.50, 0.45], [0.71, 0.34], [0.69, 0.08]]),
      .loop([[0.50, 0.45], [0.26, 0.58], [0.25, 0.88], [0.50, 1.00], [0.75, 0.88], [0.74, 0.58]]),
    ],
  ]

  private static let nine: [[Stroke]] = [
    // With a straight stem.
    [
      .curve([
        [0.73, 0.24], [0.62, 0.04], [0.42, 0.01], [0.26, 0.16], [0.28, 0.38], [0.46, 0.49], [0.65, 0.42], [0.73, 0.24],
      ]),
      .line([[0.73, 0.24], [0.66, 1.00]]),
    ],
    // With a hook.
    [
      .curve([
        [0.74, 0.28], [0.64, 0.06], [0.44, 0.00], [0.26, 0.14], [0.26, 0.36], [0.42, 0.48], [0.62, 0.44], [0.74, 0.28],
        [0.76, 0.54], [0.68, 0.84], [0.50, 0.99], [0.26, 0.92],
      ])
    ],
  ]
}

extension DigitStrokes.Stroke {
  /// The stroke as points joined by straight segments, short enough on a curve to look smooth at 28 pixels.
  var polyline: [DigitStrokes.Point] {
    switch self {
    case .line(let points):
      // Cut up, so that a distortion can bend it.
      return points.indices.dropLast().flatMap { i in
        (0..<6).map { points[i] + (points[i + 1] - points[i]) * (Double($0) / 6) }
      } + [points.last!]
    case .curve(let points):
      return Self.smooth(points, closed: false)
    case .loop(let points):
      return Self.smooth(points, closed: true)
    }
  }

  /// A spline through points, its tangent at each point parallel to the line between its neighbours (Catmull and Rom,
  /// "A class of local interpolating splines", 1974).
  private static func smooth(_ points: [DigitStrokes.Point], closed: Bool) -> [DigitStrokes.Point] {
    let n = points.count
    func point(_ i: Int) -> DigitStrokes.Point {
      closed ? points[(i + n) % n] : points[min(max(i, 0), n - 1)]
    }
    var line: [DigitStrokes.Point] = []
    for i in 0..<(closed ? n : n - 1) {
      let (a, b, c, d) = (point(i - 1), point(i), point(i + 1), point(i + 2))
      for step in 0..<5 {
        let t = Double(step) / 5
        let linear = (c - a) * t
        let square = (2 * a - 5 * b + 4 * c - d) * (t * t)
        let cube = (3 * b - a - 3 * c + d) * (t * t * t)
        line.append(b + 0.5 * (linear + square + cube))
      }
    }
    return line + [closed ? points[0] : points[n - 1]]
  }
}

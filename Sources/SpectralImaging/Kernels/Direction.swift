import Foundation

/// A direction on the picture.
///
/// Angles are in degrees, counter-clockwise as the picture is looked at: 0 is to the right, 90 up. Since rows are counted
/// downwards, up is -y: the direction of angle a is (cos a, -sin a) in (x, y).
struct Direction {
  /// Columns to the right.
  let x: Double
  /// Rows downwards.
  let y: Double

  /// The direction of an angle; exact at multiples of 45 degrees, as far as numbers are.
  init(degrees: Double) {
    let angle = degrees.remainder(dividingBy: 360)
    // Within 45 degrees of an axis, so that symmetric directions have symmetric numbers.
    let quarter = (angle / 90).rounded()
    let rest = (angle - 90 * quarter) * Double.pi / 180
    let isDiagonal = abs(angle - 90 * quarter) == 45
    let (long, short) = isDiagonal ? (0.5.squareRoot(), copysign(0.5.squareRoot(), rest)) : (cos(rest), sin(rest))
    switch (Int(quarter) + 4) % 4 {
    case 0: (x, y) = (long, -short)
    case 1: (x, y) = (-short, -long)
    case 2: (x, y) = (-long, short)
    default: (x, y) = (short, long)
    }
  }
}

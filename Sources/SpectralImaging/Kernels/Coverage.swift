import Foundation

/// How much of a pixel a disk around the centre of pixel (0, 0) covers. Exact but for rounding.
struct DiskCoverage {
  let radius: Double

  /// The area of the disk inside the unit square around (x, y).
  func area(ofPixel x: Double, _ y: Double) -> Double {
    // The disk is the same in all quadrants and across the diagonal; so are its numbers then.
    let (near, far) = (min(abs(x), abs(y)), max(abs(x), abs(y)))
    if hypot(near + 0.5, far + 0.5) <= radius { return 1 }
    if hypot(max(0, near - 0.5), max(0, far - 0.5)) >= radius { return 0 }
    let (x0, x1, y0, y1) = (near - 0.5, near + 0.5, far - 0.5, far + 0.5)
    return max(0, corner(x1, y1) - corner(x0, y1) - corner(x1, y0) + corner(x0, y0))
  }

  /// The area of the disk between 0 and x, and 0 and y; negative where one of them is.
  private func corner(_ x: Double, _ y: Double) -> Double {
    let (a, b) = (min(abs(x), radius), min(abs(y), radius))
    let area: Double
    if a * a + b * b <= radius * radius {
      area = a * b
    } else {
      // Up to where the circle comes down to height b a rectangle, from there on the area under the circle.
      let turn = max(0, radius * radius - b * b).squareRoot()
      area = turn * b + underCircle(a) - underCircle(turn)
    }
    return (x < 0) == (y < 0) ? area : -area
  }

  /// The integral of sqrt(R² - t²) from 0 to x.
  private func underCircle(_ x: Double) -> Double {
    (x * max(0, radius * radius - x * x).squareRoot() + radius * radius * asin(min(1, x / radius))) / 2
  }
}

/// How much of a straight path through the centre of pixel (0, 0) lies in a pixel. Exact but for rounding.
struct PathCoverage {
  let length: Double
  let direction: Direction

  /// The length of the path inside the unit square around (x, y).
  func length(inPixel x: Double, _ y: Double) -> Double {
    var (from, to) = (-length / 2, length / 2)
    for (place, step) in [(x, direction.x), (y, direction.y)] {
      if step == 0 {
        if place != 0 { return 0 }
        continue
      }
      let (a, b) = ((place - 0.5) / step, (place + 0.5) / step)
      (from, to) = (max(from, min(a, b)), min(to, max(a, b)))
    }
    return max(0, to - from)
  }
}

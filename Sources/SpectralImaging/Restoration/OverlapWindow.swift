import Foundation

/// How a registration fades out what it compares towards the border, where a transform sees a jump to the other side.
public enum RegistrationWindow: String, CaseIterable, Hashable, Sendable {
  /// Flat over the middle half, with raised cosines over the outer quarters: keeps most of the picture.
  case tukey
  /// A raised cosine over the whole width: the lowest leakage, and half as much of the picture.
  case hann
  /// Nothing is faded out: for pictures whose other side continues them. Shifts wrap around.
  case none

  /// Windows over the part of the scene that two images share, when the second shows everything `shift` further on.
  ///
  /// Both weigh the same piece of the scene in the same way, to fractions of a pixel, because the window moves with the
  /// scene. A window that stays where it is pulls the correlation towards no shift at all.
  func pair(height: Int, width: Int, shift: Displacement) -> WindowPair {
    let rows = weights(height, shift.dy)
    let columns = weights(width, shift.dx)
    return WindowPair(
      first: SeparableWindow(vertical: rows.first, horizontal: columns.first),
      second: SeparableWindow(vertical: rows.second, horizontal: columns.second))
  }

  private func weights(_ count: Int, _ shift: Double) -> (first: [Double], second: [Double]) {
    guard self != .none else {
      let ones = [Double](repeating: 1, count: count)
      return (ones, ones)
    }
    // Pixels reach half a pixel to each side of their centres.
    let lower = max(0, -shift) - 0.5
    let upper = min(Double(count), Double(count) - shift) - 0.5
    let length = upper - lower
    let taper = self == .hann ? length / 2 : max(length / 4, min(8, length / 2))
    func weights(from lower: Double, to upper: Double) -> [Double] {
      (0..<count).map { place in
        let distance = min(Double(place) - lower, upper - Double(place))
        return distance <= 0 ? 0 : 0.5 - 0.5 * cos(Double.pi * min(distance / taper, 1))
      }
    }
    return (weights(from: lower, to: upper), weights(from: lower + shift, to: upper + shift))
  }
}

/// A shift in pixels, downwards and to the right.
struct Displacement: Hashable, Sendable {
  var dy: Double
  var dx: Double

  static func + (a: Displacement, b: Displacement) -> Displacement { .init(dy: a.dy + b.dy, dx: a.dx + b.dx) }
  static func - (a: Displacement, b: Displacement) -> Displacement { .init(dy: a.dy - b.dy, dx: a.dx - b.dx) }
  static func * (factor: Double, a: Displacement) -> Displacement { .init(dy: factor * a.dy, dx: factor * a.dx) }

  func dot(_ other: Displacement) -> Double { dy * other.dy + dx * other.dx }
  var length: Double { dot(self).squareRoot() }
}

/// The windows of two images that are compared.
struct WindowPair: Sendable {
  let first: SeparableWindow
  let second: SeparableWindow

  /// How many of the frequencies of the windowed images are independent, as a part of all: a window that is narrow in
  /// space smears each frequency over its neighbours.
  var independentPart: Double {
    func part(_ weights: [Double]) -> Double {
      let squares = weights.reduce(0) { $0 + $1 * $1 }
      let fourths = weights.reduce(0) { $0 + $1 * $1 * $1 * $1 }
      return fourths > 0 ? squares * squares / (fourths * Double(weights.count)) : 0
    }
    return part(first.vertical) * part(first.horizontal)
  }
}

import Foundation

/// What a filter is made of: a few primitives, and how they are put together.
indirect enum FilterExpression: Sendable {
  case constant(Double)
  /// About the origin.
  case lowPass(CentredLowPass)
  /// (1 - low-pass about a centre) times (1 - low-pass about minus that centre).
  case notch(CentredLowPass)
  case directional(DirectionalPass)
  case laplacian
  case mask(FilterMask)
  case function(@Sendable (Double, Double) -> Double)
  /// factor * filter + offset.
  case affine(factor: Double, FilterExpression, offset: Double)
  case sum(FilterExpression, FilterExpression)
  case product(FilterExpression, FilterExpression)

  /// factor * self + offset.
  func affine(factor: Double, plus offset: Double) -> FilterExpression {
    switch self {
    case .constant(let c): .constant(factor * c + offset)
    case .affine(let inner, let a, let before): .affine(factor: factor * inner, a, offset: factor * before + offset)
    default: .affine(factor: factor, self, offset: offset)
    }
  }

  /// The response at a frequency in cycles per pixel.
  func value(_ fx: Double, _ fy: Double) -> Double {
    switch self {
    case .constant(let c): c
    case .lowPass(let lowPass): lowPass.value(fx, fy)
    case .notch(let centred): (1 - centred.value(fx, fy)) * (1 - centred.value(-fx, -fy))
    case .directional(let pass): pass.value(fx, fy)
    case .laplacian: -4 * .pi * .pi * (fx * fx + fy * fy)
    case .mask(let mask): mask.value(fx, fy)
    case .function(let response): response(fx, fy)
    case .affine(let factor, let a, let offset): factor * a.value(fx, fy) + offset
    case .sum(let a, let b): a.value(fx, fy) + b.value(fx, fy)
    case .product(let a, let b): a.value(fx, fy) * b.value(fx, fy)
    }
  }

  /// What mirroring leaves the response as it is, by what it is made of.
  var symmetry: FilterSymmetry {
    switch self {
    case .constant, .laplacian, .lowPass: .eachAxis
    case .notch, .directional: .point
    case .mask(let mask): mask.asymmetry == 0 ? .point : .none
    case .function: .none
    case .affine(_, let a, _): a.symmetry
    case .sum(let a, let b), .product(let a, let b): min(a.symmetry, b.symmetry)
    }
  }
}

/// What mirroring leaves a response as it is; the later, the more.
enum FilterSymmetry: Int, Comparable {
  case none
  /// H(fx, fy) = H(-fx, -fy).
  case point
  /// H(fx, fy) = H(-fx, fy) = H(fx, -fy).
  case eachAxis

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A low-pass about a place of the frequency plane, in cycles per pixel.
struct CentredLowPass: Sendable {
  let shape: FilterShape
  let cutoff: Double
  let x: Double
  let y: Double

  init(_ shape: FilterShape, cutoff: Frequency, x: Double = 0, y: Double = 0) {
    precondition(cutoff > 0.0 && cutoff <= .nyquist, "a cut-off is above 0 and at most Nyquist, not \(cutoff)")
    precondition(max(abs(x), abs(y)) <= 0.5, "(\(x), \(y)) cycles per pixel is beyond Nyquist")
    if case .butterworth(let order) = shape {
      precondition(
        (1...FilterShape.highestOrder).contains(order),
        "an order is a whole number from 1 to \(FilterShape.highestOrder), not \(order)")
    }
    // The square of a smaller one could not be told from 0, and no image has a wave that is as slow.
    let least = 1e-150
    (self.shape, self.cutoff, self.x, self.y) = (shape, max(cutoff.cyclesPerPixel, least), x, y)
  }

  func value(_ fx: Double, _ fy: Double) -> Double {
    let (dx, dy) = (fx - x, fy - y)
    return shape.lowPass((dx * dx + dy * dy) / (cutoff * cutoff))
  }
}

/// A low-pass in the angle that a wave's direction makes with an axis.
struct DirectionalPass: Sendable {
  let shape: FilterShape
  /// Degrees, counter-clockwise as one sees the picture.
  let angle: Double
  /// Degrees.
  let halfWidth: Double
  /// The axis; as frequencies have it, down the rows is positive.
  private let axis: (x: Double, y: Double)
  /// Radians.
  private let cutoff: Double

  init(_ shape: FilterShape, angle: Double, halfWidth: Double) {
    (self.shape, self.angle, self.halfWidth) = (shape, angle, halfWidth)
    let radians = angle * .pi / 180
    axis = (cos(radians), -sin(radians))
    cutoff = max(halfWidth * .pi / 180, .leastNonzeroMagnitude)
  }

  func value(_ fx: Double, _ fy: Double) -> Double {
    if fx == 0 && fy == 0 { return 1 }
    let (along, across) = (fx * axis.x + fy * axis.y, fx * axis.y - fy * axis.x)
    let ratio = atan2(abs(across), abs(along)) / cutoff
    return shape.lowPass(ratio * ratio)
  }
}

import Foundation
import SpectralTransforms
import SpectralCore

/// A correlation between the pixels: c(d) = Re Σ w X e^{2πi f d} over the frequencies f, with the cross spectrum X.
struct CrossCorrelation<Scalar: FourierScalar>: Sendable {
  let rings: FrequencyRings
  /// `[H, W/2 + 1, 2]`.
  let cross: Tensor<Scalar>
  /// The weight of each ring.
  let weights: [Double]

  private struct Expansion {
    var value = 0.0
    var gradient = Displacement(dy: 0, dx: 0)
    var (yy, yx, xx) = (0.0, 0.0, 0.0)
  }

  /// The maximum near a shift, by Newton's method. Every step climbs: one that does not is halved.
  func maximum(near start: Displacement) -> Displacement {
    var shift = start
    var here = expansion(at: shift)
    for _ in 0..<12 {
      var step = ascent(here)
      // Beyond half a pixel the parabola is no guide to a peak that may be a pixel wide.
      if step.length > 0.5 { step = 0.5 / step.length * step }
      guard step.length > 1e-7 else { break }
      var next = expansion(at: shift + step)
      while next.value < here.value, step.length > 1e-7 {
        step = 0.5 * step
        next = expansion(at: shift + step)
      }
      guard next.value >= here.value else { break }
      (shift, here) = (shift + step, next)
    }
    return shift
  }

  /// The maximum at a shift.
  func summit(at shift: Displacement) -> Summit {
    let here = expansion(at: shift)
    return Summit(value: here.value, yy: -here.yy, yx: -here.yx, xx: -here.xx)
  }

  /// Newton's step in the eigenvectors of the second derivatives, uphill along each; none where nothing changes.
  private func ascent(_ here: Expansion) -> Displacement {
    let angle = 0.5 * atan2(2 * here.yx, here.yy - here.xx)
    let axes = [Displacement(dy: cos(angle), dx: sin(angle)), Displacement(dy: -sin(angle), dx: cos(angle))]
    let curvatures = axes.map { $0.dy * $0.dy * here.yy + 2 * $0.dy * $0.dx * here.yx + $0.dx * $0.dx * here.xx }
    let largest = curvatures.map(abs).max()!
    return zip(axes, curvatures).reduce(Displacement(dy: 0, dx: 0)) { step, pair in
      let (axis, curvature) = pair
      guard abs(curvature) > 1e-12 * largest else { return step }
      return step + axis.dot(here.gradient) / abs(curvature) * axis
    }
  }

  /// The value and its derivatives.
  private func expansion(at shift: Displacement) -> Expansion {
    let (height, half) = (rings.height, rings.half)
    let waves = PhaseWaves(rings, shift)
    // Moments of a row: Σ z, Σ fx z, Σ fx² z, each complex.
    var moments = [Double](repeating: 0, count: 6 * height)
    moments.withUnsafeMutableBufferPointer { moments in
      nonisolated(unsafe) let moments = moments.baseAddress!
      cross.withUnsafeElements { cross in
        rings.ring.withUnsafeBufferPointer { ring in
          nonisolated(unsafe) let (cross, ring) = (cross.baseAddress!, ring.baseAddress!)
          Parallel.forEach(height, grain: max(1, (1 << 13) / half)) { row in
            addMoments(
              cross + 2 * row * half, ring + row * half, half, rings.width, waves.columns, weights, moments + 6 * row)
          }
        }
      }
    }
    var sum = Expansion()
    let (first, second) = (2 * Double.pi, 4 * Double.pi * Double.pi)
    for row in 0..<height {
      let (c, s) = waves.row(row)
      let fy = FrequencyRings.frequency(row, height)
      func turned(_ index: Int) -> (real: Double, imaginary: Double) {
        let (a, b) = (moments[6 * row + 2 * index], moments[6 * row + 2 * index + 1])
        return (c * a - s * b, c * b + s * a)
      }
      let (m0, m1, m2) = (turned(0), turned(1), turned(2))
      sum.value += m0.real
      sum.gradient = sum.gradient - first * Displacement(dy: fy * m0.imaginary, dx: m1.imaginary)
      sum.yy -= second * fy * fy * m0.real
      sum.yx -= second * fy * m1.real
      sum.xx -= second * m2.real
    }
    return sum
  }
}

/// A maximum of a correlation: its height, and its negative second derivatives, which say how sharp it is.
struct Summit: Sendable {
  let value: Double
  let yy: Double
  let yx: Double
  let xx: Double

  /// Whether a shift so far from the maximum is on the same hill: the parabola through the summit is above zero there.
  /// Of a wave it is for a bit more than a fifth of the wavelength to each side.
  func reaches(_ displacement: Displacement) -> Bool {
    let (dy, dx) = (displacement.dy, displacement.dx)
    return dy * dy * yy + 2 * dy * dx * yx + dx * dx * xx < 2 * value
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addMoments<Scalar: TensorScalar>(
  _ cross: UnsafePointer<Scalar>, _ ring: UnsafePointer<UInt8>, _ half: Int, _ width: Int, _ waves: [Double],
  _ weights: [Double], _ moments: UnsafeMutablePointer<Double>
) {
  waves.withUnsafeBufferPointer { waves in
    weights.withUnsafeBufferPointer { weights in
      for column in 0..<half {
        let weight = (column == 0 ? 1.0 : 2.0) * weights[Int(ring[column])]
        let (a, b) = (Double(cross[2 * column]), Double(cross[2 * column + 1]))
        let (c, s) = (waves[2 * column], waves[2 * column + 1])
        let (real, imaginary) = (weight * (a * c - b * s), weight * (a * s + b * c))
        let frequency = Double(column) / Double(width)
        moments[0] += real
        moments[1] += imaginary
        moments[2] += frequency * real
        moments[3] += frequency * imaginary
        moments[4] += frequency * frequency * real
        moments[5] += frequency * frequency * imaginary
      }
    }
  }
}

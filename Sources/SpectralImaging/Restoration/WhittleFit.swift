import Foundation

/// The likeliest scene and noise behind the cells of a spectrum.
///
/// The power at each frequency of a blurred image is about exponentially distributed, with mean |H|² S + N; the logarithm
/// of that likelihood is the one of P. Whittle, "Estimation and information in stationary time series", Arkiv för Matematik
/// 2, 1953. It is made largest over ln N and the parameters of ln S, all of which are linear in it, by Fisher's scoring:
/// Newton's method with the expected second derivatives.
///
/// Noise is what is left where the blur leaves nothing of the scene. So a blur does not make a picture look as if it had no
/// noise, and its texture is not mistaken for noise.
struct WhittleFit {
  /// ln S at 1 cycle per pixel, the exponent's negative, the four harmonics, ln N.
  private typealias Parameters = [Double]
  private static let count = 7

  let scene: PowerLawSpectrum
  /// N, the noise's variance.
  let variance: Double

  /// - Parameters:
  ///   - cells: May be none, for a tiny image.
  ///   - total: The variance of the image's pixels.
  ///   - floor: The least N, above 0.
  ///   - bins: The image's longer side.
  init(_ cells: [SpectrumCells.Cell], total: Double, floor: Double, bins: Int) {
    // What is known of pictures before one is seen, as means and standard deviations: an exponent of 2 ± 1, no
    // direction ± 1, and a power that spread over all frequencies makes up the image's variance, within a factor of e^5.
    // A hundred frequencies outweigh it.
    let amplitude = log(max(total, floor) / (2 * Double.pi * log(Double(bins) / 2 + 1)))
    let expected: Parameters = [amplitude, -2, 0, 0, 0, 0, 0]
    let precision: Parameters = [0.04, 1, 1, 1, 1, 1, 0]
    let powers = cells.map(\.power).sorted()
    var parameters = expected
    parameters[Self.count - 1] = log(max(powers.isEmpty ? 0 : powers[powers.count / 50], floor))

    var value = Self.objective(cells, parameters, expected, precision)
    // Each step but the last few halves the distance at least; what is not found in a hundred is flat.
    for _ in 0..<100 {
      let step = Self.step(cells, parameters, expected, precision)
      var (length, next, changed) = (1.0, value, parameters)
      while true {
        for i in parameters.indices { changed[i] = parameters[i] + length * step[i] }
        changed[Self.count - 1] = max(changed[Self.count - 1], log(floor))
        next = Self.objective(cells, changed, expected, precision)
        if next <= value || length < 1e-4 { break }
        length /= 2
      }
      guard next <= value else { break }
      let gain = value - next
      (parameters, value) = (changed, next)
      // A thousandth of a unit of the likelihood's logarithm is far below what chance makes of it.
      if gain < 1e-3 { break }
    }
    scene = PowerLawSpectrum(
      amplitude: exp(parameters[0]), exponent: -parameters[1],
      directions: SIMD4(parameters[2], parameters[3], parameters[4], parameters[5]))
    variance = exp(parameters[Self.count - 1])
  }

  /// |H|² S of a cell.
  private static func signal(_ cell: SpectrumCells.Cell, _ parameters: Parameters) -> Double {
    let angular =
      cell.harmonics * SIMD4(parameters[2], parameters[3], parameters[4], parameters[5])
    // Beyond these bounds nothing is told apart any more.
    return cell.response * exp(min(max(parameters[0] + parameters[1] * cell.logarithm + angular.sum(), -300), 300))
  }

  /// The negative logarithm of the likelihood and of what is known before.
  private static func objective(
    _ cells: [SpectrumCells.Cell], _ parameters: Parameters, _ expected: Parameters, _ precision: Parameters
  ) -> Double {
    let noise = exp(parameters[count - 1])
    let likelihood = cells.reduce(0.0) { sum, cell in
      let mean = signal(cell, parameters) + noise
      return sum + cell.count * (log(mean) + cell.power / mean)
    }
    return parameters.indices.reduce(likelihood) { sum, i in
      let difference = parameters[i] - expected[i]
      return sum + 0.5 * precision[i] * difference * difference
    }
  }

  /// A step of Fisher's scoring, at most 2 along any parameter.
  private static func step(
    _ cells: [SpectrumCells.Cell], _ parameters: Parameters, _ expected: Parameters, _ precision: Parameters
  ) -> [Double] {
    let noise = exp(parameters[count - 1])
    var gradient = parameters.indices.map { precision[$0] * (expected[$0] - parameters[$0]) }
    var information = parameters.indices.map { i in parameters.indices.map { $0 == i ? precision[i] : 0 } }
    // Noise that does not show in any cell must not make the matrix singular.
    information[count - 1][count - 1] += 1e-6
    for cell in cells {
      let own = signal(cell, parameters)
      let mean = own + noise
      let share = own / mean
      let h = cell.harmonics
      let slopes = [
        share, share * cell.logarithm, share * h[0], share * h[1], share * h[2], share * h[3], noise / mean,
      ]
      for i in 0..<count {
        gradient[i] += cell.count * (cell.power / mean - 1) * slopes[i]
        for j in 0...i { information[i][j] += cell.count * slopes[i] * slopes[j] }
      }
    }
    let step = solved(information, gradient)
    let largest = step.reduce(0) { max($0, abs($1)) }
    return largest > 2 ? step.map { $0 * 2 / largest } : step
  }

  /// Solves A x = b by Cholesky's factors. Of A, symmetric and positive definite, the lower half is read.
  private static func solved(_ a: [[Double]], _ b: [Double]) -> [Double] {
    var (l, x) = (a, b)
    for i in b.indices {
      for j in 0...i {
        let rest = l[i][j] - (0..<j).reduce(0) { $0 + l[i][$1] * l[j][$1] }
        // Rounding may leave nothing of a pivot; its parameter then stays where it is.
        l[i][j] = i == j ? max(rest, 1e-12 * a[i][i]).squareRoot() : rest / l[j][j]
      }
      x[i] = (x[i] - (0..<i).reduce(0) { $0 + l[i][$1] * x[$1] }) / l[i][i]
    }
    for i in b.indices.reversed() {
      x[i] = (x[i] - (i + 1..<b.count).reduce(0) { $0 + l[$1][i] * x[$1] }) / l[i][i]
    }
    return x
  }
}

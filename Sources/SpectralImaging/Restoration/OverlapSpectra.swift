import Foundation
import SpectralTransforms
import SpectralCore

/// The spectra of what two images share at an assumed shift, multiplied: what the shift is refined from, and judged by.
struct OverlapSpectra<Scalar: FourierScalar>: Sendable {
  let rings: FrequencyRings
  /// Σ conj(A) B over the planes, `[H, W/2 + 1, 2]`.
  let cross: Tensor<Scalar>
  /// The geometric mean of the two images' powers, summed over each ring, with what is taken for noise at least.
  let power: [Double]
  /// The square root of the product of the energies of the two, ring 0 left out.
  let energy: Double
  /// The independent complex frequencies of each ring.
  let independent: [Double]
  /// The part of all frequencies that are independent under the window.
  let independentPart: Double

  /// The least noise that two pictures of one scene are taken to differ by, as a part of the mean power of their
  /// frequencies: 3 % of their contrast. Frequencies that are weaker, and would not show at all beside it, say nothing.
  private static var leastNoise: Double { 1e-3 }
  /// The same as a part of the power of the strongest ring: what leaks out of that under a window.
  private static var leakage: Double { 1e-4 }

  /// - Parameter images: Planes `[C, H, W]` each.
  init(
    _ images: (first: Tensor<Scalar>, second: Tensor<Scalar>), shift: Displacement, window: RegistrationWindow,
    _ transform: RealTransform2D<Scalar>, _ rings: FrequencyRings
  ) {
    let (height, width, half) = (rings.height, rings.width, rings.half)
    let windows = window.pair(height: height, width: width, shift: shift)
    let planes = images.first.shape[0]
    var cross = Tensor<Scalar>.zeros([height, half, 2])
    var (powerA, powerB) = ([Double](repeating: 0, count: rings.count), [Double](repeating: 0, count: rings.count))
    for plane in 0..<planes {
      func spectrum(_ image: Tensor<Scalar>, _ window: SeparableWindow) -> Tensor<Scalar> {
        let part = image.rows(plane..<plane + 1).reshaped(to: [height, width])
        return transform.forward(window.applied(to: part).plane).values
      }
      let (a, b) = (spectrum(images.first, windows.first), spectrum(images.second, windows.second))
      let sums = cross.withUnsafeMutableElements { cross in
        a.withUnsafeElements { a in
          b.withUnsafeElements { b in
            rings.ring.withUnsafeBufferPointer { ring in
              nonisolated(unsafe) let (cross, a, b) = (cross.baseAddress!, a.baseAddress!, b.baseAddress!)
              nonisolated(unsafe) let ring = ring.baseAddress!
              return rings.sums(quantities: 2) { row, sums in
                let start = row * half
                multiplyAndMeasure(
                  a + 2 * start, b + 2 * start, cross + 2 * start, ring + start, half, sums, rings.count)
              }
            }
          }
        }
      }
      for ring in 0..<rings.count {
        powerA[ring] += sums[0][ring]
        powerB[ring] += sums[1][ring]
      }
    }
    func noise(_ power: [Double]) -> Double {
      let frequencies = rings.sizes.reduce(0, +)
      let strongest = zip(power, rings.sizes).map { $1 > 0 ? $0 / $1 : 0 }.max() ?? 0
      return frequencies > 0
        ? Self.leastNoise * power.reduce(0, +) / frequencies + Self.leakage * strongest : 0
    }
    let (noiseA, noiseB) = (noise(powerA), noise(powerB))
    power = rings.sizes.indices.map {
      ((powerA[$0] + noiseA * rings.sizes[$0]) * (powerB[$0] + noiseB * rings.sizes[$0])).squareRoot()
    }
    energy = (powerA.reduce(0, +) * powerB.reduce(0, +)).squareRoot()
    let part = windows.independentPart
    independentPart = part
    // Twins are conjugates, so half of the frequencies hold all there is.
    independent = rings.sizes.map { $0 / 2 * part }
    (self.rings, self.cross) = (rings, cross)
  }

  /// How well the phases of each ring agree on a shift: 1 if all do, about 0 if they have nothing to do with it.
  func coherence(at shift: Displacement) -> [Double] {
    let half = rings.half
    let waves = PhaseWaves(rings, shift)
    let sums = cross.withUnsafeElements { cross in
      rings.ring.withUnsafeBufferPointer { ring in
        nonisolated(unsafe) let (cross, ring) = (cross.baseAddress!, ring.baseAddress!)
        return rings.sums(quantities: 1) { row, sums in
          let (c, s) = waves.row(row)
          alignedSums(cross + 2 * row * half, ring + row * half, half, waves.columns, c, s, sums)
        }
      }
    }[0]
    return zip(sums, power).map { $1 > 0 ? min(max($0 / $1, 0), 1) : 0 }
  }

  /// How much more likely the two images are as views of one scene, shifted so, than as unrelated ones: the logarithm
  /// of the ratio, from the coherence of each ring.
  ///
  /// Of n independent frequencies that are unrelated, the logarithm exceeds t by chance with a probability of about e^-t.
  func evidence(_ coherence: [Double]) -> Double {
    var evidence = 0.0
    for ring in 1..<rings.count where independent[ring] >= 1 {
      let square = min(coherence[ring] * coherence[ring], Self.largestCoherence)
      evidence += -independent[ring] * log1p(-square) - 0.5
    }
    return evidence
  }

  /// A square of a coherence that is 1 but for what cannot be measured.
  private static var largestCoherence: Double { 1 - 1e-6 }

  /// What each ring says about the shift, in units of an independent frequency without noise: γ² / (1 - γ²) with the
  /// coherence γ less what it would have by chance.
  func information(_ coherence: [Double]) -> [Double] {
    zip(coherence, independent).map { coherence, independent in
      guard independent > 1 else { return 0 }
      let square = (coherence * coherence * independent - 1) / (independent - 1)
      let bounded = min(max(square, 0), Self.largestCoherence)
      return bounded / (1 - bounded)
    }
  }

  /// The correlation that is to be maximised.
  ///
  /// - Parameter shift: Where the coherence is measured from which the automatic weights come.
  func correlation(_ normalization: SpectrumNormalization, near shift: Displacement) -> CrossCorrelation<Scalar> {
    var weights = [Double](repeating: 1, count: rings.count)
    weights[0] = 0
    switch normalization {
    case .none: return CrossCorrelation(rings: rings, cross: cross, weights: weights)
    case .phase: return CrossCorrelation(rings: rings, cross: phases(of: cross), weights: weights)
    case .automatic:
      let coherence = coherence(at: shift)
      let information = information(coherence)
      for ring in 1..<rings.count {
        // Σ conj(A) B of a ring is its signal: the coherence times the power.
        let signal = coherence[ring] * power[ring]
        weights[ring] = signal > 0 ? information[ring] * rings.sizes[ring] / signal : 0
      }
      return CrossCorrelation(rings: rings, cross: cross, weights: weights)
    }
  }

  /// The standard errors of a shift that is estimated as well as can be (the Cramér-Rao bound): infinite along an axis on
  /// which nothing changes.
  ///
  /// With the automatic weights the correlation is the logarithm of the likelihood, but for the frequencies that a window
  /// makes depend on each other. Its curvature at the maximum is the information.
  ///
  /// - Parameter summit: The summit of the correlation with the automatic weights.
  func standardErrors(at summit: Summit) -> Displacement {
    let (yy, yx, xx) = (summit.yy, summit.yx, summit.xx)
    let scale = 1 / independentPart.squareRoot()
    // Beside the other axis an axis without information has only what noise adds up to.
    let determinant = yy * xx - yx * yx
    guard yy > 0, xx > 0, determinant > 1e-6 * yy * xx else {
      return Displacement(
        dy: yy > max(1e-6 * xx, 0) ? scale / yy.squareRoot() : .infinity,
        dx: xx > max(1e-6 * yy, 0) ? scale / xx.squareRoot() : .infinity)
    }
    return Displacement(
      dy: scale * (xx / determinant).squareRoot(), dx: scale * (yy / determinant).squareRoot())
  }
}

/// The waves e^{2πi f d} by which a shift d turns the phases, one for each row and one for each column.
struct PhaseWaves: Sendable {
  /// Cosine and sine for each kept column.
  let columns: [Double]
  private let rows: [Double]

  init(_ rings: FrequencyRings, _ shift: Displacement) {
    columns = Self.waves(0..<rings.half, 2 * Double.pi * shift.dx / Double(rings.width))
    let (height, angle) = (rings.height, 2 * Double.pi * shift.dy / Double(rings.height))
    // From the middle row on frequencies are negative.
    rows = Self.waves(0..<height / 2 + 1, angle) + Self.waves(height / 2 + 1 - height..<0, angle)
  }

  /// Cosine and sine of whole multiples of an angle: products of a few, since calls for each would take most of the
  /// time.
  private static func waves(_ multiples: Range<Int>, _ angle: Double) -> [Double] {
    let block = 64
    let fine = (0..<block).map { (cosine: cos(angle * Double($0)), sine: sin(angle * Double($0))) }
    return [Double](unsafeUninitializedCapacity: 2 * multiples.count) { values, count in
      for start in stride(from: 0, to: multiples.count, by: block) {
        let coarse = angle * Double(multiples.lowerBound + start)
        let (c, s) = (cos(coarse), sin(coarse))
        for i in start..<min(start + block, multiples.count) {
          let (p, q) = fine[i - start]
          values[2 * i] = c * p - s * q
          values[2 * i + 1] = c * q + s * p
        }
      }
      count = 2 * multiples.count
    }
  }

  func row(_ row: Int) -> (cosine: Double, sine: Double) { (rows[2 * row], rows[2 * row + 1]) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiplyAndMeasure<Scalar: TensorScalar>(
  _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ cross: UnsafeMutablePointer<Scalar>,
  _ ring: UnsafePointer<UInt8>, _ half: Int, _ sums: UnsafeMutablePointer<Double>, _ rings: Int
) {
  for column in 0..<half {
    let i = 2 * column
    cross[i] += a[i] * b[i] + a[i + 1] * b[i + 1]
    cross[i + 1] += a[i] * b[i + 1] - a[i + 1] * b[i]
    let place = Int(ring[column])
    guard place > 0 else { continue }
    let twins = column == 0 ? 1.0 : 2.0
    sums[place] += twins * (Double(a[i]) * Double(a[i]) + Double(a[i + 1]) * Double(a[i + 1]))
    sums[rings + place] += twins * (Double(b[i]) * Double(b[i]) + Double(b[i + 1]) * Double(b[i + 1]))
  }
}

/// Adds the real parts of a row of the cross spectrum, turned by the waves.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func alignedSums<Scalar: TensorScalar>(
  _ cross: UnsafePointer<Scalar>, _ ring: UnsafePointer<UInt8>, _ half: Int, _ waves: [Double], _ cosine: Double,
  _ sine: Double, _ sums: UnsafeMutablePointer<Double>
) {
  waves.withUnsafeBufferPointer { waves in
    for column in 0..<half {
      let place = Int(ring[column])
      guard place > 0 else { continue }
      let (c, s) = (waves[2 * column], waves[2 * column + 1])
      let (real, imaginary) = (cosine * c - sine * s, cosine * s + sine * c)
      sums[place] +=
        (column == 0 ? 1.0 : 2.0) * (Double(cross[2 * column]) * real - Double(cross[2 * column + 1]) * imaginary)
    }
  }
}

import Foundation
import Fourier
import Tensors

/// The inverse transform of a spectrum at places between the pixels: s(y, x) = 1/(H W) Σ S[u, v] exp(2πi (u y / H + v x / W)).
///
/// For m x n places this is a product of matrices, m x H by H x W by W x n.
struct UpsampledTransform<Scalar: FourierScalar> {
  private let spectrum: Spectrum<Scalar>

  init(_ spectrum: Spectrum<Scalar>) { self.spectrum = spectrum }

  /// The place with the highest value among the rows and columns given, and the value.
  func highest(rows: [Double], columns: [Double]) -> (row: Double, column: Double, value: Double) {
    let values = values(rows: rows, columns: columns)
    let best = values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    return (rows[best / columns.count], columns[best % columns.count], values[best])
  }

  /// The values at all rows and columns given, row by row.
  func values(rows: [Double], columns: [Double]) -> [Double] {
    let (height, width) = (spectrum.height, spectrum.width)
    let half = width / 2 + 1
    let count = columns.count
    // The waves of the columns; the missing half of the spectrum gives the conjugates, hence the factor 2.
    var waves = [Double](repeating: 0, count: half * count * 2)
    for v in 0..<half {
      let weight = v == 0 || 2 * v == width ? 1.0 : 2.0
      for (k, column) in columns.enumerated() {
        let angle = 2 * Double.pi * Double(v) * column / Double(width)
        waves[2 * (v * count + k)] = weight * cos(angle)
        waves[2 * (v * count + k) + 1] = weight * sin(angle)
      }
    }
    // Along the columns, for each row of the spectrum.
    var partial = [Double](repeating: 0, count: height * count * 2)
    partial.withUnsafeMutableBufferPointer { partial in
      nonisolated(unsafe) let partial = partial.baseAddress!
      waves.withUnsafeBufferPointer { waves in
        nonisolated(unsafe) let waves = waves.baseAddress!
        spectrum.values.withUnsafeElements { s in
          nonisolated(unsafe) let s = s.baseAddress!
          Parallel.forEach(height, grain: max(1, (1 << 12) / half)) { u in
            accumulate(s + 2 * u * half, half, waves, count, to: partial + 2 * u * count)
          }
        }
      }
    }
    var values = [Double](repeating: 0, count: rows.count * count)
    for (j, row) in rows.enumerated() {
      for u in 0..<height {
        let frequency = Double(2 * u > height ? u - height : u) / Double(height)
        let (c, s) = (cos(2 * Double.pi * frequency * row), sin(2 * Double.pi * frequency * row))
        for k in 0..<count {
          values[j * count + k] += c * partial[2 * (u * count + k)] - s * partial[2 * (u * count + k) + 1]
        }
      }
    }
    return values.map { $0 / Double(height * width) }
  }
}

/// Adds the products of a row of a spectrum with the waves of each column.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func accumulate<Scalar: TensorScalar>(
  _ row: UnsafePointer<Scalar>, _ half: Int, _ waves: UnsafePointer<Double>, _ count: Int,
  to sums: UnsafeMutablePointer<Double>
) {
  for v in 0..<half {
    let (a, b) = (Double(row[2 * v]), Double(row[2 * v + 1]))
    let wave = waves + 2 * v * count
    for k in 0..<count {
      sums[2 * k] += a * wave[2 * k] - b * wave[2 * k + 1]
      sums[2 * k + 1] += a * wave[2 * k + 1] + b * wave[2 * k]
    }
  }
}

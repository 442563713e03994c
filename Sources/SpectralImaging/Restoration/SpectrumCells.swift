import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// The frequencies of a blurred image, grouped by distance from zero, direction and the blur's response: few enough to fit
/// a model to, fine enough that within a cell the model hardly changes.
struct SpectrumCells: Sendable {
  /// Means over the frequencies of a cell.
  struct Cell: Sendable {
    /// How many frequencies, each pair of opposite ones counted once.
    let count: Double
    /// |Y|², a density: 1 for white noise of variance 1.
    let power: Double
    /// |H|², smoothed as the window smooths it.
    let response: Double
    /// |1 - H|², the part of the scene's power by which the blurred image differs from the scene.
    let loss: Double
    /// ln f.
    let logarithm: Double
    /// As ``PowerLawSpectrum`` has them.
    let harmonics: SIMD4<Double>
  }

  let cells: [Cell]

  /// Rings, equally wide by logarithm.
  private static let rings = 24
  private static let sectors = 12
  /// Two for each factor of ten of |H|², the last for all that is less than 1e-8.
  private static let levels = 16
  private static let cellCount = rings * sectors * levels
  /// Sums that are kept apart and added in order, so that threads do not matter.
  private static let bands = 16
  /// Frequencies nearer to zero than this, in bins, hold what the window leaves of the mean.
  private static let least = 2.0

  /// - Parameters:
  ///   - plane: `[H, W]`.
  ///   - pointSpread: At most as large as the plane.
  init<Scalar: FourierScalar>(of plane: Tensor<Scalar>, blurredBy pointSpread: PointSpread<Scalar>) {
    let (height, width) = (plane.shape[0], plane.shape[1])
    let frame = PaddedFrame(
      image: Extent(height: height, width: width), pointSpread: pointSpread.extent, boundary: .circular)
    let blur = BlurOperator(pointSpread, frame)
    let windowed = SeparableWindow.hann(height: height, width: width).applied(to: plane)
    let spectrum = blur.transform.forward(windowed.plane)
    let lowest = log(Self.least / Double(max(height, width)))
    let scale = Double(Self.rings) / (log(0.5.squareRoot()) - lowest)
    let sums = cellSums(
      spectrum.values, blur.response.values, width: width, energy: windowed.energy, least: Self.least,
      bands: Self.bands, cells: Self.cellCount
    ) { logarithm, angle, response in
      let ring = min(max(Int((logarithm - lowest) * scale), 0), Self.rings - 1)
      let sector = min(max(Int((angle / Double.pi + 0.5) * Double(Self.sectors)), 0), Self.sectors - 1)
      let level = response > 1e-8 ? min(max(Int(-2 * log10(response)), 0), Self.levels - 1) : Self.levels - 1
      return (ring * Self.sectors + sector) * Self.levels + level
    }
    cells = (0..<Self.cellCount).compactMap { index in
      let weight = sums[index].count
      guard weight > 0 else { return nil }
      let mean = sums[index].values / weight
      return Cell(
        count: weight / 2, power: mean[0], response: mean[1], loss: mean[2], logarithm: mean[3],
        harmonics: mean.highHalf)
    }
  }
}

/// What the frequencies of a cell sum to.
private struct CellSum {
  var count = 0.0
  /// Power, response, loss, logarithm, and the four harmonics.
  var values = SIMD8<Double>.zero
}

/// Sums over the frequencies of each cell.
///
/// Under a Hann window the power that is seen at a frequency is a mean over its neighbours with the weights (1, 4, 1) / 6
/// along each axis. The scene's power changes little between these, the blur's response may be zero at one and not at the
/// next: so it is averaged in the same way.
///
/// - Parameters:
///   - spectrum: `[H, W/2 + 1, 2]`.
///   - blur: The same, the blur's response.
///   - cell: The cell of a frequency, given by ln f, the angle and |H|².
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func cellSums<Scalar: TensorScalar>(
  _ spectrum: Tensor<Scalar>, _ blur: Tensor<Scalar>, width: Int, energy: Double, least: Double, bands: Int, cells: Int,
  cell: (Double, Double, Double) -> Int
) -> [CellSum] {
  let (height, half) = (spectrum.shape[0], spectrum.shape[1])
  var sums = [CellSum](repeating: CellSum(), count: bands * cells)
  sums.withUnsafeMutableBufferPointer { sums in
    nonisolated(unsafe) let sums = sums.baseAddress!
    spectrum.withUnsafeElements { y in
      nonisolated(unsafe) let y = y.baseAddress!
      blur.withUnsafeElements { h in
        nonisolated(unsafe) let h = h.baseAddress!
        func response(_ row: Int, _ column: Int) -> Double {
          var (row, column) = ((row + height) % height, (column + width) % width)
          if column >= half { (row, column) = ((height - row) % height, width - column) }
          let place = 2 * (row * half + column)
          let (a, b) = (Double(h[place]), Double(h[place + 1]))
          return a * a + b * b
        }
        func smoothed(_ row: Int, _ column: Int) -> Double {
          func across(_ row: Int) -> Double {
            response(row, column - 1) + 4 * response(row, column) + response(row, column + 1)
          }
          return (across(row - 1) + 4 * across(row) + across(row + 1)) / 36
        }
        Parallel.forEach(bands) { band in
          let own = sums + band * cells
          for row in height * band / bands..<height * (band + 1) / bands {
            let signed = Double(2 * row > height ? row - height : row)
            let fy = signed / Double(height)
            for column in 0..<half {
              guard signed * signed + Double(column * column) >= least * least else { continue }
              let fx = Double(column) / Double(width)
              let square = fx * fx + fy * fy
              let (response, logarithm) = (smoothed(row, column), 0.5 * log(square))
              let place = 2 * (row * half + column)
              let (a, b) = (Double(y[place]), Double(y[place + 1]))
              let (p, q) = (1 - Double(h[place]), Double(h[place + 1]))
              // The columns that are not kept are the twins of those that are.
              let weight = column == 0 || 2 * column == width ? 1.0 : 2.0
              var values = SIMD8<Double>(repeating: 0)
              values[0] = (a * a + b * b) / energy
              values[1] = response
              values[2] = p * p + q * q
              values[3] = logarithm
              values.highHalf = PowerLawSpectrum.harmonics(fx, fy, square)
              let target = own + cell(logarithm, atan2(fy, fx), response)
              target.pointee.count += weight
              target.pointee.values += weight * values
            }
          }
        }
      }
    }
  }
  return (0..<cells).map { index in
    stride(from: index, to: sums.count, by: cells).reduce(into: CellSum()) { total, place in
      total.count += sums[place].count
      total.values += sums[place].values
    }
  }
}

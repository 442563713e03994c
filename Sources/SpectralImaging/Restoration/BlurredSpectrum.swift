import Foundation
import SpectralTransforms
import SpectralCore

/// What the spectrum of a blurred image tells of the scene and of the noise, if the blur is known.
///
/// The scene's power is a ``PowerLawSpectrum``, the noise is white, and both are the likeliest ones (`WhittleFit`), with
/// the image seen through a Hann window. Rounding to 8 or 16 bits is noise like any other.
public struct BlurredSpectrum: Sendable {
  /// How strong the scene is at each frequency.
  public let scene: PowerLawSpectrum
  /// The standard deviation of the noise, in the units of pixels.
  public let noise: Double
  private let cells: [SpectrumCells.Cell]

  /// The spectrum of a plane.
  ///
  /// - Parameters:
  ///   - plane: `[H, W]`, finite.
  ///   - pointSpread: At most as large as the plane.
  public init<Scalar: FourierScalar>(of plane: Tensor<Scalar>, blurredBy pointSpread: PointSpread<Scalar>) {
    precondition(plane.shape.rank == 2 && plane.count > 0, "the spectrum is one of a plane, not of \(plane.shape)")
    let (mean, count) = (plane.mean, Double(plane.count))
    let square = plane.norm * plane.norm / count
    // The deviation of the rounding of the pixels and of their transforms: no image has less noise than that. Of a black
    // image there must be some, too, to divide by.
    let rounding = max(
      Scalar.unitRoundoff * log2(count + 1).squareRoot() * square.squareRoot(), .leastNormalMagnitude.squareRoot())
    cells = SpectrumCells(of: plane, blurredBy: pointSpread).cells
    let fit = WhittleFit(
      cells, total: max(square - mean * mean, 0), floor: rounding * rounding,
      bins: max(plane.shape[0], plane.shape[1]))
    (scene, noise) = (fit.scene, fit.variance.squareRoot())
  }

  /// The noise that a restoration should assume if it is told one.
  ///
  /// What was found is the noise of the picture and whatever else the model of the scene does not explain. Less would
  /// amplify both; a quarter more is no contradiction, since rounding, for example, is no noise where a picture is flat.
  /// So the true deviation, told, gives the same as none. Yet more is a wish for a smoother result, which
  /// is followed as long as the expected error stays below the geometric mean of the least possible and that of the
  /// blurred image: half of the decibels that can be won are kept, so no result is worse than what it is made of.
  ///
  /// - Parameter deviation: The standard deviation that was told, in the units of pixels.
  public func noise(told deviation: Double) -> Double {
    guard deviation > 1.25 * noise else { return noise }
    let limit = (risk(noise) * blurredRisk).squareRoot()
    guard risk(deviation) > limit else { return deviation }
    // The risk grows with the noise that is assumed beyond the true one.
    var (low, high) = (log(noise), log(deviation))
    for _ in 0..<40 {
      let middle = 0.5 * (low + high)
      if risk(exp(middle)) > limit { high = middle } else { low = middle }
    }
    return exp(low)
  }

  private func power(_ cell: SpectrumCells.Cell) -> Double {
    scene.amplitude * exp((cell.harmonics * scene.directions).sum() - scene.exponent * cell.logarithm)
  }

  /// The expected squared error of a pixel restored by a Wiener filter that assumes this noise.
  private func risk(_ assumed: Double) -> Double {
    mean { cell in
      let scene = power(cell)
      let sum = cell.response * scene + assumed * assumed
      let (lost, gain) = (assumed * assumed / sum, scene / sum)
      return scene * lost * lost + noise * noise * cell.response * gain * gain
    }
  }

  /// The expected squared error of the image as it is.
  private var blurredRisk: Double { mean { cell in power(cell) * cell.loss + noise * noise } }

  private func mean(_ value: (SpectrumCells.Cell) -> Double) -> Double {
    cells.reduce(0) { $0 + $1.count * value($1) } / max(cells.reduce(0) { $0 + $1.count }, .leastNormalMagnitude)
  }
}

import SpectralFigures
import Foundation
import SpectralKit

/// The response of a kernel at all frequencies, as two pictures with axes: magnitude, and phase.
struct ResponsePicture {
  let name: String
  /// At N x N frequencies.
  let spectrum: Spectrum<Double>
  private let negligible: Double

  /// An odd number of frequencies a side has 0 in its middle.
  private static let side = 321

  init(name: String, kernel: Kernel) {
    self.name = name
    // A response turns with every pixel of a kernel's width: a large one wants more points.
    let side = min(1023, max(Self.side, 2 * max(kernel.height, kernel.width) + 1))
    spectrum = kernel.response(height: side, width: side)
    negligible = 1e-9 * kernel.magnitudeSum
  }

  private var response: CenteredSpectrum { CenteredSpectrum(spectrum) }

  /// The figures side by side.
  var image: RasterImage {
    let response = response
    let magnitude = figure(
      "\(name): magnitude of the response", magnitudes(response),
      [.init("magnitude", .magnitude, 0...largest(response))])
    let phase = figure(
      "\(name): phase", phases(response),
      [
        .init(
          "phase, degrees (grey where the response is 0)", .phase,
          ticks: [(0, "\u{2212}180"), (0.25, "\u{2212}90"), (0.5, "0"), (0.75, "90"), (1, "180")])
      ])
    return PictureStrip.row([magnitude.image, phase.image])
  }

  /// The magnitude without labels, and what they would say.
  var bare: (image: RasterImage, caption: String) {
    let response = response
    return (
      magnitudes(response),
      "\(name): magnitude of the response, 0 (dark) to \(significant(largest(response))) (bright); fx to the right and fy "
        + "down, from -0.5 to 0.5 cycles per pixel"
    )
  }

  private func largest(_ response: CenteredSpectrum) -> Double { max(response.largestMagnitude, .leastNormalMagnitude) }

  private func magnitudes(_ response: CenteredSpectrum) -> RasterImage {
    let largest = largest(response)
    return picture(response) { row, column in ColorMap.magnitude(Double(response.magnitudes[row, column]) / largest) }
  }

  private func phases(_ response: CenteredSpectrum) -> RasterImage {
    picture(response) { row, column in
      Double(response.magnitudes[row, column]) <= negligible
        ? .grey(0.5) : ColorMap.phase(response.phase(row: row, column: column) / (2 * .pi) + 0.5)
    }
  }

  private func picture(_ response: CenteredSpectrum, _ color: (Int, Int) -> RGBColor) -> RasterImage {
    var canvas = DrawingCanvas(height: response.height, width: response.width)
    for row in 0..<response.height { for column in 0..<response.width { canvas[row, column] = color(row, column) } }
    return canvas.image
  }

  private func figure(_ title: String, _ picture: RasterImage, _ bars: [PictureFigure.ColorBar]) -> PictureFigure {
    PictureFigure(
      title, picture, horizontal: .init(ChartAxis("fx, cycles per pixel", .linear), -0.5...0.5),
      vertical: .init(ChartAxis("fy, cycles per pixel", .linear), -0.5...0.5), bars: bars)
  }
}

import SpectralFigures
import SpectralKit

/// The response of a kernel along its lines, as curves.
struct ResponseProfile {
  let name: String
  let kernel: Kernel

  private static let points = 400

  /// Magnitude and phase against the frequency.
  var charts: [Chart] {
    let grid = (0...Self.points).map { 0.5 * Double($0) / Double(Self.points) }
    let curves = FrequencyLine.allCases.map { line in (line, kernel.response(along: line, at: grid)) }
    func chart(_ title: String, _ vertical: String, _ value: (ComplexNumber<Double>) -> Double?) -> Chart {
      let series = curves.map { line, values in
        Chart.Series(
          Self.label(line),
          zip(grid, values).compactMap { frequency, response in
            value(response).map { Chart.Point(frequency, $0) }
          }, style: .smooth)
      }
      return Chart(
        title, horizontal: ChartAxis("frequency (cycles per pixel; Nyquist is 0.5)", .linear),
        vertical: ChartAxis(vertical, .linear),
        series: series)
    }
    let negligible = 1e-9 * kernel.magnitudeSum
    return [
      chart("\(name): magnitude of the response", "magnitude") { $0.magnitude },
      chart("\(name): phase of the response", "phase (degrees)") {
        $0.magnitude > negligible ? $0.phaseInDegrees : nil
      },
    ]
  }

  private static func label(_ line: FrequencyLine) -> String {
    switch line {
    case .x: "along x"
    case .y: "along y"
    case .diagonal: "along both (fx = fy)"
    }
  }
}

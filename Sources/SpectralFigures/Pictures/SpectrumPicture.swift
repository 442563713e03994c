import Foundation
import SpectralImaging
import SpectralCore

/// What of a spectrum a picture shows.
public enum SpectrumStyle: String, CaseIterable, Hashable, Sendable {
  /// The magnitude, in decibels.
  case magnitude
  /// The phase, as hue.
  case phase
  /// Both: the phase as hue, the magnitude as lightness.
  case both
}

extension CenteredSpectrum {
  /// The bare picture, a pixel for every frequency, frequency 0 in the middle.
  ///
  /// - Parameters:
  ///   - range: The decibels, relative to ``reference``, that the colours span; ``usualRange`` unless given. What is
  ///     below is shown as its lower end. A phase has none.
  ///   - map: The colours of magnitudes.
  ///   - side: The longest side that the picture may have; of more frequencies, each pixel shows the strongest of those it
  ///     covers, so that no peak is lost. nil for a pixel for every frequency.
  public func picture(
    _ style: SpectrumStyle = .magnitude, range: ClosedRange<Double>? = nil, map: ColorMap = .magnitude,
    side: Int? = nil
  ) -> RasterImage {
    let range = range ?? usualRange
    if let side, side < max(height, width) { return RasterImage(pixels: condensed(style, range, map, side: side)) }
    return RasterImage(pixels: pixels(height: height, width: width, style, range, map) { ($0, $1) })
  }

  /// The magnitudes as a picture, evenly from 0 (the lower end of the colours) to the largest (the upper end): what
  /// responses, which are no decibels, are shown as.
  public func evenPicture(map: ColorMap = .magnitude) -> RasterImage {
    RasterImage(pixels: map.pixels(shares))
  }

  /// The magnitudes divided by the largest, `[H, W]`.
  public var shares: Tensor<Float> { magnitudes / max(Float(largestMagnitude), .leastNormalMagnitude) }

  /// The picture with axes in cycles per pixel and bars that say what the colours mean.
  ///
  /// A spectrum of more than 1024 frequencies along an axis is shown with fewer pixels, each for the strongest frequency
  /// of those it covers, so that no peak is lost.
  ///
  /// - Parameters:
  ///   - title: What it is the spectrum of.
  ///   - axes: What the frequencies down the rows and along them are called.
  public func figure(
    _ title: String, _ style: SpectrumStyle = .magnitude, range: ClosedRange<Double>? = nil,
    map: ColorMap = .magnitude, axes: (vertical: String, horizontal: String) = ("fy", "fx")
  ) -> PictureFigure {
    let range = range ?? usualRange
    let decibels = PictureFigure.ColorBar(
      "magnitude, dB relative to \(reference.name)", style == .both ? .grey : map, range)
    let turns = PictureFigure.ColorBar(
      "phase, radians", .phase, ticks: [(0, "\u{2212}π"), (0.25, "\u{2212}π/2"), (0.5, "0"), (0.75, "π/2"), (1, "π")])
    return PictureFigure(
      title, RasterImage(pixels: condensed(style, range, map, side: 1024)),
      horizontal: .init(ChartAxis("\(axes.horizontal), cycles per pixel", .linear), Self.edges(width)),
      vertical: .init(ChartAxis("\(axes.vertical), cycles per pixel", .linear), Self.edges(height)),
      bars: style == .magnitude ? [decibels] : style == .phase ? [turns] : [decibels, turns])
  }

  /// At most `side` pixels along an axis, each in the colour of the strongest frequency that it covers.
  private func condensed(
    _ style: SpectrumStyle, _ range: ClosedRange<Double>, _ map: ColorMap, side: Int
  ) -> Tensor<Float> {
    let scale = max(1, Double(max(height, width)) / Double(side))
    let (rows, columns) = (max(1, Int(Double(height) / scale)), max(1, Int(Double(width) / scale)))
    func covered(_ place: Int, _ count: Int, _ all: Int) -> Range<Int> {
      place * all / count..<max(place * all / count + 1, (place + 1) * all / count)
    }
    return magnitudes.withUnsafeElements { values in
      nonisolated(unsafe) let values = values
      return pixels(height: rows, width: columns, style, range, map) { row, column in
        let places = (covered(row, rows, height), covered(column, columns, width))
        var strongest = (places.0.lowerBound, places.1.lowerBound)
        for y in places.0 {
          for x in places.1 where values[y * width + x] > values[strongest.0 * width + strongest.1] {
            strongest = (y, x)
          }
        }
        return strongest
      }
    }
  }

  /// - Parameter source: The frequency whose colour a pixel gets.
  private func pixels(
    height rows: Int, width columns: Int, _ style: SpectrumStyle, _ range: ClosedRange<Double>, _ map: ColorMap,
    _ source: (Int, Int) -> (row: Int, column: Int)
  ) -> Tensor<Float> {
    let shades = style == .both ? PhaseShades() : nil
    return magnitudes.withUnsafeElements { magnitudes in
      values.withUnsafeElements { values in
        Tensor([3, rows, columns]) { target in
          nonisolated(unsafe) let (magnitudes, values, target, source) = (magnitudes, values, target, source)
          Parallel.forEach(rows, grain: max(1, 1 << 12 / columns)) { row in
            for column in 0..<columns {
              let from = source(row, column)
              let place = from.row * width + from.column
              let share =
                (decibels(Double(magnitudes[place])) - range.lowerBound) / (range.upperBound - range.lowerBound)
              func turn() -> Double {
                Double(atan2(values[2 * place + 1], values[2 * place])) / (2 * .pi) + 0.5
              }
              let color =
                switch style {
                case .magnitude: map(share)
                case .phase: ColorMap.phase(turn())
                case .both: shades!(share, turn())
                }
              let i = row * columns + column
              target[i] = color.red
              target[i + rows * columns] = color.green
              target[i + 2 * rows * columns] = color.blue
            }
          }
        }
      }
    }
  }
}

/// Colours for a magnitude and a phase: lightness from black to nearly white, and at each lightness one chroma for all
/// hues, the largest that a screen can show.
private struct PhaseShades: Sendable {
  private static let shades = 128
  private static let hues = 180
  private let table: [RGBColor]

  init() {
    table = (0...Self.shades).flatMap { shade -> [RGBColor] in
      let lightness = 0.97 * Double(shade) / Double(Self.shades)
      // A cusp at two thirds of the way up, where the poorest hue has its largest chroma.
      let chroma = 0.124 * min(lightness / 0.74, (1 - lightness) / 0.26, 1)
      return (0..<Self.hues).map { hue in
        PerceivedColor(
          lightness: lightness, chroma: chroma, hue: ColorMap.phaseOrigin + 2 * .pi * Double(hue) / Double(Self.hues)
        ).color
      }
    }
  }

  func callAsFunction(_ share: Double, _ turn: Double) -> RGBColor {
    let shade = share > 0 ? Int(min(share, 1) * Double(Self.shades) + 0.5) : 0
    return table[shade * Self.hues + Int(turn * Double(Self.hues) + 0.5) % Self.hues]
  }
}

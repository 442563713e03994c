import Foundation
import SpectralImaging

/// A picture with a title, axes with units, and bars that say what its colours mean: a figure for the eye.
///
/// The picture's own pixels are kept, enlarged by a whole number where they are few. Margins are as wide as the labels,
/// and the figure as wide as its title, so that nothing is cut off.
public struct PictureFigure: Sendable {
  /// One of the two axes along the picture's edges.
  public struct Edge: Sendable {
    /// What it measures, and its unit.
    public var axis: ChartAxis
    /// The numbers at the first and at the last pixel's outer edge, left to right or top to bottom.
    public var range: ClosedRange<Double>

    /// An axis.
    public init(_ axis: ChartAxis, _ range: ClosedRange<Double>) { (self.axis, self.range) = (axis, range) }
  }

  /// A bar of colours with numbers beside it.
  public struct ColorBar: Sendable {
    /// What the colours stand for, and the unit.
    public var title: String
    /// From the lower end to the upper.
    public var map: ColorMap
    /// Where along the bar, from 0 to 1, and what is written there.
    public var ticks: [(place: Double, text: String)]

    /// A bar with the numbers of a linear range.
    public init(_ title: String, _ map: ColorMap, _ range: ClosedRange<Double>) {
      let axis = ChartAxis(title, .linear)
      let scale = ChartScale(axis, domain: range)
      self.init(title, map, ticks: scale.ticks(most: 8).map { (scale.position($0), axis.label($0)) })
    }

    /// A bar with given marks.
    public init(_ title: String, _ map: ColorMap, ticks: [(place: Double, text: String)]) {
      (self.title, self.map, self.ticks) = (title, map, ticks)
    }
  }

  /// What it shows, in a line.
  public var title: String
  /// The picture.
  public var picture: RasterImage
  /// Along the lower edge.
  public var horizontal: Edge
  /// Along the left edge.
  public var vertical: Edge
  /// What the colours mean.
  public var bars: [ColorBar]

  /// A figure.
  public init(_ title: String, _ picture: RasterImage, horizontal: Edge, vertical: Edge, bars: [ColorBar] = []) {
    (self.title, self.picture, self.horizontal, self.vertical) = (title, picture, horizontal, vertical)
    self.bars = bars
  }

  private static let ink = RGBColor(0.11, 0.16, 0.21)
  private static let soft = RGBColor(0.3, 0.36, 0.42)
  private static let barWidth = 18
  /// A plot is at least so wide or high.
  private static let leastSide = 320

  /// The figure, drawn.
  public var image: RasterImage {
    let scale = max(1, Self.leastSide / max(picture.width, picture.height))
    let (height, width) = (picture.height * scale, picture.width * scale)
    let rows = ticks(vertical, length: height, each: 40) { _ in Double(DrawingCanvas.textHeight) }
    let columns = ticks(horizontal, length: width, each: 64) { DrawingCanvas.width(of: $0) }
    let rowLabels = rows.map { Int(DrawingCanvas.width(of: $0.text).rounded(.up)) }.max() ?? 0
    let top = 44
    let left = 16 + DrawingCanvas.textHeight + 10 + rowLabels + 10
    // A short plot is not shorter than what stands beside it.
    let barHeight = max(height, 160)
    let verticalTitles = ([vertical.axis.title] + bars.map(\.title)).map {
      Int(DrawingCanvas.width(of: $0).rounded(.up))
    }
    let plotHeight = max(barHeight, verticalTitles.max()! + 8)
    let plotTop = top + (plotHeight - height) / 2
    let barWidths = bars.map { bar in
      let labels = bar.ticks.map { Int(DrawingCanvas.width(of: $0.text).rounded(.up)) }.max() ?? 0
      return Self.barWidth + 8 + labels + 12 + DrawingCanvas.textHeight + 24
    }
    let barLeft = left + max(width, Int(DrawingCanvas.width(of: horizontal.axis.title))) + 24
    let titleWidth = Int(DrawingCanvas.width(of: title, size: 1.2).rounded(.up))
    let fullWidth = max(barLeft + barWidths.reduce(0, +), 2 * 16 + titleWidth)
    var canvas = DrawingCanvas(height: top + plotHeight + 60, width: fullWidth)
    canvas.write(title, x: 16, baseline: 26, size: 1.2, color: Self.ink)
    canvas.draw(picture, top: plotTop, left: left, scale: scale)
    canvas.frame(Self.soft, top: plotTop, left: left, height: height, width: width, thickness: 1)

    for tick in rows {
      let y = plotTop + tick.pixel
      canvas.fill(Self.soft, top: y, left: left - 6, height: 1, width: 5)
      canvas.write(tick.text, x: Double(left - 10), baseline: Double(y + 5), color: Self.ink, anchor: .end)
    }
    canvas.write(
      vertical.axis.title, x: Double(plotTop) + Double(height) / 2, baseline: Double(16 + DrawingCanvas.textHeight),
      color: Self.soft, anchor: .middle, isVertical: true)
    let bottom = plotTop + height
    for tick in columns {
      let x = left + tick.pixel
      canvas.fill(Self.soft, top: bottom + 1, left: x, height: 5, width: 1)
      canvas.write(
        tick.text, x: Double(x) + 0.5, baseline: Double(bottom + 20), color: Self.ink, anchor: .middle)
    }
    canvas.write(
      horizontal.axis.title, x: Double(left) + Double(max(width, barLeft - 24 - left)) / 2,
      baseline: Double(bottom + 42), color: Self.soft, anchor: .middle)

    var x = barLeft
    for (bar, full) in zip(bars, barWidths) {
      draw(bar, on: &canvas, top: top + (plotHeight - barHeight) / 2, left: x, height: barHeight, full: full)
      x += full
    }
    return canvas.image
  }

  private func draw(_ bar: ColorBar, on canvas: inout DrawingCanvas, top: Int, left: Int, height: Int, full: Int) {
    for row in 0..<height {
      canvas.fill(
        bar.map(1 - (Double(row) + 0.5) / Double(height)), top: top + row, left: left, height: 1, width: Self.barWidth)
    }
    canvas.frame(Self.soft, top: top, left: left, height: height, width: Self.barWidth, thickness: 1)
    for tick in bar.ticks {
      let y = top + min(height - 1, Int((1 - tick.place) * Double(height)))
      canvas.fill(Self.soft, top: y, left: left + Self.barWidth + 1, height: 1, width: 4)
      canvas.write(tick.text, x: Double(left + Self.barWidth + 9), baseline: Double(y + 5), color: Self.ink)
    }
    canvas.write(
      bar.title, x: Double(top) + Double(height) / 2, baseline: Double(left + full - 20), color: Self.soft,
      anchor: .middle, isVertical: true)
  }

  /// The marks of an axis, about one every `each` pixels.
  ///
  /// Of labels that would meet, the one nearest the middle stays: on a narrow picture that is frequency 0.
  ///
  /// - Parameter size: How long a label is along the axis.
  private func ticks(
    _ edge: Edge, length: Int, each: Int, size: (String) -> Double
  ) -> [(pixel: Int, text: String)] {
    let scale = ChartScale(edge.axis, domain: edge.range)
    func fromMiddle(_ value: Double) -> Double { abs(scale.position(value) - 0.5) }
    let values = scale.ticks(most: max(2, length / each)).sorted { fromMiddle($0) < fromMiddle($1) }
    var kept: [(pixel: Int, text: String)] = []
    for value in values {
      let mark = (pixel: min(length - 1, Int(scale.position(value) * Double(length))), text: edge.axis.label(value))
      let isFree = kept.allSatisfy { other in
        Double(abs(mark.pixel - other.pixel)) >= (size(mark.text) + size(other.text)) / 2 + 6
      }
      if isFree { kept.append(mark) }
    }
    return kept
  }
}

import Foundation
import SpectralImaging

/// Draws a chart as a picture, for where an SVG cannot go.
public struct ChartPicture: Sendable {
  /// What is drawn.
  public var chart: Chart
  /// The whole picture, in pixels.
  public var width = 760
  /// The plot without titles and labels, in pixels.
  public var plotHeight = 320

  /// A picture of a chart.
  public init(_ chart: Chart) { self.chart = chart }

  /// Distinct also to those who see few colours.
  private static let colors = [
    RGBColor(0.12, 0.37, 0.66), RGBColor(0.72, 0.26, 0.06), RGBColor(0.09, 0.47, 0.31), RGBColor(0.48, 0.25, 0.63),
    RGBColor(0, 0.44, 0.49), RGBColor(0.48, 0.36, 0),
  ]
  private static let ink = RGBColor(0.11, 0.16, 0.21)
  private static let soft = RGBColor(0.3, 0.36, 0.42)
  private static let grid = RGBColor(0.87, 0.9, 0.92)

  /// The picture.
  public var image: RasterImage {
    let scales = chart.scales
    let rows = scales.vertical.ticks(most: 9).map { (value: $0, text: chart.vertical.label($0)) }
    let left = 24 + Int((rows.map { DrawingCanvas.width(of: $0.text) }.max() ?? 0).rounded(.up))
    let legendRows = rowsOfLegend
    let top = 62 + DrawingCanvas.lineHeight * (legendRows.last.map { $0.row + 1 } ?? 0)
    let titles = [DrawingCanvas.width(of: chart.title, size: 1.2), DrawingCanvas.width(of: chart.horizontal.title)]
    let fullWidth = max(width, 32 + Int(titles.max()!.rounded(.up)))
    let (right, bottom) = (fullWidth - 24, top + plotHeight)
    func x(_ value: Double) -> Double { Double(left) + Double(right - left) * scales.horizontal.position(value) }
    func y(_ value: Double) -> Double { Double(bottom) - Double(plotHeight) * scales.vertical.position(value) }

    var canvas = DrawingCanvas(height: bottom + 60, width: fullWidth)
    canvas.write(chart.title, x: 16, baseline: 26, size: 1.2, color: Self.ink)
    for item in legendRows {
      let baseline = 50 + DrawingCanvas.lineHeight * item.row
      sample(item.series, on: &canvas, left: Double(item.x), y: Double(baseline) - 4.5)
      canvas.write(chart.series[item.series].name, x: Double(item.x + 36), baseline: Double(baseline), color: Self.ink)
    }
    canvas.write(chart.vertical.title, x: 16, baseline: Double(top - 12), color: Self.soft)
    for tick in rows {
      canvas.fill(Self.grid, top: Int(y(tick.value)), left: left, height: 1, width: right - left)
      canvas.write(tick.text, x: Double(left - 8), baseline: y(tick.value) + 5, color: Self.ink, anchor: .end)
    }
    var free = -Double.infinity
    for tick in scales.horizontal.ticks(most: 10) {
      let (text, place) = (chart.horizontal.label(tick), x(tick))
      let half = DrawingCanvas.width(of: text) / 2
      guard place - half > free else { continue }
      free = place + half + 6
      canvas.fill(Self.grid, top: top, left: Int(place), height: plotHeight, width: 1)
      canvas.write(
        text, x: min(place, Double(fullWidth) - half - 2), baseline: Double(bottom + 20), color: Self.ink,
        anchor: .middle)
    }
    canvas.fill(Self.soft, top: top, left: left, height: plotHeight, width: 1)
    canvas.fill(Self.soft, top: bottom, left: left, height: 1, width: right - left)
    canvas.write(
      chart.horizontal.title, x: Double(right), baseline: Double(bottom + 44), color: Self.soft, anchor: .end)
    for mark in chart.marks where chart.horizontal.canShow(mark.x) {
      for start in stride(from: top, to: bottom, by: 6) {
        canvas.fill(Self.soft, top: start, left: Int(x(mark.x)), height: 2, width: 1)
      }
      let isLeft = x(mark.x) + 8 + DrawingCanvas.width(of: mark.label) > Double(fullWidth - 4)
      canvas.write(
        mark.label, x: x(mark.x) + (isLeft ? -6 : 7), baseline: Double(top + 16), color: Self.soft,
        anchor: isLeft ? .end : .start)
    }
    for (index, series) in chart.shown.enumerated() {
      draw(series.points.map { (x($0.x), y($0.y)) }, index, series.style, on: &canvas)
    }
    return canvas.image
  }

  /// Where each curve's name stands; another row begins where one is full.
  private var rowsOfLegend: [(row: Int, x: Int, series: Int)] {
    var (row, x) = (0, 16)
    return chart.series.enumerated().map { index, series in
      let length = 36 + Int(DrawingCanvas.width(of: series.name).rounded(.up)) + 20
      if x > 16 && x + length > width { (row, x) = (row + 1, 16) }
      defer { x += length }
      return (row, x, index)
    }
  }

  private func sample(_ series: Int, on canvas: inout DrawingCanvas, left: Double, y: Double) {
    draw([(left, y), (left + 28, y)], series, chart.series[series].style, on: &canvas)
  }

  private func draw(
    _ points: [(x: Double, y: Double)], _ series: Int, _ style: Chart.Style, on canvas: inout DrawingCanvas
  ) {
    let color = Self.colors[series % Self.colors.count]
    switch style {
    case .line, .smooth: canvas.stroke([points], thickness: 2, color: color)
    case .faint: canvas.stroke([points], thickness: 1, color: color, opacity: 0.45)
    case .band: canvas.stroke([points], thickness: 9, color: color, opacity: 0.35)
    case .limit: canvas.stroke(dashes(points), thickness: 1.5, color: color)
    case .dots: break
    }
    if [.line, .band, .dots].contains(style) {
      canvas.stroke(points.map { [$0] }, thickness: 7, color: color)
    }
  }

  /// A line as strokes of 7 pixels with gaps of 5.
  private func dashes(_ points: [(x: Double, y: Double)]) -> [[(x: Double, y: Double)]] {
    var dashes: [[(x: Double, y: Double)]] = []
    var way = 0.0
    for (a, b) in zip(points, points.dropFirst()) {
      let length = hypot(b.x - a.x, b.y - a.y)
      let steps = max(1, Int(length))
      for step in 0..<steps {
        let (t0, t1) = (Double(step) / Double(steps), Double(step + 1) / Double(steps))
        if (way + length * t0).truncatingRemainder(dividingBy: 12) < 7 {
          dashes.append([
            (a.x + t0 * (b.x - a.x), a.y + t0 * (b.y - a.y)), (a.x + t1 * (b.x - a.x), a.y + t1 * (b.y - a.y)),
          ])
        }
      }
      way += length
    }
    return dashes
  }
}

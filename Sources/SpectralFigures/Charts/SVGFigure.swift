import Foundation
import SpectralCore

/// Draws charts, one below the other, as one SVG picture: self-contained, light or dark as the reader's system is.
public struct SVGFigure: Sendable {
  /// The charts, from top to bottom.
  public var charts: [Chart]
  /// The width of the picture, in pixels.
  public var width = 760.0

  /// A picture.
  public init(_ charts: [Chart]) { self.charts = charts }

  private static let fontSize = 13.0
  private static let plotHeight = 300.0

  /// The picture, as the text of an `.svg` file.
  public var text: String {
    var parts: [String] = []
    var top = 0.0
    for chart in charts {
      let panel = Panel(chart, width: width, top: top)
      parts += panel.elements
      top = panel.bottom
    }
    let size = "\(Self.number(width)) \(Self.number(top))"
    let title = charts.map(\.title).joined(separator: "; ")
    return
      ([
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" width=\"\(Self.number(width))\" "
          + "height=\"\(Self.number(top))\" role=\"img\" font-family=\"system-ui, sans-serif\" "
          + "font-size=\"\(Self.number(Self.fontSize))\">",
        "<title>\(Self.escaped(title))</title>", Self.styleSheet,
        "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>",
      ] + parts + ["</svg>", ""]).joined(separator: "\n")
  }

  // MARK: Colours

  /// Distinct also to those who see few colours, and dark or bright enough on their background; each with a mark of its
  /// own shape besides.
  private static let colors: [(light: String, dark: String)] = [
    ("#1f5fa8", "#7db4f5"), ("#b8420f", "#ff9d6c"), ("#18794e", "#63d8a0"), ("#7b3fa0", "#d0a2f0"),
    ("#00707d", "#5fd0dd"), ("#7a5c00", "#e0c050"),
  ]

  private static var styleSheet: String {
    func rules(_ paper: String, _ ink: String, _ soft: String, _ grid: String, _ color: (Int) -> String) -> String {
      (["svg{--paper:\(paper);--ink:\(ink);--soft:\(soft);--grid:\(grid)"]
        + colors.indices.map { ";--c\($0):\(color($0))" }).joined() + "}"
    }
    return """
      <style>
      \(rules("#ffffff", "#1d2a36", "#566573", "#dfe5ea") { colors[$0].light })
      @media screen and (prefers-color-scheme: dark){\(rules("#12171c", "#e6edf3", "#a3b1bf", "#2c363f") { colors[$0].dark })}
      .paper{fill:var(--paper)} text{fill:var(--ink)} .soft{fill:var(--soft)} .grid{stroke:var(--grid)}
      .frame,.mark{stroke:var(--soft);fill:none} .mark{stroke-dasharray:2 4}
      .curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
      .band{stroke-width:9;opacity:.35} .limit{stroke-width:1.5;stroke-dasharray:7 5} .faint{stroke-width:1;opacity:.45}
      </style>
      """
  }

  // MARK: Text

  /// The width that a text may take: more than it does in most typefaces.
  static func width(of text: String, size: Double = fontSize) -> Double { 0.62 * size * Double(text.count) }

  package static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      // XML has no other control characters.
      case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": escaped += "\u{fffd}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  static func number(_ value: Double) -> String {
    let text = String(numbers: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  // MARK: A panel

  /// One chart of the picture.
  private struct Panel {
    private let chart: Chart
    private let horizontal: ChartScale
    private let vertical: ChartScale
    private let width: Double
    private let top: Double
    private let left: Double
    private let right: Double
    private let plotTop: Double
    private var plotBottom: Double { plotTop + SVGFigure.plotHeight }
    /// Where the next panel may begin.
    var bottom: Double { plotBottom + 58 }

    private let title: (lines: [String], size: Double)
    private let legend: [(x: Double, y: Double, series: Int)]
    private let verticalTicks: [(y: Double, text: String)]

    init(_ chart: Chart, width: Double, top: Double) {
      self.chart = chart
      self.width = width
      self.top = top
      let (horizontal, vertical) = chart.scales
      (self.horizontal, self.vertical) = (horizontal, vertical)
      let ticks = vertical.ticks(most: 9).map { (value: $0, text: chart.vertical.label($0)) }
      left = max(48, 20 + (ticks.map { SVGFigure.width(of: $0.text) }.max() ?? 0))
      right = width - 24
      title = Self.title(chart.title, room: width - 40)
      // The legend goes on in another line where the width is used up.
      var (x, y) = (20.0, top + 54 + 20 * Double(title.lines.count - 1))
      var legend: [(x: Double, y: Double, series: Int)] = []
      for (index, series) in chart.series.enumerated() {
        let length = 44 + SVGFigure.width(of: series.name)
        if x > 20 && x + length > width - 16 { (x, y) = (20, y + 22) }
        legend.append((x, y, index))
        x += length + 14
      }
      self.legend = legend
      let plotTop = y + 46
      self.plotTop = plotTop
      verticalTicks = ticks.map { (plotTop + SVGFigure.plotHeight * (1 - vertical.position($0.value)), $0.text) }
    }

    private func x(_ value: Double) -> Double { left + (right - left) * horizontal.position(value) }
    private func y(_ value: Double) -> Double { plotTop + SVGFigure.plotHeight * (1 - vertical.position(value)) }

    var elements: [String] { heading + grid + curves + marks }

    private func text(
      _ text: String, x: Double, y: Double, anchor: String = "start", size: Double? = nil, isSoft: Bool = false
    ) -> String {
      let style =
        (anchor == "start" ? "" : " text-anchor=\"\(anchor)\"")
        + (size.map { " font-size=\"\(number($0))\" font-weight=\"600\"" } ?? "") + (isSoft ? " class=\"soft\"" : "")
      return "<text x=\"\(number(x))\" y=\"\(number(y))\"\(style)>\(escaped(text))</text>"
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
      "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" class=\"\(style)\"/>"
    }

    /// A long title is written smaller rather than cut off, and on more lines where it would be too small to read.
    private static func title(_ title: String, room: Double) -> (lines: [String], size: Double) {
      func size(_ line: String) -> Double { min(16, 16 * room / SVGFigure.width(of: line, size: 16)) }
      if size(title) >= 13 { return ([title], size(title)) }
      var lines: [String] = []
      for word in title.split(separator: " ") {
        if let line = lines.last, SVGFigure.width(of: "\(line) \(word)", size: 15) <= room {
          lines[lines.count - 1] = "\(line) \(word)"
        } else {
          lines.append(String(word))
        }
      }
      return (lines, min(15, lines.map(size).min() ?? 15))
    }

    private var heading: [String] {
      title.lines.enumerated().map { text($1, x: 20, y: top + 28 + 20 * Double($0), size: title.size) }
        + legend.flatMap { place -> [String] in
          let series = chart.series[place.series]
          let sample = [(place.x, place.y - 4), (place.x + 28, place.y - 4)]
          return curve(sample, place.series, series.style)
            + shape(at: (place.x + 14, place.y - 4), place.series, series.style)
            + [text(series.name, x: place.x + 36, y: place.y)]
        }
        + [text(chart.vertical.title, x: 20, y: plotTop - 14, isSoft: true)]
    }

    private var grid: [String] {
      var elements: [String] = []
      for tick in verticalTicks {
        elements.append(line(left, tick.y, right, tick.y, "grid"))
        elements.append(text(tick.text, x: left - 8, y: tick.y + 4.5, anchor: "end", isSoft: true))
      }
      var free = -Double.infinity
      for tick in horizontal.ticks(most: 10) {
        let (label, place) = (horizontal.axis.label(tick), x(tick))
        let half = SVGFigure.width(of: label) / 2
        guard place - half > free else { continue }
        free = place + half + 4
        elements.append(line(place, plotTop, place, plotBottom, "grid"))
        elements.append(
          text(label, x: min(place, width - half - 2), y: plotBottom + 19, anchor: "middle", isSoft: true))
      }
      elements.append(
        "<path class=\"frame\" d=\"M\(number(left)),\(number(plotTop))V\(number(plotBottom))H\(number(right))\"/>")
      elements.append(text(chart.horizontal.title, x: right, y: plotBottom + 42, anchor: "end", isSoft: true))
      return elements
    }

    private var curves: [String] {
      let shown = Array(chart.shown.enumerated())
      let behind = shown.filter { $0.element.style == .band || $0.element.style == .faint }
      let front = shown.filter { $0.element.style != .band && $0.element.style != .faint }
      return (behind + front).flatMap { index, series in
        let places = series.points.map { (x($0.x), y($0.y)) }
        return curve(places, index, series.style) + places.flatMap { shape(at: $0, index, series.style) }
      }
    }

    private func curve(_ places: [(Double, Double)], _ series: Int, _ style: Chart.Style) -> [String] {
      guard style != .dots, places.count > 1 else { return [] }
      let name =
        switch style {
        case .line, .smooth, .dots: "curve"
        case .band: "curve band"
        case .limit: "curve limit"
        case .faint: "curve faint"
        }
      let points = places.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
      return ["<polyline class=\"\(name)\" stroke=\"var(--c\(color(series)))\" points=\"\(points)\"/>"]
    }

    private func color(_ series: Int) -> Int { series % SVGFigure.colors.count }

    /// The mark of a point: a shape for each curve.
    private func shape(at place: (Double, Double), _ series: Int, _ style: Chart.Style) -> [String] {
      guard style == .line || style == .dots else { return [] }
      let (x, y) = place
      func polygon(_ corners: [(Double, Double)]) -> String {
        "<polygon fill=\"var(--c\(color(series)))\" points=\""
          + corners.map { "\(number(x + $0.0)),\(number(y + $0.1))" }.joined(separator: " ") + "\"/>"
      }
      return switch series % 4 {
      case 0:
        ["<circle fill=\"var(--c\(color(series)))\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\"/>"]
      case 1: [polygon([(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)])]
      case 2: [polygon([(0, -5), (4.6, 3.4), (-4.6, 3.4)])]
      default: [polygon([(0, -5), (5, 0), (0, 5), (-5, 0)])]
      }
    }

    /// Lines at places of the horizontal axis; labels that would meet stand below each other.
    private var marks: [String] {
      var ends: [Double] = []
      return chart.marks.filter { chart.horizontal.canShow($0.x) }.flatMap { mark -> [String] in
        let (place, length) = (x(mark.x), SVGFigure.width(of: mark.label))
        let isLeft = place + 6 + length > width - 4
        let start = isLeft ? place - 6 - length : place + 6
        let row = ends.firstIndex { $0 < start } ?? ends.count
        if row == ends.count { ends.append(0) }
        ends[row] = start + length
        return [
          line(place, plotTop, place, plotBottom, "mark"),
          text(
            mark.label, x: isLeft ? place - 6 : place + 6, y: plotTop + 15 + 18 * Double(row),
            anchor: isLeft ? "end" : "start"),
        ]
      }
    }
  }
}

import Foundation

/// Draws a chart with characters: lines of Braille dots, eight to a cell, and a mark for each point.
public struct TerminalChart: Sendable {
  /// The columns of all lines.
  public var width: Int
  /// The lines of the plot itself.
  public var height: Int
  /// Whether curves have colours, which only a terminal understands.
  public var hasColors: Bool

  /// A way to draw.
  public init(width: Int = 80, height: Int = 18, hasColors: Bool) {
    self.width = width
    self.height = height
    self.hasColors = hasColors
  }

  private static let marks: [Character] = ["●", "■", "▲", "◆", "○", "□"]
  // Blue, red, green, magenta, cyan, yellow: the terminal's own shades of them, which suit its background.
  private static let colors = [34, 31, 32, 35, 36, 33]

  /// The chart, line by line, none longer than ``width``.
  public func lines(_ chart: Chart) -> [String] {
    let (horizontal, vertical) = chart.scales
    let ticks = vertical.ticks(most: max(2, height / 3)).map {
      (row: row($0, vertical), text: chart.vertical.label($0))
    }
    let margin = (ticks.map(\.text.count).max() ?? 0) + 2
    var canvas = CharacterGrid(width: max(width - margin, 8), height: height)
    // What is behind is drawn first.
    let shown = Array(chart.shown.enumerated())
    for (index, series) in shown.filter({ $0.element.style == .band }) + shown.filter({ $0.element.style != .band }) {
      draw(series, index, horizontal, vertical, on: &canvas)
    }
    for mark in chart.marks where chart.horizontal.canShow(mark.x) {
      canvas.verticalLine(x: horizontal.position(mark.x))
    }
    var lines = [String(chart.title.prefix(width))] + legend(chart)
    lines.append(String(("↑ " + chart.vertical.title).prefix(width)))
    for row in 0..<height {
      let tick = ticks.first { $0.row == row }
      let label = tick?.text ?? ""
      lines.append(
        String(repeating: " ", count: margin - 1 - label.count) + label + (tick == nil ? "│" : "┤")
          + canvas.line(row, paint: paint))
    }
    lines += axis(horizontal, margin: margin, columns: canvas.width)
    for mark in chart.marks { lines += wrapped("┊ " + mark.label) }
    return lines
  }

  private func row(_ value: Double, _ scale: ChartScale) -> Int {
    min(height - 1, max(0, Int((Double(height) * (1 - scale.position(value))).rounded(.down))))
  }

  private func paint(_ text: String, _ series: Int) -> String {
    hasColors ? "\u{1b}[\(Self.colors[series % Self.colors.count])m\(text)\u{1b}[0m" : text
  }

  private func draw(
    _ series: Chart.Series, _ index: Int, _ x: ChartScale, _ y: ChartScale, on canvas: inout CharacterGrid
  ) {
    let places = series.points.map { (x: x.position($0.x), y: y.position($0.y)) }
    if series.style != .dots {
      for (a, b) in zip(places, places.dropFirst()) {
        canvas.line(from: a, to: b, series: index, isBroken: series.style == .limit)
      }
    }
    if [.line, .band, .dots].contains(series.style) {
      for place in places { canvas.mark(place, Self.marks[index % Self.marks.count], series: index) }
    }
  }

  private func legend(_ chart: Chart) -> [String] {
    var lines = [""]
    var length = 0
    for (index, series) in chart.series.enumerated() {
      let sign =
        switch series.style {
        case .line, .band, .dots: String(Self.marks[index % Self.marks.count])
        case .limit: "⠒⠂⠒"
        case .smooth, .faint: "⠒⠒⠒"
        }
      let name = String(series.name.prefix(width - 6))
      let count = sign.count + 1 + name.count
      if length > 0 && length + 3 + count > width {
        lines.append("")
        length = 0
      }
      lines[lines.count - 1] += (length > 0 ? "   " : "") + paint(sign, index) + " " + name
      length += (length > 0 ? 3 : 0) + count
    }
    return lines
  }

  private func axis(_ scale: ChartScale, margin: Int, columns: Int) -> [String] {
    var line = Array(repeating: Character("─"), count: columns)
    var labels = Array(repeating: Character(" "), count: margin + columns)
    var free = 0
    for tick in scale.ticks(most: columns / 8) {
      let column = min(columns - 1, max(0, Int(scale.position(tick) * Double(columns))))
      let text = Array(scale.axis.label(tick))
      let start = min(margin + column - text.count / 2, labels.count - text.count)
      guard start >= free else { continue }
      line[column] = "┴"
      labels.replaceSubrange(start..<start + text.count, with: text)
      free = start + text.count + 1
    }
    let title = String((scale.axis.title + " →").prefix(width))
    return [
      String(repeating: " ", count: margin - 1) + "└" + String(line),
      String(labels).trimmingTrailingSpaces,
      String(repeating: " ", count: max(0, margin + columns - title.count)) + title,
    ]
  }

  private func wrapped(_ text: String) -> [String] {
    stride(from: 0, to: text.count, by: width).map { String(text.dropFirst($0).prefix(width)) }
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// Cells of two by four dots, which the characters of Unicode's Braille block show.
private struct CharacterGrid {
  let width: Int
  let height: Int
  private var dots: [UInt8]
  private var owners: [Int?]
  private var marks: [(character: Character, series: Int)?]
  private var guides: Set<Int> = []

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    dots = Array(repeating: 0, count: width * height)
    owners = Array(repeating: nil, count: width * height)
    marks = Array(repeating: nil, count: width * height)
  }

  /// The dot of a place; both coordinates go from 0 to 1, the second upwards.
  private func dot(_ place: (x: Double, y: Double)) -> (x: Int, y: Int) {
    (
      min(2 * width - 1, max(0, Int(place.x * Double(2 * width)))),
      min(4 * height - 1, max(0, Int((1 - place.y) * Double(4 * height))))
    )
  }

  mutating func line(from a: (x: Double, y: Double), to b: (x: Double, y: Double), series: Int, isBroken: Bool) {
    let (a, b) = (dot(a), dot(b))
    let steps = max(abs(b.x - a.x), abs(b.y - a.y), 1)
    // The bits of a cell's dots, down the left column and down the right one.
    let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
    for step in 0...steps {
      let x = a.x + ((b.x - a.x) * step + (b.x > a.x ? steps / 2 : -steps / 2)) / steps
      let y = a.y + ((b.y - a.y) * step + (b.y > a.y ? steps / 2 : -steps / 2)) / steps
      if isBroken && x % 6 >= 3 { continue }
      let cell = y / 4 * width + x / 2
      dots[cell] |= bits[x % 2][y % 4]
      owners[cell] = series
    }
  }

  mutating func mark(_ place: (x: Double, y: Double), _ character: Character, series: Int) {
    let dot = dot(place)
    marks[dot.y / 4 * width + dot.x / 2] = (character, series)
  }

  mutating func verticalLine(x: Double) { guides.insert(dot((x, 0)).x / 2) }

  func line(_ row: Int, paint: (String, Int) -> String) -> String {
    let cells = (0..<width).map { column -> String in
      let cell = row * width + column
      if let mark = marks[cell] { return paint(String(mark.character), mark.series) }
      if let owner = owners[cell] {
        return paint(String(UnicodeScalar(0x2800 + UInt32(dots[cell]))!), owner)
      }
      return guides.contains(column) ? "┊" : " "
    }
    return cells.joined().trimmingTrailingSpaces
  }
}

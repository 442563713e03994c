import SpectralFigures
import SpectralKit

/// A part of a page, from top to bottom.
public enum Block: Sendable {
  /// A paragraph.
  case text(Prose)
  /// A formula on a line of its own.
  case formula(Math)
  /// A heading within the lesson.
  case heading(String)
  /// Pictures side by side, as far as there is room, or smaller where there is not.
  case pictures([Picture], caption: Prose, inOneRow: Bool = false)
  /// A chart, and in words what it shows.
  case chart(Chart, alt: String, caption: Prose)
  /// Rows of numbers or words under a head.
  case table(Table, caption: Prose)
  /// Small matrices side by side.
  case matrices([Matrix], caption: Prose)
  /// Stills that a reader steps through, or plays.
  case animation([Still], caption: Prose)
}

/// Rows under a head.
public struct Table: Sendable {
  let head: [String]
  let rows: [[String]]

  /// A table.
  ///
  /// - Precondition: each row has as many cells as the head.
  public init(_ head: [String], _ rows: [[String]]) {
    precondition(rows.allSatisfy { $0.count == head.count }, "each row needs \(head.count) cells")
    (self.head, self.rows) = (head, rows)
  }

  var html: HTML {
    let head = element("thead", nil, [], [element("tr", nil, [], head.map { cell("th", $0, [("scope", "col")]) })])
    let body = rows.map { row in
      element(
        "tr", nil, [],
        row.enumerated().map {
          $0.offset == 0 ? cell("th", $0.element, [("scope", "row")]) : cell("td", $0.element, [])
        }
      )
    }
    // A table that is wider than the screen scrolls by itself, also by keyboard.
    return element(
      "div", "scroll", [("tabindex", "0"), ("role", "group"), ("aria-label", "table")],
      [element("table", nil, [], [head, element("tbody", nil, [], body)])])
  }

  private func cell(_ name: String, _ text: String, _ attributes: [(String, String)]) -> HTML {
    element(name, nil, attributes, [.text(unbroken(text))])
  }

  /// A number and its unit stay on one line.
  private func unbroken(_ text: String) -> String {
    let units = ["×", "10", "%", "µs", "ms", "s", "min", "B", "KiB", "MiB", "GiB", "pixels"]
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    return words.enumerated().map { place, word in
      let isUnit = units.contains(String(word)) || (word.hasPrefix("10") && place > 0 && words[place - 1] == "×")
      let joins = place > 0 && isUnit && (words[place - 1].last.map { $0.isNumber || $0 == "×" } ?? false)
      return (place == 0 ? "" : joins ? "\u{a0}" : " ") + word
    }.joined()
  }
}

/// A small matrix whose numbers are shown.
public struct Matrix: Sendable {
  let name: String
  let rows: [[String]]
  let marked: Set<[Int]>

  /// A matrix.
  ///
  /// - Parameters:
  ///   - values: `[H, W]`; whole numbers are written without a point. NaN stands for an empty place.
  ///   - marked: Rows and columns of the places that are framed.
  public init(_ name: String, _ values: Tensor<Double>, marked: Set<[Int]> = []) {
    precondition(values.shape.rank == 2, "a matrix has two axes, not \(values.shape)")
    self.name = name
    rows = (0..<values.shape[0]).map { row in (0..<values.shape[1]).map { Self.text(values[row, $0]) } }
    self.marked = marked
  }

  private static func text(_ value: Double) -> String {
    if value.isNaN { return "·" }
    return (value == value.rounded() ? "\(Int(value))" : decimals(value, 2)).replacingOccurrences(of: "-", with: "−")
  }

  var html: HTML {
    let body = rows.enumerated().map { row, cells in
      element(
        "tr", nil, [],
        cells.enumerated().map { column, text in
          element("td", marked.contains([row, column]) ? "marked" : nil, text)
        })
    }
    return element("table", "matrix", [], [element("caption", nil, name), element("tbody", nil, [], body)])
  }
}

/// One still of an animation: pictures, matrices, and a line of words or arithmetic.
public struct Still: Sendable {
  let pictures: [Picture]
  let matrices: [Matrix]
  let line: String

  /// A still.
  public init(_ line: String, pictures: [Picture] = [], matrices: [Matrix] = []) {
    (self.line, self.pictures, self.matrices) = (line, pictures, matrices)
  }

  /// The still as an element; of many, paper has room for those that are keys.
  func html(isKey: Bool) throws -> HTML {
    let shown = try pictures.map { try $0.html() } + matrices.map(\.html)
    return element(
      "div", isKey ? "still key" : "still", [], [element("div", "side", [], shown), element("p", "line", line)])
  }
}

extension Block {
  /// The element of the block.
  func html() throws -> HTML {
    switch self {
    case .text(let prose): element("p", nil, [], prose.nodes)
    case .formula(let math):
      element(
        "div", "formula scroll", [("tabindex", "0"), ("role", "group"), ("aria-label", "formula")],
        [math.html(isBlock: true)])
    case .heading(let words): element("h4", nil, words)
    case .pictures(let pictures, let caption, let inOneRow):
      Self.figure([element("div", inOneRow ? "side row" : "side", [], try pictures.map { try $0.html() })], caption)
    case .chart(let chart, let alt, let caption): Self.figure(Self.drawn(chart, alt), caption)
    case .table(let table, let caption): Self.figure([table.html], caption)
    case .matrices(let matrices, let caption): Self.figure([element("div", "side", [], matrices.map(\.html))], caption)
    case .animation(let stills, let caption): try Self.animation(stills, caption)
    }
  }

  private static func animation(_ stills: [Still], _ caption: Prose) throws -> HTML {
    // Six at most, from the first to the last.
    let last = stills.count - 1
    let keys = Set((0..<6).map { ($0 * last + 2) / 5 })
    let shown = try stills.enumerated().map { try $1.html(isKey: keys.contains($0)) }
    return figure(
      [element("div", "animation", [], [element("div", "stills", [], shown), controls(stills.count)])], caption)
  }

  private static func figure(_ children: [HTML], _ caption: Prose) -> HTML {
    element("figure", nil, [], children + [element("figcaption", nil, [], caption.nodes)])
  }

  /// A chart twice, for wide screens and for phones, where the wide one's letters would be too small to read.
  private static func drawn(_ chart: Chart, _ alt: String) -> [HTML] {
    [("wide", 760.0), ("narrow", 350.0)].map { name, width in
      var figure = SVGFigure([chart])
      figure.width = width
      return element("div", "chart \(name)", [("role", "img"), ("aria-label", alt)], [.markup(figure.text)])
    }
  }

  /// What moves an animation; shown by the script that serves it, since without it all stills are there.
  private static func controls(_ count: Int) -> HTML {
    element(
      "div", "controls", [("hidden", "hidden")],
      [
        element("button", nil, [("type", "button")], [.text("Play")]),
        .element(
          "input",
          [
            ("type", "range"), ("min", "1"), ("max", "\(max(count, 1))"), ("value", "1"), ("step", "1"),
            ("aria-label", "still"),
          ], []),
        element("span", "place", [("aria-hidden", "true")], [.text("1 / \(count)")]),
      ])
  }
}

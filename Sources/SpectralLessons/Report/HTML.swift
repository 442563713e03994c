import SpectralFigures

/// A piece of a page, as a tree: what is written is well-formed by construction, as HTML and as XML.
package indirect enum HTML: Sendable {
  /// Words; what would be markup is escaped.
  case text(String)
  /// An element with its attributes, in order, and what is inside.
  case element(String, [(String, String)], [HTML])
  /// Markup that is known to be well-formed, e.g. a drawn chart.
  case markup(String)

  /// Elements that have no inside and no end tag.
  private static let void: Set<String> = ["meta", "img", "input", "br", "hr", "link"]

  /// The text of the tree.
  package var markup: String {
    switch self {
    case .text(let text): return SVGFigure.escaped(text)
    case .markup(let markup): return markup
    case .element(let name, let attributes, let children):
      let list = attributes.map { " \($0.0)=\"\(SVGFigure.escaped($0.1))\"" }.joined()
      if Self.void.contains(name) { return "<\(name)\(list)/>" }
      return "<\(name)\(list)>" + children.map(\.markup).joined() + "</\(name)>"
    }
  }
}

/// An element; `class` comes first, since nearly all attributes are classes.
func element(_ name: String, _ style: String? = nil, _ attributes: [(String, String)] = [], _ children: [HTML]) -> HTML
{
  .element(name, (style.map { [("class", $0)] } ?? []) + attributes, children)
}

/// An element with words inside.
func element(_ name: String, _ style: String? = nil, _ words: String) -> HTML {
  element(name, style, [], [.text(words)])
}

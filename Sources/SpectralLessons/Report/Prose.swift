/// A paragraph's words: `*so*` is emphasised, `` `this` `` is code, and formulas are interpolated.
///
/// ```swift
/// "A *kernel* \(math: "w") of `5 x 5` weights"
/// ```
public struct Prose: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  let nodes: [HTML]

  /// Words without a formula.
  public init(stringLiteral text: String) { nodes = Self.inline(text) }

  /// Words and formulas.
  public init(stringInterpolation: StringInterpolation) { nodes = stringInterpolation.nodes }

  /// Collects words and formulas.
  public struct StringInterpolation: StringInterpolationProtocol, Sendable {
    var nodes: [HTML] = []

    /// Nothing yet.
    public init(literalCapacity: Int, interpolationCount: Int) {}
    /// Words, with their marks.
    public mutating func appendLiteral(_ text: String) { nodes += Prose.inline(text) }
    /// A value as text; stars in it are stars.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      nodes.append(.text(value.description))
    }
    /// A formula.
    public mutating func appendInterpolation(math: Math) { nodes.append(math.html(isBlock: false)) }
    /// Code, computed.
    public mutating func appendInterpolation(code: String) { nodes.append(element("code", nil, code)) }
  }

  /// Text with its `*` and `` ` `` taken for marks; those without a partner stay.
  private static func inline(_ text: String) -> [HTML] {
    var nodes: [HTML] = []
    var rest = Substring(text)
    while let mark = rest.firstIndex(where: { $0 == "*" || $0 == "`" }) {
      let after = rest.index(after: mark)
      guard let end = rest[after...].firstIndex(of: rest[mark]) else { break }
      nodes.append(.text(String(rest[..<mark])))
      nodes.append(element(rest[mark] == "*" ? "em" : "code", nil, String(rest[after..<end])))
      rest = rest[rest.index(after: end)...]
    }
    return nodes + [.text(String(rest))]
  }
}

/// A formula, written down as MathML, which browsers typeset and screen readers speak.
///
/// A string literal is read token by token: letters are variables, digits numbers, the rest operators, and the names of
/// functions stay upright. What a line of text cannot say has a word of its own:
///
/// ```swift
/// "y(i) =" + .sum(over: "j") + "x(i - j) w(j)"
/// ```
public struct Math: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  private var nodes: [HTML]

  private init(_ nodes: [HTML]) { self.nodes = nodes }

  /// The tokens of a line.
  public init(stringLiteral text: String) { self.init(Self.tokens(text)) }

  /// One formula after the other.
  public static func + (a: Math, b: Math) -> Math { Math(a.nodes + b.nodes) }

  /// A quotient, one above the other.
  public static func fraction(_ above: Math, _ below: Math) -> Math { element("mfrac", [above, below]) }
  /// With an index.
  public static func sub(_ base: Math, _ index: Math) -> Math { element("msub", [base, index]) }
  /// With an exponent.
  public static func power(_ base: Math, _ exponent: Math) -> Math { element("msup", [base, exponent]) }
  /// A square root.
  public static func root(_ radicand: Math) -> Math { element("msqrt", [radicand]) }
  /// With a hat: the transform of.
  public static func hat(_ base: Math) -> Math { accented(base, "^") }
  /// With a bar: the complex conjugate of.
  public static func bar(_ base: Math) -> Math { accented(base, "\u{203e}") }
  /// Words in a formula.
  public static func words(_ text: String) -> Math { Math([.element("mtext", [], [.text("\u{a0}\(text)\u{a0}")])]) }
  /// A sum sign with its range.
  public static func sum(over index: Math, to last: Math? = nil) -> Math { large("∑", index, last) }
  /// An integral sign with its ends.
  public static func integral(from first: Math, to last: Math) -> Math {
    Math([.element("msubsup", [], [mo("∫"), first.row, last.row])])
  }
  /// Rounded down.
  public static func floor(_ inside: Math) -> Math {
    // These grow with what is between them.
    Math([.element("mrow", [], [.element("mo", [], [.text("⌊")])] + inside.nodes + [.element("mo", [], [.text("⌋")])])])
  }
  /// Between bars.
  public static func magnitude(_ inside: Math) -> Math { Math([mo("|")]) + inside + Math([mo("|")]) }

  /// The formula on a line of its own, or within a line of text.
  package func html(isBlock: Bool) -> HTML {
    .element("math", isBlock ? [("display", "block")] : [], [row])
  }

  private var row: HTML { .element("mrow", [], nodes) }

  private static func element(_ name: String, _ parts: [Math]) -> Math {
    Math([.element(name, [], parts.map(\.row))])
  }

  private static func accented(_ base: Math, _ accent: String) -> Math {
    Math([.element("mover", [("accent", "true")], [base.row, mo(accent)])])
  }

  private static func large(_ sign: String, _ below: Math, _ above: Math?) -> Math {
    guard let above else { return Math([.element("munder", [], [mo(sign), below.row])]) }
    return Math([.element("munderover", [], [mo(sign), below.row, above.row])])
  }

  private static func mo(_ sign: String) -> HTML { .element("mo", [("stretchy", "false")], [.text(sign)]) }

  private static let space = HTML.element("mspace", [("width", "0.2em")], [])

  private static let functions: Set<String> = ["log", "exp", "cos", "sin", "max", "min", "mod", "ReLU"]

  private static func tokens(_ text: String) -> [HTML] {
    var tokens: [HTML] = []
    var rest = Substring(text)
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if first.isASCII && first.isNumber {
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == ",") }
        // A comma or point at the end belongs to the sentence.
        let digits = number.last!.isNumber ? number : number.dropLast()
        tokens.append(.element("mn", [], [.text(String(digits))]))
        rest.removeFirst(digits.count)
      } else if first.isLetter {
        let word = String(rest.prefix { $0.isASCII && $0.isLetter })
        let name = functions.contains(word) ? word : String(first)
        rest.removeFirst(name.count)
        // Between a function and its argument there is a gap, unless the argument has brackets.
        let gap = functions.contains(name) && rest.first != "(" ? [space] : []
        tokens += (name == "mod" ? gap : []) + [.element("mi", [], [.text(name)])] + gap
      } else {
        let signs: [Character: String] = ["-": "−", "*": "∗"]
        tokens.append(mo(signs[first] ?? String(first)))
        rest.removeFirst()
      }
    }
    return tokens
  }
}

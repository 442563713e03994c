import Foundation

/// One lesson of a report.
public struct Page: Sendable {
  /// The word that chooses the lesson.
  public let word: String
  /// Its place among the lessons, from 1.
  public let number: Int
  /// What it is called.
  public let title: String
  /// What it tells.
  public let text: LessonText
  /// A program that does the same.
  public let listing: String

  /// A number of this run.
  public struct Measurement: Sendable {
    /// What it is.
    public let name: String
    /// The number, with its unit.
    public let value: String

    /// A number.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// A question and its answer.
  public struct Exercise: Sendable {
    let question: Prose
    let answer: Prose

    /// A question and its answer.
    public init(_ question: Prose, answer: Prose) { (self.question, self.answer) = (question, answer) }
  }

  /// A page.
  public init(word: String, number: Int, title: String, text: LessonText, listing: String) {
    (self.word, self.number, self.title, self.text, self.listing) = (word, number, title, text, listing)
  }

  /// The numbers of this run.
  public var numbers: [Measurement] { text.numbers }

  /// Where the page is within the report.
  var anchor: String { "lesson-\(word)" }

  /// The section of the report.
  func html() throws -> HTML {
    var parts: [HTML] = [
      element(
        "h2", nil, [("id", "\(anchor)-title")],
        [element("span", "number", "\(number)."), .text(" \(title)")]),
      element("p", "idea", [], text.idea.nodes), element("h3", nil, "The idea"),
    ]
    parts += try text.body.map { try $0.html() }
    parts.append(element("h3", nil, "Measured in this run"))
    let table = Table(["what", "value"], text.numbers.map { [$0.name, $0.value] })
    parts.append(element("div", "measured", [], [table.html]))
    parts.append(element("h3", nil, "What to notice"))
    parts.append(element("ul", nil, [], text.notice.map { element("li", nil, [], $0.nodes) }))
    parts.append(element("h3", nil, "Exercises"))
    parts.append(element("ol", "exercises", [], text.exercises.map(Self.html)))
    parts.append(element("h3", nil, "The lines that do it"))
    parts.append(
      element(
        "pre", "scroll", [("tabindex", "0"), ("role", "group"), ("aria-label", "Swift program")],
        [element("code", "swift", listing)]))
    return element("section", "lesson", [("id", anchor), ("aria-labelledby", "\(anchor)-title")], parts)
  }

  private static func html(_ exercise: Exercise) -> HTML {
    element(
      "li", nil, [],
      [
        element("p", nil, [], exercise.question.nodes),
        element(
          "details", nil, [],
          [element("summary", nil, "Answer"), element("p", nil, [], exercise.answer.nodes)]),
      ])
  }
}

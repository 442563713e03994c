import SpectralFigures
import Foundation
import TestSupport
import Testing

import SpectralLessons

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What every page owes its readers, judged by a parser of XML.
final class ReportReader: NSObject, XMLParserDelegate {
  private(set) var problem: String?
  private(set) var complaints: [String] = []
  private(set) var headings: [Int] = []
  private(set) var pictures = 0
  private var identifiers: Set<String> = []
  private var links: [String] = []
  private var path: [String] = []

  /// Reads a report.
  init(_ html: String) {
    super.init()
    let parser = XMLParser(data: Data(html.drop { $0 != "\n" }.utf8))
    parser.delegate = self
    if !parser.parse() { problem = "\(parser.parserError.map { "\($0)" } ?? "?"), line \(parser.lineNumber)" }
    complaints += links.filter { !identifiers.contains($0) }.map { "#\($0) leads nowhere" }
    // A heading is at most one level below the one before it.
    for (above, below) in zip(headings, headings.dropFirst()) where below > above + 1 {
      complaints.append("a heading of level \(below) follows one of level \(above)")
    }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    path.append(name)
    if let identifier = attributes["id"], !identifiers.insert(identifier).inserted {
      complaints.append("two elements are called \(identifier)")
    }
    if name == "img" {
      pictures += 1
      if (attributes["alt"] ?? "").count < 4 { complaints.append("a picture says nothing to those who do not see it") }
    }
    if name == "svg", !path.contains("div") { complaints.append("a chart has no words around it") }
    if attributes["role"] == "img", (attributes["aria-label"] ?? "").isEmpty, name != "svg" {
      complaints.append("a chart says nothing to those who do not see it")
    }
    if name.count == 2, name.hasPrefix("h"), let level = Int(name.dropFirst()) { headings.append(level) }
    for (key, value) in attributes where ["src", "href", "xlink:href", "action", "poster", "data"].contains(key) {
      if value.hasPrefix("#") {
        links.append(String(value.dropFirst()))
      } else if !value.hasPrefix("data:image/") {
        complaints.append("\(name) refers to \(value.prefix(60))")
      }
    }
    if ["link", "iframe", "object", "embed", "base"].contains(name) { complaints.append("there is a \(name)") }
  }

  func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) { problem = problem ?? "\(error)" }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { path.removeLast() }
}

@Suite struct ReportTests {
  private func page(_ body: [Block]) -> Page {
    Page(
      word: "test", number: 1, title: "A < B & \"C\"",
      text: LessonText(
        idea: "One *word* and `x < y`.", body: body, numbers: [.init("a < b", "1 & 2")],
        notice: ["Look: \(math: .fraction("a + 1", .root("b")))"],
        exercises: [.init("Why?", answer: "Because \(3 * 4).")]),
      listing: "let a = b < c && d > e")
  }

  @Test func everyBlockIsWellFormed() throws {
    let picture = Picture(Plane.grey(.init([2, 2], [0, 0.5, 0.7, 1])), alt: "four pixels", caption: "<4>", scale: 8)
    let chart = Chart(
      "t & u", horizontal: ChartAxis("x", .linear), vertical: ChartAxis("y", .linear),
      series: [.init("a", [.init(0, 0), .init(1, 1)])])
    let blocks: [Block] = [
      .text("a *b* `c`"), .formula("y(i) =" + .sum(over: "j", to: "9") + .hat("x") + .power("e", "-s t")),
      .heading("h"), .pictures([picture], caption: "c"), .chart(chart, alt: "nothing", caption: "c"),
      .table(Table(["a", "b"], [["<", "&"]]), caption: "c"),
      .matrices([Matrix("m", .init([1, 2], [1, -0.25]), marked: [[0, 1]])], caption: "c"),
      .animation([Still("one", pictures: [picture]), Still("two")], caption: "c"),
    ]
    let html = try Report(title: "R & D", origin: "here", pages: [page(blocks)]).html()
    let reader = ReportReader(html)
    #expect(reader.problem == nil && reader.complaints.isEmpty, "\(reader.problem ?? "") \(reader.complaints)")
    #expect(reader.pictures == 2 && reader.headings.first == 1)
    #expect(html.contains("<code>x &lt; y</code>") && html.contains("<em>word</em>"))
    // A number stays with its unit.
    let units = try Report(
      title: "t", origin: "o", pages: [page([.table(Table(["a"], [["3 x 3: 2.1 × 10⁻⁷ and 4 ms"]]), caption: "c")])]
    ).html()
    #expect(units.contains("3 x 3: 2.1\u{a0}×\u{a0}10⁻⁷ and 4\u{a0}ms"))
    #expect(html.contains("−0.25") && html.contains("prefers-color-scheme:dark"))
  }

  /// The judge itself must see what is wrong.
  @Test func theReaderComplains() {
    let bad = ReportReader(
      "\n<html><h1>a</h1><h3>b</h3><img src=\"http://a/b.png\" alt=\"\"/><a href=\"#gone\">c</a></html>")
    #expect(bad.problem == nil && bad.complaints.count == 4, "\(bad.complaints)")
    #expect(ReportReader("\n<p><b>a</p>").problem != nil)
  }

  @Test func formulasAreTokens() {
    #expect(
      Math("2 f(x)").html(isBlock: false).markup
        == "<math><mrow><mn>2</mn><mi>f</mi><mo stretchy=\"false\">(</mo><mi>x</mi><mo stretchy=\"false\">)</mo>"
        + "</mrow></math>")
    #expect(
      Math("sin 1.5, a").html(isBlock: false).markup.contains(
        "<mi>sin</mi><mspace width=\"0.2em\"></mspace><mn>1.5</mn>"))
    #expect(Math("exp(a)").html(isBlock: false).markup.contains("<mi>exp</mi><mo stretchy=\"false\">(</mo>"))
  }

  @Test func numbersInWords() {
    #expect(scientific(2.2e-16) == "2.2 × 10⁻¹⁶" && scientific(0) == "0" && scientific(3) == "3.0")
    #expect(grouped(10_485_760) == "10,485,760" && grouped(999) == "999" && grouped(-1000) == "−1,000")
  }
}

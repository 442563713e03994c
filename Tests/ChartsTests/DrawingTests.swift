import SpectralFigures
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

private let kernels: [Double] = [3, 5, 7, 9, 11, 15, 21, 31, 63]

private func chart(_ title: String = "Time against kernel size", series name: String = "direct") -> Chart {
  Chart(
    title, horizontal: ChartAxis("kernel size (pixels)", ticks: kernels), vertical: ChartAxis("time", unit: .seconds),
    series: [
      .init("automatic", kernels.map { .init($0, min(1e-3 * $0 * $0, 8e-3 + 1e-4 * $0)) }, style: .band),
      .init(name, kernels.map { .init($0, 1e-3 * $0 * $0) }),
      .init("fft", kernels.map { .init($0, 8e-3 + 1e-4 * $0) }),
      .init("arithmetic at its limit", kernels.map { .init($0, 2e-4 * $0 * $0) }, style: .limit),
      // What a logarithmic axis cannot show is left out.
      .init("odd", [.init(3, 0), .init(5, .nan), .init(7, 1e-2)], style: .dots),
    ], marks: [.init(x: 2.9, "turns at 2.9"), .init(x: 60, "and once more, at a place near the right edge: 60")])
}

@Suite struct TerminalChartTests {
  @Test(arguments: [60, 80, 120])
  func noLineIsTooLong(_ width: Int) {
    for line in TerminalChart(width: width, hasColors: false).lines(chart(String(repeating: "long ", count: 40))) {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func plainTextHasNoEscapesAndColourOnlyAddsThem() {
    let plain = TerminalChart(hasColors: false).lines(chart())
    let colored = TerminalChart(hasColors: true).lines(chart())
    #expect(!plain.joined().contains("\u{1b}") && colored.joined().contains("\u{1b}"))
    #expect(colored.map { $0.replacing(/\u{1b}\[\d+m/, with: "") } == plain)
  }

  @Test func saysWhatIsDrawn() {
    let text = TerminalChart(hasColors: false).lines(chart()).joined(separator: "\n")
    for words in [
      "Time against kernel size", "● automatic", "■ direct", "▲ fft", "kernel size (pixels)", "↑ time", "10 ms",
      "turns at",
    ] {
      #expect(text.contains(words), "\(words) is not in\n\(text)")
    }
  }

  /// One rising curve: its first mark is at the lower left, its last at the upper right, a dot in every column between.
  @Test func aLineGoesFromEndToEnd() {
    let rising = Chart(
      "rising", horizontal: ChartAxis("x", .linear), vertical: ChartAxis("y", .linear),
      series: [.init("line", [.init(0, 0), .init(10, 10)])])
    let lines = TerminalChart(width: 40, height: 10, hasColors: false).lines(rising)
    let plot = lines.dropFirst(3).prefix(10).map { Array($0) }
    #expect(plot[0].contains("●") && plot[9].contains("●"))
    #expect(plot[0].firstIndex(of: "●")! > plot[9].firstIndex(of: "●")!)
    let columns = Set(
      plot.flatMap { line in
        line.indices.filter { !" │┤".contains(line[$0]) && line[$0].unicodeScalars.first!.value > 0x2500 }
      })
    #expect(columns.count >= 34)
  }
}

@Suite struct SVGFigureTests {
  /// What the parser saw: elements by name, and the texts with their places.
  private final class Reader: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var texts: [(attributes: [String: String], text: String)] = []
    private var current: [String: String]?

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      counts[name, default: 0] += 1
      current = name == "text" ? attributes : nil
      if let current { texts.append((current, "")) }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      if current != nil { texts[texts.count - 1].text += string }
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) { current = nil }
  }

  private func read(_ svg: String) throws -> Reader {
    let reader = Reader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")\n\(svg)")
    return reader
  }

  @Test func isWellFormedWhateverTheNames() throws {
    let name = "a < b & \"c\" > 'd' \u{1}"
    let reader = try read(SVGFigure([chart(name, series: name), chart()]).text)
    #expect(reader.counts["svg"] == 1 && reader.counts["title"] == 1 && reader.counts["style"] == 1)
    #expect(reader.texts.contains { $0.text == "a < b & \"c\" > 'd' \u{fffd}" })
    // In each chart a polyline for three lines and a band, and one for each in the legend; the dots have none.
    #expect(reader.counts["polyline"] == 2 * 8)
    for label in ["3", "63", "kernel size (pixels)", "time", "fft", "10 ms"] {
      #expect(reader.texts.contains { $0.text == label }, "\(label)")
    }
  }

  /// No text reaches beyond the picture, even if its letters are wide.
  @Test func noTextIsCutOff() throws {
    let figure = SVGFigure([
      chart("Time against kernel size, in words that go on and on, for a title as long as this one is")
    ])
    for (attributes, text) in try read(figure.text).texts {
      let x = Double(attributes["x"]!)!
      let size = attributes["font-size"].flatMap(Double.init) ?? 13
      let length = 0.6 * size * Double(text.count)
      let start =
        switch attributes["text-anchor"] {
        case "end": x - length
        case "middle": x - length / 2
        default: x
        }
      #expect(start >= 0 && start + length <= figure.width, "\(text) at \(start)")
    }
  }

  @Test func standsAloneAndKnowsTheDark() {
    let svg = SVGFigure([chart()]).text
    #expect(svg.contains("prefers-color-scheme: dark"))
    #expect(!svg.contains("href") && !svg.contains("url("))
  }
}

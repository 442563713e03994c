import Foundation
import SpectralKit

/// Pages as one HTML file that needs no other: pictures, style and script are inside.
public struct Report: Sendable {
  /// What stands above everything.
  public var title: String
  /// What the report was made of: image, data, machine.
  public var origin: String
  /// The lessons.
  public var pages: [Page]

  /// A report.
  public init(title: String, origin: String, pages: [Page]) {
    (self.title, self.origin, self.pages) = (title, origin, pages)
  }

  /// The text of the file. It is HTML and, but for its first line, well-formed XML.
  ///
  /// - Throws: `FileError` if a picture cannot be encoded, e.g. because it has NaN pixels.
  public func html() throws -> String {
    let head = element(
      "head", nil, [],
      [
        .element("meta", [("charset", "utf-8")], []),
        .element("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")], []),
        .element("meta", [("name", "color-scheme"), ("content", "light dark")], []),
        element("title", nil, title), .element("style", [], [.markup(ReportStyle.text)]),
      ])
    let body = element("body", nil, [], [skipLink, banner, contents, try main, footer, script])
    let document = HTML.element("html", [("lang", "en")], [head, body])
    return "<!DOCTYPE html>\n" + document.markup + "\n"
  }

  private var skipLink: HTML { element("a", "skip", [("href", "#main")], [.text("Skip to the lessons")]) }

  private var banner: HTML {
    element("header", nil, [], [element("h1", nil, title), element("p", "origin", origin)])
  }

  private var contents: HTML {
    let items = pages.map { page in
      element(
        "li", nil, [("value", "\(page.number)")],
        [element("a", nil, [("href", "#\(page.anchor)")], [.text(page.title)])])
    }
    return element("nav", nil, [("aria-label", "Lessons")], [element("ol", nil, [], items)])
  }

  private var main: HTML {
    get throws { element("main", nil, [("id", "main"), ("tabindex", "-1")], try pages.map { try $0.html() }) }
  }

  private var footer: HTML {
    element(
      "footer", nil, [],
      [
        element(
          "p", nil,
          "Written by spectral lesson of SpectralKit. All figures and numbers were computed when this file was written."
        )
      ])
  }

  // The comments make the script the same to a parser of HTML and to one of XML.
  private var script: HTML { .element("script", [], [.markup("//<![CDATA[\n\(ReportScript.text)\n//]]>")]) }
}

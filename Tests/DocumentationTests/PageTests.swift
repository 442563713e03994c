import Foundation
import TestSupport
import Testing

/// What pages point to is there.
@Suite struct PageTests {
  @Test(arguments: Page.all) func linksLeadSomewhere(_ page: Page) {
    let folder = repositoryRoot.appendingPathComponent(page.path).deletingLastPathComponent()
    // DocC finds pictures by their names alone, wherever they are in the catalog.
    let resources = repositoryRoot.appendingPathComponent("Docs/SpectralKit.docc/Resources")
    for link in page.links {
      let places =
        [folder.appendingPathComponent(link), resources.appendingPathComponent(link + ".png")]
        + [resources.appendingPathComponent(link), resources.appendingPathComponent(link + ".svg")]
      #expect(places.contains { FileManager.default.fileExists(atPath: $0.path) }, "\(page): \(link)")
    }
  }

  /// Every line that a page tells a reader to type names a subcommand that exists, and flags that it has.
  @Test(
    .enabled(if: Toolchain.present?.command != nil, "needs the command"),
    arguments: Page.all.filter { !$0.commands.isEmpty })
  func commandsExist(_ page: Page) throws {
    let command = try #require(Toolchain.present?.command)
    // The words of a subcommand's help; nil if there is none.
    var help: [String: Set<String>?] = [:]
    for line in page.commands {
      // What follows a pipe, a redirection or a comment is not the command's.
      let words = line.split(separator: " ").map(String.init).prefix { !["|", ">", "2>", "&&", "#"].contains($0) }
      guard let place = words.firstIndex(where: { $0 == "spectral" || $0.hasSuffix("/spectral") }),
        let name = words[(place + 1)...].first, !name.hasPrefix("-")
      else { continue }
      if help[name] == nil {
        let result = try Toolchain.run(command.path, [name, "--help"])
        if result.status != 0 { Issue.record("\(page): there is no spectral \(name)") }
        let words = result.output.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init)
        help[name] = .some(result.status == 0 ? Set(words) : nil)
      }
      guard let known = help[name] ?? nil else { continue }
      for word in words where word.hasPrefix("--") {
        let flag = String(word.prefix { $0 != "=" })
        #expect(known.contains(flag), "\(page): spectral \(name) has no \(flag)")
      }
    }
  }
}

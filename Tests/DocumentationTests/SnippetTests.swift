import Foundation
import SpectralKit
import TestSupport
import Testing

/// Every Swift snippet of every page compiles without a warning. The snippets of a page, in order, are one program.
@Suite(.serialized, .enabled(if: Toolchain.present != nil, "needs swiftc and the products of a build"))
struct SnippetTests {
  private static let programs = Page.all.filter { $0.program != nil }

  @Test func thereAreSnippets() {
    #expect(Self.programs.contains { $0.path == "README.md" })
    #expect(Self.programs.count >= 4)
  }

  @Test(arguments: programs) func compiles(_ page: Page) throws {
    let (folder, toolchain) = (temporaryFolder(), try #require(Toolchain.present))
    defer { try? FileManager.default.removeItem(at: folder) }
    let complaints = try build(page, in: folder, toolchain)
    #expect(complaints == "", "\(page)")
  }

  #if !DEBUG
    /// The preconditions in a page are its claims: a page that runs to its end has kept them. Only with optimised
    /// modules, since a debug build leaves object files of deleted sources behind, which cannot be linked.
    @Test(arguments: programs) func runs(_ page: Page) throws {
      let (folder, toolchain) = (temporaryFolder(), try #require(Toolchain.present))
      defer { try? FileManager.default.removeItem(at: folder) }
      try #require(try build(page, in: folder, toolchain) == "", "\(page)")
      let program = folder.appendingPathComponent("page")
      try #require(
        try toolchain.link(folder.appendingPathComponent("main.o"), to: program) == "", "\(page)")
      let result = try Toolchain.run(program.path, [], in: folder)
      #expect(result.status == 0, "\(page): \(result.errors)")
      for text in shownOutputs(page) {
        #expect(result.output.contains(text), "\(page) shows this output, its snippets do not")
      }
      try comparePictures(folder)
    }
  #endif

  /// The outputs that a page shows in blocks that say so.
  private func shownOutputs(_ page: Page) -> [String] {
    page.blocks.filter { $0.language == "output" }.map { $0.lines.joined(separator: "\n") }
  }

  /// Pictures that a page draws, and that the catalog shows, are the same but for rounding to 256 greys.
  /// `make pictures` has the catalog show them as they are drawn now.
  private func comparePictures(_ folder: URL) throws {
    let resources = repositoryRoot.appendingPathComponent("Docs/SpectralKit.docc/Resources")
    let redraws = ProcessInfo.processInfo.environment["SPECTRAL_REDRAW"] != nil
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".png") {
      let shown = resources.appendingPathComponent(name).path
      if redraws {
        try Data(contentsOf: folder.appendingPathComponent(name)).write(to: URL(fileURLWithPath: shown))
      }
      guard FileManager.default.fileExists(atPath: shown) else { continue }
      let difference =
        try RasterImage(path: folder.appendingPathComponent(name).path).pixels - RasterImage(path: shown).pixels
      #expect(difference.maximumMagnitude < 1.5 / 255, "\(name) is not what its page draws")
    }
  }

  private func build(_ page: Page, in folder: URL, _ toolchain: Toolchain) throws -> String {
    let source = folder.appendingPathComponent("main.swift")
    try (page.program ?? "").write(to: source, atomically: true, encoding: .utf8)
    return try toolchain.compile(source, to: folder.appendingPathComponent("main.o"))
  }
}

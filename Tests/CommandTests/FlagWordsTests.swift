import Foundation
import SpectralKit
import TestSupport
import Testing

/// The library speaks of settings in words, and the command alone knows its flags.
@Suite struct FlagWordsTests {
  private static let sources = repositoryRoot.appendingPathComponent("Sources")

  private static func files(_ isWanted: (String) -> Bool) throws -> [(path: String, text: String)] {
    let paths = FileManager.default.enumerator(atPath: sources.path)!.compactMap { $0 as? String }
    return try paths.filter { $0.hasSuffix(".swift") && isWanted($0) }.sorted().map {
      ($0, try String(contentsOf: sources.appendingPathComponent($0), encoding: .utf8))
    }
  }

  /// The names of all flags, as the command's sources introduce them.
  private static func flags() throws -> Set<String> {
    Set(
      try files { $0.hasPrefix("spectral/") }.flatMap { file in
        file.text.matches(of: /Flag\(\s*(?:switch: )?"(--[a-z-]+)"/).map { String($0.output.1) }
      })
  }

  @Test func theLibraryNamesNoFlag() throws {
    let flags = try Self.flags()
    #expect(flags.isSuperset(of: ["--data", "--memory-limit", "--resume", "--port", "--kernel"]))
    // What the playground prints under "the same with the command" is a command line.
    for file in try Self.files({ !$0.hasPrefix("spectral/") && !$0.hasPrefix("SpectralPlayground/Recipes/") }) {
      // A comment may cite the command by which a figure was measured.
      let code = file.text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
      // In style sheets two hyphens begin the name of a colour.
      let words = code.map { $0.replacing(/var\(--[a-z]+\)|--[a-z]+:/, with: "") }
      let named = words.flatMap { $0.matches(of: /--[a-z][a-z-]*/).map { String($0.output) } }.filter(flags.contains)
      #expect(named == [], "\(file.path)")
    }
  }

  @Test func everySettingHasAFlag() throws {
    let table = try #require(try Self.files { $0 == "spectral/SettingFlags.swift" }.first).text
    let named = table.matches(of: /case \.\w+: "(--[a-z-]+)"/).map { String($0.output.1) }
    let flags = try Self.flags()
    #expect(!named.isEmpty && Set(named).isSubset(of: flags))
  }

  @Test func theVersionStandsInOnePlace() throws {
    let number = "\"\(SpectralVersion.current)\""
    let files = try Self.files { _ in true }.filter { file in
      file.text.split(separator: "\n").contains { $0.contains(number) && !$0.drop { $0 == " " }.hasPrefix("//") }
    }
    #expect(files.map(\.path) == ["SpectralCore/Version.swift"])
  }
}

import Foundation
import SpectralLessons
import TestSupport
import Testing

/// The program at the end of every lesson compiles without a warning, and its preconditions hold.
@Suite(.serialized, .enabled(if: Toolchain.present != nil, "needs swiftc and the products of a build"))
struct ListingTests {
  @Test(arguments: Lessons.all.map { $0.word }) func runs(_ word: String) throws {
    let lesson = try #require(Lessons.named(word))
    let (folder, toolchain) = (temporaryFolder(), try #require(Toolchain.present))
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appendingPathComponent("main.swift")
    try lesson.listing.write(to: source, atomically: true, encoding: .utf8)
    try #require(try toolchain.compile(source, to: folder.appendingPathComponent("main.o")) == "", "\(word)")
    #if !DEBUG
      let program = folder.appendingPathComponent("lesson")
      try #require(try toolchain.link(folder.appendingPathComponent("main.o"), to: program) == "", "\(word)")
      let result = try Toolchain.run(program.path, [], in: folder)
      #expect(result.status == 0 && !result.output.isEmpty, "\(word): \(result.errors)")
    #endif
  }
}

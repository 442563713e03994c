import Foundation
import SpectralKit
import TestSupport
import Testing

@Suite struct EarlierFileTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func put(_ text: String, _ name: String) throws { try AtomicFile.write(Data(text.utf8), to: path(name)) }
  private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

  @Test func everyEarlierFileIsKept() throws {
    #expect(try EarlierFile(keeping: path("net")) == nil)
    for round in 1...3 {
      try put("run \(round)", "net")
      let earlier = try #require(try EarlierFile(keeping: path("net")))
      #expect(earlier.kept == path("net.previous") + (round == 1 ? "" : "-\(round)"))
      // The name is never without a whole file.
      #expect(try text("net") == "run \(round)")
    }
    try put("run 4", "net")
    #expect(try ["net.previous", "net.previous-2", "net.previous-3", "net"].map(text) == (1...4).map { "run \($0)" })
  }

  @Test func whatWasNotReplacedLosesItsSecondName() throws {
    try put("run 1", "net")
    let earlier = try #require(try EarlierFile(keeping: path("net")))
    earlier.forget()
    #expect(try text("net") == "run 1" && !FileManager.default.fileExists(atPath: earlier.kept))
    let replaced = try #require(try EarlierFile(keeping: path("net")))
    try put("run 2", "net")
    replaced.forget()
    #expect(try text("net.previous") == "run 1")
  }

  @Test func aFileBehindALinkIsKeptBesideIt() throws {
    try put("run 1", "net")
    try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "net")
    let earlier = try #require(try EarlierFile(keeping: path("link")))
    #expect(try String(contentsOfFile: earlier.kept, encoding: .utf8) == "run 1")
    try put("run 2", "link")
    #expect(try text("net") == "run 2" && text("net.previous") == "run 1")
  }

  @Test func oneRunAtATimeWritesAFile() throws {
    var first: RunLock? = try RunLock(path("net"))
    #expect(first != nil)
    let error = try #require(throws: FileError.self) { try RunLock(path("net")) }
    #expect(error.message.contains("another run is writing this file"))
    _ = try RunLock(path("other"))
    first = nil
    #expect(try RunLock(path("net")) != nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(try RunLock("/dev/null") == nil)
  }

  @Test func aReadOnlyFileIsLeftAlone() throws {
    try put("precious", "net")
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path("net"))
    let error = try #require(throws: FileError.self) { try RunLock(path("net")) }
    #expect(error.path == path("net"))
    #expect(try text("net") == "precious")
  }

  @Test func metricsOfAnEarlierRunAreKept() throws {
    try put("{\"event\":\"batch\",\"step\":0}\n", "m.jsonl")
    try put("epoch\n", "m.csv")
    do {
      let file = try MetricsFile(path: path("m.jsonl"), keepsEarlier: true)
      #expect(file.earlier.map(\.kept) == [path("m.jsonl.previous"), path("m.csv.previous")])
      #expect(throws: FileError.self, "two runs would mix their lines") { try MetricsFile(path: path("m.jsonl")) }
    }
    #expect(
      try text("m.jsonl.previous").hasPrefix("{") && text("m.csv.previous") == "epoch\n" && text("m.jsonl").isEmpty)
    // Who goes on keeps the lines in the file itself.
    try put("{\"event\":\"batch\",\"step\":0}\n{\"event\":\"batch\",\"step\":1}\n{\"event\":\"ba", "m.jsonl")
    #expect(try MetricsFile(path: path("m.jsonl"), resumingAt: 1, keepsEarlier: true).earlier.isEmpty)
    #expect(try text("m.jsonl") == "{\"event\":\"batch\",\"step\":0}\n")
  }

  @Test func whatIsNoMetricsFileIsNotTakenForOne() throws {
    for content in ["dear diary\n", "{\"event\":\"batch\",\"step\":0}\ndear diary\n{\"event\":\"batch\",\"step\":1}\n"]
    {
      try put(content, "m.jsonl")
      #expect(throws: FileError.self) { try MetricsFile(path: path("m.jsonl"), resumingAt: 1) }
      #expect(try text("m.jsonl") == content)
    }
  }
}

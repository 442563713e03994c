import Foundation
import SpectralCore
import TestSupport
import Testing

@Suite struct CacheFileTests {
  private let file = CacheFile(temporaryFolder().appendingPathComponent("a/b/cache"), title: "A cache 1")

  @Test(arguments: ["", "x", "one\ntwo\n", "\n\n"])
  func whatIsWrittenIsRead(_ text: String) throws {
    #expect(file.read() == nil)
    try file.write(text)
    #expect(file.read() == text)
    #expect(CacheFile(file.url, title: "A cache 2").read() == nil)
  }

  /// FFTW aborts on some damaged wisdom, so nothing damaged may reach it.
  @Test func anyDamageIsNoticed() {
    let bytes = Array(CacheFile.encode("(fftw-3 wisdom\n  (codelet 1)\n)", title: file.title).utf8)
    func decode(_ bytes: some Sequence<UInt8>) -> String? {
      CacheFile.decode(String(decoding: Array(bytes), as: UTF8.self), title: file.title)
    }
    #expect(decode(bytes) != nil)
    for length in 0..<bytes.count { #expect(decode(bytes.prefix(length)) == nil) }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1
      #expect(decode(damaged) == nil, "byte \(place)")
    }
  }

  /// What each of several writers adds must be there in the end.
  @Test func changesAtTheSameTimeAreAllKept() {
    let file = file
    Parallel.forEach(40) { index in
      try! file.update { ($0 ?? "") + "\(index)\n" }
    }
    let lines = (file.read() ?? "").split(separator: "\n").compactMap { Int($0) }
    #expect(lines.sorted() == Array(0..<40))
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    let plain = temporaryFolder().appendingPathComponent("plain")
    try Data().write(to: plain)
    #expect(throws: (any Error).self) {
      try CacheFile(plain.appendingPathComponent("cache"), title: "A cache 1").write("x")
    }
  }
}

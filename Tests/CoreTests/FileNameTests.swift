import Foundation
import SpectralCore
import TestSupport
import Testing

/// Names of any bytes, and what of them is shown.
@Suite struct FileNameTests {
  /// Every name comes back as the bytes it was, and different names are different strings.
  @Test(arguments: [
    "a.png", "\u{e9}\u{4e2d}\u{1f600}", "", "\u{10FE80}", "\u{10FFFD}x",
  ]) func namesInUTF8ComeBack(_ name: String) {
    let bytes = Array(name.utf8)
    let decoded = FileName.decode(bytes)
    #expect(FileName.encode(decoded).map { UInt8(bitPattern: $0) } == bytes + [0])
  }

  @Test func anyBytesComeBack() {
    var random = Seeded(seed: 8)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        // Many beginnings and continuations of sequences, valid and not.
        [UInt8(0x41), 0x80, 0xBF, 0xC3, 0xE2, 0x82, 0xAC, 0xF4, 0x8F, 0xBA, 0xFF, 0xED, 0xA0].randomElement(
          using: &random)!
      }
      #expect(FileName.encode(FileName.decode(bytes)).map { UInt8(bitPattern: $0) } == bytes + [0])
    }
    #expect(FileName.decode([0x61, 0xFF]) != FileName.decode([0x61, 0xFE]))
    // The scalar that stands for 0xFF, spelled out, is another name.
    #expect(FileName.decode(Array("\u{10FEFF}".utf8)) != FileName.decode([0xFF]))
  }

  @Test func controlCharactersAreShownEscaped() {
    #expect("a\nb\u{1b}[2J\u{202e}\u{2028}".printable() == "a\\nb\\u{1B}[2J\\u{202E}\\u{2028}")
    #expect(FileName.decode([0x61, 0xFF, 0x0A]).printable() == "a\\xFF\\n")
    #expect("\u{e9}\u{4e2d}\u{1f600}".printable() == "\u{e9}\u{4e2d}\u{1f600}")
  }

  @Test func longTextsLoseTheirMiddle() {
    let text = String(repeating: "a", count: 100) + String(repeating: "b", count: 100)
    #expect(text.printable(most: 20) == "aaaaaaaaaa...(180 characters)...bbbbbbbbbb")
    #expect(text.printable(most: 200) == text)
  }

  @Test func filesOfAnyNameAreWrittenListedAndRead() throws {
    let folder = temporaryFolder().path
    let name = FileName.decode([0x78, 0xFF, 0x0A, 0xC3])
    try AtomicFile.write(Data("1".utf8), to: "\(folder)/\(name)")
    try AtomicFile.write(Data("2".utf8), to: "\(folder)/\(name)")
    #expect(try FileSystem.names(inFolder: folder) == [name])
    #expect(try InputFile.contents(of: "\(folder)/\(name)") == Data("2".utf8))
    try FileSystem.createFolder("\(folder)/\(name)d/deep")
    #expect(FileSystem.isFolder("\(folder)/\(name)d/deep"))
    let error = #expect(throws: FileError.self) { try InputFile.contents(of: "\(folder)/no\(name)") }
    #expect(error?.description.hasSuffix("/nox\\xFF\\n\\xC3: there is no such file: check the name") == true)
  }
}

/// Only regular files are read, and open pipes.
@Suite struct InputFileTests {
  @Test func namedPipesAndDevicesAreRefusedAtOnce() throws {
    let pipe = temporaryFolder().path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero", "/dev/null"] {
      #expect(throws: FileError.self) { try InputFile.contents(of: path, limit: 1 << 20) }
    }
  }

  /// A descriptor that is shared is read by offset, so it can be read twice.
  @Test func anOpenFileIsReadFromItsBeginningEachTime() throws {
    let path = temporaryFolder().path + "/file"
    try Data("contents".utf8).write(to: URL(fileURLWithPath: path))
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    for _ in 0..<2 { #expect(try InputFile.contents(of: "/dev/fd/\(descriptor)") == Data("contents".utf8)) }
    // Somebody has read a part: the rest is what is there.
    #expect(lseek(descriptor, 4, SEEK_SET) == 4)
    #expect(try InputFile.contents(of: "/dev/fd/\(descriptor)") == Data("ents".utf8))
  }

  @Test func peekingLosesNothing() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("abcdefgh".utf8))
    pipe.fileHandleForWriting.closeFile()
    let path = temporaryFolder().path + "/file"
    try Data("abcdefgh".utf8).write(to: URL(fileURLWithPath: path))
    for place in [path, "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"] {
      var file = try InputFile(place)
      #expect(try file.peek(upTo: 3) == Data("abc".utf8))
      #expect(try file.read(upTo: 2) == Data("ab".utf8))
      #expect(try file.peek(upTo: 2) == Data("cd".utf8))
      #expect(try file.peek(upTo: 5) == Data("cdefg".utf8))
      #expect(try file.read(upTo: 100) == Data("cdefgh".utf8))
      #expect(file.offset == 8)
    }
  }

  @Test func aNamedPipeIsWrittenOnceItHasAReader() throws {
    let folder = temporaryFolder().path
    let pipe = folder + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    // A process, since tests may hold all threads of the concurrency pool.
    let reader = Process()
    reader.executableURL = URL(fileURLWithPath: "/bin/sh")
    reader.arguments = ["-c", "sleep 0.1; cat '\(pipe)' > '\(folder)/copy'"]
    try reader.run()
    try AtomicFile.write(Data("through".utf8), to: pipe)
    reader.waitUntilExit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/copy")) == Data("through".utf8))
  }
}

private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}

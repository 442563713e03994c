import Foundation
import SpectralCore
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  let folder = temporaryFolder()
  var path: String { folder.path + "/file.bin" }
  var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  func permissions(_ path: String) -> mode_t {
    var status = stat()
    #expect(stat(path, &status) == 0)
    return status.st_mode & 0o7777
  }

  @Test func writesAndReplaces() throws {
    try AtomicFile.write(Data("one".utf8), to: path)
    try AtomicFile.write(Data(), to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty)
    #expect(names == ["file.bin"])
  }

  @Test func piecesOfEverySizeStayInOrder() throws {
    var expected = Data()
    try AtomicFile.write(to: path) { file in
      for size in [0, 1, 65_535, 2, 65_536, 3, 200_000, 70] {
        let piece = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 + size) })
        expected += piece
        try file.write(piece)
      }
      try file.write("é")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected + Data("é".utf8))
  }

  @Test func failureLeavesTheOldFileAlone() throws {
    struct Interruption: Error {}
    try AtomicFile.write(Data("old".utf8), to: path)
    #expect(throws: Interruption.self) {
      try AtomicFile.write(to: path) { file in
        try file.write(Data(count: 100_000))
        throw Interruption()
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(names == ["file.bin"])
  }

  /// What a killed process leaves is removed by the next writer of the same file, and by no other.
  @Test func whatAKillLeavesIsRemoved() async throws {
    let path = path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      try AtomicFile.write(to: path) { file in
        try file.write(Data(count: 100_000))
        kill(getpid(), SIGKILL)
      }
    }
    let left = names
    #expect(left.count == 1 && left[0].hasPrefix(".spectral-") && left[0].hasSuffix(".tmp"), "\(left)")
    try AtomicFile.write(Data("another".utf8), to: folder.path + "/other.bin")
    #expect(names == left + ["other.bin"])
    try AtomicFile.write(Data("whole".utf8), to: path)
    #expect(names == ["file.bin", "other.bin"])
  }

  /// Two writers of one file at a time: neither takes the other's bytes for abandoned ones.
  @Test func whatIsBeingWrittenIsLeftAlone() async throws {
    let path = path
    // The first write of a process looks for what others have left.
    var first: String?
    try AtomicFile.write(to: path) { file in
      try file.write(Data("first".utf8))
      first = names.first
    }
    #expect(first?.hasSuffix(".tmp") == true && names == ["file.bin"])
    let descriptor = open(folder.path + "/" + first!, O_WRONLY | O_CREAT, 0o666)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX) == 0)
    await #expect(processExitsWith: .success) { [path = path as String] in
      try AtomicFile.write(Data("second".utf8), to: path)
    }
    #expect(names == [first!, "file.bin"])
    flock(descriptor, LOCK_UN)
    await #expect(processExitsWith: .success) { [path = path as String] in
      try AtomicFile.write(Data("third".utf8), to: path)
    }
    #expect(names == ["file.bin"])
  }

  @Test func keepsPermissions() throws {
    try AtomicFile.write(Data("old".utf8), to: path)
    chmod(path, 0o640)
    try AtomicFile.write(Data("new".utf8), to: path)
    #expect(permissions(path) == 0o640)
  }

  @Test func linksStayLinks() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/inner", withIntermediateDirectories: true)
    symlink("inner/target", folder.path + "/first")
    symlink("first", folder.path + "/second")
    for text in ["new through a dangling link", "replaced through a link"] {
      try AtomicFile.write(Data(text.utf8), to: folder.path + "/second")
      #expect(try String(contentsOfFile: folder.path + "/inner/target", encoding: .utf8) == text)
    }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/second") == "first")
    #expect(names == ["first", "inner", "second"])
  }

  @Test func linksInACircleAreRefused() {
    symlink("b", folder.path + "/a")
    symlink("a", folder.path + "/b")
    #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: folder.path + "/a") }
  }

  @Test func missingFolderIsNamed() {
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: folder.path + "/gone/file") }
    #expect(error?.message == "the folder \(folder.path)/gone does not exist: create it first")
  }

  @Test func foldersAndFilesInTheWay() throws {
    #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: folder.path) }
    try AtomicFile.write(Data(), to: path)
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: path + "/below") }
    #expect(error?.message.contains("not a folder") == true)
    #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: "") }
    #expect(throws: FileError.self) {
      try AtomicFile.write(Data(), to: folder.path + "/" + String(repeating: "x", count: 300))
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func fullDiskIsSaid() {
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(count: 10), to: "/dev/full") }
    #expect(error?.message.hasPrefix("the disk is full") == true)
  }

  @Test func devicesAreWrittenThrough() throws {
    try AtomicFile.write(Data(count: 10), to: "/dev/null")
    let pipe = Pipe()
    let number = pipe.fileHandleForWriting.fileDescriptor
    try AtomicFile.write(Data("through".utf8), to: "/dev/fd/\(number)")
    pipe.fileHandleForWriting.closeFile()
    #expect(pipe.fileHandleForReading.readDataToEndOfFile() == Data("through".utf8))
  }

  @Test func permissionIsNeeded() throws {
    chmod(folder.path, 0o555)
    defer { chmod(folder.path, 0o755) }
    let error = #expect(throws: FileError.self) {
      try withoutPrivileges { try AtomicFile.write(Data(), to: path) }
    }
    #expect(error?.message.hasPrefix("permission is denied") == true)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self"), "needs /proc"))
  func unwritableFileSystemsAreRefused() {
    #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: "/proc/self/new-file") }
  }

  @Test func errorsAreOneLine() {
    #expect(FileError("a\nb", "is\u{1b}[31m odd").description == "a\\nb: is\\u{1B}[31m odd")
  }
}

/// Does something with files as somebody who may not write everywhere: the superuser, who may, is nobody on this thread
/// meanwhile.
private func withoutPrivileges(_ body: () throws -> Void) throws {
  guard geteuid() == 0 else { return try body() }
  // Linux only, and not in what Swift imports of its C library.
  typealias Call = @convention(c) (UInt32) -> Int32
  let symbol = try #require(dlsym(nil, "setfsuid"), "the superuser of this system cannot be anybody else on one thread")
  let setUser = unsafeBitCast(symbol, to: Call.self)
  _ = setUser(65534)
  defer { _ = setUser(0) }
  try body()
}

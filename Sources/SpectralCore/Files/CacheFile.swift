import Foundation

/// A text in the user's cache folder that is believed only if it is whole: a line that says what it is, a checksum, the
/// text.
///
/// It is a cache. A file that is damaged, or of another version, is no error: it counts as absent and is written anew,
/// and nothing is lost but time.
package struct CacheFile: Sendable {
  /// Where it is.
  package let url: URL
  /// Its first line: what it is, and the version of its form.
  package let title: String

  /// The folder for what is remembered across runs: `$SPECTRALKIT_CACHE` if set (empty: remember nothing), else the
  /// user's cache folder.
  package static var folder: URL? {
    let environment = ProcessInfo.processInfo.environment
    if let chosen = environment["SPECTRALKIT_CACHE"] {
      return chosen.isEmpty ? nil : URL(fileURLWithPath: chosen)
    }
    #if os(macOS)
      let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    #else
      let caches =
        environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
        ?? environment["HOME"].map { URL(fileURLWithPath: $0).appendingPathComponent(".cache") }
    #endif
    return caches?.appendingPathComponent("spectralkit")
  }

  package init(_ url: URL, title: String) {
    self.url = url
    self.title = title
  }

  /// The most bytes that are read: a cache that has grown beyond counts as absent.
  private static let limit = 64 << 20

  /// The text; nil if there is none that can be believed.
  package func read() -> String? {
    guard let data = try? InputFile.contents(of: url.path, limit: Self.limit) else { return nil }
    return Self.decode(String(decoding: data, as: UTF8.self), title: title)
  }

  /// Writes the text, whole or not at all.
  ///
  /// - Throws: `FileError`.
  package func write(_ text: String) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    // Not to a pipe in its place, which may never have a reader.
    _ = try AtomicFile.replaceable(url.path)
    try AtomicFile.write(Data(Self.encode(text, title: title).utf8), to: url.path)
  }

  /// Changes the text: reads it, gives it to `change`, and writes what comes back. Other processes that do so at the
  /// same time wait for each other, so that nobody's change is lost; but no longer than ``patience``.
  ///
  /// - Throws: `FileError`, also if the wait was in vain.
  package func update(_ change: (String?) -> String) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    // A lock of its own, for the file itself is replaced. The system lets go of it if the process dies; where the file
    // system has no locks, the worst is a lost change.
    let descriptor = open(url.path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    defer { if descriptor >= 0 { close(descriptor) } }
    if descriptor >= 0 { try lock(descriptor) }
    try write(change(read()))
  }

  /// How long a lock is waited for. A change takes milliseconds, so a lock that is held for longer belongs to a process
  /// that was stopped, or that holds it for another reason.
  private static let patience = Duration.seconds(2)

  private func lock(_ descriptor: Int32) throws {
    let deadline = ContinuousClock.now + Self.patience
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR) {
      guard .now < deadline else {
        throw FileError(url.path + ".lock", "another process holds this lock: end it, or delete the file")
      }
      usleep(10_000)
    }
  }

  package static func encode(_ text: String, title: String) -> String { "\(title)\n\(checksum(text))\n\(text)" }

  package static func decode(_ text: String, title: String) -> String? {
    let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == title, parts[1] == checksum(parts[2]) else { return nil }
    return String(parts[2])
  }

  /// FNV-1a, 64 bits: enough against truncation and stray bytes, which is what happens to a cache.
  private static func checksum(_ text: some StringProtocol) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}

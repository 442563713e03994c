import Foundation

/// What FFTW learned by measuring, kept across runs in the user's cache folder.
///
/// FFTW aborts the process on some corrupt wisdom, so the file carries a checksum and is believed only if it matches.
/// A file that does not is ignored and written anew: it is a cache, and nothing is lost but time.
public enum Wisdom {
  private static let magic = "SpectralKit wisdom 1"

  /// The folder for what is remembered across runs: `$SPECTRALKIT_CACHE` if set (empty: remember nothing), else the
  /// user's cache folder.
  public static var cacheFolder: URL? {
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

  /// The file that holds it; nil if nothing is to be remembered.
  public static var file: URL? { cacheFolder?.appendingPathComponent("fftw-wisdom") }

  /// Writes down what has been learned since the start, if anything. A failure is reported and does no harm.
  public static func save() throws {
    guard let file else { return }
    let texts = Planner.locked { planner in planner.newWisdom() }
    guard let texts else { return }
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(encode(texts).utf8).write(to: file, options: .atomic)
  }

  /// The wisdom of each precision in a file; nil if there is no such file or it was not written by ``save()``.
  package static func read(_ file: URL) -> [String: String]? {
    guard let data = try? Data(contentsOf: file) else { return nil }
    return decode(String(decoding: data, as: UTF8.self))
  }

  package static func encode(_ texts: [String: String]) -> String {
    let body = texts.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value.utf8.count)\n\($0.value)\n" }.joined()
    return "\(magic)\n\(checksum(body))\n\(body)"
  }

  package static func decode(_ text: String) -> [String: String]? {
    let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == magic, parts[1] == checksum(parts[2]) else { return nil }
    var texts: [String: String] = [:]
    var rest = parts[2].utf8
    while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let header = Substring(rest[..<newline]).split(separator: " ")
      guard header.count == 2, let count = Int(header[1]), count >= 0 else { return nil }
      let body = rest[rest.index(after: newline)...]
      guard body.count > count else { return nil }
      texts[String(header[0])] = String(Substring(body.prefix(count)))
      rest = body.dropFirst(count + 1)
    }
    return rest.isEmpty ? texts : nil
  }

  /// FNV-1a, 64 bits: enough against truncation and stray bytes, which is what happens to a cache.
  package static func checksum(_ text: some StringProtocol) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}

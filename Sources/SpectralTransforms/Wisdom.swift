import Foundation
import SpectralCore

/// What FFTW learned by measuring, kept across runs in the user's cache folder.
///
/// FFTW aborts the process on some corrupt wisdom, so the file carries a checksum and is believed only if it matches:
/// see `CacheFile`.
public enum Wisdom {
  private static let title = "SpectralKit wisdom 1"

  /// The file that holds it; nil if nothing is to be remembered.
  public static var file: URL? { CacheFile.folder?.appendingPathComponent("fftw-wisdom") }

  /// Writes down what has been learned since the start, if anything. A failure is reported and does no harm.
  public static func save() throws {
    guard let file else { return }
    let texts = Planner.locked { planner in planner.newWisdom() }
    guard let texts else { return }
    try CacheFile(file, title: title).write(encode(texts))
  }

  /// The wisdom of each precision in a file; nil if there is no such file or it was not written by ``save()``.
  package static func read(_ file: URL) -> [String: String]? { CacheFile(file, title: title).read().flatMap(decode) }

  package static func encode(_ texts: [String: String]) -> String {
    texts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.utf8.count)\n\($0.value)\n" }.joined()
  }

  package static func decode(_ text: String) -> [String: String]? {
    var texts: [String: String] = [:]
    var rest = text.utf8[...]
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
}

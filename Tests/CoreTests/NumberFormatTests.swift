import Foundation
import SpectralCore
import Testing

@Suite struct NumberFormatTests {
  @Test func notANumberHasNoSign() {
    let (double, float) = (-Double.nan, -Float.nan)
    #expect(double.sign == .minus && float.sign == .minus)
    #expect(String(numbers: "%.2f, %e and %5.1f", double, double, float) == "nan, nan and   nan")
    #expect(String(numbers: "%g %d %@ %.1f", -Double.infinity, -3, "text", Float(-0.5)) == "-inf -3 text -0.5")
  }

  /// All numbers with a point are printed by `String(numbers:)`, or a report would show a NaN with a sign one day.
  @Test func allSourcesFormatNumbersInOnePlace() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    let plain = try Regex(#"String\(\s*format:\s*"(?:[^"\\]|\\.)*%[-+ 0-9.*]*(?:\\\([^)]*\))?[aefgAEFG]"#)
    let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    var count = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      count += 1
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.firstMatch(of: plain) == nil, "\(file.lastPathComponent)")
    }
    #expect(count > 100)
  }
}

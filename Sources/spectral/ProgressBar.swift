import Foundation
import SpectralCore

/// A line on the terminal that says how far something is.
enum ProgressBar {
  /// Shows `head [####....] numbers` in place of what the line showed before.
  ///
  /// - Parameter fraction: From 0 to 1.
  static func show(_ head: String, fraction: Double, _ numbers: String) {
    let (head, numbers) = (head.printable(), numbers.printable())
    let room = terminalWidth - head.count - numbers.count - 5
    let width = min(max(room, 0), 40)
    let filled = Int(Double(width) * min(max(fraction, 0), 1))
    let bar =
      width < 8 ? "" : "[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: width - filled))] "
    // To the start of the line, and clear what was longer.
    Console.show("\r\(head) \(bar)\(numbers)\u{1b}[K")
  }

  /// Removes the line, so that another can take its place.
  static func clear() { Console.show("\r\u{1b}[K") }

  private static var terminalWidth: Int {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
    return Int(size.ws_col)
  }
}

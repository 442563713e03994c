import Foundation
import SpectralKit

extension TerminalGraphics {
  /// Draws a picture where results go, or beside them where they are JSON.
  ///
  /// - Parameter choice: How; nil for the best that works there, which for a file or a pipe is letters.
  static func show(_ image: Image, by choice: TerminalGraphics?, besideJSON: Bool) throws {
    let descriptor: Int32 = besideJSON ? 2 : 1
    let text = try (choice ?? best(descriptor)).text(of: image, on: screen(descriptor))
    if besideJSON { Console.show(text) } else { try Console.result(String(text.dropLast())) }
  }

  private static func best(_ descriptor: Int32) -> TerminalGraphics {
    let environment = ProcessInfo.processInfo.environment
    guard isatty(descriptor) == 1, environment["TERM"] != "dumb", environment["NO_COLOR", default: ""].isEmpty else {
      return .ascii
    }
    if environment["KITTY_WINDOW_ID"] != nil && environment["TMUX"] == nil { return .kitty }
    return ["truecolor", "24bit"].contains(environment["COLORTERM"]) ? .blocks : .ascii
  }

  /// The room of a terminal, less a line for the prompt; of anything else 80 columns, and as many lines as it takes.
  private static func screen(_ descriptor: Int32) -> TerminalScreen {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 1 else {
      return TerminalScreen(columns: 80, rows: 400)
    }
    let (columns, rows) = (Int(size.ws_col), Int(size.ws_row))
    guard size.ws_xpixel >= size.ws_col, size.ws_ypixel >= size.ws_row else {
      return TerminalScreen(columns: columns, rows: rows - 1)
    }
    return TerminalScreen(
      columns: columns, rows: rows - 1, cell: (Int(size.ws_ypixel) / rows, Int(size.ws_xpixel) / columns))
  }
}

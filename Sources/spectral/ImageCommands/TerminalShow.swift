import Foundation
import SpectralKit

extension TerminalGraphics {
  /// Draws a picture where results go, or beside them where they are JSON.
  ///
  /// - Parameter choice: How; nil for the best that works there, which for a file or a pipe is letters.
  static func show(_ image: RasterImage, by choice: TerminalGraphics?, besideJSON: Bool) throws {
    try show(by: choice, besideJSON: besideJSON, figure: { image }, bare: { (image, "") })
  }

  /// Draws a figure, or where its labels could not be read the bare picture with a line that says what they would.
  static func show(
    by choice: TerminalGraphics?, besideJSON: Bool, figure: () -> RasterImage,
    bare: () -> (image: RasterImage, caption: String)
  ) throws {
    let descriptor: Int32 = besideJSON ? 2 : 1
    let query = choice == nil && canDraw(descriptor) ? TerminalQuery.ask() : nil
    let graphics = choice ?? best(descriptor, query)
    var screen = screen(descriptor, cell: query?.cell)
    let text: String
    if graphics.showsLabels {
      text = try graphics.text(of: figure(), on: screen)
    } else {
      let (image, caption) = bare()
      let lines = caption.isEmpty ? [] : wrapped(caption, width: screen.columns)
      screen.rows = max(1, screen.rows - lines.count)
      text = try graphics.text(of: image, on: screen) + lines.map { $0 + "\n" }.joined()
    }
    if besideJSON { Console.show(text) } else { try Console.draw(String(text.dropLast())) }
  }

  /// Whether a terminal is there that is no typewriter, and its user wants colours.
  private static func canDraw(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && !["dumb", "linux"].contains(environment["TERM", default: "dumb"])
      && environment["NO_COLOR", default: ""].isEmpty
  }

  /// What the terminal says counts; where it says nothing, what is known of it.
  private static func best(_ descriptor: Int32, _ query: TerminalAnswer?) -> TerminalGraphics {
    guard canDraw(descriptor) else { return .ascii }
    let environment = ProcessInfo.processInfo.environment
    if let query {
      if query.hasKitty { return .kitty }
      if query.hasSixel { return .sixel }
    } else if environment["KITTY_WINDOW_ID"] != nil && environment["TMUX"] == nil {
      return .kitty
    }
    let hasTrueColor =
      ["truecolor", "24bit"].contains(environment["COLORTERM"]) || environment["TERM"]!.hasSuffix("-direct")
    return hasTrueColor ? .blocks : .ascii
  }

  /// The room of a terminal, less a line for the prompt; of anything else 80 columns, and as many lines as it takes.
  private static func screen(_ descriptor: Int32, cell: (height: Int, width: Int)?) -> TerminalScreen {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 1 else {
      return TerminalScreen(columns: 80, rows: 400)
    }
    let (columns, rows) = (Int(size.ws_col), Int(size.ws_row))
    let isKnown = size.ws_xpixel >= size.ws_col && size.ws_ypixel >= size.ws_row
    let own = isKnown ? (height: Int(size.ws_ypixel) / rows, width: Int(size.ws_xpixel) / columns) : nil
    return TerminalScreen(columns: columns, rows: rows - 1, cell: cell ?? own ?? (16, 8))
  }
}

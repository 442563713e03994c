/// What a terminal says when it is asked what it can do.
package struct TerminalAnswer: Sendable {
  /// The questions: Kitty's own, the size of a letter, and last the one that all terminals answer (primary device
  /// attributes), so that nobody waits for answers that do not come.
  ///
  /// - Parameter isInside: Whether tmux or screen stands between, which would take Kitty's question for a title.
  package static func questions(isInside: Bool) -> String {
    (isInside ? "" : "\u{1b}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\u{1b}\\") + "\u{1b}[16t\u{1b}[c"
  }

  /// It draws pictures sent by Kitty's protocol.
  package let hasKitty: Bool
  /// It draws Sixel graphics.
  package let hasSixel: Bool
  /// Pixels of a letter, if it told.
  package let cell: (height: Int, width: Int)?
  /// Whether the answer to the last question is there.
  package let isComplete: Bool

  /// Reads what came.
  package init(_ text: String) {
    hasKitty = text.contains(/\x1b_Gi=31;OK\x1b\\/)
    let attributes = text.firstMatch(of: /\x1b\[\?([0-9;]*)c/)
    isComplete = attributes != nil
    // The first number is the terminal's level.
    hasSixel = attributes?.1.split(separator: ";").dropFirst().contains("4") ?? false
    let size = text.firstMatch(of: /\x1b\[6;([0-9]{1,4});([0-9]{1,4})t/)
    cell = size.flatMap { size in
      guard let height = Int(size.1), let width = Int(size.2), height > 0, width > 0 else { return nil }
      return (height, width)
    }
  }
}

import Foundation
import SpectralKit

/// Asks the terminal that the process belongs to what it can do.
enum TerminalQuery {
  /// What it says within half a second.
  ///
  /// - Returns: nil if there is no terminal, if the process is in its background, or if nothing was answered.
  static func ask() -> TerminalAnswer? {
    let environment = ProcessInfo.processInfo.environment
    let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { return nil }
    defer { close(terminal) }
    // A process in the background would be stopped when it changes the terminal.
    var before = termios()
    guard tcgetpgrp(terminal) == getpgrp(), tcgetattr(terminal, &before) == 0 else { return nil }
    var raw = before
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
    guard tcsetattr(terminal, TCSADRAIN, &raw) == 0 else { return nil }
    let isInside = environment["TMUX"] != nil || environment["TERM", default: ""].hasPrefix("screen")
    let answer = exchange(terminal, TerminalAnswer.questions(isInside: isInside))
    // What comes too late must not be taken for typing.
    tcsetattr(terminal, answer == nil ? TCSAFLUSH : TCSADRAIN, &before)
    return answer
  }

  private static func exchange(_ terminal: Int32, _ questions: String) -> TerminalAnswer? {
    let question = Array(questions.utf8)
    guard write(terminal, question, question.count) == question.count else { return nil }
    let deadline = ContinuousClock.now + .milliseconds(500)
    var bytes: [UInt8] = []
    while isReadable(terminal, until: deadline) {
      var piece = [UInt8](repeating: 0, count: 256)
      let count = read(terminal, &piece, piece.count)
      guard count > 0 else { return nil }
      bytes += piece.prefix(count)
      let answer = TerminalAnswer(String(decoding: bytes, as: UTF8.self))
      if answer.isComplete { return answer }
    }
    return nil
  }

  private static func isReadable(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> Bool {
    let left = (deadline - .now).seconds
    guard left > 0 else { return false }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, Int32(left * 1000) + 1) > 0
  }
}

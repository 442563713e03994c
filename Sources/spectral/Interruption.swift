import Foundation
import Synchronization

/// A run that a signal ended in good order: exit code 128 + n.
struct Interruption: Error, CustomStringConvertible {
  /// SIGINT (2) or SIGTERM (15).
  let signal: Int32
  /// One sentence: how far it came, and how to go on.
  let description: String

  /// The signal that has arrived since ``watch()``, if any.
  static var pending: Int32? {
    let signal = arrived.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }

  /// Called once a second while the process waits for the other end of a pipe.
  ///
  /// - Throws: ``Interruption`` if a signal has arrived.
  static func checkWait(for subject: String, seconds: Int) throws {
    if let signal = pending {
      throw Interruption(signal: signal, description: "interrupted while waiting for \(subject)")
    }
    if seconds >= 2, !hasSaidWait.exchange(true, ordering: .relaxed) { Console.say("waiting for \(subject)") }
  }

  /// From now on SIGINT and SIGTERM are noted, so that the run can stop in good order. A second one ends the process.
  static func watch() {
    // Made here: a signal handler must not be the first to touch a global.
    arrived.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] { catchSignal(number) }
  }
}

private let arrived = Atomic<Int32>(0)
private let hasSaidWait = Atomic<Bool>(false)

/// Catches a signal whatever was inherited: shells start jobs in the background with SIGINT ignored, and a program that
/// starts this one from a thread of Dispatch hands on that thread's blocked signals.
private func catchSignal(_ number: Int32) {
  signal(number, noteSignal)
  var one = sigset_t()
  sigemptyset(&one)
  sigaddset(&one, number)
  pthread_sigmask(SIG_UNBLOCK, &one, nil)
}

private func noteSignal(_ number: Int32) {
  arrived.store(number, ordering: .relaxed)
  signal(number, SIG_DFL)
}

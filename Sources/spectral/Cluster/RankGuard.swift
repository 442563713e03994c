#if SPECTRALKIT_MPI
  import Foundation
  import SpectralCore

  /// The process that a launcher of MPI has started: it starts the rank proper, and waits for its end.
  ///
  /// A launcher that loses a rank to a signal ends with the code of that signal and in words of its own. This one stays, says
  /// which rank it was and what to do, and ends with code 1, on which the launcher ends all others.
  enum RankGuard {
    /// The number of the pipe that is closed when the guard ends, in the environment of the rank.
    private static let variable = "SPECTRALKIT_RANK_GUARD"

    /// Guards a rank in this process, and does not return; or returns at once in the rank.
    static func enter(_ environment: [String: String]) {
      if let pipe = environment[variable].flatMap({ Int32($0) }) { return watch(pipe) }
      let program =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { return end(saying: "no pipe could be opened: \(String(cString: strerror(errno)))") }
      _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
      var process: pid_t = 0
      var words = (0..<Int(CommandLine.argc)).map { CommandLine.unsafeArgv[$0] } + [nil]
      let settings = environment.merging([variable: "\(ends[0])"]) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
      // What ends the launcher's processes reaches the rank too, and its end is what counts.
      for number in [SIGINT, SIGTERM] { signal(number, { _ in wasAskedToEnd = 1 }) }
      let code = posix_spawnp(&process, program, nil, nil, &words, settings)
      guard code == 0 else {
        return end(saying: "the program could not be started: \(String(cString: strerror(code)))")
      }
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0 && errno == EINTR {}
      let signal = status & 0x7f
      if signal == 0 { ProcessEnd.end(status >> 8 & 0xff) }
      if wasAskedToEnd != 0 { ProcessEnd.end(1) }
      end(
        saying:
          "\(rank(environment)) was ended by signal \(signal) (\(String(cString: strsignal(signal)))), and with it the run: "
          + "the same command goes on where it stopped")
    }

    private static func end(saying text: String) {
      Console.say("spectral: \(text)")
      ProcessEnd.end(1)
    }

    /// Ends this process when its guard is gone.
    private static func watch(_ pipe: Int32) {
      _ = fcntl(pipe, F_SETFD, FD_CLOEXEC)
      Thread.detachNewThread {
        var byte: UInt8 = 0
        while read(pipe, &byte, 1) < 0 && errno == EINTR {}
        _exit(1)
      }
    }

    /// The rank as the launcher numbers it, for the time before MPI has begun.
    private static func rank(_ environment: [String: String]) -> String {
      let rank = environment["OMPI_COMM_WORLD_RANK"] ?? environment["PMIX_RANK"] ?? "?"
      return "rank \(rank)" + (environment["OMPI_COMM_WORLD_SIZE"].map { " of \($0)" } ?? "")
    }
  }

  /// Written by a signal handler of the guard, which has one thread.
  private nonisolated(unsafe) var wasAskedToEnd: sig_atomic_t = 0
#endif

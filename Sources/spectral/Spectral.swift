import Foundation
import SpectralKit
import SpectralCore

#if SPECTRALKIT_MPI
  import SpectralMPI
#endif

/// One of the words after `spectral`.
protocol Subcommand: Sendable {
  /// What it understands.
  static var specification: Specification { get }
  /// Whether several processes that `mpirun` has started can share the work.
  static var runsOnRanks: Bool { get }
  /// Does it.
  ///
  /// - Throws: ``UsageError`` for wrong usage, ``Interruption`` for a run cut short, anything else for failure.
  static func run(_ arguments: Arguments) throws
}

extension Subcommand {
  static var runsOnRanks: Bool { false }
}

/// The command.
///
/// Exit codes: 0 for success, 1 for failure, 2 for wrong usage, 128 + n for a run that signal n ended. Every failure is
/// one line on the standard error.
@main
enum Spectral {
  static let version = SpectralVersion.current

  static let subcommands: [any Subcommand.Type] = [
    TrainCommand.self, EvaluateCommand.self, PredictCommand.self, SpectrumCommand.self, FilterCommand.self,
    HybridCommand.self, ConvolveCommand.self, KernelCommand.self, DeblurCommand.self, MatchCommand.self,
    LessonCommand.self, Conv1DCommand.self, Conv2DCommand.self, Conv3DCommand.self, CompareCommand.self,
    BenchmarkCommand.self, DemoCommand.self,
    PlaygroundCommand.self,
  ]

  static func main() {
    let environment = ProcessInfo.processInfo.environment
    #if SPECTRALKIT_MPI
      if MPI.isLaunched(environment) { RankGuard.enter(environment) }
    #else
      refuseLauncher(environment)
    #endif
    SmallAddressSpace.startOverWithFewMaps()
    StandardDescriptors.openMissing()
    // A file that outgrows the process's limit is then an error with a name, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    ExternalWait.observe { try Interruption.checkWait(for: $0, seconds: $1) }
    // Not CommandLine.arguments, in which bytes that are not UTF-8 are lost.
    let words = (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0] }
      .map { FileName.decode(cString: $0) }
    #if SPECTRALKIT_MPI
      ProcessEnd.end(runOnRanks(words, environment))
    #else
      ProcessEnd.end(run(words))
    #endif
  }

  #if SPECTRALKIT_MPI
    /// Runs a command line on this rank, or in this process alone.
    private static func runOnRanks(_ words: [String], _ environment: [String: String]) -> Int32 {
      do {
        try Ranks.start(environment)
        let code = run(words)
        try Ranks.end()
        return code
      } catch {
        Console.say("spectral: \(error)")
        return 1
      }
    }
  #else
    /// Ends a process that is one of several, which would all do the same here.
    private static func refuseLauncher(_ environment: [String: String]) {
      guard let count = environment["OMPI_COMM_WORLD_SIZE"].flatMap({ Int($0) }), count > 1 else { return }
      if environment["OMPI_COMM_WORLD_RANK"] == "0" {
        Console.say(
          "spectral: mpirun started \(count) processes, and this build has no MPI: make mpi builds one that has, or leave "
            + "mpirun away")
      }
      ProcessEnd.end(1)
    }
  #endif

  /// Runs a command line and gives the exit code.
  static func run(_ words: [String]) -> Int32 {
    var context = "spectral"
    var specification: Specification?
    do {
      if !Ranks.speaks && isQuestion(words) { return 0 }
      guard let first = words.first else { throw UsageError("say what to do: \(names). See spectral --help") }
      switch first {
      case "--help", "-h": try Console.result(help)
      case "help": try help(Array(words.dropFirst()))
      case "--version": try Console.result("spectral \(version)")
      default:
        let subcommand = try subcommand(first)
        context += " \(first)"
        specification = subcommand.specification
        try run(subcommand, Array(words.dropFirst()))
      }
      return 0
    } catch let end as AgreedEnd {
      return end.code
    } catch let interruption as Interruption {
      Console.say("\(context): \(interruption)")
      return 128 + interruption.signal
    } catch let error as UsageError {
      return fail(context, "\(error)", code: 2)
    } catch {
      return fail(context, specification?.told(error) ?? "\(error)", code: 1)
    }
  }

  /// Says what is wrong, once for all ranks, and gives the exit code.
  private static func fail(_ context: String, _ text: String, code: Int32) -> Int32 {
    #if SPECTRALKIT_MPI
      if let ranks = Ranks.current { return ranks.fail(context, text, code: code) }
    #endif
    Console.say("\(context): \(text)")
    return code
  }

  /// Whether words ask for the help or the version.
  private static func isQuestion(_ words: [String]) -> Bool {
    let flags = words.prefix { $0 != "--" }
    return words.first == "help" || ["--help", "-h", "--version"].contains(where: flags.contains)
  }

  private static func run(_ subcommand: any Subcommand.Type, _ words: [String]) throws {
    let specification = subcommand.specification
    let flagWords = words.prefix { $0 != "--" }
    if flagWords.contains("--help") || flagWords.contains("-h") {
      try Console.result(String(specification.help.dropLast()))
    } else if flagWords.contains("--version") {
      try Console.result("spectral \(version)")
    } else {
      if Ranks.count > 1 && !subcommand.runsOnRanks {
        let others = subcommands.filter { $0.runsOnRanks }.map { $0.specification.name }
        throw UsageError(
          "runs as one process, and mpirun started \(Ranks.count): leave mpirun away (several ranks run "
            + "\(others.joined(separator: " and ")))")
      }
      try subcommand.run(try Arguments(words, for: specification))
    }
  }

  private static var specifications: [Specification] {
    // A closure, since a key path from an existential metatype crashes the compiler of Swift 6.3.
    subcommands.map { $0.specification }
  }

  private static var names: String { specifications.map(\.name).joined(separator: ", ") }

  private static func subcommand(_ name: String) throws(UsageError) -> any Subcommand.Type {
    if let found = subcommands.first(where: { $0.specification.name == name }) { return found }
    let kind = name.hasPrefix("-") ? "flag" : "command"
    let candidates = kind == "flag" ? ["--help", "--version"] : specifications.map(\.name)
    throw UsageError(
      "\(name) is not a \(kind) of spectral"
        + (nearest(to: name, in: candidates).map { ": did you mean \($0)?" } ?? ": there are \(names)"))
  }

  private static func help(_ words: [String]) throws {
    // What `make install` puts beside the command.
    if words == ["--man"] {
      let page = ManualPage(version: version, summary: summary, notes: notes, specifications)
      return try Console.result(page.source)
    }
    if words.first == "--completions" {
      guard words.count == 2, let shell = CompletionShell(rawValue: words[1]) else {
        throw UsageError(
          "--completions needs one shell: \(CompletionShell.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return try Console.result(shell.script(specifications))
    }
    guard let name = words.first, name != "--help" else { return try Console.result(help) }
    try Console.result(String(try subcommand(name).specification.help.dropLast()))
  }

  private static var help: String {
    let width = specifications.map(\.name.count).max()! + 2
    let list = specifications.map {
      "  " + $0.name.padding(toLength: width, withPad: " ", startingAt: 0) + $0.summary
    }
    return """
      Usage: spectral COMMAND [flags]

      \(summary)

      Commands:
      \(list.joined(separator: "\n"))

      Flags:
        --help     this help; spectral COMMAND --help for a command's own
        --version  the version

      \(notes)
      """
  }

  private static let summary =
    "Convolution in space and by spectra: filters arrays and images, and trains networks, through either method."

  private static let notes = """
    A value follows its flag as --flag value or --flag=value; -- ends the flags. Where one picture or array is named, -
    is the standard input or output. Results go to the standard output, or to the standard error if a file goes there;
    all other talk goes to the standard error. Exit code 0 is success, 1 failure, 2 wrong usage, 130 and 143 an interrupted run.
    """
}

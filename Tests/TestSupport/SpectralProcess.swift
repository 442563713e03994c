import Foundation

/// What a run of the command left behind.
public struct Outcome {
  public let code: Int32
  /// What went to the standard output.
  public let output: String
  /// What went to the standard error.
  public let talk: String

  /// The lines of ``talk``.
  public var lines: [Substring] { talk.split(separator: "\n") }

  /// The one JSON object on the standard output.
  public var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
  }
}

/// The built command, which lies beside the tests.
public let spectralBinary: URL = {
  var folder = testImage.resolvingSymlinksInPath().deletingLastPathComponent()
  while folder.path != "/" {
    let candidate = folder.appendingPathComponent("spectral")
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
      return candidate
    }
    folder.deleteLastPathComponent()
  }
  preconditionFailure("there is no command spectral beside \(testImage.path): run swift build first")
}()

/// The file that holds this very code: on Linux an executable, on macOS a bundle some folders deep.
private var testImage: URL {
  #if os(Linux)
    return URL(fileURLWithPath: "/proc/self/exe")
  #else
    var information = Dl_info()
    let isFound = dladdr(#dsohandle, &information)
    precondition(isFound != 0, "the tests do not know where they are")
    return URL(fileURLWithPath: String(cString: information.dli_fname))
  #endif
}

/// A process of the command that is under way.
public final class RunningSpectral {
  public let process = Process()
  private let folder = temporaryFolder()
  private let outputFile: URL
  private let talkFile: URL

  /// Starts the command.
  ///
  /// - Parameter environment: Set in addition to the tests' own. What is remembered across runs goes to a folder of its own.
  public convenience init(_ arguments: [String], in directory: URL? = nil, environment: [String: String] = [:]) {
    self.init(spectralBinary, arguments, in: directory, environment: environment)
  }

  public init(_ executable: URL, _ arguments: [String], in directory: URL?, environment: [String: String]) {
    // Files rather than pipes: nobody has to read them while the command runs.
    (outputFile, talkFile) = (folder.appendingPathComponent("output"), folder.appendingPathComponent("talk"))
    for file in [outputFile, talkFile] { try! Data().write(to: file) }
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment
      .merging(["SPECTRALKIT_CACHE": ""]) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try! FileHandle(forWritingTo: outputFile)
    process.standardError = try! FileHandle(forWritingTo: talkFile)
    try! process.run()
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// What has gone to the standard output so far.
  public var output: String { (try? String(decoding: Data(contentsOf: outputFile), as: UTF8.self)) ?? "" }

  /// Waits for the end. A run that signal n ended has the code 128 + n.
  public func finish() -> Outcome {
    // So that a run that hangs is a failed test and not a hung one.
    let (number, process) = (self.process.processIdentifier, self.process)
    let watchdog = DispatchWorkItem { kill(number, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: watchdog)
    process.waitUntilExit()
    watchdog.cancel()
    func text(_ file: URL) -> String { (try? String(decoding: Data(contentsOf: file), as: UTF8.self)) ?? "" }
    let code = process.terminationStatus
    return Outcome(
      code: process.terminationReason == .uncaughtSignal ? 128 + code : code, output: text(outputFile),
      talk: text(talkFile))
  }
}

/// Runs the command to its end.
public func spectral(
  _ arguments: String..., in directory: URL? = nil, environment: [String: String] = [:]
) -> Outcome {
  spectral(arguments, in: directory, environment: environment)
}

/// Runs the command to its end.
public func spectral(_ arguments: [String], in directory: URL? = nil, environment: [String: String] = [:]) -> Outcome {
  RunningSpectral(arguments, in: directory, environment: environment).finish()
}

/// Runs what somebody types who has the command on the search path, to its end.
public func spectral(typed line: String, in directory: URL? = nil) -> Outcome {
  spectral(shell: "spectral() { \"$0\" \"$@\"; }\n" + line, in: directory)
}

/// Runs a line of the shell, in which `$0` is the command, to its end.
public func spectral(shell line: String, in directory: URL? = nil) -> Outcome {
  RunningSpectral(
    URL(fileURLWithPath: "/bin/sh"), ["-c", line, spectralBinary.path], in: directory, environment: [:]
  ).finish()
}

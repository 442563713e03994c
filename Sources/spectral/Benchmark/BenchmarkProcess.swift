import Foundation
import SpectralBenchmarks
import SpectralKit

/// Times one case in a process of its own: this command once more.
enum BenchmarkProcess {
  /// - Throws: ``CommandError`` with what the process said if it failed.
  static func run(
    _ benchmark: BenchmarkCase, _ method: ConvolutionChoice, _ settings: BenchmarkSettings
  ) throws -> BenchmarkResult {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spectral-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("case.json")
    try JSONEncoder().encode([benchmark]).write(to: file)

    var words = [
      "benchmark", "--cases", file.path, "--pass", settings.pass.rawValue, "--method", method.rawValue, "--plan",
      settings.planning.rawValue, "--threads", "\(Parallel.threads)", "--json",
    ]
    // The direct method refuses the flag: it transforms nothing.
    if method != .direct { words += ["--transforms", settings.transforms.rawValue] }
    if settings.deterministic { words.append("--deterministic") }
    if let limit = settings.memoryLimit { words += ["--memory-limit", "\(limit)"] }
    let process = Process()
    process.executableURL = executable
    process.arguments = words
    let (output, talk) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, talk)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // One line each: both fit into a pipe.
    let line = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let reason = complaint.trimmingCharacters(in: .whitespacesAndNewlines)
      throw CommandError(
        "\(benchmark.name): "
          + (reason.isEmpty ? "its process ended with code \(process.terminationStatus): memory may be short" : reason))
    }
    return try JSONDecoder().decode(BenchmarkResult.self, from: line)
  }

  private static var executable: URL {
    #if os(Linux)
      URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    #else
      Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    #endif
  }
}

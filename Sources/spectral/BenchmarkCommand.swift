import Foundation
import SpectralBenchmarks
import SpectralKit

/// `spectral benchmark`: how long convolutions take on this machine.
enum BenchmarkCommand: Subcommand {
  private static let cases = Flag(
    "--cases", .text("FILE.json", example: "cases.json"),
    "an array of cases to time, instead of the built-in ones; see Docs/Performance.md")
  private static let pass = Flag(
    "--pass", .word(example: BenchmarkPass.training), default: BenchmarkPass.forward.rawValue,
    "inference, or a training step: forward and both gradients, with new weights on every call")
  private static let json = Flag(switch: "--json", "print one JSON object a line and case instead of a table")

  static let specification = Specification(
    name: "benchmark", summary: "how long convolutions take on this machine",
    discussion: """
      Times convolutions in single precision. Planning and one run to warm up come before the stop-watch starts; then \
      the work is repeated for a second or so, and the median counts. The error is the relative L2 distance from the \
      float64 sum, on a sample of the results. Under --pass training, cases of single images are left out.
      """,
    operands: "NAME...", operandCount: 0...Int.max,
    sections: [
      .init("Task", [cases, pass]),
      .init("Computation", [CommonFlags.method, CommonFlags.threads, CommonFlags.deterministic]),
      .init("Output", [json]),
    ],
    examples: [
      .init("spectral benchmark dense-k11 --method fft", "One of the built-in cases."),
      .init(
        "spectral benchmark --cases cases.json --pass training --json", "Cases of your own, for a program to read."),
    ])

  static func run(_ arguments: Arguments) throws {
    CommonFlags.applyThreads(arguments)
    var list = try arguments.optional(cases).map(read) ?? BenchmarkCase.builtIn
    if !arguments.operands.isEmpty {
      let known = Set(list.map(\.name))
      if let stray = arguments.operands.first(where: { !known.contains($0) }) {
        throw CommandError("there is no case \(stray): take some of \(list.map(\.name).joined(separator: ", "))")
      }
      list.removeAll { !arguments.operands.contains($0.name) }
    }
    let pass: BenchmarkPass = arguments[pass]
    let choice: ConvolutionChoice = arguments[CommonFlags.method]
    let method: any ConvolutionMethod<Float> = choice.method(deterministic: arguments[CommonFlags.deterministic])
    for benchmark in list where pass == .forward || benchmark.kind == .conv2d {
      let result = try Benchmark.run(benchmark, pass: pass, method: method)
      try Console.result(arguments[json] ? encoded(result) : row(result))
    }
    try? Wisdom.save()
  }

  private static func read(_ path: String) throws -> [BenchmarkCase] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path, "cannot be read: check that it exists")
    }
    do { return try JSONDecoder().decode([BenchmarkCase].self, from: data) } catch {
      throw FileError(
        path,
        "is not an array of cases: each is an object with name, kind (conv2d or image), height, width and kernel, and for "
          + "conv2d batch, inputChannels, outputChannels and groups")
    }
  }

  private static func encoded(_ result: BenchmarkResult) throws -> String {
    String(decoding: try JSONEncoder().encode(result), as: UTF8.self)
  }

  private static func row(_ result: BenchmarkResult) -> String {
    let error = result.relativeError.map { String(format: "%.1e", $0) } ?? "-"
    return result.name.padding(toLength: 18, withPad: " ", startingAt: 0)
      + result.pass.padding(toLength: 10, withPad: " ", startingAt: 0)
      + result.method.padding(toLength: 16, withPad: " ", startingAt: 0)
      + String(
        format: "%10.3f ms (min %.3f)   error %@", result.medianSeconds * 1e3, result.minimumSeconds * 1e3, error)
  }
}

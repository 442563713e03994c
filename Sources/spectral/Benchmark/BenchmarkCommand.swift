import Foundation
import SpectralBenchmarks
import SpectralKit
import SpectralCore

/// `spectral benchmark`: how long convolutions take on this machine.
enum BenchmarkCommand: Subcommand {
  typealias Common = CommonFlags

  static let cases = Flag(
    "--cases", .inputFile("FILE.json", example: "cases.json"),
    "an array of cases to take instead of the built-in ones; see Docs/Performance.md")
  private static let pass = Flag(
    "--pass", .word(example: BenchmarkPass.training), default: BenchmarkPass.forward.rawValue,
    "inference, or a training step: forward and both gradients, with new weights on every call")
  private static let json = Flag(
    switch: "--json", "print JSON instead of text for people: one object a line and result")
  private static let output = Flag(
    "--output", short: "-o", .outputFile("FILE.svg", example: "curves.svg"),
    "draw the curves of --crossover or --growth in this file too")

  private static let crossover = Flag(
    switch: "--crossover",
    "time kernels of growing size by every method, draw the curves, and say where they cross; NAME is dense, depthwise, "
      + "image or a case, whose own kernel plays no part")
  private static let growth = Flag(
    "--growth", .word(example: Growth.kernel),
    "how time and memory grow with one size, with the machine's limits drawn in; NAME is a case whose other sizes stay")
  private static let regret = Flag(
    switch: "--regret",
    "time all candidates of each case, and say how far the choice of automatic is from the best of them; NAME is also one "
      + "of a list of other shapes")
  private static let stages = Flag(
    switch: "--stages",
    "how long each stage of the Fourier method takes, and what share of the machine's limits it reaches: of multiply-adds, "
      + "and of bytes through memory and through the second-level cache")
  private static let limits = Flag(
    switch: "--limits", "measure what the machine can do at most: multiply-adds, and bytes from cache and memory")
  private static let rates = Flag(
    switch: "--rates",
    "measure how fast this machine does each kind of work that estimates count, and remember it: automatic chooses by it from "
      + "then on, but under --deterministic; it takes some seconds")
  private static let solvers = Flag(
    switch: "--solvers", "list the ways to compute a convolution, and what each is for; nothing is measured")

  static let specification = Specification(
    name: "benchmark", summary: "how long convolutions take on this machine",
    discussion: """
      Times convolutions. Planning and one run to warm up come before the stop-watch starts; then the work is repeated \
      for a second or so, and the median counts. The error is the relative L2 distance from the float64 sum, on a sample \
      of the results. Under --pass training, cases of single images are left out. What else can be measured is below; \
      one of these at a time.
      """,
    operands: "NAME...", operandCount: 0...Int.max,
    sections: [
      .init("Task", [cases, pass]),
      .init("Instead of a table of times", [crossover, growth, regret, rates, stages, limits, solvers]),
      .init(
        "Computation",
        [
          Common.method, Common.solver, Common.transforms, Common.plan, Common.memoryLimit, Common.threads,
          Common.deterministic,
        ]),
      .init("Output", [json, output]),
    ],
    examples: [
      .init("spectral benchmark dense-k11 --method fft", "One of the built-in cases."),
      .init(
        "spectral benchmark --cases cases.json --pass training --json", "Cases of your own, for a program to read."),
      .init("spectral benchmark --crossover dense -o crossover.svg", "Where spectra begin to pay, in a picture."),
    ])

  /// What a run of the command is about.
  struct Request {
    /// As they are on the command line.
    let arguments: Arguments
    let settings: BenchmarkSettings
    let isJSON: Bool
    let picture: String?

    /// The method, if one was named.
    var namedMethod: ConvolutionChoice? {
      arguments.has(CommonFlags.method) ? arguments[CommonFlags.method] : nil
    }

    /// The cases that are named, or else the usual ones.
    ///
    /// - Parameter known: What names can mean without a file; the usual ones are among them.
    /// - Throws: ``CommandError`` for a name that nothing has; `FileError`.
    func cases(usual: [BenchmarkCase], known: [BenchmarkCase]? = nil) throws -> [BenchmarkCase] {
      let file = try arguments.optional(BenchmarkCommand.cases).map(BenchmarkCommand.read)
      let list = file ?? usual
      let names = arguments.operands
      if names.isEmpty { return list }
      let known = file ?? known ?? usual
      if let stray = names.first(where: { name in !known.contains { $0.name == name } }) {
        // Of many names those of the same family, e.g. all that begin with `dense`, or else the most usual.
        let family = known.filter { $0.name.hasPrefix(stray.prefix { $0 != "-" }) }
        let shown = (family.isEmpty ? known : family).map(\.name).prefix(40)
        throw CommandError("there is no case \(stray): take some of \(shown.joined(separator: ", "))")
      }
      return known.filter { names.contains($0.name) }
    }
  }

  static func run(_ arguments: Arguments) throws {
    var settings = BenchmarkSettings()
    settings.planning = try Common.planning(arguments) ?? .estimated
    settings.pass = arguments[pass]
    settings.method = arguments[Common.method]
    settings.transforms = arguments[Common.transforms]
    settings.deterministic = arguments[Common.deterministic]
    settings.memoryLimit = arguments.optional(Common.memoryLimit)
    settings.solver = arguments.optional(Common.solver)
    if let solver = settings.solver {
      do { try ConvolutionSolvers.check(solver) } catch { throw UsageError("\(Common.solver.name): \(error)") }
    }
    try Common.checkTransforms(arguments, settings.method, by: Common.method.name, solver: settings.solver)
    try checkCombination(arguments)
    Common.applyThreads(arguments)
    let request = Request(
      arguments: arguments, settings: settings, isJSON: arguments[json], picture: arguments.optional(output))
    if arguments[solvers] { return try listSolvers(isJSON: arguments[json]) }
    if arguments[crossover] {
      try CrossoverReport.run(request)
    } else if let growth = arguments.optional(growth) {
      try GrowthReport.run(growth, request)
    } else if arguments[regret] {
      try RegretReport.run(request)
    } else if arguments[rates] {
      try RateReport.run(request)
    } else if arguments[stages] {
      try StageReport.run(request)
    } else if arguments[limits] {
      try LimitsReport.run(request)
    } else {
      try CaseReport.run(request)
    }
    try? Wisdom.save()
  }

  private static func listSolvers(isJSON: Bool) throws {
    let all = ConvolutionSolvers.all
    let width = all.map(\.name.count).max() ?? 0
    for (name, summary) in all {
      let line = name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + summary
      try Console.result(isJSON ? "\(JSON.object([("name", .string(name)), ("summary", .string(summary))]))" : line)
    }
  }

  /// One thing is measured at a time, and what is asked for must mean something there.
  private static func checkCombination(_ arguments: Arguments) throws(UsageError) {
    let given = [
      (crossover.name, arguments[crossover]), (growth.name, arguments.has(growth)), (regret.name, arguments[regret]),
      (rates.name, arguments[rates]), (stages.name, arguments[stages]), (limits.name, arguments[limits]),
      (solvers.name, arguments[solvers]),
    ]
    let tasks = given.filter(\.1).map(\.0)
    guard tasks.count <= 1 else {
      throw UsageError("\(tasks[0]) and \(tasks[1]) are two different measurements: ask for one at a time")
    }
    let task = tasks.first
    func refuse(_ given: Bool, _ flag: String, _ why: String) throws(UsageError) {
      if given { throw UsageError("\(flag) \(why): leave it away") }
    }
    if task != crossover.name && task != growth.name && arguments.has(output) {
      throw UsageError("\(output.name) draws the curves of \(crossover.name) or \(growth.name): ask for one of them")
    }
    if task == crossover.name || task == regret.name {
      try refuse(arguments.has(Common.method), Common.method.name, "means nothing to \(task!), which times them all")
    }
    if arguments.has(Common.solver) {
      try refuse(arguments.has(Common.method), Common.method.name, "has nothing to choose beside \(Common.solver.name)")
      try refuse(arguments.has(Common.plan), Common.plan.name, "has nothing to choose beside \(Common.solver.name)")
      if let task { try refuse(true, Common.solver.name, "means nothing to \(task), which takes methods as they are") }
    }
    if task == stages.name {
      try refuse(
        arguments.has(Common.method) && arguments[Common.method] != .fft, Common.method.name,
        "cannot be \(arguments[Common.method]) with \(stages.name), for only fft has stages")
    }
    if task == limits.name || task == rates.name {
      // Rates are of one core, and small problems need little.
      let isRates = task == rates.name
      let others: [(Bool, String)] = [
        (isRates && arguments.has(Common.threads), Common.threads.name),
        (isRates && arguments.has(Common.memoryLimit), Common.memoryLimit.name),
        (arguments.has(Common.method), Common.method.name), (arguments.has(Common.plan), Common.plan.name),
        (arguments.has(Common.transforms), Common.transforms.name),
        (arguments.has(cases), cases.name), (arguments.has(pass), pass.name),
        (arguments[Common.deterministic], Common.deterministic.name), (!arguments.operands.isEmpty, "NAME"),
      ]
      for (given, flag) in others {
        let why = task == limits.name ? "convolves nothing" : "has problems of its own"
        try refuse(given, flag, "means nothing to \(task!), which \(why)")
      }
    }
  }

  private static func read(_ path: String) throws -> [BenchmarkCase] {
    let data = try InputFile.contents(of: path, limit: 16 << 20)
    do { return try BenchmarkCase.list(json: data) } catch let error as ConvolutionError {
      throw FileError(path, error.description)
    } catch {
      throw FileError(
        path,
        "is not an array of cases: each is an object with name, kind (layer or array), size (one to three numbers) and "
          + "kernel (a number, or one for each axis), for layers batch, inputChannels, outputChannels, groups, stride and "
          + "dilation, and perhaps precision (single or double)")
    }
  }
}

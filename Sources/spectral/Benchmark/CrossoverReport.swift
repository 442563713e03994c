import SpectralFigures
import Foundation
import SpectralBenchmarks
import SpectralKit

/// Kernels of growing size by every method, as curves, and where the curves cross.
enum CrossoverReport {
  static func run(_ request: BenchmarkCommand.Request) throws {
    let known = BenchmarkCase.swept + BenchmarkCase.builtIn + BenchmarkCase.varied
    let shapes = try request.cases(usual: BenchmarkCase.swept, known: known)
      .filter { request.settings.pass == .forward || $0.kind == .layer }
    guard !shapes.isEmpty else {
      throw CommandError("single images have no training step: name a layer, e.g. dense, or take --pass forward")
    }
    var settings = request.settings
    settings.budget = 0.5
    var charts: [Chart] = []
    for shape in shapes {
      let total = Double(KernelSweep.kernels(for: shape).count * ConvolutionChoice.allCases.count)
      var done = 0.0
      let sweep = try KernelSweep.run(shape, settings) { result in
        done += 1
        guard Console.isInteractive else { return }
        ProgressBar.show(result.name, fraction: done / total, "\(result.method) \(duration(result.medianSeconds))")
      }
      if Console.isInteractive { ProgressBar.clear() }
      let chart = chart(sweep, settings)
      charts.append(chart)
      if request.isJSON {
        try Console.result(json(sweep, settings).description)
      } else {
        if charts.count > 1 { try Console.result("") }
        try Console.draw(Console.chart(chart).joined(separator: "\n"))
        try Console.result("\n\(table(sweep))\n\n\(verdict(sweep))")
      }
    }
    if let path = request.picture { try AtomicFile.write(Data(SVGFigure(charts).text.utf8), to: path) }
  }

  private static func chart(_ sweep: KernelSweep, _ settings: BenchmarkSettings) -> Chart {
    func points(_ method: ConvolutionChoice) -> [Chart.Point] {
      sweep.points.compactMap { point in
        point.results[method].map { Chart.Point(Double(point.kernel), $0.medianSeconds) }
      }
    }
    let step = settings.pass == .forward ? "inference" : "a training step"
    return Chart(
      "\(sweep.shape.name): \(step), \(sweep.shape.sizes), \(Parallel.threads) thread\(Parallel.threads == 1 ? "" : "s")",
      horizontal: ChartAxis("kernel size (pixels)", ticks: sweep.points.map { Double($0.kernel) }),
      vertical: ChartAxis("time", unit: .seconds),
      series: [
        .init("direct", points(.direct)), .init("fft", points(.fft)),
        .init("automatic (what it takes)", points(.automatic), style: .band),
      ],
      marks: sweep.crossings.map { .init(x: $0.place, sentence($0)) })
  }

  private static func sentence(_ crossing: Crossing) -> String {
    "\(crossing.firstIsLowerBeyond ? "fft" : "direct") is faster from \(String(numbers: "%.1f", crossing.place)) on"
  }

  private static func verdict(_ sweep: KernelSweep) -> String {
    let crossings = sweep.crossings
    if !crossings.isEmpty {
      return crossings.map { "\(sweep.shape.name): \(sentence($0))" }.joined(separator: "\n")
    }
    let both = sweep.points.filter { $0.results[.direct] != nil && $0.results[.fft] != nil }
    guard let first = both.first, let last = both.last else { return "\(sweep.shape.name): no two methods to compare" }
    let isFourier = first.results[.fft]!.medianSeconds < first.results[.direct]!.medianSeconds
    return "\(sweep.shape.name): \(isFourier ? "fft" : "direct") is faster at every size from \(first.kernel) to "
      + "\(last.kernel)"
  }

  private static func table(_ sweep: KernelSweep) -> String {
    let head = aligned("kernel", 6) + aligned("direct", 12) + aligned("fft", 12) + aligned("automatic", 12) + "  takes"
    let rows = sweep.points.map { point -> String in
      func cell(_ method: ConvolutionChoice) -> String {
        aligned(point.results[method].map { duration($0.medianSeconds) } ?? "-", 12)
      }
      return aligned("\(point.kernel)", 6) + cell(.direct) + cell(.fft) + cell(.automatic)
        + "  \(point.results[.automatic]?.method ?? "-")"
    }
    return ([head] + rows).joined(separator: "\n")
  }

  private static func json(_ sweep: KernelSweep, _ settings: BenchmarkSettings) -> JSON {
    [
      "name": .string(sweep.shape.name), "pass": .string(settings.pass.rawValue),
      "threads": .integer(Parallel.threads), "plan": .string(settings.planning.rawValue),
      "points": .array(
        sweep.points.map { point in
          var members: [(String, JSON)] = [("kernel", .integer(point.kernel))]
          for method in ConvolutionChoice.allCases {
            guard let result = point.results[method] else { continue }
            members.append(
              (
                method.rawValue,
                [
                  "method": .string(result.method), "median_s": .number(result.medianSeconds),
                  "min_s": .number(result.minimumSeconds),
                  "relative_error": result.relativeError.map(JSON.number) ?? .null,
                ]
              ))
          }
          return .object(members)
        }),
      "crossings": .array(
        sweep.crossings.map {
          ["kernel": .number($0.place), "faster_beyond": .string($0.firstIsLowerBeyond ? "fft" : "direct")]
        }),
    ]
  }
}

extension Console {
  /// A chart for the standard output: coloured where that is a terminal.
  static func chart(_ chart: Chart) -> [String] {
    let isTerminal = isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    return TerminalChart(hasColors: isTerminal).lines(chart)
  }
}

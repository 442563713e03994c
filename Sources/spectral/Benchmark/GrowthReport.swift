import SpectralFigures
import Foundation
import SpectralBenchmarks
import SpectralKit

/// How time and peak memory grow with one size of a convolution, with the machine's limits drawn in.
///
/// Every point is a process of its own, the command itself on a single case: so the peak is that point's, and nothing
/// that an earlier one left in memory helps or hurts.
enum GrowthReport {
  /// One size by one method.
  private struct Point {
    let size: Int
    let benchmark: BenchmarkCase
    let result: BenchmarkResult
  }

  /// A run that would take longer than so many seconds is left out, and with it all that follow.
  private static let patience = 4.0

  static func run(_ growth: Growth, _ request: BenchmarkCommand.Request) throws {
    let usual = growth.usualShape
    let shape = try shape(growth, request, usual)
    let methods: [ConvolutionChoice] = request.namedMethod.map { [$0] } ?? [.direct, .fft]
    let limits = MachineLimits.measure(memoryLimit: request.settings.memoryLimit)
    var curves: [(method: ConvolutionChoice, points: [Point])] = []
    var notes: [String] = []
    for method in methods {
      var points: [Point] = []
      for (index, size) in growth.sizes.enumerated() {
        guard let benchmark = growth.resized(shape, to: size) else { continue }
        if let reason = try obstacle(benchmark, after: points.last, method, request.settings) {
          notes.append("\(method.rawValue) ends before \(size): \(reason)")
          break
        }
        if Console.isInteractive {
          ProgressBar.show(benchmark.name, fraction: Double(index) / Double(growth.sizes.count), method.rawValue)
        }
        let result = try BenchmarkProcess.run(benchmark, method, request.settings)
        points.append(Point(size: size, benchmark: benchmark, result: result))
      }
      curves.append((method, points))
    }
    if Console.isInteractive { ProgressBar.clear() }
    guard curves.contains(where: { !$0.points.isEmpty }) else {
      throw CommandError(notes.first ?? "\(shape.name) has no size that could grow so: name another case")
    }
    let charts = try charts(growth, shape, curves, limits, request.settings)
    if request.isJSON {
      for curve in curves { for point in curve.points { try Console.result(json(growth, point, limits, request)) } }
    } else {
      for chart in charts { try Console.draw(Console.chart(chart).joined(separator: "\n") + "\n") }
      try Console.result(table(growth, curves))
      for note in notes { Console.say("note: \(note)") }
    }
    if let path = request.picture { try AtomicFile.write(Data(SVGFigure(charts).text.utf8), to: path) }
  }

  private static func shape(
    _ growth: Growth, _ request: BenchmarkCommand.Request, _ usual: BenchmarkCase
  ) throws -> BenchmarkCase {
    let known = [usual] + BenchmarkCase.swept + BenchmarkCase.builtIn + BenchmarkCase.varied
    let layer = BenchmarkCase.swept[0]
    let standard = request.settings.pass == .training && usual.kind == .array ? layer : usual
    let shapes = try request.cases(usual: [standard], known: known)
    guard let shape = shapes.first, shapes.count == 1 else {
      throw CommandError("\(shapes.count) cases: name the one that is to grow")
    }
    guard request.settings.pass == .forward || shape.kind == .layer else {
      throw CommandError("single images have no training step: name a layer, e.g. dense, or take --pass forward")
    }
    return shape
  }

  /// Why the next point cannot be; nil if it can.
  private static func obstacle(
    _ benchmark: BenchmarkCase, after last: Point?, _ method: ConvolutionChoice, _ settings: BenchmarkSettings
  ) throws -> String? {
    var settings = settings
    settings.method = method
    do { try Benchmark.check(benchmark, settings) } catch { return "\(error)" }
    let work = try benchmark.work(settings.pass)
    guard let last else { return nil }
    let before = try last.benchmark.work(settings.pass)
    // The Fourier method does not grow with the kernel as the definition does, but with the arrays it must.
    let factor = method == .direct ? work.operations / before.operations : work.bytes / before.bytes
    let expected = last.result.medianSeconds * factor
    return expected > patience ? "a run would take about \(duration(expected))" : nil
  }

  // MARK: Curves

  private static func charts(
    _ growth: Growth, _ shape: BenchmarkCase, _ curves: [(method: ConvolutionChoice, points: [Point])],
    _ limits: MachineLimits, _ settings: BenchmarkSettings
  ) throws -> [Chart] {
    let step = settings.pass == .forward ? "inference" : "training step"
    let threads = "\(limits.threads) thread\(limits.threads == 1 ? "" : "s")"
    let subject = "\(shape.name) (\(shape.sizes)), \(step), \(threads)"
    let longest = curves.max { $0.points.count < $1.points.count }!.points
    let works = try longest.map { (Double($0.size), try $0.benchmark.work(settings.pass)) }
    let least = works.map { size, work in
      (size, limits.leastSeconds(operations: work.operations, bytes: work.bytes, precision: shape.precision ?? .single))
    }
    let axis = ChartAxis(growth.title, ticks: growth.sizes.map(Double.init))
    func series(_ value: (BenchmarkResult) -> Double) -> [Chart.Series] {
      curves.map { curve in
        .init(curve.method.rawValue, curve.points.map { .init(Double($0.size), value($0.result)) })
      }
    }
    return [
      Chart(
        "Time: \(subject)", horizontal: axis, vertical: ChartAxis("time", unit: .seconds),
        series: series(\.medianSeconds) + [
          .init("limit: definition's multiply-adds", least.map { .init($0.0, $0.1.arithmetic) }, style: .limit),
          .init("limit: arrays through memory once", least.map { .init($0.0, $0.1.memory) }, style: .limit),
        ]),
      Chart(
        "Peak memory: \(subject)", horizontal: axis, vertical: ChartAxis("peak resident memory", unit: .bytes),
        series: series { $0.peakMebibytes * 0x1p20 } + [
          .init("limit: the arrays alone", works.map { .init($0.0, $0.1.bytes) }, style: .limit)
        ]),
    ]
  }

  private static func table(_ growth: Growth, _ curves: [(method: ConvolutionChoice, points: [Point])]) -> String {
    let head = aligned(growth.rawValue, 8) + "  " + padded("method", 16) + aligned("time", 10) + aligned("peak", 12)
    return
      ([head]
      + curves.flatMap(\.points).map { point in
        aligned("\(point.size)", 8) + "  " + padded(point.result.method, 16)
          + aligned(duration(point.result.medianSeconds), 10)
          + aligned(String(numbers: "%.0f MiB", point.result.peakMebibytes), 12)
      }).joined(separator: "\n")
  }

  private static func json(
    _ growth: Growth, _ point: Point, _ limits: MachineLimits, _ request: BenchmarkCommand.Request
  ) throws -> String {
    let work = try point.benchmark.work(request.settings.pass)
    let least = limits.leastSeconds(
      operations: work.operations, bytes: work.bytes, precision: point.benchmark.precision ?? .single)
    let object: JSON = [
      "name": .string(point.benchmark.name), growth.rawValue: .integer(point.size), "pass": .string(point.result.pass),
      "method": .string(point.result.method), "threads": .integer(limits.threads),
      "median_s": .number(point.result.medianSeconds), "min_s": .number(point.result.minimumSeconds),
      "peak_mib": .number(point.result.peakMebibytes), "array_bytes": .number(work.bytes),
      "definition_flops": .number(work.operations), "arithmetic_limit_s": .number(least.arithmetic),
      "memory_limit_s": .number(least.memory),
    ]
    return object.description
  }
}

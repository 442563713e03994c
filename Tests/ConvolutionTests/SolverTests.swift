import Foundation
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// Every solver of the direct method, asked for by its name, against the float64 definition; and what a choice among them
/// costs on geometries that nobody chose.
@Suite struct SolverTests {
  private static let passes = ConvolutionPass.allCases

  /// The largest error of a pass, as a share of what is promised.
  private func ratio<Scalar: TensorScalar>(
    _ method: SpatialConvolution<Scalar>, _ pass: ConvolutionPass, _ random: RandomProblem
  ) -> Double {
    let problem = random.problem
    let (x, w, g) = random.operands(Scalar.self)
    let bounds = PassBounds(problem, x: x, w: w, g: g, points: 16)
    let reference = ReferenceConvolution()
    let (x64, w64, g64) = (x.converted(to: Double.self), w.converted(to: Double.self), g.converted(to: Double.self))
    switch pass {
    case .forward:
      return largestDifference(
        method.forward(x, w, bias: nil, problem), reference.forward(x64, w64, bias: nil, problem)) / bounds.forward
    case .inputGradient:
      return largestDifference(method.inputGradient(g, w, problem), reference.inputGradient(g64, w64, problem))
        / bounds.inputGradient
    case .filterGradient:
      return largestDifference(method.filterGradient(g, x, problem), reference.filterGradient(g64, x64, problem))
        / bounds.filterGradient
    }
  }

  private func check<Scalar: TensorScalar>(_: Scalar.Type, _ name: String, _ problems: [RandomProblem]) throws {
    let method = try SpatialConvolution<Scalar>(solver: name)
    var done = [ConvolutionPass: Int]()
    for random in problems {
      for pass in Self.passes {
        // A refusal is an answer, and comes before any work.
        guard let taken = try? method.solver(pass, random.problem) else {
          let error = #expect(throws: ConvolutionError.self) { try method.workingMemory(pass, random.problem) }
          #expect(error!.description.hasPrefix(name) && name != "direct.unfold", "\(error!)")
          continue
        }
        #expect(taken == name)
        let ratio = ratio(method, pass, random)
        #expect(ratio <= 1, "\(name), \(Scalar.self), \(pass), \(random): \(ratio)")
        done[pass, default: 0] += 1
      }
    }
    #expect(Self.passes.allSatisfy { done[$0, default: 0] >= problems.count / 20 }, "\(name) did \(done)")
  }

  @Test(arguments: ["direct.window", "direct.matrix", "direct.unfold"])
  func everySolverIsTheDefinition(name: String) throws {
    let ordinary =
      (0..<80).map { RandomProblem(seed: 1000 + $0) }
      + [1, 3].flatMap { rank in (0..<60).map { RandomProblem(seed: 1000 + $0, rank: rank) } }
    let batches = (0..<16).map { RandomProblem.wild(seed: 2000 + $0, batch: 16, multiplyAdds: 4_000_000) }
    let wild = (0..<40).map { RandomProblem.wild(seed: 3000 + $0, multiplyAdds: 2_000_000) }
    try check(Float.self, name, ordinary + batches + wild)
    try check(Double.self, name, batches + wild)
  }

  @Test func theTableNamesThem() {
    let solvers = SpatialConvolution<Float>.solvers
    #expect(solvers.map(\.name) == ["direct.window", "direct.matrix", "direct.unfold"])
    #expect(solvers.allSatisfy { !$0.summary.isEmpty })
    let error = #expect(throws: ConvolutionError.self) { try SpatialConvolution<Float>(solver: "direct.magic") }
    #expect(error!.description.contains("direct.magic") && error!.description.contains("direct.window"))
  }

  /// The first windows see nothing but padding.
  @Test func aRefusalSaysWhy() throws {
    let problem = try ConvolutionProblem(
      ConvolutionGeometry(padding: .pixels(4)), input: [2, 8, 9, 9], filter: [8, 8, 3, 3])
    let method = try SpatialConvolution<Float>(solver: "direct.window")
    let error = try #require(throws: ConvolutionError.self) { try method.workingMemory(.filterGradient, problem) }
    #expect(error.description.contains("direct.window cannot do this") && error.description.contains("see something"))
  }

  // MARK: Cost

  /// No geometry is estimated to take much more than its multiply-adds at a thousand million a second, and what it takes
  /// to touch the arrays and to begin; the estimate counts what solvers copy, and zeros that they multiply. Found by such
  /// geometries: an input gradient of 17 x 8 pixels that took eight seconds.
  @Test func noGeometryMeetsACliff() {
    for seed in UInt64(0)..<2000 {
      let problem = RandomProblem.wild(seed: seed, multiplyAdds: 50_000_000).problem
      let floor = Self.floor(problem)
      let direct = SpatialConvolution<Float>()
      let estimate = direct.estimatedSeconds(.forward, problem)
      #expect(estimate <= 6 * floor, "forward, seed \(seed), \(problem): \(estimate), \(floor)")
      let training = direct.estimatedSeconds(.filterGradient, problem)
      #expect(training <= 18 * floor, "training, seed \(seed), \(problem): \(training), \(floor)")
    }
  }

  /// So many channels that a cache holds no more of their tile than a single position sees: gathering it again for every
  /// position takes ten times as long as the sums.
  @Test(arguments: [10_000, 100_000, 1_000_001])
  func manyChannelsMeetNoCliff(channels: Int) throws {
    let problem = try ConvolutionProblem(
      ConvolutionGeometry(padding: .same), input: [1, channels, 8, 8], filter: [2, channels, 3, 3])
    let direct = SpatialConvolution<Float>()
    #expect(direct.estimatedSeconds(.forward, problem) <= 6 * Self.floor(problem))
    #expect(try direct.solver(.forward, problem) != "direct.matrix")
  }

  /// Seconds that a pass may take: a nanosecond for each multiply-add and each number of the arrays, and 50 µs.
  private static func floor(_ problem: ConvolutionProblem) -> Double {
    let numbers = problem.inputShape.count + problem.filterShape.count + problem.outputShape.count
    return (Double(problem.multiplyAdds) + Double(numbers)) * 1e-9 + 5e-5
  }

  /// A survey of measured times, for whoever changes solvers or their estimates: `SPECTRALKIT_SURVEY=3000 swift test
  /// --filter surveyOfTimes` prints, for so many wild geometries, how the chosen solver's times compare with ``floor(_:)``,
  /// how all solvers' estimates compare with their times, and how much time a better choice would have saved. Nothing is
  /// asserted: times depend on the machine.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["SPECTRALKIT_SURVEY"] != nil))
  func surveyOfTimes() throws {
    let environment = ProcessInfo.processInfo.environment
    let count = UInt64(environment["SPECTRALKIT_SURVEY"]!) ?? 1000
    Parallel.threads = 1
    struct Key: Hashable {
      let seed: UInt64
      let pass: ConvolutionPass
      let name: String
    }
    var times: [Key: Double] = [:]
    // Disturbances last longer than a pass: everything is timed again later.
    for _ in 0..<3 {
      for seed in 0..<count {
        let random = RandomProblem.wild(seed: seed, multiplyAdds: 50_000_000)
        let (x, w, g) = random.operands(Float.self)
        for name in SpatialConvolution<Float>.solvers.map(\.name) {
          let method = try SpatialConvolution<Float>(solver: name)
          for pass in Self.passes {
            guard let cost = method.cost(pass, random.problem), cost.seconds < 0.2 else { continue }
            let key = Key(seed: seed, pass: pass, name: name)
            for _ in 0..<3 {
              let start = ContinuousClock.now
              switch pass {
              case .forward: _ = method.forward(x, w, bias: nil, random.problem)
              case .inputGradient: _ = method.inputGradient(g, w, random.problem)
              case .filterGradient: _ = method.filterGradient(g, x, random.problem)
              }
              let elapsed = (ContinuousClock.now - start).components
              let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
              times[key] = min(times[key] ?? .infinity, seconds)
            }
          }
        }
      }
    }
    var ratios: [(ratio: Double, text: String)] = []
    var regrets: [(ratio: Double, text: String)] = []
    var errors: [String: [Double]] = [:]
    for seed in 0..<count {
      let problem = RandomProblem.wild(seed: seed, multiplyAdds: 50_000_000).problem
      for pass in Self.passes {
        let chosen = try SpatialConvolution<Float>().solver(pass, problem)
        let all = SpatialConvolution<Float>.solvers.map(\.name).compactMap { name in
          times[Key(seed: seed, pass: pass, name: name)].map { (name: name, seconds: $0) }
        }
        for (name, seconds) in all {
          let cost = try SpatialConvolution<Float>(solver: name).cost(pass, problem)!
          errors["\(name) \(pass)", default: []].append(cost.seconds / seconds)
          if environment["SPECTRALKIT_SURVEY_DETAILS"] != nil {
            print("detail\t\(name) \(pass)\t\(seconds)\t\(seed)\t\(Self.text(cost))")
          }
        }
        let (own, best) = (all.first { $0.name == chosen }!.seconds, all.min { $0.seconds < $1.seconds }!)
        let text =
          "seed \(seed), \(pass), \(chosen) \(own * 1e6) µs, \(best.name) \(best.seconds * 1e6) µs, \(Self.text(problem))"
        ratios.append((own / Self.floor(problem), text))
        regrets.append((own / best.seconds, text))
      }
    }
    func report(_ title: String, _ values: [(ratio: Double, text: String)]) {
      let sorted = values.sorted { $0.ratio > $1.ratio }
      print("\(title), percentiles of \(sorted.count):", terminator: "")
      for percent in [50.0, 90, 95, 99, 99.9, 100] {
        let place = Int(Double(sorted.count) * (100 - percent) / 100)
        print(" \(percent)th \(sorted[min(place, sorted.count - 1)].ratio)", terminator: "")
      }
      print()
      for value in sorted.prefix(25) { print("  \(value.ratio): \(value.text)") }
    }
    report("time / floor", ratios)
    report("time / that of the fastest solver", regrets)
    for (name, values) in errors.sorted(by: { $0.key < $1.key }) {
      let sorted = values.sorted()
      let percentiles = [0, 5, 50, 95, 100].map { sorted[min(sorted.count - 1, sorted.count * $0 / 100)] }
      print("estimate / time, \(name), \(sorted.count): \(percentiles)")
    }
  }

  private static func text(_ cost: CostEstimate) -> String {
    cost.parts.map { "\($0.name)=\($0.seconds)" }.joined(separator: " ")
  }

  private static func text(_ problem: ConvolutionProblem) -> String {
    "\(problem.inputShape) by \(problem.filterShape) to \(problem.outputShape), stride \(problem.geometry.stride), dilation \(problem.geometry.dilation), padding \(problem.vertical.paddingBefore) \(problem.horizontal.paddingBefore), \(problem.geometry.boundary)"
  }
}

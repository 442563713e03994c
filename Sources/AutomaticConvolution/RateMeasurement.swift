import Dispatch
import Foundation
import FourierConvolution
import SpatialConvolution
import SpectralConvolution
import SpectralCore

/// Measures how fast this machine is at each kind of work that the solvers count.
///
/// Small problems of all kinds are timed by every solver, in tiles of several sizes; then the rates of each kind are
/// fitted to its times. It takes some seconds. Estimates are of one core, so one thread measures; meanwhile the whole
/// process computes with one.
public enum RateMeasurement {
  /// One pass that was timed: what the estimate by the fixed rates consists of, by kind of work, and what it took.
  package struct Sample {
    package let parts: [String: Double]
    package let seconds: Double

    package init(parts: [String: Double], seconds: Double) { (self.parts, self.seconds) = (parts, seconds) }
  }

  /// Measures, and remembers the outcome for ``CostRates/machine``.
  ///
  /// - Returns: How many times as long each kind of work takes as by the fixed rates.
  /// - Throws: `FileError` if the outcome cannot be written down; it holds for this process all the same.
  @discardableResult
  public static func run() throws -> [String: Double] {
    let factors = fit(samples())
    try MachineRates.keep(factors)
    return factors
  }

  /// Whether this machine was measured.
  public static var isDone: Bool { !MachineRates.factors.isEmpty }

  // MARK: Fitting

  /// The factors that bring estimates nearest to times, in the sense of least squares of relative errors.
  package static func fit(_ samples: [Sample]) -> [String: Double] {
    var factors: [String: Double] = [:]
    // Samples whose parts have the same names are fitted together.
    for (_, samples) in Dictionary(grouping: samples, by: { Set($0.parts.keys) }) {
      factors.merge(fitKind(samples)) { $1 }
    }
    return factors
  }

  /// How strongly a kind of work is held to the factor that all work of a sample's kind has in common: few samples do not
  /// say everything about every kind.
  private static var tie: Double { 0.002 }

  private static func fitKind(_ samples: [Sample]) -> [String: Double] {
    let names = samples[0].parts.keys.sorted()
    let ratios = samples.map { log($0.seconds / $0.parts.values.reduce(0, +)) }
    let common = exp(ratios.reduce(0, +) / Double(ratios.count))
    if names.count == 1 { return [names[0]: common] }
    var factors = [Double](repeating: common, count: names.count)
    // Shares of the time, by the fixed rates: their sum with the factors is to be 1.
    let shares = samples.map { sample in names.map { sample.parts[$0]! / sample.seconds } }
    let tie = tie * Double(samples.count)
    // The sum of squares is convex: going from one factor to the next finds its minimum.
    for _ in 0..<200 {
      for index in names.indices {
        var (square, product) = (tie / (common * common), tie / common)
        for share in shares {
          let others = zip(share, factors).reduce(0) { $0 + $1.0 * $1.1 } - share[index] * factors[index]
          square += share[index] * share[index]
          product += share[index] * (1 - others)
        }
        factors[index] = min(max(product / square, common / 8), common * 8)
      }
    }
    return Dictionary(uniqueKeysWithValues: zip(names, factors))
  }

  // MARK: Measuring

  /// A problem by the sizes of its input and its filters.
  private struct Case {
    let input: [Int]
    let filter: [Int]
    var groups = 1

    var problem: ConvolutionProblem {
      let geometry = ConvolutionGeometry(padding: .same, groups: groups)
      do { return try ConvolutionProblem(geometry, input: TensorShape(input), filter: TensorShape(filter)) } catch {
        preconditionFailure("\(error)")
      }
    }
  }

  /// For the solvers of tiles: of each arrangement of lanes some.
  private static let tiled: [Case] = [
    Case(input: [4, 32, 40, 40], filter: [32, 32, 5, 5]), Case(input: [1, 96, 28, 28], filter: [128, 96, 3, 3]),
    Case(input: [1, 24, 80, 80], filter: [40, 24, 9, 9]), Case(input: [2, 32, 1500], filter: [32, 32, 33]),
    Case(input: [24, 1, 28, 28], filter: [6, 1, 5, 5]), Case(input: [32, 6, 14, 14], filter: [16, 6, 5, 5]),
    Case(input: [1, 3, 160, 160], filter: [32, 3, 7, 7]), Case(input: [2, 4, 6000], filter: [4, 4, 65]),
    Case(input: [2, 64, 56, 56], filter: [64, 1, 7, 7], groups: 64),
    Case(input: [1, 64, 80, 80], filter: [64, 1, 31, 31], groups: 64),
    Case(input: [1, 64, 2500], filter: [64, 1, 201], groups: 64),
    Case(input: [1, 1, 600, 800], filter: [1, 1, 15, 15]), Case(input: [1, 1, 800, 900], filter: [1, 1, 63, 63]),
    Case(input: [1, 1, 300_000], filter: [1, 1, 2001]), Case(input: [1, 1, 150_000], filter: [1, 1, 63]),
  ]
  /// For the direct solvers.
  private static let direct: [Case] = [
    Case(input: [4, 32, 40, 40], filter: [32, 32, 3, 3]), Case(input: [1, 64, 24, 24], filter: [96, 64, 1, 1]),
    Case(input: [64, 1, 28, 28], filter: [6, 1, 5, 5]), Case(input: [64, 6, 14, 14], filter: [16, 6, 5, 5]),
    Case(input: [32, 16, 8, 8], filter: [24, 16, 3, 3]), Case(input: [1, 2, 5, 6], filter: [3, 2, 3, 3]),
    Case(input: [2, 48, 56, 56], filter: [48, 1, 3, 3], groups: 48),
    Case(input: [2, 48, 40, 40], filter: [48, 1, 7, 7], groups: 48),
    Case(input: [1, 1, 500, 500], filter: [1, 1, 7, 7]), Case(input: [1, 3, 96, 96], filter: [24, 3, 5, 5]),
  ]
  /// For the solvers of volumes, and of whole arrays.
  private static let volumes: [Case] = [
    Case(input: [1, 16, 12, 28, 28], filter: [16, 16, 3, 3, 3]),
    Case(input: [1, 12, 10, 24, 24], filter: [12, 12, 5, 5, 5]),
    Case(input: [1, 16, 12, 28, 28], filter: [16, 1, 5, 5, 5], groups: 16),
    Case(input: [1, 1, 48, 64, 64], filter: [1, 1, 7, 7, 7]),
    Case(input: [1, 2, 16, 32, 32], filter: [2, 2, 3, 3, 3]),
  ]
  private static let whole: [Case] = [
    Case(input: [1, 1, 256, 300], filter: [1, 1, 201, 201]),
    Case(input: [1, 1, 48, 48, 48], filter: [1, 1, 31, 31, 31]),
    Case(input: [1, 1, 200_000], filter: [1, 1, 90_001]),
  ]

  /// The most tiles of a problem that are timed.
  private static var tilesOfCase: Int { 5 }

  /// A pass to be timed, or a training step if it is nil.
  private struct Runner {
    let parts: [String: Double]
    let method: any ConvolutionMethod<Float>
    let operands: Operands
    let pass: ConvolutionPass?
    var seconds = Double.infinity
  }

  /// Times all runners in rounds, so that whatever else the machine does for a while falls on all of them; the fastest run
  /// counts, for what disturbs only adds.
  private static func samples() -> [Sample] {
    let threads = Parallel.threads
    Parallel.threads = 1
    defer { Parallel.threads = threads }
    var runners = runners()
    for _ in 0..<rounds {
      for index in runners.indices {
        // The first run finds the caches full of what another left there, and the very first makes plans.
        _ = time(runners[index])
        let first = time(runners[index])
        runners[index].seconds = min(runners[index].seconds, first, first < 5e-4 ? time(runners[index]) : first)
      }
    }
    return runners.map { Sample(parts: $0.parts, seconds: $0.seconds) }
  }

  private static var rounds: Int { 3 }

  private static func runners() -> [Runner] {
    var runners: [Runner] = []
    func add(
      _ parts: [String: Double], _ method: any ConvolutionMethod<Float>, _ operands: Operands, _ pass: ConvolutionPass?
    ) {
      if !parts.isEmpty { runners.append(Runner(parts: parts, method: method, operands: operands, pass: pass)) }
    }
    func fourier(_ tile: Extent? = nil, _ solver: FourierSolver? = nil) -> FourierConvolution<Float> {
      FourierConvolution(rigor: .estimate, tile: tile, solver: solver)
    }
    for operands in tiled.map({ Operands($0.problem) }) {
      let problem = operands.problem
      for training in [false, true] where !training || problem.inputChannels > 1 {
        for tile in tiles(fourier().candidates(problem, training: training)) {
          let method = fourier(tile, .tiles)
          let pass: ConvolutionPass = training ? .filterGradient : .forward
          add(method.estimatedParts(pass, problem), method, operands, training ? nil : pass)
        }
      }
    }
    for operands in direct.map({ Operands($0.problem) }) {
      for pass in ConvolutionPass.allCases {
        let all = SpatialConvolution<Float>.solvers.map { solver in
          let method = SpatialConvolution<Float>(rates: .fixed).restricted(to: solver.name)
          return (method: method, parts: method.estimatedParts(pass, operands.problem))
        }
        // What a solver is bad at says nothing of what it is taken for.
        let least = all.compactMap(\.parts.values.first).min() ?? 0
        for (method, parts) in all where parts.values.allSatisfy({ $0 <= 1.5 * least }) {
          add(parts, method, operands, pass)
        }
      }
    }
    for (cases, solver) in [(volumes, FourierSolver.tiles), (whole, .whole)] {
      for operands in cases.map({ Operands($0.problem) }) {
        let method = fourier(nil, solver)
        for pass in solver == .whole ? [.forward] : ConvolutionPass.allCases {
          add(method.estimatedParts(pass, operands.problem), method, operands, pass)
        }
      }
    }
    return runners
  }

  /// Some of the candidates: the cheapest, and others from small to large whose estimate is within a factor of it.
  private static func tiles(_ candidates: [(tile: Extent, seconds: Double)]) -> [Extent] {
    let near = candidates.filter { $0.seconds <= 3 * candidates[0].seconds }.map(\.tile)
      .sorted { ($0.height * $0.width, $0.height) < ($1.height * $1.width, $1.height) }
    let count = min(near.count, tilesOfCase - 1)
    let spread = (0..<count).map { near[$0 * (near.count - 1) / max(1, count - 1)] }
    return [candidates[0].tile]
      + Set(spread).subtracting([candidates[0].tile]).sorted {
        ($0.height, $0.width) < ($1.height, $1.width)
      }
  }

  private static func time(_ runner: Runner) -> Double {
    let (x, w, g, problem) = (runner.operands.x, runner.operands.w, runner.operands.g, runner.operands.problem)
    let start = DispatchTime.now().uptimeNanoseconds
    switch runner.pass {
    case .forward:
      // The kernel of a single array is mostly new on every call, the filters of a layer stay.
      _ = runner.method.forward(x, problem.inputChannels == 1 ? w.map { $0 } : w, bias: nil, problem)
    case .inputGradient: _ = runner.method.inputGradient(g, w, problem)
    case .filterGradient: _ = runner.method.filterGradient(g, x, problem)
    case nil:
      let (_, tape) = runner.method.record(x, w, bias: nil, problem)
      _ = runner.method.gradients(g, tape, wantsInput: true)
    }
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
}

/// Images, filters and an output gradient of a problem, of ordinary numbers that are made quickly.
private struct Operands {
  let problem: ConvolutionProblem
  let x: Tensor<Float>
  let w: Tensor<Float>
  let g: Tensor<Float>

  init(_ problem: ConvolutionProblem) {
    self.problem = problem
    var random = RandomGenerator(seed: 1)
    let numbers = (0..<1024).map { _ in Float(random.uniform(in: -1..<1)) }
    func tensor(_ shape: TensorShape) -> Tensor<Float> { Tensor(shape, (0..<shape.count).map { numbers[$0 & 1023] }) }
    (x, w, g) = (tensor(problem.inputShape), tensor(problem.filterShape), tensor(problem.outputShape))
  }
}

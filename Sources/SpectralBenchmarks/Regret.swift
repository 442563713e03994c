import AutomaticConvolution
import Dispatch
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import SpectralTransforms

/// How much longer the automatic choice takes than the best of all that it could have chosen: in decision theory, its
/// regret.
public struct Regret: Sendable {
  /// One plan that was timed.
  public struct Entrant: Sendable {
    /// The plan.
    public let plan: ConvolutionPlan
    /// What the cost model says, in seconds of one core.
    public let estimate: Double
    /// What the stop-watch says.
    public let seconds: Double
  }

  /// The case.
  public let benchmark: BenchmarkCase
  /// What was timed.
  public let pass: BenchmarkPass
  /// What automatic chose.
  public let chosen: Entrant
  /// All that were timed, the fastest first.
  public let entrants: [Entrant]

  /// The fastest.
  public var best: Entrant { entrants[0] }
  /// The time of the choice by the time of the fastest, at least 1.
  public var ratio: Double { chosen.seconds / best.seconds }

  /// Times the candidates of a case, in turns, so that a drift of the machine's speed falls on all.
  ///
  /// - Throws: If the case's sizes do not fit each other.
  public static func measure(
    _ benchmark: BenchmarkCase, _ settings: BenchmarkSettings
  ) throws(ConvolutionError) -> Regret {
    switch benchmark.precision ?? .single {
    case .single: try measure(Float.self, benchmark, settings)
    case .double: try measure(Double.self, benchmark, settings)
    }
  }

  private static func measure<Scalar: AnyMethodScalar>(
    _: Scalar.Type, _ benchmark: BenchmarkCase, _ settings: BenchmarkSettings
  ) throws(ConvolutionError) -> Regret {
    let problem = try benchmark.problem()
    let fourier = settings.fourier(Scalar.self)
    let direct = SpatialConvolution<Scalar>(
      memoryLimit: settings.memoryLimit, rates: settings.deterministic ? .fixed : .machine)
    let automatic = AutomaticConvolution(direct: direct, fourier: fourier, planning: settings.planning)
    try benchmark.checkMemory(problem, settings.pass, automatic)
    let pass = settings.pass.longest
    // All that measured plans are chosen from.
    let all = AutomaticConvolution(direct: direct, fourier: fourier, planning: .measured)
    let candidates = all.candidates(problem, pass)
    precondition(!candidates.isEmpty, "no way to do it, yet within the memory limit")
    let plan = automatic.plan(problem, pass)
    let operands = BenchmarkOperands<Scalar>(benchmark, problem, settings.pass)
    var runners = entrants(candidates, plan).map { plan, estimate in
      Runner(plan: plan, estimate: estimate) {
        var own = settings.fourier(Scalar.self)
        switch plan {
        case .direct: return { operands.run(direct, settings.pass) }
        case .directSolver(let name):
          let method = direct.restricted(to: name)
          return { operands.run(method, settings.pass) }
        case .fourier(let tile): own.tile = tile
        case .fourierWhole: own.solver = .whole
        }
        let method = own
        return { operands.run(method, settings.pass) }
      }
    }
    race(&runners, plan, budget: settings.budget)
    let entrants = runners.map { Entrant(plan: $0.plan, estimate: $0.estimate, seconds: $0.seconds) }
      .sorted { $0.seconds < $1.seconds }
    return Regret(
      benchmark: benchmark, pass: settings.pass, chosen: entrants.first { $0.plan == plan }!, entrants: entrants)
  }

  /// Who takes part: the choice, and whatever is not hopeless by the estimate, which is less exact between methods than
  /// between tiles; of tiles of nearly the same height and width only the one with the least.
  private static func entrants(
    _ candidates: [(plan: ConvolutionPlan, seconds: Double)], _ chosen: ConvolutionPlan
  ) -> [(plan: ConvolutionPlan, seconds: Double)] {
    var tiles: [Extent] = []
    func isNear(_ a: Int, _ b: Int) -> Bool { 16 * abs(a - b) <= max(a, b) }
    return candidates.filter { candidate in
      let factor = candidate.seconds / candidates[0].seconds
      guard case .fourier(let tile?) = candidate.plan else { return candidate.plan == chosen || factor < 10 }
      if candidate.plan != chosen {
        guard tiles.isEmpty || factor < 2.5, tiles.count < 16 else { return false }
        guard !tiles.contains(where: { isNear($0.height, tile.height) && isNear($0.width, tile.width) }) else {
          return false
        }
      }
      tiles.append(tile)
      return true
    }
  }

  private struct Runner {
    let plan: ConvolutionPlan
    let estimate: Double
    let run: () -> Void
    var seconds = Double.infinity

    init(plan: ConvolutionPlan, estimate: Double, _ make: () -> () -> Void) {
      (self.plan, self.estimate, run) = (plan, estimate, make())
    }

    /// Runs twice, and counts the second: the first finds the caches full of what another plan left there.
    func time() -> Double {
      run()
      let start = DispatchTime.now().uptimeNanoseconds
      run()
      return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }
  }

  /// Rounds in which everyone runs once, until those near the front are known; then rounds of those and the choice alone.
  ///
  /// A machine may be slower for a while than a moment ago. So what counts in the end is a runner's share of a round, by
  /// the median of all rounds, and not its own fastest run.
  private static func race(_ runners: inout [Runner], _ chosen: ConvolutionPlan, budget: Double) {
    for runner in runners { runner.run() }
    func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
    let start = now()
    var round = 0
    while round < 3 || (round < 200 && now() - start < budget / 3) {
      let limit = 2.5 * (runners.map(\.seconds).min() ?? .infinity)
      for index in runners.indices where round < 2 || runners[index].seconds <= limit || runners[index].plan == chosen {
        runners[index].seconds = min(runners[index].seconds, runners[index].time())
      }
      round += 1
    }
    let limit = 1.6 * (runners.map(\.seconds).min() ?? .infinity)
    let foremost = runners.indices.filter { runners[$0].seconds <= limit || runners[$0].plan == chosen }
    var rounds: [[Double]] = []
    let second = now()
    while rounds.count < 7 || (rounds.count < 200 && now() - second < budget) {
      rounds.append(foremost.map { runners[$0].time() })
    }
    let totals = rounds.map { $0.reduce(0, +) }
    for (place, index) in foremost.enumerated() {
      runners[index].seconds = median(zip(rounds, totals).map { $0[place] / $1 }) * median(totals)
    }
  }
}

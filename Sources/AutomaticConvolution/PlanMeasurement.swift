import Dispatch
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore

/// Finds the fastest plan of a problem by the stop-watch, on arrays of the problem's sizes.
struct PlanMeasurement<Scalar: AnyMethodScalar> {
  private let problem: ConvolutionProblem
  private let training: Bool
  private let method: AutomaticConvolution<Scalar>

  init(_ problem: ConvolutionProblem, training: Bool, _ method: AutomaticConvolution<Scalar>) {
    self.problem = problem
    self.training = training
    self.method = method
  }

  /// The fastest of the promising candidates: as remembered, or measured now and remembered from then on. The one with
  /// the least estimate where memory has no room for the arrays.
  func fastest(of candidates: [(plan: ConvolutionPlan, seconds: Double)]) -> ConvolutionPlan {
    let entrants = promising(candidates).filter(hasRoom)
    guard entrants.count > 1 else { return candidates[0].plan }
    func isKnown(_ plan: ConvolutionPlan) -> Bool { candidates.contains { $0.plan == plan } }
    return method.book.plan(key, accept: isKnown) { race(entrants) }
  }

  // MARK: The race

  /// Seconds after which no further plan is tried.
  private var budget: Double { 5 }

  private struct Runner {
    let plan: ConvolutionPlan
    let method: any ConvolutionMethod<Scalar>
    /// The fastest run: what disturbs only adds.
    var seconds = Double.infinity
  }

  private func race(_ entrants: [ConvolutionPlan]) -> ConvolutionPlan {
    let operands = (x: scratch(problem.inputShape), w: scratch(problem.filterShape), g: scratch(problem.outputShape))
    func time(_ runner: Runner) -> Double {
      let start = now
      if training {
        let (_, tape) = runner.method.record(operands.x, operands.w, bias: nil, problem)
        _ = runner.method.gradients(operands.g, tape, wantsInput: true)
      } else {
        _ = runner.method.forward(operands.x, operands.w, bias: nil, problem)
      }
      return now - start
    }

    // One after the other, so that only the spectra of one and of the foremost are held.
    var foremost: [Runner] = []
    let start = now
    for plan in entrants where foremost.isEmpty || now - start < budget {
      var runner = Runner(plan: plan, method: entrant(plan))
      // The first run also makes FFTW's plans.
      _ = time(runner)
      let (first, limit) = (now, 1.3 * (foremost.first?.seconds ?? .infinity))
      var runs = 0
      repeat {
        runner.seconds = min(runner.seconds, time(runner))
        runs += 1
      } while (runs < 5 || now - first < 0.02) && now - first < 0.2 && runner.seconds < limit
      foremost.append(runner)
      foremost.sort { $0.seconds < $1.seconds }
      foremost = foremost.prefix(4).filter { $0.seconds < 1.25 * foremost[0].seconds }
      // Under a limit nothing of one entrant is held while another runs.
      if isLimited { foremost = foremost.map { Runner(plan: $0.plan, method: entrant($0.plan), seconds: $0.seconds) } }
    }
    // What comes close runs in turns, so that a disturbance falls on all: twice, as the first run finds the caches full of
    // what the one before left there.
    guard foremost.count > 1, !isLimited else { return foremost[0].plan }
    for index in foremost.indices { foremost[index].seconds = .infinity }
    let second = now
    var rounds = 0
    repeat {
      for index in foremost.indices {
        _ = time(foremost[index])
        foremost[index].seconds = min(foremost[index].seconds, time(foremost[index]))
      }
      rounds += 1
    } while rounds < 3 || (rounds < 100 && now - second < 0.8)
    return foremost.min { $0.seconds < $1.seconds }!.plan
  }

  private var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

  /// A method of its own for each plan, so that nothing of the user's is pushed out of a cache.
  private func entrant(_ plan: ConvolutionPlan) -> any ConvolutionMethod<Scalar> {
    switch plan {
    case .direct: SpatialConvolution<Scalar>(memoryLimit: method.direct!.memoryLimit, rates: method.direct!.rates)
    case .directSolver(let name):
      SpatialConvolution<Scalar>(memoryLimit: method.direct!.memoryLimit, rates: method.direct!.rates).restricted(
        to: name)
    case .fourier(let tile): fourier(tile: tile, solver: method.fourier.solver)
    case .fourierWhole: fourier(tile: nil, solver: .whole)
    }
  }

  private func fourier(tile: Extent?, solver: FourierSolver?) -> FourierConvolution<Scalar> {
    FourierConvolution<Scalar>(
      memoryLimit: method.fourier.memoryLimit, transforms: method.fourier.transforms, rigor: method.fourier.rigor,
      tile: tile, solver: solver, tapeBudget: method.fourier.tapeBudget)
  }

  /// An array of ordinary numbers, made quickly.
  private func scratch(_ shape: TensorShape) -> Tensor<Scalar> {
    var random = RandomGenerator(seed: 1)
    let numbers = (0..<4096).map { _ in Scalar(random.uniform(in: -1..<1)) }
    return Tensor(shape) { target in
      for start in stride(from: 0, to: target.count, by: numbers.count) {
        let count = min(numbers.count, target.count - start)
        (target.baseAddress! + start).initialize(from: numbers, count: count)
      }
    }
  }

  private var isLimited: Bool { method.fourier.memoryLimit != nil }

  /// Whether the arrays of a race, operands and results, fit beside those of the user, and under a limit beside what the
  /// plan works in.
  private func hasRoom(_ plan: ConvolutionPlan) -> Bool {
    let operands = problem.inputShape.count + problem.filterShape.count + problem.outputShape.count
    let bytes = 2 * operands * MemoryLayout<Scalar>.stride
    guard bytes <= MachineMemory.physical / 4 else { return false }
    guard let limit = method.fourier.memoryLimit else { return true }
    let entrant = entrant(plan)
    let working = try? training ? entrant.trainingMemory(problem) : entrant.workingMemory(.forward, problem)
    return working.map { bytes + $0 <= limit } ?? false
  }

  // MARK: Who takes part

  /// The plans that might win: those whose estimate is within a factor of the least, and the first of each method, for
  /// estimates of different methods compare worse; of the direct solvers those within a factor of the direct method's own
  /// choice; of tiles with nearly the height and width of a cheaper one, only that
  /// one.
  private func promising(_ candidates: [(plan: ConvolutionPlan, seconds: Double)]) -> [ConvolutionPlan] {
    var entrants: [ConvolutionPlan] = []
    var tiles: [Extent] = []
    func isNear(_ a: Int, _ b: Int) -> Bool { 16 * abs(a - b) <= max(a, b) }
    let direct = candidates.first { $0.plan == .direct }?.seconds ?? .infinity
    for (plan, seconds) in candidates {
      if case .directSolver = plan {
        if seconds <= 2.5 * direct { entrants.append(plan) }
        continue
      }
      guard case .fourier(let tile?) = plan else {
        entrants.append(plan)
        continue
      }
      guard tiles.isEmpty || seconds <= 2.5 * candidates[0].seconds, tiles.count < 16,
        !tiles.contains(where: { isNear($0.height, tile.height) && isNear($0.width, tile.width) })
      else { continue }
      tiles.append(tile)
      entrants.append(plan)
    }
    return entrants
  }

  // MARK: What a measurement is remembered by

  private var key: String {
    let geometry = problem.geometry
    return [
      Processor.model, "\(Parallel.threads) threads", Scalar.precisionName, training ? "training" : "forward",
      method.name, "transforms \(method.fourier.transforms.rawValue)", "plans \(method.fourier.rigor.rawValue)",
      method.fourier.memoryLimit.map { "limit \($0)" } ?? "no limit",
      "\(problem.inputShape) by \(problem.filterShape)", "stride \(geometry.stride)", "dilation \(geometry.dilation)",
      "padding " + problem.axes.map { "\($0.paddingBefore) \($0.paddingAfter)" }.joined(separator: " "),
      "\(geometry.groups) groups", geometry.boundary.rawValue, geometry.operation.rawValue,
    ].joined(separator: ", ")
  }
}

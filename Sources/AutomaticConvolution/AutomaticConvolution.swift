import SpectralTransforms
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore

/// A scalar for which both methods exist.
public typealias AnyMethodScalar = FourierScalar

/// Chooses, for every problem, the method and the tile that promise to be fastest. It is a choice by name:
/// ``plan(_:_:)`` says which.
///
/// A plan is made when a problem is met for the first time; from then on a call looks it up.
public struct AutomaticConvolution<Scalar: AnyMethodScalar>: ConvolutionMethod {
  /// The direct method it may choose; nil to choose among the tiles of the Fourier method only.
  public let direct: SpatialConvolution<Scalar>?
  /// The Fourier method it may choose. If its tile is set, that is the only one.
  public let fourier: FourierConvolution<Scalar>
  /// How it chooses.
  public let planning: ConvolutionPlanning

  /// The plans made lately: a network poses the same few problems at every step.
  private let plans = RecentCache<PlanKey, ConvolutionPlan>(capacity: 256)
  /// Where measured plans are remembered.
  let book: PlanBook

  /// A choice between the two methods.
  public init(
    direct: SpatialConvolution<Scalar>? = SpatialConvolution(),
    fourier: FourierConvolution<Scalar> = FourierConvolution(), planning: ConvolutionPlanning = .estimated
  ) {
    self.init(direct: direct, fourier: fourier, planning: planning, book: .shared)
  }

  package init(
    direct: SpatialConvolution<Scalar>?, fourier: FourierConvolution<Scalar>, planning: ConvolutionPlanning,
    book: PlanBook
  ) {
    self.direct = direct
    self.fourier = fourier
    self.planning = planning
    self.book = book
  }

  /// `automatic`; `fft` without a direct method.
  public var name: String { direct == nil ? fourier.name : "automatic" }

  // MARK: Plans

  /// The plan by which a pass of a problem is done. Either gradient belongs to a training step, which has one plan for
  /// its three passes.
  public func plan(_ problem: ConvolutionProblem, _ pass: ConvolutionPass = .forward) -> ConvolutionPlan {
    let training = pass != .forward
    // What is estimated does not depend on the number of threads, so that neither do results.
    let key = PlanKey(
      problem: problem, training: training, threads: planning == .measured ? Parallel.threads : nil)
    return plans.value(key) {
      let candidates = candidates(problem, pass)
      // Nothing keeps within the memory limit: whoever asks what it would need is told by the Fourier method.
      guard let cheapest = candidates.first else { return .fourier(tile: nil) }
      return planning == .measured
        ? PlanMeasurement(problem, training: training, self).fastest(of: candidates) : cheapest.plan
    }
  }

  /// The method that a pass of a problem is computed with.
  public func choice(_ problem: ConvolutionProblem, _ pass: ConvolutionPass = .forward) -> any ConvolutionMethod<Scalar>
  {
    method(plan(problem, pass))
  }

  /// The method that computes by a plan; it shares the filters that are kept.
  private func method(_ plan: ConvolutionPlan) -> any ConvolutionMethod<Scalar> {
    switch plan {
    case .direct: return direct!
    case .directSolver(let name): return direct!.restricted(to: name)
    case .fourier(let tile):
      // Without a tile the method chooses for itself, pass by pass.
      var method = fourier
      method.tile = tile ?? fourier.tile
      return method
    case .fourierWhole: return whole
    }
  }

  /// The Fourier method by transforms of whole arrays.
  private var whole: FourierConvolution<Scalar> {
    var method = fourier
    method.solver = .whole
    return method
  }

  /// The plans that a pass of a problem could be done by within the memory limits, with the seconds that each would take
  /// on one core by the cost model, the cheapest first; single solvers of the direct method only where plans are measured. For a
  /// gradient these are the seconds of a whole training step.
  public func candidates(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass = .forward
  ) -> [(plan: ConvolutionPlan, seconds: Double)] {
    // Much padding under a long stride: the direct method would hold the padded rows.
    let direct = direct.flatMap {
      (try? Self.memory($0, pass == .forward ? .forward : nil, problem)) == nil ? nil : $0
    }
    let seconds = direct?.estimatedSeconds(pass, problem)
    // Where nothing is summed over places, spectra only stand between an image and its multiplication.
    if let seconds, problem.isPointwise { return [(.direct, seconds)] }
    var candidates: [(plan: ConvolutionPlan, seconds: Double)] = []
    if fourier.solver != .whole {
      if problem.rank == 3 || problem.geometry.boundary.isConstant {
        // Volumes, and what is padded first, have tiles that the method chooses itself.
        if let seconds = fourier.estimatedSeconds(pass, problem) {
          candidates.append((.fourier(tile: nil), seconds))
        }
      } else {
        candidates = fourier.candidates(problem, training: pass != .forward).map {
          (.fourier(tile: $0.tile), $0.seconds)
        }
      }
    }
    if fourier.solver != .tiles, fourier.tile == nil, let seconds = whole.estimatedSeconds(pass, problem) {
      candidates.append((.fourierWhole, seconds))
    }
    if let seconds { candidates.append((.direct, seconds)) }
    if planning == .measured { candidates += directSolvers(problem, pass) }
    return candidates.sorted { $0.seconds < $1.seconds }
  }

  /// The solvers of the direct method that could do a pass of a problem, or all passes of a training step, beside the one
  /// that it would choose itself, with estimated seconds: what only a stop-watch can say more of.
  private func directSolvers(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass
  ) -> [(plan: ConvolutionPlan, seconds: Double)] {
    guard let direct, direct.solver == nil, !problem.isPointwise else { return [] }
    let passes = pass == .forward ? [.forward] : ConvolutionPass.allCases
    let chosen = Set(passes.map { try? direct.solver($0, problem) })
    return SpatialConvolution<Scalar>.solvers.compactMap { solver in
      let method = direct.restricted(to: solver.name)
      guard chosen != [solver.name], (try? Self.memory(method, pass == .forward ? .forward : nil, problem)) != nil
      else {
        return nil
      }
      return (.directSolver(solver.name), method.estimatedSeconds(pass, problem))
    }
  }

  // MARK: Passes

  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    choice(problem).forward(input, filter, epilogue, problem)
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    choice(problem, .inputGradient).inputGradient(gradient, filter, problem)
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    choice(problem, .filterGradient).filterGradient(gradient, input, problem)
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    choice(problem, .filterGradient).record(input, filter, epilogue, problem)
  }

  public func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>) {
    choice(tape.problem, .filterGradient).gradients(gradient, tape, wantsInput: wantsInput)
  }

  // MARK: Memory

  public func workingMemory(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    try memory(pass, problem)
  }

  public func trainingMemory(_ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    try memory(nil, problem)
  }

  /// The bytes of a pass, or of a training step if it is nil.
  private static func memory(
    _ method: any ConvolutionMethod<Scalar>, _ pass: ConvolutionPass?, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    if let pass { return try method.workingMemory(pass, problem) }
    return try method.trainingMemory(problem)
  }

  private func memory(_ pass: ConvolutionPass?, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    do { return try Self.memory(choice(problem, pass ?? .filterGradient), pass, problem) } catch {
      // Whatever would need least says what it needs. Directly a gradient is only computed where the whole step fits.
      guard let direct else { throw error }
      var needs: [Int] = []
      let ways: [(any ConvolutionMethod<Scalar>, ConvolutionPass?)] = [
        (fourier, pass), (direct, pass == .forward ? .forward : nil),
      ]
      for (method, pass) in ways {
        do { _ = try Self.memory(method, pass, problem) } catch let other {
          if let bytes = other.neededBytes { needs.append(bytes) }
        }
      }
      if let bytes = needs.min() {
        let limits = [fourier.memoryLimit, direct.memoryLimit].compactMap { $0 }
        throw ConvolutionError(
          "either method", needs: bytes, limit: limits.min() ?? MachineMemory.physical, or: "convolve less at once")
      }
      throw error
    }
  }
}

/// What a plan depends on.
package struct PlanKey: Hashable, Sendable {
  let problem: ConvolutionProblem
  let training: Bool
  /// Nil if the plan does not depend on it.
  let threads: Int?

  package init(problem: ConvolutionProblem, training: Bool, threads: Int?) {
    (self.problem, self.training, self.threads) = (problem, training, threads)
  }
}

import SpectralConvolution
import SpectralCore

/// Convolution by its definition: multiply the overlap, add, move.
///
/// Several solvers compute the same sums in different orders of loops (``solvers``); for each pass the one that promises to
/// be fastest is taken, or the one that was asked for by name. Whatever takes part, it is the sum itself: exact on
/// integers that the scalar can hold.
public struct SpatialConvolution<Scalar: TensorScalar>: ConvolutionMethod {
  /// The most working memory that a pass may take beside its operands and its result, in bytes; nil for no limit but the
  /// machine's memory. It covers the packed filters that are kept. To keep it, fewer threads and smaller tiles are taken;
  /// a pass that cannot keep it traps, with the estimate that ``workingMemory(_:_:)`` throws beforehand.
  public var memoryLimit: Int?
  /// The name of the only solver that may be taken; nil for whichever promises to be fastest.
  public private(set) var solver: String?
  /// What the choice of solvers goes by; with ``CostRates/fixed`` it is the same on every machine.
  public let rates: CostRates

  private let packedFilters = FilterCache<Scalar>()
  private let choices = SolverCache<Scalar>(capacity: 48)

  /// The direct method.
  public init(memoryLimit: Int? = nil, rates: CostRates = .machine) {
    self.memoryLimit = memoryLimit
    self.rates = rates
    solver = nil
  }

  /// The direct method by one of its ``solvers``. Of a problem that the solver cannot do, ``workingMemory(_:_:)`` throws
  /// the reason, and a pass traps with it. Operands with values that are not finite may still go to another solver, so
  /// that results are those of the definition.
  ///
  /// - Throws: If there is no solver of the name.
  public init(solver: String, memoryLimit: Int? = nil) throws(ConvolutionError) {
    let names = Self.solvers.map(\.name)
    guard names.contains(solver) else {
      throw ConvolutionError(
        "the direct method has no solver \"\(solver)\": take one of \(names.joined(separator: ", "))")
    }
    self.memoryLimit = memoryLimit
    self.solver = solver
    rates = .machine
  }

  /// This method by one of its ``solvers``, with the same packed filters.
  ///
  /// - Precondition: there is a solver of the name.
  package func restricted(to solver: String) -> SpatialConvolution {
    precondition(Self.solvers.contains { $0.name == solver }, "the direct method has no solver \(solver)")
    var copy = self
    copy.solver = solver
    return copy
  }

  /// The solvers in the order of preference: their names, and what each does.
  public static var solvers: [(name: String, summary: String)] {
    DirectSolvers<Scalar>.table.map { ($0.name, $0.summary) }
  }

  /// `direct`, or the name of the only solver.
  public var name: String { solver ?? "direct" }

  // MARK: Passes

  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    var output = run(.forward, problem, PassOperands(input, filter, bias: epilogue.bias, cache: packedFilters))
    epilogue.activation.apply(to: &output)
    return output
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    // The filters are about to change: keeping them would only make their owner copy them.
    var output = run(.forward, problem, PassOperands(input, filter, bias: epilogue.bias))
    epilogue.activation.apply(to: &output)
    return (output, ConvolutionTape(problem: problem, input: input, filter: filter))
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(filter: filter, gradient: gradient)
    return run(.inputGradient, problem, PassOperands(gradient, filter))
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    problem.check(input: input, gradient: gradient)
    return run(.filterGradient, problem, PassOperands(gradient, input))
  }

  private func run(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem, _ operands: PassOperands<Scalar>
  ) -> Tensor<Scalar> {
    if let other = reformulation(problem, pass) {
      let method = beside(other.copyBytes(pass))
      return other.run(pass, operands) { method.run(pass, $0, $1) }
    }
    do {
      let solver = try plan(pass, problem)
      if let result = solver.run(operands) { return result }
      // Values that are not finite: by the plain sums.
      return try UnfoldSolver<Scalar>(problem, pass, memoryLimit: memoryLimit).run(operands)!
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The problem as another one that the solvers can do; nil if they can do this one.
  private func reformulation(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass
  ) -> (any Reformulation<Scalar>)? {
    if let padded = PaddedProblem<Scalar>(problem) { return padded }
    return PlanarReduction<Scalar>(problem, pass, limit: memoryLimit) { try? workingMemory(pass, $0) }
  }

  /// The method within what copies leave of its limit.
  private func beside(_ copyBytes: Int) -> Self {
    var method = self
    method.memoryLimit = memoryLimit.map { max(0, $0 - copyBytes) }
    return method
  }

  // MARK: Plans

  /// The solver that does a pass of a problem.
  private func plan(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> any ConvolutionSolver<Scalar> {
    let key = SolverKey(
      problem: problem, pass: pass, solver: solver, memoryLimit: memoryLimit, threads: Parallel.threads)
    let choice = try choices.value(key) { () throws(ConvolutionError) in
      let chosen =
        if let type = DirectSolvers<Scalar>.table.first(where: { $0.name == solver }) {
          try type.init(problem, pass, memoryLimit: memoryLimit)
        } else {
          try DirectSolvers<Scalar>.choose(problem, pass, rates, memoryLimit: memoryLimit)
        }
      // A limit has room for the tables of one problem only.
      return SolverChoice(type: Swift.type(of: chosen), kept: memoryLimit == nil ? chosen.kept : nil)
    }
    if let kept = choice.kept { return kept }
    return try choice.type.init(problem, pass, memoryLimit: memoryLimit)
  }

  /// The name of the solver that does a pass of a problem.
  ///
  /// - Throws: If none can, or not the one that was asked for; the sentence says why.
  public func solver(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> String {
    if let other = reformulation(problem, pass) { return try solver(pass, other.inner) }
    return type(of: try plan(pass, problem)).name
  }

  public func workingMemory(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    let limit = memoryLimit ?? MachineMemory.physical
    if let other = reformulation(problem, pass) {
      let copyBytes = other.copyBytes(pass)
      return try ConvolutionError.beside(copyBytes, limit: limit, "the direct method") {
        () throws(ConvolutionError) in try beside(copyBytes).workingMemory(pass, other.inner)
      }
    }
    let memory = try plan(pass, problem).memory
    let threads = min(Parallel.threads, memory.threads(within: limit))
    guard threads > 0 else {
      throw ConvolutionError(
        "the direct method", needs: memory.bytes(threads: 1), limit: limit, or: "convolve narrower images")
    }
    return memory.bytes(threads: threads)
  }

  /// The seconds that inference (`forward`) or a training step (either gradient) would take on one core: an estimate from
  /// AVX-512 machines, of which it matters how it compares with the Fourier method's. Infinite where no solver can.
  public func estimatedSeconds(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double {
    let passes: [ConvolutionPass] = pass == .forward ? [.forward] : ConvolutionPass.allCases
    return passes.reduce(0) { $0 + seconds($1, problem) }
  }

  /// The estimate for one pass, with the copies that are made of volumes and padded arrays.
  private func seconds(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double {
    guard let other = reformulation(problem, pass) else {
      return (try? plan(pass, problem).seconds(pass, rates)) ?? .infinity
    }
    return Double(other.blocks) * (seconds(pass, other.inner) + 0.125e-9 * Double(other.copyBytes(pass)))
  }

  /// The seconds of one pass by the fixed rates, by its name among the rates; empty where no solver can.
  package func estimatedParts(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> [String: Double] {
    guard reformulation(problem, pass) == nil, let solver = try? plan(pass, problem) else { return [:] }
    return ["\(type(of: solver).name) \(pass)": solver.cost.seconds]
  }

  /// The estimate for one pass; nil where no solver can.
  package func cost(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> CostEstimate? {
    try? plan(pass, problem).cost
  }
}

extension ConvolutionProblem {
  /// Whether enough channels meet that products of matrices beat windows over single planes.
  var isDense: Bool { outputsPerGroup * channelsPerGroup >= 6 }

  /// The filters as correlation wants them: flipped for a true convolution. Flipping twice changes nothing, so this
  /// also orients a gradient as the filters are.
  func oriented<Scalar>(_ filter: Tensor<Scalar>) -> Tensor<Scalar> {
    guard geometry.operation == .convolution else { return filter }
    return flipped(filter)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func flipped<Scalar: TensorScalar>(_ filter: Tensor<Scalar>) -> Tensor<Scalar> {
    let taps = vertical.kernel * horizontal.kernel
    return filter.withUnsafeElements { w in
      Tensor(filter.shape) { flipped in
        guard let w = w.baseAddress, let flipped = flipped.baseAddress else { return }
        for first in stride(from: 0, to: filter.count, by: taps) {
          let last = first + taps - 1
          for tap in 0..<taps { flipped[first + tap] = w[last - tap] }
        }
      }
    }
  }

  /// The bytes of flipped filters, where they are to be flipped.
  func flippedBytes<Scalar>(_: Scalar.Type) -> Int where Scalar: TensorScalar {
    geometry.operation == .convolution ? Scratch<Scalar>.byteCount(filterShape.count) : 0
  }
}

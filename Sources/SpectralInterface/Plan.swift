import AutomaticConvolution
import CSpectral
import FourierConvolution
import SpatialConvolution
import SpectralConvolution
import SpectralCore
import Synchronization

/// Arrays as they come in; nil where a caller may leave one out.
typealias ArrayPointer = UnsafePointer<spectral_array>

/// A plan of either precision.
protocol PlanPasses: AnyObject, Sendable {
  var problem: ConvolutionProblem { get }

  func forward(
    _ input: ArrayPointer?, _ filter: ArrayPointer?, _ bias: ArrayPointer?, _ activation: Int32, _ output: ArrayPointer?
  ) throws
  func forward(
    _ input: ArrayPointer?, _ filters: any HeldFilters, _ bias: ArrayPointer?, _ activation: Int32,
    _ output: ArrayPointer?
  ) throws
  func inputGradient(
    _ gradient: ArrayPointer?, _ filter: ArrayPointer?, _ bias: ArrayPointer?, _ activation: Int32,
    _ result: ArrayPointer?
  ) throws
  func filterGradient(_ gradient: ArrayPointer?, _ input: ArrayPointer?, _ result: ArrayPointer?) throws
  func record(
    _ input: ArrayPointer?, _ filter: ArrayPointer?, _ bias: ArrayPointer?, _ activation: Int32, _ output: ArrayPointer?
  ) throws -> any StepTape

  /// The bytes of working memory of a pass, or of a step.
  func memory(_ pass: PlanPass) throws(InterfaceError) -> Int
  func description(_ pass: PlanPass) throws(InterfaceError) -> String
}

/// A pass of a plan, or a training step.
enum PlanPass: Int, CaseIterable {
  case forward, inputGradient, filterGradient, step

  init(_ number: Int32) throws(InterfaceError) {
    self = try constant(
      number, "pass",
      [
        SPECTRAL_FORWARD: .forward, SPECTRAL_INPUT_GRADIENT: .inputGradient,
        SPECTRAL_FILTER_GRADIENT: .filterGradient, SPECTRAL_STEP: .step,
      ])
  }

  /// The pass; of a step, that which is planned as the step is.
  var single: ConvolutionPass {
    switch self {
    case .forward: .forward
    case .inputGradient: .inputGradient
    case .filterGradient, .step: .filterGradient
    }
  }
}

/// A problem and the method that computes it, in one precision.
final class Plan<Scalar: AnyMethodScalar>: PlanPasses {
  let problem: ConvolutionProblem
  let inputShape: TensorShape
  let filterShape: TensorShape
  let outputShape: TensorShape
  private let options: MethodOptions
  private let method: any ConvolutionMethod<Scalar>

  /// What was found out about a pass when it ran for the first time.
  private struct Findings {
    /// Whether it keeps the memory limit.
    var isChecked = false
    /// The method that ``AutomaticConvolution`` has chosen for it.
    var method: (any ConvolutionMethod<Scalar>)?
  }
  private let findings = Mutex([Findings](repeating: Findings(), count: PlanPass.allCases.count))

  init(_ problem: ConvolutionProblem, _ options: MethodOptions) throws(InterfaceError) {
    self.problem = problem
    (inputShape, filterShape, outputShape) = (problem.inputShape, problem.filterShape, problem.outputShape)
    self.options = options
    method = try options.makeMethod(for: Scalar.self)
    try requireRoom()
    _ = try memory(.forward)
  }

  /// Refuses arrays that are larger than the machine before anything is laid out for them.
  private func requireRoom() throws(InterfaceError) {
    let scalar = MemoryLayout<Scalar>.stride
    let padded = MemoryEstimate(
      [max(1, problem.batch), problem.inputChannels] + problem.axes.map { max($0.padded, $0.span) }, scalarBytes: scalar
    )
    let arrays = [inputShape, filterShape, outputShape].reduce(padded) {
      $0 + MemoryEstimate($1.extents.map { max(1, $0) }, scalarBytes: scalar)
    }
    // Tables have some numbers for every element along an axis.
    let tables = problem.axes.reduce(MemoryEstimate()) {
      $0 + MemoryEstimate([$1.padded + $1.span + $1.output], scalarBytes: 16)
    }
    guard let bytes = (arrays + tables).bytes, bytes <= MachineMemory.physical else {
      throw InterfaceError(
        SPECTRAL_MEMORY,
        "the arrays of this plan take \(arrays + tables) with their padding, and the machine has "
          + "\(ByteCount(MachineMemory.physical)): convolve smaller arrays")
    }
  }

  // MARK: What a pass takes

  func memory(_ pass: PlanPass) throws(InterfaceError) -> Int {
    do {
      let bytes =
        pass == .step ? try method.trainingMemory(problem) : try method.workingMemory(pass.single, problem)
      // What the machine has left is looked up in files of the system: not for what is always there.
      if bytes > 1 << 28 {
        try MemoryBudget().require(
          MemoryEstimate(bytes: bytes), for: "this convolution", remedy: "set a memory_limit, or convolve less at once")
      }
      return bytes
    } catch let error as ConvolutionError where error.neededBytes == nil {
      // The problem is one, so it is the way that was asked for.
      throw InterfaceError(SPECTRAL_UNSUPPORTED, error.description)
    } catch { throw InterfaceError(error) }
  }

  /// The method of a pass, after a check that it keeps the memory limit.
  private func ready(_ pass: PlanPass) throws(InterfaceError) -> any ConvolutionMethod<Scalar> {
    let known = findings.withLock { $0[pass.rawValue] }
    if let method = known.method { return method }
    if !known.isChecked {
      _ = try memory(pass)
      findings.withLock { $0[pass.rawValue].isChecked = true }
    }
    guard let automatic = method as? AutomaticConvolution<Scalar> else {
      findings.withLock { $0[pass.rawValue].method = method }
      return method
    }
    let chosen = automatic.choice(problem, pass.single)
    // A measured choice is one for a number of threads, which may change.
    if options.planning == .estimated { findings.withLock { $0[pass.rawValue].method = chosen } }
    return chosen
  }

  func description(_ pass: PlanPass) throws(InterfaceError) -> String {
    _ = try memory(pass)
    return way(method, pass.single)
  }

  private func way(_ method: any ConvolutionMethod<Scalar>, _ pass: ConvolutionPass) -> String {
    switch method {
    case let automatic as AutomaticConvolution<Scalar>: way(automatic.choice(problem, pass), pass)
    case let fourier as FourierConvolution<Scalar>:
      // Gradients are planned as a step is, for which the limit may have no room.
      pass != .forward && (try? fourier.trainingMemory(problem)) == nil
        ? fourier.name : fourier.way(for: problem, training: pass != .forward)
    case let direct as SpatialConvolution<Scalar>: (try? direct.solver(pass, problem)) ?? direct.name
    default: method.name
    }
  }

  // MARK: Passes

  func forward(
    _ input: ArrayPointer?, _ filter: ArrayPointer?, _ bias: ArrayPointer?, _ activation: Int32, _ output: ArrayPointer?
  ) throws {
    let filter = try ArrayView<Scalar>(filter, "filter", filterShape)
    try forward(input, filter.tensor, filter, bias, activation, output)
  }

  func forward(
    _ input: ArrayPointer?, _ filters: any HeldFilters, _ bias: ArrayPointer?, _ activation: Int32,
    _ output: ArrayPointer?
  ) throws {
    guard let filters = filters as? Filters<Scalar> else {
      throw InterfaceError.invalid(
        "the filters are not of the plan's type, which is \(ArrayDescription.typeName(ArrayView<Scalar>.dtype))")
    }
    guard filters.tensor.shape == filterShape else {
      throw InterfaceError(SPECTRAL_SHAPE, "the filters are \(filters.tensor.shape), and must be \(filterShape)")
    }
    try forward(input, filters.tensor, nil, bias, activation, output)
  }

  /// The forward pass of tensors, without an epilogue; nothing of the filter is kept.
  func forward(_ input: Tensor<Scalar>, _ filter: Tensor<Scalar>) throws(InterfaceError) -> Tensor<Scalar> {
    let method = try ready(.forward)
    return filter.borrowed { method.forward(input, $0, ConvolutionEpilogue(), problem) }
  }

  private func forward(
    _ input: ArrayPointer?, _ filter: Tensor<Scalar>, _ filterView: ArrayView<Scalar>?, _ bias: ArrayPointer?,
    _ activation: Int32, _ output: ArrayPointer?
  ) throws {
    let input = try ArrayView<Scalar>(input, "input", inputShape)
    let (epilogue, bias) = try epilogue(bias, activation, channels: problem.outputChannels)
    let output = try result(output, "output", outputShape, apartFrom: [input, filterView, bias])
    let method = try ready(.forward)
    compute(output) {
      filterView == nil
        ? method.forward(input.tensor, filter, epilogue, problem)
        : filter.borrowed { method.forward(input.tensor, $0, epilogue, problem) }
    }
  }

  func inputGradient(
    _ gradient: ArrayPointer?, _ filter: ArrayPointer?, _ bias: ArrayPointer?, _ activation: Int32,
    _ result: ArrayPointer?
  ) throws {
    let gradient = try ArrayView<Scalar>(gradient, "gradient", outputShape)
    let filter = try ArrayView<Scalar>(filter, "filter", filterShape)
    let (epilogue, bias) = try epilogue(bias, activation, channels: problem.inputChannels)
    let result = try self.result(result, "input_gradient", inputShape, apartFrom: [gradient, filter, bias])
    let method = try ready(.inputGradient)
    compute(result) {
      var sums = method.inputGradient(gradient.tensor, filter.tensor, problem)
      epilogue.apply(to: &sums)
      return sums
    }
  }

  func filterGradient(_ gradient: ArrayPointer?, _ input: ArrayPointer?, _ result: ArrayPointer?) throws {
    let gradient = try ArrayView<Scalar>(gradient, "gradient", outputShape)
    let input = try ArrayView<Scalar>(input, "input", inputShape)
    let result = try self.result(result, "filter_gradient", filterShape, apartFrom: [gradient, input])
    let method = try ready(.filterGradient)
    compute(result) { method.filterGradient(gradient.tensor, input.tensor, problem) }
  }

  func record(
    _ input: ArrayPointer?, _ filter: ArrayPointer?, _ bias: ArrayPointer?, _ activation: Int32, _ output: ArrayPointer?
  ) throws -> any StepTape {
    let input = try ArrayView<Scalar>(input, "input", inputShape)
    let filter = try ArrayView<Scalar>(filter, "filter", filterShape)
    let (epilogue, bias) = try epilogue(bias, activation, channels: problem.outputChannels)
    let output = try result(output, "output", outputShape, apartFrom: [input, filter, bias])
    let method = try ready(.step)
    var tape: ConvolutionTape<Scalar>?
    compute(output) {
      let step = method.record(input.tensor, filter.tensor, epilogue, problem)
      tape = step.tape
      return step.output
    }
    return Tape(plan: self, method: method, tape: tape!, input: input, filter: filter)
  }

  private func epilogue(
    _ bias: ArrayPointer?, _ activation: Int32, channels: Int
  ) throws(InterfaceError) -> (ConvolutionEpilogue<Scalar>, ArrayView<Scalar>?) {
    let activation = try SpectralInterface.activation(activation)
    guard let bias else { return (ConvolutionEpilogue(activation: activation), nil) }
    let view = try ArrayView<Scalar>(bias, "bias", [channels])
    return (ConvolutionEpilogue(bias: view.tensor, activation: activation), view)
  }
}

/// An array for a result, apart from all others of the call.
func result<Scalar: TensorScalar>(
  _ array: ArrayPointer?, _ name: String, _ shape: TensorShape, apartFrom others: [ArrayView<Scalar>?]
) throws(InterfaceError) -> ArrayView<Scalar> {
  let view = try ArrayView<Scalar>(array, name, shape)
  try view.requireDistinctPlaces()
  for other in others { try view.requireApart(from: other) }
  return view
}

extension Plan {
  fileprivate func result(
    _ array: ArrayPointer?, _ name: String, _ shape: TensorShape, apartFrom others: [ArrayView<Scalar>?]
  ) throws(InterfaceError) -> ArrayView<Scalar> {
    try SpectralInterface.result(array, name, shape, apartFrom: others)
  }
}

/// Computes a result in the memory of an array, where that is dense, or else copies it there.
func compute<Scalar: TensorScalar>(_ result: ArrayView<Scalar>, _ body: () throws -> Tensor<Scalar>) rethrows {
  let memory = ResultMemory()
  result.offer(to: memory)
  result.store(try memory.whileOffered(body))
}

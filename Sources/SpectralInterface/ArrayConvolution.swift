import AutomaticConvolution
import CSpectral
import SpectralConvolution
import SpectralCore
import Synchronization

/// What `spectral_convolve` computes, by sizes and options: the key of what is kept.
struct ArrayProblem: Hashable {
  let isDouble: Bool
  /// Sizes of the batch axes.
  let batch: [Int]
  /// Elements along the convolved axes.
  let input: [Int]
  let kernel: [Int]
  /// Whether each array of the batch has a kernel of its own.
  let hasOwnKernels: Bool
  /// How many numbers an element of the array and of the kernel has: 2 where they are complex.
  let parts: Int
  let kernelParts: Int
  let geometry: ConvolutionGeometry
  let method: MethodOptions

  init(
    _ options: spectral_convolve_options, _ array: ArrayDescription, _ kernel: ArrayDescription
  ) throws(InterfaceError) {
    isDouble = array.dtype == SPECTRAL_FLOAT64 || array.dtype == SPECTRAL_COMPLEX128
    parts = array.dtype >= SPECTRAL_COMPLEX64 ? 2 : 1
    kernelParts = kernel.dtype >= SPECTRAL_COMPLEX64 ? 2 : 1
    guard isDouble == (kernel.dtype == SPECTRAL_FLOAT64 || kernel.dtype == SPECTRAL_COMPLEX128) else {
      throw .invalid(
        "the array is of \(ArrayDescription.typeName(array.dtype)) and the kernel of "
          + "\(ArrayDescription.typeName(kernel.dtype)): convert one, so that both are of one precision")
    }
    let axes = options.axes == 0 ? kernel.rank : Int(options.axes)
    guard ConvolutionProblem.ranks.contains(axes) else {
      throw .invalid(
        "\(axes) axes cannot be convolved: there may be 1, 2 or 3, and `axes` says how many of the last ones")
    }
    guard array.rank >= axes, kernel.rank == axes || kernel.rank == array.rank else {
      throw InterfaceError(
        SPECTRAL_SHAPE,
        "the array is \(array.shape) and the kernel \(kernel.shape): over \(axes) ax\(axes == 1 ? "i" : "e")s the "
          + "kernel has as many, or as many as the array")
    }
    let (sizes, taps) = (array.shape.extents, kernel.shape.extents)
    (batch, input) = (Array(sizes.dropLast(axes)), Array(sizes.suffix(axes)))
    self.kernel = Array(taps.suffix(axes))
    let kernelBatch = Array(taps.dropLast(axes))
    guard zip(kernelBatch, batch).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      throw InterfaceError(
        SPECTRAL_SHAPE,
        "the array is \(array.shape) and the kernel \(kernel.shape): a kernel's batch axes are those of the array, "
          + "or 1")
    }
    hasOwnKernels = kernelBatch.contains { $0 != 1 }
    geometry = ConvolutionGeometry(
      padding: .sides(try Self.sides(options, self.kernel)),
      boundary: try boundary(options.boundary, options.boundary_value), operation: try operation(options.operation))
    method = try MethodOptions(
      method: options.method, solver: options.solver, transforms: options.transforms,
      memoryLimit: options.memory_limit)
  }

  private static func sides(
    _ options: spectral_convolve_options, _ kernel: [Int]
  ) throws(InterfaceError) -> [Padding.Sides] {
    switch Int(options.mode) {
    case SPECTRAL_MODE_FULL: return kernel.map { Padding.Sides(before: max($0, 1) - 1, after: max($0, 1) - 1) }
    case SPECTRAL_MODE_VALID: return kernel.map { _ in Padding.Sides(before: 0, after: 0) }
    case SPECTRAL_MODE_SAME:
      var sides: [Padding.Sides] = []
      for (taps, origin) in zip(kernel, leading(kernel.count, options.origin)) where taps > 0 {
        guard (-(taps / 2)...(taps - 1) / 2).contains(origin) else {
          throw InterfaceError(
            SPECTRAL_SHAPE,
            "an origin of \(origin) moves a kernel of \(taps) off the element: it may be \(-(taps / 2)) to "
              + "\((taps - 1) / 2)"
          )
        }
        sides.append(Padding.Sides(before: taps / 2 + origin, after: (taps - 1) / 2 - origin))
      }
      return sides.count == kernel.count ? sides : kernel.map { _ in Padding.Sides(before: 0, after: 0) }
    case SPECTRAL_MODE_SIDES:
      return zip(leading(kernel.count, options.padding_before), leading(kernel.count, options.padding_after)).map {
        Padding.Sides(before: $0, after: $1)
      }
    default: throw .invalid("\(options.mode) is no mode: see SPECTRAL_MODE_FULL")
    }
  }

  /// How many arrays there are.
  var count: Int { batch.reduce(1, *) }
  var resultParts: Int { max(parts, kernelParts) }

  /// The convolution of tensors that computes it. A product of complex numbers is one of pairs with a matrix of two by
  /// two, so complex parts are channels; where the kernel is real, they are arrays of the batch.
  func problem() throws -> ConvolutionProblem {
    let (arrays, channels) = kernelParts == 1 ? (parts, 1) : (1, parts)
    var geometry = geometry
    geometry.groups = hasOwnKernels ? max(1, count) : 1
    let leadingExtents =
      hasOwnKernels ? [arrays, max(1, count) * channels] : [count * arrays, channels]
    return try ConvolutionProblem(
      geometry, input: TensorShape(leadingExtents + input),
      filter: TensorShape([geometry.groups * kernelParts, channels] + kernel))
  }
}

/// A plan for `spectral_convolve`, in either precision.
protocol ArrayPlan: AnyObject, Sendable {
  /// The sizes of the result along the convolved axes.
  var output: [Int] { get }
  func run(_ array: ArrayDescription, _ kernel: ArrayDescription, _ result: ArrayPointer?) throws
}

/// The plans that were used lately.
enum ArrayPlans {
  private static let capacity = 128
  private static let plans = Mutex<[ArrayProblem: any ArrayPlan]>([:])

  static func plan(_ problem: ArrayProblem) throws -> any ArrayPlan {
    if let plan = plans.withLock({ $0[problem] }) { return plan }
    let plan: any ArrayPlan =
      try problem.isDouble ? ArrayConvolution<Double>(problem) : ArrayConvolution<Float>(problem)
    plans.withLock { plans in
      if plans.count >= capacity { plans.removeAll() }
      plans[problem] = plan
    }
    return plan
  }
}

/// How arrays of some sizes are convolved.
final class ArrayConvolution<Scalar: AnyMethodScalar>: ArrayPlan {
  private let problem: ArrayProblem
  private let plan: Plan<Scalar>

  init(_ problem: ArrayProblem) throws {
    self.problem = problem
    plan = try Plan(problem.problem(), problem.method)
  }

  var output: [Int] { plan.problem.axes.map(\.output) }

  func run(_ array: ArrayDescription, _ kernel: ArrayDescription, _ result: ArrayPointer?) throws {
    let target = try ArrayDescription(result, "result", dtype)
    let shape = TensorShape(problem.batch + output)
    guard target.shape == shape else {
      throw InterfaceError(SPECTRAL_SHAPE, "result is \(target.shape), and must be \(shape)")
    }
    // The parts of a result are in front of its arrays, behind them, or they are its channels.
    let (inFront, own) = (problem.kernelParts == 1, problem.hasOwnKernels)
    let place: PartPlace = inFront && own ? .first : .behindBatch
    let x = try view(array, problem.parts, place)
    let w = try kernelView(kernel)
    let y = try view(target, problem.resultParts, place)
    try y.requireDistinctPlaces()
    try y.requireApart(from: x)
    try y.requireApart(from: w.view)
    guard shape.count > 0 else { return }
    // The shapes of views have the batch's axes, those of the plan have them as one.
    let memory = ResultMemory()
    if y.isDense { y.offer(to: memory, as: plan.outputShape) }
    let sums = try memory.whileOffered {
      try plan.forward(x.tensor.reshaped(to: plan.inputShape), w.tensor.reshaped(to: plan.filterShape))
    }
    y.store(sums.reshaped(to: y.shape))
  }

  private var dtype: Int {
    switch (problem.isDouble, problem.resultParts) {
    case (false, 1): SPECTRAL_FLOAT32
    case (false, _): SPECTRAL_COMPLEX64
    case (true, 1): SPECTRAL_FLOAT64
    case (true, _): SPECTRAL_COMPLEX128
    }
  }

  /// Where the axis of the parts of complex numbers is.
  private enum PartPlace { case first, behindBatch }

  /// An array of numbers: of complex ones the two parts are an axis.
  private func view(
    _ array: ArrayDescription, _ parts: Int, _ place: PartPlace
  ) throws(InterfaceError) -> ArrayView<Scalar> {
    guard parts == 2 else { return try ArrayView(array) }
    let axis = place == .first ? 0 : problem.batch.count
    return try ArrayView(array.split(at: axis))
  }

  /// The kernel, `[groups, out, in, k...]`, and where it lies.
  private func kernelView(
    _ kernel: ArrayDescription
  ) throws(InterfaceError) -> (tensor: Tensor<Scalar>, view: ArrayView<Scalar>) {
    let isSeparate = problem.hasOwnKernels
    let axes = problem.kernel.count
    let whole =
      isSeparate ? kernel.broadcast(to: problem.batch + problem.kernel) : kernel.droppingFirst(kernel.rank - axes)
    guard problem.kernelParts == 2 else {
      let view = try ArrayView<Scalar>(whole)
      return (view.tensor, view)
    }
    let described = whole.split(at: whole.rank - axes)
    let view = try ArrayView<Scalar>(described)
    // [groups, 2, taps]: one row of (real, imaginary) for a real array; for a complex one the matrix of the product.
    let pairs = view.copied
    guard problem.parts == 2 else { return (pairs, view) }
    let taps = problem.kernel.reduce(1, *)
    let groups = pairs.count / max(1, 2 * taps)
    let matrix = pairs.withUnsafeElements { w in
      Tensor<Scalar>([groups, 2, 2, taps]) { m in
        for group in 0..<groups {
          for tap in 0..<taps {
            let (real, imaginary) = (w[2 * group * taps + tap], w[(2 * group + 1) * taps + tap])
            let first = 4 * group * taps + tap
            (m[first], m[first + taps]) = (real, -imaginary)
            (m[first + 2 * taps], m[first + 3 * taps]) = (imaginary, real)
          }
        }
      }
    }
    return (matrix, view)
  }
}

import AutomaticConvolution
import Foundation
import SpectralTransforms
import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralCore

/// Both methods on one signal, image or volume: how far apart they are, how far they may be, and how long each takes.
package struct CrossCheck {
  /// How far one array is from another.
  package struct Distance {
    package let largest: Double
    package let rootMeanSquare: Double

    init<A: TensorScalar, B: TensorScalar>(_ a: Tensor<A>, _ b: Tensor<B>) {
      self.init(a.withUnsafeElements { a in b.withUnsafeElements { b in Deviation(a, b) } }, count: a.count)
    }

    /// From a reference at some places.
    init<Scalar: TensorScalar>(_ a: Tensor<Scalar>, _ reference: CompensatedReference) {
      var deviation = Deviation()
      a.withUnsafeElements { a in
        for (place, value) in zip(reference.places, reference.values) { deviation.add(Double(a[place]) - value) }
      }
      self.init(deviation, count: reference.places.count)
    }

    private init(_ deviation: Deviation, count: Int) {
      largest = deviation.largest
      rootMeanSquare = (deviation.squares / Double(max(count, 1))).squareRoot()
    }
  }

  package let problem: ConvolutionProblem
  /// `single` or `double`.
  package let precision: String
  /// Points of the Fourier method's tiles; nil where it has none of its own.
  package let tile: Extent?
  /// How the Fourier method goes about it, e.g. `fft 32 x 30`, and the name of the direct solver.
  package let ways: (direct: String, fourier: String)
  /// Between the two methods.
  package let difference: Distance
  /// Of each method from the definition in at least twice as many digits.
  package let directError: Distance
  package let fourierError: Distance
  /// The pixels at which that is known.
  package let exactCount: Int
  /// The promise for each output: 2 u sqrt(log2 N) ‖x‖ ‖k‖.
  package let bound: Double
  /// Medians.
  package let directSeconds: Double
  package let fourierSeconds: Double
  /// What each method gives, `[1, C, ...]`, in double precision: converted when asked for.
  package let results: () -> (direct: Tensor<Double>, fourier: Tensor<Double>)

  /// The Fourier method's largest error is within what is promised.
  package var isKept: Bool { fourierError.largest <= bound }

  /// Filters every plane of a signal, an image or a volume with one kernel, by both methods.
  ///
  /// - Parameters:
  ///   - planes: `[C, L]`, `[C, H, W]` or `[C, D, H, W]`.
  ///   - kernel: `[kL]`, `[kH, kW]` or `[kD, kH, kW]`.
  ///   - solver: The only solver that the method it belongs to may take.
  ///   - runs: How often each method is timed at most.
  /// - Throws: `ConvolutionError` if there is nothing to filter, the solver cannot, or the memory limit is too low.
  package init<Scalar: AnyMethodScalar>(
    _ planes: Tensor<Scalar>, _ kernel: Tensor<Double>, boundary: Boundary, memoryLimit: Int?,
    transforms: TransformProvider = .fastest, rigor: PlanningRigor, planning: ConvolutionPlanning = .estimated,
    solver: String? = nil, runs: Int
  ) throws(ConvolutionError) {
    let channels = planes.shape[0]
    let x = planes.reshaped(to: TensorShape([1] + planes.shape.extents))
    let plane = kernel.converted(to: Scalar.self).elements
    let w = Tensor<Scalar>(
      TensorShape([channels, 1] + kernel.shape.extents), (0..<channels).flatMap { _ in plane })
    let geometry = ConvolutionGeometry(
      padding: .same, groups: channels,
      boundary: boundary, operation: .convolution)
    let problem = try ConvolutionProblem(geometry, input: x.shape, filter: w.shape)
    self.problem = problem
    let isSingle = Scalar.self == Float.self
    // The array and both results, and in double precision the array and the exact result.
    let held = MemoryEstimate(
      x.shape.extents, scalarBytes: 3 * MemoryLayout<Scalar>.stride + (isSingle ? 2 * MemoryLayout<Double>.stride : 0))
    func require(_ estimate: MemoryEstimate) throws(ConvolutionError) {
      do {
        try MemoryBudget.machine.require(
          estimate, for: "comparing both methods on \(planes.shape) numbers",
          remedy: "take a smaller array or a smaller kernel")
      } catch { throw ConvolutionError("\(error)") }
    }
    // Before plans are made, which takes memory too.
    try require(held)
    // A direct solver may want copies of all rows that a window sees, for a picture of one row as many as the kernel
    // has. Others do with little, so what the direct method takes is kept in proportion where it can be.
    func direct<Number: TensorScalar>(_: Number.Type) -> SpatialConvolution<Number> {
      let modest = SpatialConvolution<Number>(
        memoryLimit: memoryLimit ?? max(256 << 20, x.count * MemoryLayout<Double>.stride))
      let fits = (try? modest.workingMemory(.forward, problem)) != nil
      return fits ? modest : SpatialConvolution(memoryLimit: memoryLimit)
    }
    var spatial = direct(Scalar.self)
    var spectral = FourierConvolution<Scalar>(memoryLimit: memoryLimit, transforms: transforms, rigor: rigor)
    if let solver {
      if let solver = FourierSolver(rawValue: solver) {
        spectral.solver = solver
      } else {
        try ConvolutionSolvers.check(solver)
        spatial = try SpatialConvolution(solver: solver, memoryLimit: memoryLimit)
      }
    }
    let exact = direct(Double.self)
    let working = max(
      try spatial.workingMemory(.forward, problem), try spectral.workingMemory(.forward, problem),
      isSingle ? try exact.workingMemory(.forward, problem) : CompensatedReference.byteCount(problem))
    try require(held + MemoryEstimate(bytes: working))
    if planning == .measured && spectral.solver == nil {
      switch AutomaticConvolution(direct: nil, fourier: spectral, planning: .measured).plan(problem) {
      case .fourier(let tile): spectral.tile = tile
      case .fourierWhole: spectral.solver = .whole
      case .direct, .directSolver: break
      }
    }

    // The first calls also make plans and warm up; they are not timed.
    let y = spatial.forward(x, w, bias: nil, problem)
    let ŷ = spectral.forward(x, w, bias: nil, problem)
    directSeconds = medianSeconds(most: runs) { _ = spatial.forward(x, w, bias: nil, problem) }
    fourierSeconds = medianSeconds(most: runs) { _ = spectral.forward(x, w, bias: nil, problem) }

    precision = isSingle ? "single" : "double"
    tile = problem.rank < 3 && spectral.solver != .whole ? spectral.tile(for: problem) : nil
    ways = (try spatial.solver(.forward, problem), spectral.way(for: problem))
    results = { (y.converted(to: Double.self), ŷ.converted(to: Double.self)) }
    difference = Distance(ŷ, y)
    let (x64, w64) = (x.converted(to: Double.self), w.converted(to: Double.self))
    if isSingle {
      let exact = exact.forward(x64, w64, bias: nil, problem)
      (directError, fourierError) = (Distance(y, exact), Distance(ŷ, exact))
      exactCount = exact.count
    } else {
      let exact = CompensatedReference(x64, w64, problem)
      (directError, fourierError) = (Distance(y, exact), Distance(ŷ, exact))
      exactCount = exact.places.count
    }
    let points = Double(max(spectral.transformPoints(for: problem), 2))
    let perPair = Self.largestPaddedNorm(x64, problem) * kernel.norm
    bound = 2 * Scalar.unitRoundoff * log2(points).squareRoot() * perPair
  }

  /// The largest norm of a plane together with what its boundary adds around it.
  private static func largestPaddedNorm(_ x: Tensor<Double>, _ problem: ConvolutionProblem) -> Double {
    // The places that stand beyond the border once more.
    func copies(_ axis: ConvolutionAxis) -> [Int] {
      let inside = axis.paddingBefore..<min(axis.padded, axis.paddingBefore + axis.input)
      return (Array(0..<inside.lowerBound) + Array(inside.upperBound..<axis.padded)).compactMap { axis.source($0) }
    }
    let (depth, height, width) = (problem.depth.input, problem.vertical.input, problem.horizontal.input)
    let (slices, rows, columns) = (copies(problem.depth), copies(problem.vertical), copies(problem.horizontal))
    // A number of its own stands wherever no element does.
    let padded = problem.axes.reduce(1) { $0 * $1.padded }
    let constant = problem.geometry.boundary.value
    let outside =
      problem.geometry.boundary.isConstant ? Double(padded - depth * height * width) * constant * constant : 0
    return x.withUnsafeElements { x in
      func row(_ start: Int) -> Double {
        var sum = 0.0
        for i in start..<start + width { sum += x[i] * x[i] }
        return columns.reduce(sum) { $0 + x[start + $1] * x[start + $1] }
      }
      func slice(_ start: Int) -> Double {
        var sum = 0.0
        for i in 0..<height { sum += row(start + i * width) }
        return rows.reduce(sum) { $0 + row(start + $1 * width) }
      }
      return (0..<problem.inputChannels).map { channel -> Double in
        let (start, plane) = (channel * depth * height * width, height * width)
        let inside = (0..<depth).reduce(0) { $0 + slice(start + $1 * plane) }
        return slices.reduce(inside + outside) { $0 + slice(start + $1 * plane) }.squareRoot()
      }.max() ?? 0
    }
  }
}

/// The largest of some differences, and the sum of their squares; NaN if one of them is.
private struct Deviation {
  private(set) var largest = 0.0
  private(set) var squares = 0.0

  init() {}

  mutating func add(_ difference: Double) {
    // A NaN that is there stays: nothing is greater.
    if difference.magnitude > largest || difference.isNaN { largest = difference.magnitude }
    squares += difference * difference
  }

  mutating func add(_ other: Deviation) {
    if other.largest > largest || other.largest.isNaN { largest = other.largest }
    squares += other.squares
  }

  /// Of all elements, in blocks that do not depend on the threads.
  init<A: TensorScalar, B: TensorScalar>(_ a: UnsafeBufferPointer<A>, _ b: UnsafeBufferPointer<B>) {
    let block = 1 << 16
    var parts = [Deviation](repeating: Deviation(), count: (a.count + block - 1) / block)
    parts.withUnsafeMutableBufferPointer { parts in
      nonisolated(unsafe) let (parts, a, b) = (parts, a, b)
      Parallel.forEach(parts.count) { index in
        addDifferences(a, b, index * block..<min(a.count, (index + 1) * block), to: &parts[index])
      }
    }
    for part in parts { add(part) }
  }
}

@specialized(where A == Float, B == Float)
@specialized(where A == Float, B == Double)
@specialized(where A == Double, B == Double)
private func addDifferences<A: TensorScalar, B: TensorScalar>(
  _ a: UnsafeBufferPointer<A>, _ b: UnsafeBufferPointer<B>, _ range: Range<Int>, to deviation: inout Deviation
) {
  var sum = Deviation()
  for i in range { sum.add(Double(a[i]) - Double(b[i])) }
  deviation = sum
}

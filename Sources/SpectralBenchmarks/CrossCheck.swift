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

    init(_ a: Tensor<Double>, _ b: Tensor<Double>) {
      let difference = a - b
      largest = difference.maximumMagnitude
      rootMeanSquare = difference.norm / Double(max(difference.count, 1)).squareRoot()
    }

    /// From a reference at some places.
    init(_ a: Tensor<Double>, _ reference: CompensatedReference) {
      let values = a.withUnsafeElements { a in reference.places.map { a[$0] } }
      self.init(Tensor([values.count], values), Tensor([values.count], reference.values))
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
  /// What each method gives, `[1, C, ...]`.
  package let direct: Tensor<Double>
  package let fourier: Tensor<Double>

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
    problem = try ConvolutionProblem(geometry, input: x.shape, filter: w.shape)
    var spatial = SpatialConvolution<Scalar>(memoryLimit: memoryLimit)
    var spectral = FourierConvolution<Scalar>(memoryLimit: memoryLimit, transforms: transforms, rigor: rigor)
    if let solver {
      if let solver = FourierSolver(rawValue: solver) {
        spectral.solver = solver
      } else {
        try ConvolutionSolvers.check(solver)
        spatial = try SpatialConvolution(solver: solver, memoryLimit: memoryLimit)
      }
    }
    let exact = SpatialConvolution<Double>(memoryLimit: memoryLimit)
    let working = max(
      try spatial.workingMemory(.forward, problem), try spectral.workingMemory(.forward, problem),
      try exact.workingMemory(.forward, problem))
    // The array and both results, and in double precision the array, all three results, a difference, and how often each
    // place along an axis counts.
    let held =
      MemoryEstimate(x.shape.extents, scalarBytes: 3 * MemoryLayout<Scalar>.stride + 5 * MemoryLayout<Double>.stride)
      + MemoryEstimate([2, planes.shape.extents.dropFirst().reduce(0, +)], scalarBytes: MemoryLayout<Double>.stride)
    do {
      try MemoryBudget.machine.require(
        held + MemoryEstimate(bytes: working), for: "comparing both methods on \(planes.shape) numbers",
        remedy: "take a smaller array or a smaller kernel")
    } catch {
      throw ConvolutionError("\(error)")
    }
    if planning == .measured && spectral.solver == nil {
      switch AutomaticConvolution(direct: nil, fourier: spectral, planning: .measured).plan(problem) {
      case .fourier(let tile): spectral.tile = tile
      case .fourierWhole: spectral.solver = .whole
      case .direct, .directSolver: break
      }
    }

    // The first calls also make plans and warm up; they are not timed.
    let problem = problem
    let y = spatial.forward(x, w, bias: nil, problem)
    let ŷ = spectral.forward(x, w, bias: nil, problem)
    directSeconds = medianSeconds(most: runs) { _ = spatial.forward(x, w, bias: nil, problem) }
    fourierSeconds = medianSeconds(most: runs) { _ = spectral.forward(x, w, bias: nil, problem) }

    precision = Scalar.self == Float.self ? "single" : "double"
    tile = problem.rank < 3 && spectral.solver != .whole ? spectral.tile(for: problem) : nil
    ways = (try spatial.solver(.forward, problem), spectral.way(for: problem))
    direct = y.converted(to: Double.self)
    fourier = ŷ.converted(to: Double.self)
    difference = Distance(fourier, direct)
    let (x64, w64) = (x.converted(to: Double.self), w.converted(to: Double.self))
    if Scalar.self == Double.self {
      let exact = CompensatedReference(x64, w64, problem)
      (directError, fourierError) = (Distance(direct, exact), Distance(fourier, exact))
      exactCount = exact.places.count
    } else {
      let exact = exact.forward(x64, w64, bias: nil, problem)
      (directError, fourierError) = (Distance(direct, exact), Distance(fourier, exact))
      exactCount = exact.count
    }
    let points = Double(max(spectral.transformPoints(for: problem), 2))
    let perPair = Self.largestPaddedNorm(x64, problem) * kernel.norm
    bound = 2 * Scalar.unitRoundoff * log2(points).squareRoot() * perPair
  }

  /// The largest norm of a plane together with what its boundary adds around it.
  private static func largestPaddedNorm(_ x: Tensor<Double>, _ problem: ConvolutionProblem) -> Double {
    func copies(_ axis: ConvolutionAxis) -> [Double] {
      var counts = [Double](repeating: 0, count: axis.input)
      for place in 0..<axis.padded { if let source = axis.source(place) { counts[source] += 1 } }
      return counts
    }
    let (slices, rows, columns) = (copies(problem.depth), copies(problem.vertical), copies(problem.horizontal))
    let volume = slices.count * rows.count * columns.count
    // A number of its own stands wherever no element does.
    let padded = problem.axes.reduce(1) { $0 * $1.padded }
    let constant = problem.geometry.boundary.value
    let outside = problem.geometry.boundary.isConstant ? Double(padded - volume) * constant * constant : 0
    return x.withUnsafeElements { x in
      (0..<problem.inputChannels).map { channel -> Double in
        var sum = outside
        for i in 0..<volume {
          let value = x[channel * volume + i]
          let (line, column) = i.quotientAndRemainder(dividingBy: columns.count)
          sum += slices[line / rows.count] * rows[line % rows.count] * columns[column] * value * value
        }
        return sum.squareRoot()
      }.max() ?? 0
    }
  }
}

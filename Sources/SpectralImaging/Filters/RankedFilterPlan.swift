import SpectralConvolution
import SpectralCore
import SpectralTransforms

extension FilterExpression {
  /// Whether the response depends on the distance from frequency 0 alone, so that it is one of signals and volumes too.
  var isRadial: Bool {
    switch self {
    case .constant, .laplacian: true
    case .lowPass(let lowPass): lowPass.x == 0 && lowPass.y == 0
    case .notch, .directional, .mask, .function: false
    case .affine(_, let a, _): a.isRadial
    case .sum(let a, let b), .product(let a, let b): a.isRadial && b.isRadial
    }
  }

  /// Whether the response of the waves that run along x, at any fy, is all there is to it: that of a signal.
  fileprivate var isOfSignals: Bool {
    switch self {
    case .notch(let lowPass): lowPass.y == 0
    case .affine(_, let a, _): a.isOfSignals
    case .sum(let a, let b), .product(let a, let b): a.isOfSignals && b.isOfSignals
    default: isRadial
    }
  }
}

/// A filter that has met signals, images or volumes of one size, whose response depends on the distance from frequency 0
/// alone; of signals also one with notches, at fy = 0.
///
/// ``FilterPlan`` is faster over images, and knows every filter.
///
/// ```swift
/// let smooth = try RankedFilterPlan<Float>(.lowPass(.gaussian, cutoff: 0.1), size: [64, 256, 256])
/// let filtered = try smooth(volumes)        // [..., 64, 256, 256]
/// ```
public struct RankedFilterPlan<Scalar: FourierScalar>: Sendable {
  /// The filter.
  public let filter: FrequencyFilter
  /// The size of an array: `[L]`, `[H, W]` or `[D, H, W]`.
  public let size: [Int]
  private let axes: [PaddedAxis]
  private let transform: RealTransform<Scalar>

  /// A plan for arrays of one size.
  ///
  /// - Parameters:
  ///   - boundary: What lies beyond the border.
  ///   - padding: How much of that is added; `circular` adds nothing.
  ///   - memoryLimit: The most bytes that ``workingBytes`` may come to; nil for what the machine has.
  /// - Throws: ``FrequencyFilterError`` for arrays without elements or larger than the memory, and for a filter that has a
  ///   direction.
  public init(
    _ filter: FrequencyFilter, size: [Int], boundary: Boundary = .reflect, padding: FilterPadding = .automatic,
    memoryLimit: Int? = nil
  ) throws(FrequencyFilterError) {
    precondition(ConvolutionProblem.ranks.contains(size.count), "arrays have one to three axes, not \(size.count)")
    let shape = size.map(String.init).joined(separator: " x ")
    guard size.count == 1 ? filter.expression.isOfSignals : filter.expression.isRadial else {
      throw FrequencyFilterError(
        size.count == 1
          ? "directions, masks and waves with fy are for images: a signal takes low-, high-, band-passes and notches at fy 0"
          : "waves, directions and masks are for images: a volume takes low-, high- and band-passes and what is made of them"
      )
    }
    guard !size.contains(0) else { throw FrequencyFilterError("an array of \(shape) has nothing to filter") }
    // Far below where sizes overflow, or elements are too many to be numbered with 32 bits along an axis.
    guard size.allSatisfy({ $0 <= 1 << 28 }) else {
      throw FrequencyFilterError("an array of \(shape) is too large to compute with")
    }
    let points = size.map { padding.points($0, boundary, filter.expression) }
    let spectrum = points.dropLast() + [points.last! / 2 + 1, 2]
    let scalar = MemoryLayout<Scalar>.stride
    let memory = MemoryEstimate(points, scalarBytes: scalar) + MemoryEstimate(Array(spectrum), scalarBytes: scalar)
    do {
      try MemoryBudget(limit: memoryLimit).require(
        memory, for: "filtering \(shape) numbers", remedy: "filter a smaller array, or pad less")
    } catch {
      throw FrequencyFilterError(error)
    }
    (self.filter, self.size, workingBytes) = (filter, size, memory.bytes!)
    axes = zip(size, points).map { PaddedAxis($0, points: $1, boundary: boundary) }
    transform = RealTransform(size: points, rigor: .estimate)
  }

  /// The points of the transform along each axis: the array's elements and those added.
  public var points: [Int] { axes.map(\.points) }
  /// The bytes that filtering takes, beside the arrays and their filtered copies.
  public let workingBytes: Int

  /// Filters arrays.
  ///
  /// - Parameter arrays: `[..., L]`, `[..., H, W]` or `[..., D, H, W]`.
  /// - Returns: As many, of the same size.
  /// - Throws: ``FrequencyFilterError`` if an element is NaN or infinite: it would spoil its whole array.
  public func callAsFunction(_ arrays: Tensor<Scalar>) throws(FrequencyFilterError) -> Tensor<Scalar> {
    precondition(
      arrays.shape.extents.suffix(size.count).elementsEqual(size),
      "arrays of shape \(arrays.shape) under a filter for \(size)")
    guard arrays.isFinite else {
      throw FrequencyFilterError(
        "a number is not finite, and a transform would spread it over the whole array: mend it first")
    }
    let count = size.reduce(1, *)
    let (padded, spectrum) = (
      Scratch<Scalar>(count: transform.count), Scratch<Scalar>(count: 2 * transform.spectrumCount)
    )
    return arrays.withUnsafeElements { source in
      Tensor(result: arrays.shape) { target in
        for first in stride(from: 0, to: source.count, by: count) {
          pad(source.baseAddress! + first, padded.base)
          transform.forward(padded.base, spectrum.base)
          multiply(spectrum.base)
          transform.inverse(spectrum.base, padded.base)
          crop(padded.base, target.baseAddress! + first)
        }
      }
    }
  }

  /// The rows of the padded array, slices and rows that an array of fewer axes lacks taken as one of each.
  private var planes: (slices: PaddedAxis?, rows: PaddedAxis?, columns: PaddedAxis) {
    (axes.count > 2 ? axes[0] : nil, axes.count > 1 ? axes[axes.count - 2] : nil, axes.last!)
  }

  private func pad(_ array: UnsafePointer<Scalar>, _ padded: UnsafeMutablePointer<Scalar>) {
    let (slices, rows, columns) = planes
    let height = rows?.points ?? 1
    nonisolated(unsafe) let (array, padded) = (array, padded)
    Parallel.forEach(height * (slices?.points ?? 1), grain: max(1, (1 << 14) / columns.points)) { line in
      let (slice, row) = line.quotientAndRemainder(dividingBy: height)
      let target = padded + line * columns.points
      guard let z = slices.map({ $0.source(slice) }) ?? 0, let y = rows.map({ $0.source(row) }) ?? 0 else {
        return target.update(repeating: Scalar(columns.constant), count: columns.points)
      }
      extend(array + (z * (rows?.count ?? 1) + y) * columns.count, columns, target)
    }
  }

  private func crop(_ padded: UnsafePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>) {
    let (slices, rows, columns) = planes
    let (height, paddedHeight) = (rows?.count ?? 1, rows?.points ?? 1)
    for line in 0..<height * (slices?.count ?? 1) {
      let (slice, row) = line.quotientAndRemainder(dividingBy: height)
      (array + line * columns.count).update(
        from: padded + (slice * paddedHeight + row) * columns.points, count: columns.count)
    }
  }

  /// Multiplies every wave by the response at its distance from frequency 0.
  private func multiply(_ spectrum: UnsafeMutablePointer<Scalar>) {
    let points = points
    let half = points.last! / 2 + 1
    let expression = filter.expression
    nonisolated(unsafe) let spectrum = spectrum
    Parallel.forEach(points.dropLast().reduce(1, *), grain: max(1, (1 << 12) / half)) { line in
      var (rest, across) = (line, 0.0)
      for axis in points.indices.dropLast().reversed() {
        let place = rest % points[axis]
        rest /= points[axis]
        let frequency = Double(min(place, points[axis] - place)) / Double(points[axis])
        across += frequency * frequency
      }
      let row = spectrum + 2 * line * half
      for place in 0..<half {
        let along = Double(place) / Double(points.last!)
        let factor = Scalar(expression.value(across == 0 ? along : (across + along * along).squareRoot(), 0))
        row[2 * place] *= factor
        row[2 * place + 1] *= factor
      }
    }
  }
}

extension PaddedAxis {
  /// The element at a point of the transform; nil where none stands there, but ``constant``.
  func source(_ point: Int) -> Int? {
    guard point >= count else { return point }
    let source = sources[point - count]
    return source < 0 ? nil : Int(source)
  }
}

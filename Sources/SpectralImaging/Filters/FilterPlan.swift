import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// A filter that has met images of one size: how far they are padded, by which transforms, and in how much memory.
///
/// ```swift
/// let plan = try FilterPlan<Float>(filter, height: 3000, width: 4000)
/// let filtered = try plan(planes)        // [..., 3000, 4000]
/// ```
/// The results do not depend on the number of threads, and are the same to the bit on every run.
public struct FilterPlan<Scalar: FourierScalar>: Sendable {
  /// The filter.
  public let filter: FrequencyFilter
  /// What lies beyond the border.
  public let boundary: Boundary
  private let transform: PlaneTransform<Scalar>
  private let response: ResponseTile

  /// Rows of an image.
  public var height: Int { transform.height }
  /// Pixels of a row.
  public var width: Int { transform.width }
  /// Rows of the transform, the image's and those added.
  public var paddedHeight: Int { transform.vertical.points }
  /// Points of a row of the transform.
  public var paddedWidth: Int { transform.horizontal.points }

  /// Planes that are transformed together: the colours of a picture share the response, and memory stays bounded.
  private static var planesAtOnce: Int { 4 }

  /// A plan for images of one size.
  ///
  /// - Parameters:
  ///   - boundary: What lies beyond the border.
  ///   - padding: How much of that is added; `circular` adds nothing.
  ///   - memoryLimit: The most bytes that ``workingBytes(planes:)`` may come to for one plane; nil for what the machine has.
  /// - Throws: ``FrequencyFilterError`` for images without pixels, or larger than the memory.
  public init(
    _ filter: FrequencyFilter, height: Int, width: Int, boundary: Boundary = .reflect,
    padding: FilterPadding = .automatic, memoryLimit: Int? = nil
  ) throws(FrequencyFilterError) {
    let (vertical, horizontal) = try paddedAxes(height, width, boundary, padding, filter.expression) {
      rows, columns throws(FrequencyFilterError) in
      let bytes = Self.workingBytes(height, rows, columns, planes: 1)
      try checkMemory(bytes, memoryLimit, height, width)
    }
    self.filter = filter
    self.boundary = boundary
    transform = PlaneTransform(vertical, horizontal, rigor: .estimate)
    response = ResponseTile(filter.expression, transform.grid)
  }

  /// The bytes that filtering so many planes takes, beside the planes and their filtered copies.
  public func workingBytes(planes: Int) -> Int {
    Self.workingBytes(height, paddedHeight, paddedWidth, planes: planes)
  }

  private static func workingBytes(_ height: Int, _ paddedHeight: Int, _ paddedWidth: Int, planes: Int) -> Int {
    let rows = PlaneTransform<Scalar>.rowSpectraCount(height, paddedWidth) * min(planes, planesAtOnce)
    let scratch = PlaneTransform<Scalar>.columnScratchCount(paddedHeight) * 5 / 4 + paddedWidth
    // The axes' frequencies and the places of what lies beyond the border.
    let axes = 8 * (paddedHeight + PlaneTransform<Scalar>.pitch(paddedWidth)) + 4 * (paddedHeight + paddedWidth)
    return MemoryLayout<Scalar>.stride * (rows + Parallel.threads * scratch) + axes
  }

  /// Filters planes.
  ///
  /// - Parameter planes: `[..., H, W]`.
  /// - Returns: As many, of the same size.
  /// - Throws: ``FrequencyFilterError`` if a pixel is NaN or infinite: it would spoil its whole plane.
  public func callAsFunction(_ planes: Tensor<Scalar>) throws(FrequencyFilterError) -> Tensor<Scalar> {
    try timed(planes).planes
  }

  /// Filters planes, and says how long each stage took.
  ///
  /// - Throws: As ``callAsFunction(_:)``.
  public func timed(
    _ planes: Tensor<Scalar>
  ) throws(FrequencyFilterError) -> (planes: Tensor<Scalar>, times: FilterTimes) {
    try checkPlanes(planes, height, width)
    let plane = height * width
    let count = planes.count / plane
    var times = FilterTimes()
    let result = planes.withUnsafeElements { source in
      Tensor<Scalar>(result: planes.shape) { target in
        guard count > 0 else { return }
        let group = min(count, Self.planesAtOnce)
        let spectra = Scratch<Scalar>(
          count: group * PlaneTransform<Scalar>.rowSpectraCount(height, transform.horizontal.points))
        for first in stride(from: 0, to: count, by: group) {
          let count = min(group, count - first)
          times.rows += seconds {
            transform.forwardRows(source.baseAddress! + first * plane, count: count, spectra.base)
          }
          times.columns += seconds { transform.filterColumns(spectra.base, count: count, response) }
          times.rowsBack += seconds {
            transform.backwardRows(spectra.base, count: count, target.baseAddress! + first * plane)
          }
        }
      }
    }
    return (result, times)
  }
}

extension FrequencyFilter {
  /// Filters planes `[..., H, W]`.
  ///
  /// - Parameters:
  ///   - boundary: What lies beyond the border.
  ///   - padding: How much of that is added; `circular` adds nothing.
  ///   - memoryLimit: The most bytes of working memory; nil for what the machine has.
  /// - Throws: ``FrequencyFilterError`` for planes without pixels or larger than the memory, and for pixels that are not
  ///   finite.
  public func apply<Scalar: FourierScalar>(
    to planes: Tensor<Scalar>, boundary: Boundary = .reflect, padding: FilterPadding = .automatic,
    memoryLimit: Int? = nil
  ) throws(FrequencyFilterError) -> Tensor<Scalar> {
    precondition(planes.shape.rank >= 2, "an image has shape [..., H, W], not \(planes.shape)")
    return try FilterPlan<Scalar>(
      self, height: planes.shape[-2], width: planes.shape[-1], boundary: boundary, padding: padding,
      memoryLimit: memoryLimit)(planes)
  }
}

/// How long the stages of a filter took, in seconds.
public struct FilterTimes: Hashable, Sendable {
  /// Padding rows and transforming them.
  public var rows = 0.0
  /// Transforming columns, computing the response, multiplying, transforming columns back.
  public var columns = 0.0
  /// Transforming rows back and cropping.
  public var rowsBack = 0.0

  /// All stages.
  public var total: Double { rows + columns + rowsBack }
}

private func seconds(_ body: () -> Void) -> Double {
  let time = ContinuousClock().measure(body)
  return Double(time.components.seconds) + 1e-18 * Double(time.components.attoseconds)
}

/// The axes of a padded image.
///
/// - Parameter judge: Throws if a transform of so many rows and columns takes too much memory. It is asked about the image
///   alone before anything else, and about the padded one before that is made.
func paddedAxes(
  _ height: Int, _ width: Int, _ boundary: Boundary, _ padding: FilterPadding, _ expression: FilterExpression?,
  judge: (_ rows: Int, _ columns: Int) throws(FrequencyFilterError) -> Void
) throws(FrequencyFilterError) -> (vertical: PaddedAxis, horizontal: PaddedAxis) {
  guard height > 0, width > 0 else {
    throw FrequencyFilterError("an image of \(height) x \(width) pixels has nothing to filter: it needs at least one")
  }
  // Far below where sizes overflow, or pixels are too many to be numbered with 32 bits along an axis.
  let most = 1 << 28
  if case .pixels(let pixels) = padding {
    guard (0...most).contains(pixels) else {
      throw FrequencyFilterError("a padding of \(pixels) pixels: it must be from 0 to \(most)")
    }
  }
  guard height <= most, width <= most else {
    throw FrequencyFilterError("an image of \(height) x \(width) pixels is too large to compute with")
  }
  try judge(height, width)
  let rows = padding.points(height, boundary, expression)
  let columns = padding.points(width, boundary, expression)
  try judge(rows, columns)
  return (PaddedAxis(height, points: rows, boundary: boundary), PaddedAxis(width, points: columns, boundary: boundary))
}

/// Refuses what does not fit the memory.
func checkMemory(_ bytes: Int, _ limit: Int?, _ height: Int, _ width: Int) throws(FrequencyFilterError) {
  do {
    try MemoryBudget(limit: limit).require(
      MemoryEstimate(bytes: bytes), for: "filtering \(height) x \(width) pixels",
      remedy: "filter a smaller image, or pad less")
  } catch {
    throw FrequencyFilterError(error)
  }
}

/// Refuses planes of another size, and pixels that are no numbers.
func checkPlanes<Scalar: TensorScalar>(
  _ planes: Tensor<Scalar>, _ height: Int, _ width: Int
) throws(FrequencyFilterError) {
  precondition(
    planes.shape.rank >= 2 && planes.shape[-2] == height && planes.shape[-1] == width,
    "planes of shape \(planes.shape) under a filter for \(height) x \(width) pixels")
  guard planes.isFinite else {
    let place = planes.withUnsafeElements { x in x.firstIndex { !$0.isFinite }! }
    let (plane, row, column) = (place / (height * width), place / width % height, place % width)
    let which = planes.count > height * width ? " of plane \(plane)" : ""
    throw FrequencyFilterError(
      "the pixel in row \(row), column \(column)\(which) is not finite, and a transform would spread it over the whole "
        + "plane: mend it first")
  }
}

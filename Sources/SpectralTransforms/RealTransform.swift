import SpectralCore

/// Transforms real arrays of any number of axes and any size to spectra and back, with FFTW.
///
/// The last axis is transformed from real to complex, then every other axis from complex to complex, in blocks of
/// neighbouring columns so that a cache line that is read is also used. Each of these steps runs on several threads.
public struct RealTransform<Scalar: FourierScalar>: Sendable {
  /// The size of an array, outermost axis first.
  public let size: [Int]
  private let rows: PlanPair
  /// For every axis but the last, the outermost first.
  private let columns: [ColumnPlans]

  private struct PlanPair: Sendable {
    let forward: TransformPlan<Scalar>
    let backward: TransformPlan<Scalar>
  }

  /// The transforms along one axis.
  private struct ColumnPlans: Sendable {
    /// Points of the axis.
    let count: Int
    /// Complex numbers from one point of the axis to the next.
    let stride: Int
    let whole: PlanPair
    /// For the columns that are left over when the stride is cut into blocks.
    let rest: PlanPair
  }

  /// Columns are transformed in blocks of this many.
  private static var block: Int { 16 }

  /// The transform of arrays of one size; planning happens here.
  ///
  /// - Precondition: there is an axis, and each has at least one element.
  public init(size: [Int], rigor: PlanningRigor = .estimate) {
    precondition(!size.isEmpty && size.allSatisfy { $0 > 0 }, "there is no transform of \(size) elements")
    self.size = size
    let width = size.last!
    // Rows and column blocks start anywhere, hence the unaligned plans.
    rows = PlanPair(
      forward: .shared(
        .realToComplex, TransformLayout(transformed: [.init(width, 1, 1)], repeated: []), rigor: rigor, aligned: false),
      backward: .shared(
        .complexToReal, TransformLayout(transformed: [.init(width, 1, 1)], repeated: []), rigor: rigor, aligned: false))
    var columns: [ColumnPlans] = []
    for axis in 0..<size.count - 1 {
      let stride = size[(axis + 1)...].dropLast().reduce(width / 2 + 1, *)
      func plans(_ count: Int) -> PlanPair {
        let layout = TransformLayout(transformed: [.init(size[axis], stride, count)], repeated: [.init(count, 1, 1)])
        return PlanPair(
          forward: .shared(.complexForward, layout, rigor: rigor, aligned: false),
          backward: .shared(.complexBackward, layout, rigor: rigor, aligned: false))
      }
      let whole = plans(min(Self.block, stride))
      let rest = stride % Self.block
      columns.append(
        ColumnPlans(
          count: size[axis], stride: stride, whole: whole, rest: rest == 0 || stride < Self.block ? whole : plans(rest))
      )
    }
    self.columns = columns
  }

  /// The elements of an array.
  public var count: Int { size.reduce(1, *) }
  /// The complex numbers of a spectrum: of the last axis the non-redundant half is kept.
  public var spectrumCount: Int { size.dropLast().reduce(size.last! / 2 + 1, *) }

  /// The numbers that each thread of a transform of some lengths works in.
  public static func workCount(_ size: [Int]) -> Int { 2 * (size.dropLast().max() ?? 0) * block }
  /// The most numbers that planning takes: what a plan reads and writes.
  public static func planningCounts(_ size: [Int]) -> [Int] {
    [2 * size.dropLast().reduce(size.last! / 2 + 1, *), max(workCount(size), size.last!)]
  }

  /// The spectra of arrays that lie one behind the other; the arrays stay as they are.
  ///
  /// - Parameters:
  ///   - arrays: How many.
  ///   - spectra: Room for ``spectrumCount`` pairs of numbers for each.
  ///   - threads: How many threads may take part; each holds ``workCount(_:)`` numbers meanwhile.
  public func forward(
    _ input: UnsafePointer<Scalar>, arrays: Int = 1, _ spectra: UnsafeMutablePointer<Scalar>, atMost threads: Int = .max
  ) {
    let (width, half) = (size.last!, size.last! / 2 + 1)
    // A one-dimensional real-to-complex transform leaves its input as it is.
    nonisolated(unsafe) let (input, spectra) = (UnsafeMutablePointer(mutating: input), spectra)
    Parallel.forEach(arrays * count / width, grain: grain(width), atMost: threads) { row in
      rows.forward.execute(input + row * width, spectra + 2 * row * half)
    }
    for axis in columns.reversed() { transformColumns(spectra, axis, arrays, \.forward, scale: 1, threads) }
  }

  /// The arrays of spectra, normalised, so that it undoes the forward transform; the spectra are destroyed.
  public func inverse(
    _ spectra: UnsafeMutablePointer<Scalar>, arrays: Int = 1, _ output: UnsafeMutablePointer<Scalar>,
    atMost threads: Int = .max
  ) {
    let (width, half) = (size.last!, size.last! / 2 + 1)
    let scale = 1 / Scalar(count)
    for (index, axis) in columns.enumerated() {
      transformColumns(spectra, axis, arrays, \.backward, scale: index == 0 ? scale : 1, threads)
    }
    nonisolated(unsafe) let (spectra, output) = (spectra, output)
    Parallel.forEach(arrays * count / width, grain: grain(width), atMost: threads) { row in
      let target = output + row * width
      rows.backward.execute(spectra + 2 * row * half, target)
      if columns.isEmpty { for i in 0..<width { target[i] *= scale } }
    }
  }

  private func transformColumns(
    _ values: UnsafeMutablePointer<Scalar>, _ axis: ColumnPlans, _ arrays: Int,
    _ direction: KeyPath<PlanPair, TransformPlan<Scalar>> & Sendable, scale: Scalar, _ threads: Int
  ) {
    guard axis.count > 1 || scale != 1 else { return }
    let blocks = (axis.stride + Self.block - 1) / Self.block
    let outer = arrays * spectrumCount / (axis.count * axis.stride)
    let (plan, restPlan) = (axis.whole[keyPath: direction], axis.rest[keyPath: direction])
    nonisolated(unsafe) let values = values
    Parallel.forEach(
      outer * blocks, grain: grain(axis.count * Self.block), atMost: threads,
      workspace: { Scratch<Scalar>(count: 2 * axis.count * Self.block) }
    ) { index, scratch in
      let (array, block) = index.quotientAndRemainder(dividingBy: blocks)
      let first = block * Self.block
      let columns = min(Self.block, axis.stride - first)
      let start = values + 2 * (array * axis.count * axis.stride + first)
      (columns == min(Self.block, axis.stride) ? plan : restPlan).execute(start, scratch.base)
      copyScaled(
        from: scratch.base, to: start, rows: axis.count, columns: 2 * columns, stride: 2 * axis.stride, scale)
    }
  }

  /// Transforms of `points` points that make a piece of work worth handing to a thread.
  private func grain(_ points: Int) -> Int { max(1, (1 << 15) / points) }
}

/// Copies a packed block of rows to rows `stride` apart, times a factor.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func copyScaled<Scalar: TensorScalar>(
  from source: UnsafeMutablePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int,
  stride: Int, _ factor: Scalar
) {
  for row in 0..<rows {
    let (from, to) = (source + row * columns, target + row * stride)
    for i in 0..<columns { to[i] = from[i] * factor }
  }
}

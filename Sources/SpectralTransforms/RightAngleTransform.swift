import CKernels
import Foundation
import SpectralCore

/// Transforms whole real arrays for their products, with the built-in loops.
///
/// A product of two spectra, transformed back, is the convolution of their arrays: cyclic along every axis but the last,
/// and negacyclic along that, so that what wraps around changes its sign.
///
/// A row of N real numbers is a polynomial in t modulo t^N + 1. Modulo t^M - i with M = N / 2 it is the same with complex
/// numbers: the second half of the row is the imaginary part of the first (right-angle convolution: R. Crandall and
/// B. Fagin, Discrete weighted transforms and large-integer arithmetic, 1994). With L lanes and s = t^L these are L
/// polynomials in s modulo s^R - i, R = M / L, and as they stand in memory they are groups of lanes. Transforms of R points
/// leave a polynomial of L coefficients modulo t^L - s for each of the R roots s. Those are multiplied as they are, which
/// takes less time than to exchange lanes for the last factor of the transform.
///
/// A long row alone is cut into lines in the same way: with R = A B and u = s^B, transforms of A points along u leave a
/// polynomial of B coefficients modulo s^B - u for each root u, a line.
///
/// Spectra are stored `[line][group of lanes]`, groups as in ``LaneTransform``.
///
/// A class because copies share its tables.
public final class RightAngleTransform<Scalar: FourierScalar>: Sendable {
  /// The lengths of an array, outermost axis first.
  public let size: [Int]
  /// Along every axis but the last, the outermost first; or along the lines of a long row.
  private let columns: [LaneTransform<Scalar>]
  private let row: LaneTransform<Scalar>
  private let lines: Int
  /// Numbers of an array from one line to the next, and from its real parts to its imaginary ones.
  private let linePitch: Int
  private let half: Int
  /// What the lines of a long row are multiplied with before they are transformed.
  private let lineTwists: [Scalar]
  /// What the groups of a line are multiplied with before they are transformed, and the roots that they belong to after
  /// that: for each line of a long row, else the same for all.
  private let twists: [Scalar]
  private let roots: [Scalar]

  private static var lanes: Int { LaneTransform<Scalar>.lanes }
  private static var group: Int { LaneTransform<Scalar>.group }
  /// Groups of a line.
  private var groups: Int { row.count }

  /// The transform of arrays of one size, outermost axis first.
  ///
  /// - Precondition: the last length is one of ``nextLength(_:)``, and the others have no prime factor above 7.
  public init(size: [Int]) {
    let all = size.last! / Self.group
    let cut = Self.cut(size)
    func transform(_ count: Int) -> LaneTransform<Scalar> { LaneTransform(count: count, .builtIn, rigor: .estimate) }
    self.size = size
    columns = (cut.map { [$0.lines] } ?? size.dropLast()).map(transform)
    row = transform(cut?.groups ?? all)
    lines = cut?.lines ?? size.dropLast().reduce(1, *)
    half = size.last! / 2
    linePitch = cut.map { $0.groups * Self.lanes } ?? size.last!
    /// exp(2 pi i numerator / denominator).
    func unit(_ numerator: Int, _ denominator: Int) -> [Scalar] {
      let angle = 2 * Double.pi * Double(numerator % denominator) / Double(denominator)
      return [Scalar(cos(angle)), Scalar(sin(angle))]
    }
    let different = cut?.lines ?? 1
    lineTwists = cut.map { cut in (0..<cut.lines).flatMap { unit($0, 4 * cut.lines) } } ?? []
    // The roots of s^R = i are exp(2 pi i (1 / 4 - k) / R). Line k begins with the roots of u = exp(2 pi i (1 / 4 - k) / A).
    let row = row.count
    twists = (0..<different).flatMap { k in
      (0..<row).flatMap { j in unit((1 + 4 * (all - k)) * j, 4 * all) }
    }
    roots = (0..<different).flatMap { k in
      (0..<row).flatMap { j in unit(1 + 4 * (all - k - different * j), 4 * all) }
    }
  }

  /// The transform of a size, shared by all who ask for it.
  public static func shared(size: [Int]) -> RightAngleTransform {
    recentTransforms.value(TransformKey(precision: Scalar.precisionName, size: size)) { Self(size: size) }
      as! RightAngleTransform
  }

  /// The next length from `count` on that the last axis may have.
  public static func nextLength(_ count: Int) -> Int {
    var groups = max(1, (count + group - 1) / group)
    while !FastSize.isSmooth(groups) { groups += 1 }
    return groups * group
  }

  /// How a row alone is cut into lines of groups, if it is long.
  private static func cut(_ size: [Int]) -> (lines: Int, groups: Int)? {
    let all = size.last! / group
    guard all >= 1 << 9, size.dropLast().allSatisfy({ $0 == 1 }) else { return nil }
    var lines = Int(Double(all).squareRoot())
    while all % lines != 0 { lines -= 1 }
    return lines < 8 ? nil : (lines, all / lines)
  }

  /// The numbers of a transform's tables.
  public static func tableCount(_ size: [Int]) -> Int { 4 * (size.last! / group) + 2 * (cut(size)?.lines ?? 0) }

  /// The numbers that each thread of a transform of some lengths works in.
  public static func workCount(_ size: [Int]) -> Int {
    let cut = cut(size)
    let columns = (cut.map { [$0.lines] } ?? size.dropLast()).map { columnsAtOnce($0) * $0 * group }
    let lengths = [cut?.lines ?? 1, cut?.groups ?? size.last! / group] + size.dropLast()
    return max(columns.max() ?? 0, lengths[1] * group) + lengths.map(LaneTransform<Scalar>.workCount).max()!
  }

  /// Neighbouring columns that are transformed together: a few, for a cache line alone is slow to fetch, but no more than
  /// the second-level cache holds.
  private static func columnsAtOnce(_ count: Int) -> Int {
    max(1, min(4, (1 << 20) / (count * group * MemoryLayout<Scalar>.stride)))
  }

  // MARK: Transforms

  /// An array in the first corner of the size that is transformed, as it stands in memory; behind it there are zeros.
  public struct Corner {
    let array: UnsafeMutablePointer<Scalar>
    /// The array's extents, no more than those of the size.
    let extents: [Int]
    /// Added to each number that is written.
    let bias: Scalar

    public init(_ array: UnsafeMutablePointer<Scalar>, _ extents: [Int], adding bias: Scalar = 0) {
      (self.array, self.extents, self.bias) = (array, extents, bias)
    }

    /// One that is only read.
    public init(_ array: UnsafePointer<Scalar>, _ extents: [Int]) {
      self.init(UnsafeMutablePointer(mutating: array), extents)
    }
  }

  /// The spectrum of an array, as many numbers as the size has.
  ///
  /// - Parameter threads: How many threads may take part; each holds ``workCount(_:)`` numbers meanwhile.
  public func forward(_ array: Corner, _ spectrum: UnsafeMutablePointer<Scalar>, atMost threads: Int = .max) {
    forwardColumns(spectrum, array, threads)
    forEachLine(spectrum, threads) { forwardLine($0, array) }
  }

  /// The array of a product of spectra, which is destroyed.
  public func inverse(_ spectrum: UnsafeMutablePointer<Scalar>, _ array: Corner, atMost threads: Int = .max) {
    forEachLine(spectrum, threads) { inverseLine($0, array) }
    inverseColumns(spectrum, array, threads)
  }

  /// `y = x w`, or x times the conjugate of w, which gives the correlation with it, or that added to y; scaled so that
  /// ``inverse(_:_:atMost:)`` need not.
  public func multiply(
    _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, conjugated: Bool,
    adding: Bool, atMost threads: Int = .max
  ) {
    nonisolated(unsafe) let (y, x, w) = (y, x, w)
    Parallel.forEach(lines, grain: grain, atMost: threads) { line in
      multiplyLine(line, y, x, w, conjugated: conjugated, adding: adding)
    }
  }

  /// The product of an array's spectrum with another, transformed back, all in one: a line is multiplied while it is in the
  /// first-level cache.
  ///
  /// - Parameters:
  ///   - spectrum: Room for a spectrum.
  ///   - result: May be the array.
  public func convolve(
    _ array: Corner, _ w: UnsafePointer<Scalar>, conjugated: Bool, work spectrum: UnsafeMutablePointer<Scalar>,
    to result: Corner, atMost threads: Int = .max
  ) {
    nonisolated(unsafe) let (spectrum, w) = (spectrum, w)
    forwardColumns(spectrum, array, threads)
    forEachLine(spectrum, threads) {
      forwardLine($0, array)
      multiplyLine($0.index, spectrum, spectrum, w, conjugated: conjugated, adding: false)
      inverseLine($0, result)
    }
    inverseColumns(spectrum, result, threads)
  }

  /// A line of a spectrum, and room for it and for what its transform works in.
  private struct Line {
    let index: Int
    let values: UnsafeMutablePointer<Scalar>
    let copy: UnsafeMutablePointer<Scalar>
    let work: UnsafeMutablePointer<Scalar>
  }

  private func forEachLine(_ spectrum: UnsafeMutablePointer<Scalar>, _ threads: Int, _ body: (Line) -> Void) {
    nonisolated(unsafe) let spectrum = spectrum
    let count = groups * Self.group
    Parallel.forEach(
      lines, grain: grain, atMost: threads,
      workspace: { Scratch<Scalar>(count: count + LaneTransform<Scalar>.workCount(groups)) }
    ) { index, work in
      body(Line(index: index, values: spectrum + index * count, copy: work.base, work: work.base + count))
    }
  }

  // An array of one short row has no columns: it goes straight into its line.

  private func forwardLine(_ line: Line, _ array: Corner) {
    if columns.isEmpty { pack(array, 0, step: Self.lanes, to: line.values, groups) }
    twist(line.index, line.values, to: line.copy, inverse: false)
    row.execute(line.copy, Self.group, line.values, Self.group, work: line.work, inverse: false)
  }

  private func inverseLine(_ line: Line, _ array: Corner) {
    row.execute(line.values, Self.group, line.copy, Self.group, work: line.work, inverse: true)
    twist(line.index, line.copy, to: line.values, inverse: true)
    if columns.isEmpty { unpack(line.values, groups, to: array, 0, step: Self.lanes) }
  }

  private func twist(
    _ line: Int, _ from: UnsafePointer<Scalar>, to: UnsafeMutablePointer<Scalar>, inverse: Bool
  ) {
    twists.withUnsafeBufferPointer {
      Scalar.kernels.pointee.lanes_multiply(
        to, Self.group, from, Self.group, $0.baseAddress! + own(line), 2, groups, inverse, true)
    }
  }

  private func multiplyLine(
    _ line: Int, _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>,
    conjugated: Bool, adding: Bool
  ) {
    let start = line * groups * Self.group
    roots.withUnsafeBufferPointer {
      Scalar.kernels.pointee.residue_product(
        y + start, x + start, w + start, $0.baseAddress! + own(line), groups, 1 / Double(lines * groups), conjugated,
        adding)
    }
  }

  private func forwardColumns(_ spectrum: UnsafeMutablePointer<Scalar>, _ array: Corner, _ threads: Int) {
    for axis in columns.indices.reversed() { transformColumns(axis, spectrum, array, inverse: false, threads) }
  }

  private func inverseColumns(_ spectrum: UnsafeMutablePointer<Scalar>, _ array: Corner, _ threads: Int) {
    for axis in columns.indices { transformColumns(axis, spectrum, array, inverse: true, threads) }
  }

  private func transformColumns(
    _ axis: Int, _ spectrum: UnsafeMutablePointer<Scalar>, _ array: Corner, inverse: Bool, _ threads: Int
  ) {
    nonisolated(unsafe) let (spectrum, array) = (spectrum, array)
    let (transform, group) = (columns[axis], Self.group)
    let count = transform.count
    // Lines of the spectrum from one point of a column to the next.
    let step = columns[(axis + 1)...].reduce(1) { $0 * $1.count }
    let meetsArray = axis == columns.count - 1
    let (atOnce, pitch) = (Self.columnsAtOnce(count), step * groups * group)
    let strips = (groups + atOnce - 1) / atOnce
    Parallel.forEach(
      lines / count * strips, atMost: threads,
      workspace: { Scratch<Scalar>(count: atOnce * count * group + LaneTransform<Scalar>.workCount(count)) }
    ) { index, work in
      let (column, first) = (index / strips, index % strips * atOnce)
      let line = column / step * step * count + column % step
      let columns = min(atOnce, groups - first)
      let (work, rest) = (work.base, work.base + atOnce * count * group)
      let values = spectrum + (line * groups + first) * group
      func forEachColumn(_ body: (_ column: UnsafeMutablePointer<Scalar>, _ index: Int) -> Void) {
        for index in 0..<columns { body(work + index * count * group, index) }
      }
      if meetsArray && !inverse {
        forEachColumn {
          pack(array, (first + $1) * Self.lanes, slice: line / count, step: linePitch, to: $0, count)
          twistLines($0, inverse: false)
        }
        transform.execute(
          work, group, values, pitch, work: rest, inverse: false, repeats: columns, inputStep: count * group,
          outputStep: group)
        return
      }
      transform.execute(
        values, pitch, work, group, work: rest, inverse: inverse, repeats: columns, inputStep: group,
        outputStep: count * group)
      forEachColumn {
        if meetsArray {
          twistLines($0, inverse: true)
          unpack($0, count, to: array, (first + $1) * Self.lanes, slice: line / count, step: linePitch)
        } else {
          Scalar.kernels.pointee.copy_rows(values + $1 * group, pitch, $0, group, count, group, 0)
        }
      }
    }
  }

  private func twistLines(_ column: UnsafeMutablePointer<Scalar>, inverse: Bool) {
    guard !lineTwists.isEmpty else { return }
    lineTwists.withUnsafeBufferPointer {
      Scalar.kernels.pointee.lanes_multiply(
        column, Self.group, column, Self.group, $0.baseAddress!, 2, lines, inverse, true)
    }
  }

  /// Rows of neighbouring numbers of an array that are lanes of neighbouring groups.
  private struct Block {
    let array: UnsafeMutablePointer<Scalar>
    let pitch: Int
    let rows: Int
    let columns: Int
    /// The number of its first among those of the groups.
    let lane: Int
  }

  /// Calls `body` for what an array has of the numbers from `start + k step` on, as many as there are lanes, for k below
  /// `count`, and of those half a row behind them.
  private func forEachBlock(
    _ corner: Corner, _ start: Int, slice: Int, step: Int, _ count: Int, _ body: (Block) -> Void
  ) {
    let (lanes, width) = (Self.lanes, corner.extents.last!)
    for (first, lane) in [(start, 0), (start + half, lanes)] where first < width {
      let array = corner.array + first
      if columns.isEmpty || !lineTwists.isEmpty {
        // A row that is cut: some of its pieces are whole, the next may not be.
        let whole = first + lanes <= width ? min(count, (width - first - lanes) / step + 1) : 0
        if whole > 0 { body(Block(array: array, pitch: step, rows: whole, columns: lanes, lane: lane)) }
        let rest = min(lanes, width - first - whole * step)
        if whole < count && rest > 0 {
          body(
            Block(array: array + whole * step, pitch: step, rows: 1, columns: rest, lane: lane + whole * Self.group))
        }
      } else if slice < corner.extents.dropLast(2).reduce(1, *) {
        let rows = corner.extents[corner.extents.count - 2]
        body(
          Block(
            array: array + slice * rows * width, pitch: width, rows: rows, columns: min(lanes, width - first),
            lane: lane))
      }
    }
  }

  private func pack(
    _ array: Corner, _ start: Int, slice: Int = 0, step: Int, to groups: UnsafeMutablePointer<Scalar>, _ count: Int
  ) {
    var missing = count * Self.group
    forEachBlock(array, start, slice: slice, step: step, count) { missing -= $0.rows * $0.columns }
    if missing > 0 {
      UnsafeMutableRawPointer(groups).initializeMemory(
        as: UInt8.self, repeating: 0, count: count * Self.group * MemoryLayout<Scalar>.stride)
    }
    forEachBlock(array, start, slice: slice, step: step, count) {
      Scalar.kernels.pointee.copy_rows(groups + $0.lane, Self.group, $0.array, $0.pitch, $0.rows, $0.columns, 0)
    }
  }

  private func unpack(
    _ groups: UnsafePointer<Scalar>, _ count: Int, to array: Corner, _ start: Int, slice: Int = 0, step: Int
  ) {
    forEachBlock(array, start, slice: slice, step: step, count) {
      Scalar.kernels.pointee.copy_rows(
        $0.array, $0.pitch, groups + $0.lane, Self.group, $0.rows, $0.columns, Double(array.bias))
    }
  }

  /// Where the factors of a line begin.
  private func own(_ line: Int) -> Int { lineTwists.isEmpty ? 0 : 2 * line * groups }
  /// Lines that make a piece of work worth handing to a thread.
  private var grain: Int { max(1, (1 << 9) / groups) }
}

private struct TransformKey: Hashable {
  let precision: String
  let size: [Int]
}

private let recentTransforms = RecentCache<TransformKey, any Sendable>(capacity: 16)

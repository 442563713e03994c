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
    max(1, min(4, (1 << 18) / (count * group * MemoryLayout<Scalar>.stride)))
  }

  // MARK: Transforms

  /// The spectrum of an array, as many numbers as the array has.
  ///
  /// - Parameter threads: How many threads may take part; each holds ``workCount(_:)`` numbers meanwhile.
  public func forward(
    _ array: UnsafePointer<Scalar>, _ spectrum: UnsafeMutablePointer<Scalar>, atMost threads: Int = .max
  ) {
    // The array is only read.
    let array = UnsafeMutablePointer(mutating: array)
    forwardColumns(spectrum, array, threads)
    forEachLine(spectrum, array, threads) { forwardLine($0) }
  }

  /// The array of a product of spectra, which is destroyed.
  public func inverse(
    _ spectrum: UnsafeMutablePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>, atMost threads: Int = .max
  ) {
    forEachLine(spectrum, array, threads) { inverseLine($0) }
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

  /// The array of the product of an array's spectrum with another, all in one: a line is multiplied while it is in the
  /// first-level cache.
  ///
  /// - Parameters:
  ///   - array: The array and its product.
  ///   - spectrum: Room for a spectrum.
  public func convolve(
    _ array: UnsafeMutablePointer<Scalar>, _ w: UnsafePointer<Scalar>, conjugated: Bool,
    work spectrum: UnsafeMutablePointer<Scalar>, atMost threads: Int = .max
  ) {
    nonisolated(unsafe) let (spectrum, w) = (spectrum, w)
    forwardColumns(spectrum, array, threads)
    forEachLine(spectrum, array, threads) {
      forwardLine($0)
      multiplyLine($0.index, spectrum, spectrum, w, conjugated: conjugated, adding: false)
      inverseLine($0)
    }
    inverseColumns(spectrum, array, threads)
  }

  /// A line of a spectrum, where it stands in the array if the array has no other axis, and room for it and for what its
  /// transform works in.
  private struct Line {
    let index: Int
    let values: UnsafeMutablePointer<Scalar>
    let array: UnsafeMutablePointer<Scalar>
    let copy: UnsafeMutablePointer<Scalar>
    let work: UnsafeMutablePointer<Scalar>
  }

  private func forEachLine(
    _ spectrum: UnsafeMutablePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>, _ threads: Int,
    _ body: (Line) -> Void
  ) {
    nonisolated(unsafe) let (spectrum, array) = (spectrum, array)
    let count = groups * Self.group
    Parallel.forEach(
      lines, grain: grain, atMost: threads,
      workspace: { Scratch<Scalar>(count: count + LaneTransform<Scalar>.workCount(groups)) }
    ) { index, work in
      body(
        Line(
          index: index, values: spectrum + index * count, array: array + index * linePitch, copy: work.base,
          work: work.base + count))
    }
  }

  private func forwardLine(_ line: Line) {
    if columns.isEmpty { exchange(line.array, Self.lanes, line.values, groups) }
    twist(line.index, line.values, to: line.copy, inverse: false)
    row.execute(line.copy, Self.group, line.values, Self.group, work: line.work, inverse: false)
  }

  private func inverseLine(_ line: Line) {
    row.execute(line.values, Self.group, line.copy, Self.group, work: line.work, inverse: true)
    twist(line.index, line.copy, to: line.values, inverse: true)
    if columns.isEmpty { exchange(line.array, Self.lanes, line.values, groups, unpacking: true) }
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

  private func forwardColumns(
    _ spectrum: UnsafeMutablePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>, _ threads: Int
  ) {
    for axis in columns.indices.reversed() { transformColumns(axis, spectrum, array, inverse: false, threads) }
  }

  private func inverseColumns(
    _ spectrum: UnsafeMutablePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>, _ threads: Int
  ) {
    for axis in columns.indices { transformColumns(axis, spectrum, array, inverse: true, threads) }
  }

  private func transformColumns(
    _ axis: Int, _ spectrum: UnsafeMutablePointer<Scalar>, _ array: UnsafeMutablePointer<Scalar>, inverse: Bool,
    _ threads: Int
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
          exchange(array + line * linePitch + (first + $1) * Self.lanes, linePitch, $0, count)
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
          exchange(array + line * linePitch + (first + $1) * Self.lanes, linePitch, $0, count, unpacking: true)
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

  /// Copies numbers of an array, which lie `pitch` apart, to the lanes of some groups, or back.
  private func exchange(
    _ array: UnsafeMutablePointer<Scalar>, _ pitch: Int, _ groups: UnsafeMutablePointer<Scalar>, _ count: Int,
    unpacking: Bool = false
  ) {
    for (part, lane) in [(array, groups), (array + half, groups + Self.lanes)] {
      if unpacking {
        Scalar.kernels.pointee.copy_rows(part, pitch, lane, Self.group, count, Self.lanes, 0)
      } else {
        Scalar.kernels.pointee.copy_rows(lane, Self.group, part, pitch, count, Self.lanes, 0)
      }
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

import SpectralTransforms
import SpectralCore

/// The way of planes to their padded spectra and back, with the filter in the middle.
///
/// Rows beyond the image are copies of its own or constant, so they are neither transformed nor kept. What is kept between
/// rows and columns is `[planes][H][pitch]` complex numbers, with columns filled up to whole blocks. A block of columns is
/// gathered to its padded height in the second-level cache, transformed, multiplied by the response, transformed back and
/// cropped before it leaves the cache; and the response is computed there too, once for all planes.
struct PlaneTransform<Scalar: FourierScalar>: Sendable {
  let vertical: PaddedAxis
  let horizontal: PaddedAxis
  /// Columns that are kept, and filled up.
  let pitch: Int
  private let rowForward: TransformPlan<Scalar>
  private let rowBackward: TransformPlan<Scalar>
  private let columnForward: TransformPlan<Scalar>
  private let columnBackward: TransformPlan<Scalar>

  private static var block: Int { ResponseTile.columns }

  init(_ vertical: PaddedAxis, _ horizontal: PaddedAxis, rigor: PlanningRigor) {
    (self.vertical, self.horizontal) = (vertical, horizontal)
    pitch = Self.pitch(horizontal.points)
    let row = TransformLayout(transformed: [.init(horizontal.points, 1, 1)], repeated: [])
    let columns = TransformLayout(
      transformed: [.init(vertical.points, Self.block, Self.block)], repeated: [.init(Self.block, 1, 1)])
    rowForward = .shared(.realToComplex, row, rigor: rigor)
    rowBackward = .shared(.complexToReal, row, rigor: rigor)
    columnForward = .shared(.complexForward, columns, rigor: rigor)
    columnBackward = .shared(.complexBackward, columns, rigor: rigor)
  }

  static func pitch(_ points: Int) -> Int { (points / 2 + 1 + block - 1) / block * block }

  var height: Int { vertical.count }
  var width: Int { horizontal.count }
  var grid: FrequencyGrid { FrequencyGrid(height: vertical.points, width: horizontal.points, pitch: pitch) }

  /// Numbers between rows and columns, for each plane.
  static func rowSpectraCount(_ height: Int, _ points: Int) -> Int { 2 * height * pitch(points) }

  /// Numbers that each thread needs while it transforms columns.
  static func columnScratchCount(_ points: Int) -> Int { 4 * points * block }

  // MARK: Rows

  /// The spectra of the rows of planes `[count][H][W]`, `[count][H][pitch]`.
  func forwardRows(_ planes: UnsafePointer<Scalar>, count: Int, _ spectra: UnsafeMutablePointer<Scalar>) {
    let (width, points, filled) = (width, horizontal.points, horizontal.points / 2 + 1)
    Parallel.forEach(count * height, grain: grain, workspace: { Scratch<Scalar>(count: points) }) { row, scratch in
      let target = spectra + 2 * row * pitch
      extend(planes + row * width, horizontal, scratch.base)
      rowForward.execute(scratch.base, target)
      (target + 2 * filled).update(repeating: 0, count: 2 * (pitch - filled))
    }
  }

  /// The rows of planes `[count][H][W]` from their spectra, which are destroyed.
  func backwardRows(_ spectra: UnsafeMutablePointer<Scalar>, count: Int, _ planes: UnsafeMutablePointer<Scalar>) {
    let (width, points) = (width, horizontal.points)
    Parallel.forEach(count * height, grain: grain, workspace: { Scratch<Scalar>(count: points) }) { row, scratch in
      rowBackward.execute(spectra + 2 * row * pitch, scratch.base)
      (planes + row * width).update(from: scratch.base, count: width)
    }
  }

  private var grain: Int { max(1, (1 << 15) / horizontal.points) }

  // MARK: Columns

  /// Filters the columns of row spectra in place.
  func filterColumns(_ spectra: UnsafeMutablePointer<Scalar>, count: Int, _ response: ResponseTile) {
    forEachBlock(response) { block, work in
      for plane in 0..<count {
        let start = spectra + 2 * (plane * height * pitch + block * Self.block)
        gather(start, block, work.first)
        columnForward.execute(work.first, work.second)
        multiply(work.second, work.second, stride: 2 * Self.block, work.response)
        columnBackward.execute(work.second, work.first)
        crop(work.first, start)
      }
    }
  }

  /// The whole spectra `[count][padded H][pitch]` from row spectra.
  func forwardColumns(_ rows: UnsafePointer<Scalar>, count: Int, _ spectra: UnsafeMutablePointer<Scalar>) {
    Parallel.forEach(pitch / Self.block, workspace: { Workspace(vertical.points, nil) }) { block, work in
      for plane in 0..<count {
        gather(rows + 2 * (plane * height * pitch + block * Self.block), block, work.first)
        columnForward.execute(work.first, work.second)
        let start = spectra + 2 * (plane * vertical.points * pitch + block * Self.block)
        for row in 0..<vertical.points {
          (start + 2 * row * pitch).update(from: work.second + 2 * row * Self.block, count: 2 * Self.block)
        }
      }
    }
  }

  /// Row spectra from whole spectra times a response; the whole spectra stay as they are.
  func backwardColumns(
    _ spectra: UnsafePointer<Scalar>, count: Int, _ response: ResponseTile, _ rows: UnsafeMutablePointer<Scalar>
  ) {
    forEachBlock(response) { block, work in
      for plane in 0..<count {
        let start = spectra + 2 * (plane * vertical.points * pitch + block * Self.block)
        multiply(start, work.first, stride: 2 * pitch, work.response)
        columnBackward.execute(work.first, work.second)
        crop(work.second, rows + 2 * (plane * height * pitch + block * Self.block))
      }
    }
  }

  /// Calls a body for all blocks of columns, with the response of the block divided by the points of the transform, which
  /// FFTW leaves to others.
  private func forEachBlock(_ response: ResponseTile, _ body: (Int, Workspace) -> Void) {
    let scale = 1 / Double(vertical.points * horizontal.points)
    Parallel.forEach(pitch / Self.block, workspace: { Workspace(vertical.points, response) }) { block, work in
      for first in stride(from: 0, to: vertical.points, by: ResponseTile.rows) {
        let rows = first..<min(first + ResponseTile.rows, vertical.points)
        response.compute(rows: rows, column: block * Self.block, work.tile)
        scaled(from: work.tile, to: work.response + first * Self.block, count: rows.count * Self.block, scale)
      }
      body(block, work)
    }
  }

  /// What a thread works on: a block of columns before and after a transform, and its response.
  private final class Workspace {
    private let columns: Scratch<Scalar>
    private let responses: Scratch<Scalar>?
    private let tiles: Scratch<Double>?
    private let half: Int

    init(_ points: Int, _ response: ResponseTile?) {
      half = 2 * points * block
      columns = Scratch(count: 2 * half)
      responses = response.map { _ in Scratch(count: points * block) }
      tiles = response.map { Scratch(count: $0.scratchCount) }
    }

    var first: UnsafeMutablePointer<Scalar> { columns.base }
    var second: UnsafeMutablePointer<Scalar> { columns.base + half }
    var response: UnsafeMutablePointer<Scalar> { responses!.base }
    var tile: UnsafeMutablePointer<Double> { tiles!.base }
  }

  /// A block of columns at its padded height.
  private func gather(_ start: UnsafePointer<Scalar>, _ index: Int, _ block: UnsafeMutablePointer<Scalar>) {
    let width = 2 * Self.block
    // The spectrum of a constant row is its sum, at frequency 0.
    let sum = index == 0 ? Scalar(Double(horizontal.points) * vertical.constant) : 0
    for row in 0..<vertical.count { (block + row * width).update(from: start + 2 * row * pitch, count: width) }
    for (place, source) in vertical.sources.enumerated() {
      let line = block + (vertical.count + place) * width
      if source < 0 {
        line.update(repeating: 0, count: width)
        line[0] = sum
      } else {
        line.update(from: block + Int(source) * width, count: width)
      }
    }
  }

  private func crop(_ block: UnsafePointer<Scalar>, _ start: UnsafeMutablePointer<Scalar>) {
    let width = 2 * Self.block
    for row in 0..<vertical.count { (start + 2 * row * pitch).update(from: block + row * width, count: width) }
  }

  private func multiply(
    _ source: UnsafePointer<Scalar>, _ target: UnsafeMutablePointer<Scalar>, stride: Int,
    _ response: UnsafePointer<Scalar>
  ) {
    multiplyRows(source, stride: stride, target, response, rows: vertical.points, columns: Self.block)
  }
}

/// A row and what lies beyond its ends.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func extend<Scalar: TensorScalar>(
  _ row: UnsafePointer<Scalar>, _ axis: PaddedAxis, _ target: UnsafeMutablePointer<Scalar>
) {
  target.update(from: row, count: axis.count)
  let constant = Scalar(axis.constant)
  axis.sources.withUnsafeBufferPointer { sources in
    for i in sources.indices { target[axis.count + i] = sources[i] < 0 ? constant : row[Int(sources[i])] }
  }
}

/// Numbers times a factor, in another precision.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func scaled<Scalar: TensorScalar>(
  from source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Scalar>, count: Int, _ factor: Double
) {
  for i in 0..<count { target[i] = Scalar(source[i] * factor) }
}

/// Rows of complex numbers, each times a real one; the target and the factors are packed.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiplyRows<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, stride: Int, _ target: UnsafeMutablePointer<Scalar>,
  _ factors: UnsafePointer<Scalar>, rows: Int, columns: Int
) {
  for row in 0..<rows {
    let (from, to, by) = (source + row * stride, target + 2 * row * columns, factors + row * columns)
    for column in 0..<columns {
      to[2 * column] = from[2 * column] * by[column]
      to[2 * column + 1] = from[2 * column + 1] * by[column]
    }
  }
}

import Foundation

/// Computes the response on a rectangle of bins at a time, small enough for the first-level cache.
///
/// What a filter is made of is walked through once for each tile and not for each bin, Gaussians are products of a row
/// and a column, and powers are products: no bin waits for an elementary function, except in a directional filter.
struct ResponseTile: Sendable {
  /// Columns of a tile.
  static let columns = 16
  /// Rows of a tile, at most.
  static let rows = 64
  private static let count = rows * columns

  private let expression: FilterExpression
  private let symmetry: FilterSymmetry
  private let grid: FrequencyGrid
  /// Numbers that a thread must bring along.
  let scratchCount: Int

  init(_ expression: FilterExpression, _ grid: FrequencyGrid) {
    (self.expression, self.grid) = (expression, grid)
    symmetry = expression.symmetry
    // The tile, one more for the mirror images, and what the expression puts aside.
    scratchCount = Self.count * (2 + expression.depth)
  }

  /// The responses of rows `rows` and of a tile's columns from `column` on, `[rows][columns]`.
  ///
  /// - Parameter scratch: ``scratchCount`` numbers; the result is at its beginning.
  func compute(rows: Range<Int>, column: Int, _ scratch: UnsafeMutablePointer<Double>) {
    let count = rows.count * Self.columns
    grid.columns.withUnsafeBufferPointer { fx in
      grid.rows.withUnsafeBufferPointer { fy in
        let (fx, fy) = (fx.baseAddress! + column, fy.baseAddress! + rows.lowerBound)
        let aside = scratch + Self.count
        expression.fill(scratch, Frequencies(x: fx, y: fy, sign: 1, rows: rows.count), aside)
        if symmetry == .none {
          expression.fill(aside, Frequencies(x: fx, y: fy, sign: -1, rows: rows.count), aside + Self.count)
          for i in 0..<count { scratch[i] = (scratch[i] + aside[i]) / 2 }
        }
      }
    }
    if symmetry != .eachAxis { averageAliases(rows: rows, column: column, scratch) }
  }

  /// Nyquist's row and column stand for two frequencies each.
  private func averageAliases(rows: Range<Int>, column: Int, _ tile: UnsafeMutablePointer<Double>) {
    if let place = grid.nyquistColumn, (column..<column + Self.columns).contains(place) {
      for row in rows {
        tile[(row - rows.lowerBound) * Self.columns + place - column] = expression.value(grid, row: row, column: place)
      }
    }
    if let row = grid.nyquistRow, rows.contains(row) {
      for place in column..<min(column + Self.columns, grid.half) {
        tile[(row - rows.lowerBound) * Self.columns + place - column] = expression.value(grid, row: row, column: place)
      }
    }
  }
}

/// The frequencies of a tile, or their opposites.
private struct Frequencies {
  let x: UnsafePointer<Double>
  let y: UnsafePointer<Double>
  let sign: Double
  let rows: Int

  var count: Int { rows * ResponseTile.columns }

  @inline(__always)
  func forEach(_ body: (_ place: Int, _ fx: Double, _ fy: Double) -> Void) {
    for row in 0..<rows {
      let fy = sign * y[row]
      for column in 0..<ResponseTile.columns {
        body(row * ResponseTile.columns + column, sign * x[column], fy)
      }
    }
  }
}

extension FilterExpression {
  /// How many tiles of numbers ``fill`` puts aside.
  fileprivate var depth: Int {
    switch self {
    case .constant, .laplacian, .directional, .mask, .function: 0
    case .lowPass: 1
    case .notch: 2
    case .affine(_, let a, _): a.depth
    case .sum(let a, let b), .product(let a, let b): max(a.depth, b.depth + 1)
    }
  }

  fileprivate func fill(
    _ tile: UnsafeMutablePointer<Double>, _ f: Frequencies, _ aside: UnsafeMutablePointer<Double>
  ) {
    switch self {
    case .constant(let c): tile.update(repeating: c, count: f.count)
    case .laplacian:
      f.forEach { place, fx, fy in tile[place] = -4 * .pi * .pi * (fx * fx + fy * fy) }
    case .lowPass(let lowPass): lowPass.fill(tile, f, centre: 1, aside)
    case .notch(let centred):
      centred.fill(tile, f, centre: 1, aside)
      centred.fill(aside, f, centre: -1, aside + ResponseTile.tileCount)
      for i in 0..<f.count { tile[i] = (1 - tile[i]) * (1 - aside[i]) }
    case .directional(let pass): f.forEach { place, fx, fy in tile[place] = pass.value(fx, fy) }
    case .mask(let mask): mask.fill(tile, f)
    case .function(let response): f.forEach { place, fx, fy in tile[place] = response(fx, fy) }
    case .affine(let factor, let a, let offset):
      a.fill(tile, f, aside)
      for i in 0..<f.count { tile[i] = factor * tile[i] + offset }
    case .sum(let a, let b):
      a.fill(tile, f, aside)
      b.fill(aside, f, aside + ResponseTile.tileCount)
      for i in 0..<f.count { tile[i] += aside[i] }
    case .product(let a, let b):
      a.fill(tile, f, aside)
      b.fill(aside, f, aside + ResponseTile.tileCount)
      for i in 0..<f.count { tile[i] *= aside[i] }
    }
  }
}

extension FilterMask {
  /// The mask on a tile: where its rows and columns are is found out once, not for every bin.
  fileprivate func fill(_ tile: UnsafeMutablePointer<Double>, _ f: Frequencies) {
    let (height, width) = (values.shape[0], values.shape[1])
    withUnsafeTemporaryAllocation(
      of: (first: Int, second: Int, weight: Double).self, capacity: ResponseTile.columns
    ) { columns in
      for column in columns.indices {
        columns.initializeElement(at: column, to: Self.place(f.sign * f.x[column], width))
      }
      values.withUnsafeElements { m in
        for row in 0..<f.rows {
          let place = Self.place(f.sign * f.y[row], height)
          let line = tile + row * ResponseTile.columns
          for column in 0..<ResponseTile.columns { line[column] = Self.between(m, width, place, columns[column]) }
        }
      }
    }
  }
}

extension ResponseTile {
  fileprivate static var tileCount: Int { count }
}

extension CentredLowPass {
  /// The low-pass about the centre, or about its opposite where `sign` is -1.
  fileprivate func fill(
    _ tile: UnsafeMutablePointer<Double>, _ f: Frequencies, centre sign: Double, _ aside: UnsafeMutablePointer<Double>
  ) {
    let (cx, cy, factor) = (sign * x, sign * y, 1 / (cutoff * cutoff))
    switch shape {
    case .ideal:
      let most = (1 + 0x1p-48) * cutoff * cutoff
      f.forEach { place, fx, fy in
        let (dx, dy) = (fx - cx, fy - cy)
        tile[place] = dx * dx + dy * dy <= most ? 1 : 0
      }
    case .gaussian:
      // exp(-(dx² + dy²) / (2 D0²)) is a product of a factor for each column and one for each row.
      for column in 0..<ResponseTile.columns {
        let dx = f.sign * f.x[column] - cx
        aside[column] = exp(-dx * dx * factor / 2)
      }
      for row in 0..<f.rows {
        let dy = f.sign * f.y[row] - cy
        let bell = exp(-dy * dy * factor / 2)
        let line = tile + row * ResponseTile.columns
        for column in 0..<ResponseTile.columns { line[column] = bell * aside[column] }
      }
    case .butterworth(let order):
      f.forEach { place, fx, fy in
        let (dx, dy) = (fx - cx, fy - cy)
        aside[place] = (dx * dx + dy * dy) * factor
        tile[place] = 1
      }
      // The power by squaring, all bins at once.
      var rest = order
      while true {
        if rest % 2 == 1 { for i in 0..<f.count { tile[i] *= aside[i] } }
        rest /= 2
        if rest == 0 { break }
        for i in 0..<f.count { aside[i] *= aside[i] }
      }
      for i in 0..<f.count { tile[i] = 1 / (1 + tile[i]) }
    }
  }
}

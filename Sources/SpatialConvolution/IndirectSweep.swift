import Layers
import Tensors

/// A pass of the dense direct method: products of matrices whose rows, or terms, stand where tables say, in a padded
/// copy of the operand; no window is unfolded (M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129).
///
/// The result of a tile is, for each position p and lane o,
///
///     sum over terms l of  tile[place(p) + place(l)] * packed[l][o]
///
/// with as many positions and lanes in registers as there are.
struct IndirectSweep<Scalar: RowScalar> {
  let tiles: IndirectTiles<Scalar>
  var problem: ConvolutionProblem { tiles.problem }
  /// The taps of a residue of each axis, and what stands before them in the packed filters.
  let residues: [Residue]
  /// The places of a tile's positions, row by row: of a whole tile, and of one at the right edge.
  private let places: (whole: [Int32], edge: [Int32])
  /// Sources of the places of each tile, -1 for zero.
  private let rowSources: [Int32]
  private let columnSources: [Int32]
  /// For each tile, the columns whose sources are neighbours.
  private let columnRuns: [Range<Int>]

  struct Residue {
    let vertical: SlidingAxis.Residue
    let horizontal: SlidingAxis.Residue
    /// Taps of the kernel, in the order in which they are packed.
    let taps: [Int]
    /// Taps of the residues before.
    let tapsBefore: Int
    /// The place of each term.
    let terms: [Int32]
  }

  init(_ tiles: IndirectTiles<Scalar>) {
    self.tiles = tiles
    residues = Self.residues(tiles)
    let (vertical, horizontal) = (tiles.vertical, tiles.horizontal)
    let pitch = tiles.pitch
    func places(_ columns: Int) -> [Int32] {
      (0..<tiles.rows * columns).map { position in
        let (row, column) = position.quotientAndRemainder(dividingBy: columns)
        return Int32(row * vertical.step * pitch + column * horizontal.step)
      }
    }
    let edge = horizontal.positions - (tiles.columnTiles - 1) * tiles.columns
    self.places = (places(tiles.columns), edge == tiles.columns ? [] : places(edge))
    func sources(_ axis: SlidingAxis, tiles: Int, positions: Int) -> [Int32] {
      (0..<tiles).flatMap { tile in
        let first = tile * positions
        let seen = axis.places(min(positions, axis.positions - first))
        return (0..<axis.places(positions)).map { place in
          place < seen ? axis.source(first * axis.step + place).map(Int32.init) ?? -1 : -1
        }
      }
    }
    rowSources = sources(vertical, tiles: tiles.rowTiles, positions: tiles.rows)
    let columnSources = sources(horizontal, tiles: tiles.columnTiles, positions: tiles.columns)
    self.columnSources = columnSources
    columnRuns = (0..<tiles.columnTiles).map { Self.longestRun(columnSources[$0 * pitch..<($0 + 1) * pitch]) }
  }

  /// What a thread works in.
  private struct Workspace {
    let tile: Scratch<Scalar>
    let results: Scratch<Scalar>
    /// Sums in the order of lanes.
    let folded: Scratch<Scalar>
  }

  // MARK: The pass

  /// The result of a pass.
  ///
  /// - Parameters:
  ///   - operand: The images, or the gradient by the feature maps.
  ///   - packed: The filters, from ``pack(_:)``.
  ///   - bias: Added to each lane, if there is one.
  func callAsFunction(_ operand: Tensor<Scalar>, _ packed: Tensor<Scalar>, bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    operand.withUnsafeElements { x in
      packed.withUnsafeElements { w in
        let shape = tiles.pass == .forward ? problem.outputShape : problem.inputShape
        return Tensor<Scalar>(shape) { y in
          guard !y.isEmpty else { return }
          if tiles.folds { y.initialize(repeating: 0) }
          if let bias {
            bias.withUnsafeElements { sweep(x.baseAddress!, w.baseAddress!, $0.baseAddress!, y.baseAddress!) }
          } else {
            sweep(x.baseAddress!, w.baseAddress!, nil, y.baseAddress!)
          }
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sweep(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>?,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let (groups, allTiles) = (problem.geometry.groups, tiles.rowTiles * tiles.columnTiles)
    // Tiles that may add to the same results follow each other on one thread.
    let tilesAtOnce = tiles.folds ? allTiles : 1
    let pieces = allTiles / tilesAtOnce
    Parallel.forEach(
      problem.batch * groups * pieces * tiles.parts, atMost: tiles.workers,
      workspace: {
        Workspace(
          tile: Scratch(count: tiles.tileCount), results: Scratch(count: tiles.resultCount),
          folded: Scratch(count: tiles.foldCount))
      }
    ) { index, workspace in
      let (rest, part) = index.quotientAndRemainder(dividingBy: tiles.parts)
      let (plane, piece) = rest.quotientAndRemainder(dividingBy: pieces)
      let group = plane % groups
      let count = tiles.blocks.count
      for tile in piece * tilesAtOnce..<(piece + 1) * tilesAtOnce {
        let area = Area(tiles, tile)
        copy(x + plane * tiles.channels * operandPlane, area, to: workspace.tile.base)
        for block in tiles.blocks[part * count / tiles.parts..<(part + 1) * count / tiles.parts] {
          for residue in residues {
            let packed = w + group * tiles.packedPerGroup + tiles.packedOffset(block)
            let result = y + (plane * tiles.lanes + block.lowerBound) * resultPlane
            let bias = bias.map { $0 + group * tiles.lanes + block.lowerBound }
            if tiles.slides {
              slide(packed, block, residue, area, bias, to: result, workspace)
            } else {
              multiply(packed, block, residue, area, bias, to: result, workspace)
            }
          }
        }
      }
    }
  }

  /// The positions of a tile.
  private struct Area {
    let rowTile: Int
    let columnTile: Int
    let rows: Range<Int>
    let columns: Range<Int>

    init(_ tiles: IndirectTiles<Scalar>, _ index: Int) {
      (rowTile, columnTile) = index.quotientAndRemainder(dividingBy: tiles.columnTiles)
      let (row, column) = (rowTile * tiles.rows, columnTile * tiles.columns)
      rows = row..<min(tiles.vertical.positions, row + tiles.rows)
      columns = column..<min(tiles.horizontal.positions, column + tiles.columns)
    }
  }

  private var operandPlane: Int { plane(of: tiles.pass == .forward) }
  private var resultPlane: Int { plane(of: tiles.pass != .forward) }
  private var resultWidth: Int { tiles.pass == .forward ? problem.horizontal.output : problem.horizontal.input }
  private func plane(of image: Bool) -> Int {
    image
      ? problem.vertical.input * problem.horizontal.input : problem.vertical.output * problem.horizontal.output
  }

  /// Copies what the positions of an area see, of all channels.
  private func copy(_ x: UnsafePointer<Scalar>, _ area: Area, to tile: UnsafeMutablePointer<Scalar>) {
    let (pitch, height) = (tiles.pitch, tiles.vertical.places(tiles.rows))
    let width = tiles.pass == .forward ? problem.horizontal.input : problem.horizontal.output
    rowSources.withUnsafeBufferPointer { rows in
      columnSources.withUnsafeBufferPointer { columns in
        for channel in 0..<tiles.channels {
          Scalar.copyPadded(
            tile + channel * tiles.plane, x + channel * operandPlane, width, rows.baseAddress! + area.rowTile * height,
            tiles.vertical.places(area.rows.count), columns.baseAddress! + area.columnTile * pitch, pitch,
            columnRuns[area.columnTile])
        }
      }
    }
  }

  /// A long sum in pieces, whose sums are added: fewer roundings follow each other.
  private func pieces(_ terms: [Int32]) -> some Sequence<Range<Int>> {
    let count = max(1, (terms.count + 511) / 512)
    return (0..<count).lazy.map { $0 * terms.count / count..<($0 + 1) * terms.count / count }
  }

  // MARK: Vectors across the lanes

  private func multiply(
    _ packed: UnsafePointer<Scalar>, _ block: Range<Int>, _ residue: Residue, _ area: Area,
    _ bias: UnsafePointer<Scalar>?, to result: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) {
    let vectors = tiles.vectors(block)
    let packed = packed + residue.tapsBefore * tiles.channels * vectors * Scalar.vectorWidth
    let results = workspace.results.base
    let count = area.rows.count * area.columns.count
    let places = area.columns.count == tiles.columns ? places.whole : places.edge
    for start in stride(from: 0, to: count, by: IndirectTiles<Scalar>.run) {
      let end = min(count, start + IndirectTiles<Scalar>.run)
      for some in pieces(residue.terms) {
        Scalar.indirectProduct(
          results, workspace.tile.base, places.withUnsafeBufferPointer { $0.baseAddress! + start }, end - start,
          residue.terms.withUnsafeBufferPointer { $0.baseAddress! + some.lowerBound }, some.count,
          packed + some.lowerBound * vectors * Scalar.vectorWidth, vectors, some.lowerBound > 0)
      }
      takeAway(start..<end, block, residue, area, bias, to: result, workspace)
    }
  }

  /// Brings the sums of a run of positions to the result.
  private func takeAway(
    _ run: Range<Int>, _ block: Range<Int>, _ residue: Residue, _ area: Area, _ bias: UnsafePointer<Scalar>?,
    to result: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) {
    let (results, pitch) = (workspace.results.base, tiles.vectors(block) * Scalar.vectorWidth)
    let width = area.columns.count
    if tiles.folds {
      Scalar.unpackLanes(workspace.folded.base, run.count, results, pitch, block.count, run.count, nil)
    } else if width == resultWidth {
      // Neighbouring rows of the tile are neighbours in the result.
      let first = result + area.rows.lowerBound * width + run.lowerBound
      return Scalar.unpackLanes(first, resultPlane, results, pitch, block.count, run.count, bias)
    }
    var position = run.lowerBound
    while position < run.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: width)
      let end = min(run.upperBound, (row + 1) * width)
      if tiles.folds {
        fold(
          workspace.folded.base + position - run.lowerBound, run.count, block.count, residue,
          row: area.rows.lowerBound + row,
          area.columns.lowerBound + column..<area.columns.lowerBound + column + end - position, to: result)
      } else {
        let first = result + (area.rows.lowerBound + row) * resultWidth + area.columns.lowerBound + column
        Scalar.unpackLanes(
          first, resultPlane, results + (position - run.lowerBound) * pitch, pitch, block.count, end - position, bias)
      }
      position = end
    }
  }

  // MARK: Vectors along the columns

  private func slide(
    _ packed: UnsafePointer<Scalar>, _ block: Range<Int>, _ residue: Residue, _ area: Area,
    _ bias: UnsafePointer<Scalar>?, to result: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) {
    let results = workspace.results.base
    let flat = tiles.flatPositions(rows: area.rows.count, columns: area.columns.count)
    let packed = packed + residue.tapsBefore * tiles.channels
    for some in pieces(residue.terms) {
      Scalar.slidingProduct(
        results, flat, packed + some.lowerBound, tiles.terms, block.count, workspace.tile.base,
        residue.terms.withUnsafeBufferPointer { $0.baseAddress! + some.lowerBound }, some.count, flat,
        some.lowerBound > 0)
    }
    if tiles.folds {
      for (index, row) in area.rows.enumerated() {
        fold(results + index * tiles.pitch, flat, block.count, residue, row: row, area.columns, to: result)
      }
    } else {
      for lane in 0..<block.count {
        let first = result + lane * resultPlane + area.rows.lowerBound * resultWidth + area.columns.lowerBound
        Scalar.copyRows(
          first, resultWidth, results + lane * flat, tiles.pitch, area.rows.count, area.columns.count,
          bias?[lane] ?? 0)
      }
    }
  }

  /// Adds a part of a row of each lane's sums to the pixels they belong to.
  private func fold(
    _ sums: UnsafePointer<Scalar>, _ pitch: Int, _ lanes: Int, _ residue: Residue, row: Int, _ columns: Range<Int>,
    to result: UnsafeMutablePointer<Scalar>
  ) {
    guard let targetRow = tiles.vertical.target(residue.vertical, row) else { return }
    for (index, column) in columns.enumerated() {
      guard let target = tiles.horizontal.target(residue.horizontal, column) else { continue }
      let pixel = result + targetRow * resultWidth + target
      for lane in 0..<lanes { pixel[lane * resultPlane] += sums[lane * pitch + index] }
    }
  }

  // MARK: Tables

  private static func residues(_ tiles: IndirectTiles<Scalar>) -> [Residue] {
    var residues: [Residue] = []
    var before = 0
    for vertical in tiles.vertical.residues {
      for horizontal in tiles.horizontal.residues {
        let offsets = vertical.taps.flatMap { row in horizontal.taps.map { row.place * tiles.pitch + $0.place } }
        let terms = (0..<tiles.channels).flatMap { channel in offsets.map { Int32(channel * tiles.plane + $0) } }
        let width = tiles.problem.horizontal.kernel
        let taps = vertical.taps.flatMap { row in horizontal.taps.map { row.index * width + $0.index } }
        residues.append(
          Residue(vertical: vertical, horizontal: horizontal, taps: taps, tapsBefore: before, terms: terms))
        before += taps.count
      }
    }
    return residues
  }

  /// Where the sources of neighbours are neighbours, for longest.
  private static func longestRun(_ sources: ArraySlice<Int32>) -> Range<Int> {
    var best = 0..<0
    var start = 0
    let sources = Array(sources)
    for i in sources.indices {
      if sources[i] < 0 || i > start && sources[i] != sources[i - 1] + 1 { start = sources[i] < 0 ? i + 1 : i }
      if i + 1 - start > best.count { best = start..<i + 1 }
    }
    return best
  }
}

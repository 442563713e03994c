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
  private let padded: PaddedTiles<Scalar>

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
    let horizontal = tiles.problem.horizontal
    padded = PaddedTiles(tiles.grid, width: tiles.pass == .forward ? horizontal.input : horizontal.output)
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
    let (groups, allTiles) = (problem.geometry.groups, tiles.grid.count)
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
        let area = tiles.grid.area(tile)
        padded.copy(
          x + plane * tiles.channels * operandPlane, plane: operandPlane, channels: tiles.channels, area,
          to: workspace.tile.base)
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

  private var operandPlane: Int { plane(of: tiles.pass == .forward) }
  private var resultPlane: Int { plane(of: tiles.pass != .forward) }
  private var resultWidth: Int { tiles.pass == .forward ? problem.horizontal.output : problem.horizontal.input }
  private func plane(of image: Bool) -> Int {
    image
      ? problem.vertical.input * problem.horizontal.input : problem.vertical.output * problem.horizontal.output
  }

  /// A long sum in pieces, whose sums are added: fewer roundings follow each other.
  private func pieces(_ terms: [Int32]) -> some Sequence<Range<Int>> {
    let count = max(1, (terms.count + 511) / 512)
    return (0..<count).lazy.map { $0 * terms.count / count..<($0 + 1) * terms.count / count }
  }

  // MARK: Vectors across the lanes

  private func multiply(
    _ packed: UnsafePointer<Scalar>, _ block: Range<Int>, _ residue: Residue, _ area: TileGrid.Area,
    _ bias: UnsafePointer<Scalar>?, to result: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) {
    let vectors = tiles.vectors(block)
    let packed = packed + residue.tapsBefore * tiles.channels * vectors * Scalar.vectorWidth
    let results = workspace.results.base
    for start in stride(from: 0, to: area.count, by: IndirectTiles<Scalar>.run) {
      let end = min(area.count, start + IndirectTiles<Scalar>.run)
      for some in pieces(residue.terms) {
        padded.withPlaces(area) { places in
          residue.terms.withUnsafeBufferPointer { terms in
            Scalar.indirectProduct(
              results, workspace.tile.base, places + start, end - start, terms.baseAddress! + some.lowerBound,
              some.count, packed + some.lowerBound * vectors * Scalar.vectorWidth, vectors, some.lowerBound > 0)
          }
        }
      }
      takeAway(start..<end, block, residue, area, bias, to: result, workspace)
    }
  }

  /// Brings the sums of a run of positions to the result.
  private func takeAway(
    _ run: Range<Int>, _ block: Range<Int>, _ residue: Residue, _ area: TileGrid.Area, _ bias: UnsafePointer<Scalar>?,
    to result: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) {
    let (results, pitch) = (workspace.results.base, tiles.vectors(block) * Scalar.vectorWidth)
    let width = area.columns.count
    if tiles.folds {
      Scalar.unpackLanes(workspace.folded.base, run.count, results, pitch, block.count, run.count, nil, 1, 0)
    } else if width == resultWidth {
      // Neighbouring rows of the tile are neighbours in the result.
      let first = result + area.rows.lowerBound * width + run.lowerBound
      return Scalar.unpackLanes(first, resultPlane, results, pitch, block.count, run.count, bias, 1, 0)
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
          first, resultPlane, results + (position - run.lowerBound) * pitch, pitch, block.count, end - position, bias,
          1, 0)
      }
      position = end
    }
  }

  // MARK: Vectors along the columns

  private func slide(
    _ packed: UnsafePointer<Scalar>, _ block: Range<Int>, _ residue: Residue, _ area: TileGrid.Area,
    _ bias: UnsafePointer<Scalar>?, to result: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) {
    let results = workspace.results.base
    let flat = tiles.flatPositions(rows: area.rows.count, columns: area.columns.count)
    let packed = packed + residue.tapsBefore * tiles.channels
    for some in pieces(residue.terms) {
      residue.terms.withUnsafeBufferPointer { terms in
        Scalar.slidingProduct(
          results, flat, packed + some.lowerBound, tiles.terms, block.count, workspace.tile.base,
          terms.baseAddress! + some.lowerBound, some.count, flat, some.lowerBound > 0)
      }
    }
    if tiles.folds {
      for (index, row) in area.rows.enumerated() {
        fold(results + index * tiles.grid.pitch, flat, block.count, residue, row: row, area.columns, to: result)
      }
    } else {
      for lane in 0..<block.count {
        let first = result + lane * resultPlane + area.rows.lowerBound * resultWidth + area.columns.lowerBound
        Scalar.copyRows(
          first, resultWidth, results + lane * flat, tiles.grid.pitch, area.rows.count, area.columns.count,
          bias?[lane] ?? 0)
      }
    }
  }

  /// Adds a part of a row of each lane's sums to the pixels they belong to.
  private func fold(
    _ sums: UnsafePointer<Scalar>, _ pitch: Int, _ lanes: Int, _ residue: Residue, row: Int, _ columns: Range<Int>,
    to result: UnsafeMutablePointer<Scalar>
  ) {
    guard let targetRow = tiles.grid.vertical.target(residue.vertical, row) else { return }
    for (index, column) in columns.enumerated() {
      guard let target = tiles.grid.horizontal.target(residue.horizontal, column) else { continue }
      let pixel = result + targetRow * resultWidth + target
      for lane in 0..<lanes { pixel[lane * resultPlane] += sums[lane * pitch + index] }
    }
  }

  // MARK: Tables

  private static func residues(_ tiles: IndirectTiles<Scalar>) -> [Residue] {
    var residues: [Residue] = []
    var before = 0
    for vertical in tiles.grid.vertical.residues {
      for horizontal in tiles.grid.horizontal.residues {
        let offsets = vertical.taps.flatMap { row in horizontal.taps.map { row.place * tiles.grid.pitch + $0.place } }
        let terms = (0..<tiles.channels).flatMap { channel in offsets.map { Int32(channel * tiles.grid.plane + $0) } }
        let width = tiles.problem.horizontal.kernel
        let taps = vertical.taps.flatMap { row in horizontal.taps.map { row.index * width + $0.index } }
        residues.append(
          Residue(vertical: vertical, horizontal: horizontal, taps: taps, tapsBefore: before, terms: terms))
        before += taps.count
      }
    }
    return residues
  }
}

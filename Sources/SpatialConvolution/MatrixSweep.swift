import CKernels
import SpectralConvolution
import SpectralCore

/// A pass of the dense direct method: products of matrices whose rows, or terms, stand where tables say, in a padded
/// copy of the operand; no window is unfolded (M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129).
///
/// The result of a tile is, for each position p and lane o,
///
///     sum over terms l of  tile[place(p) + place(l)] * packed[l][o]
///
/// with as many positions and lanes in registers as there are.
struct MatrixSweep<Scalar: TensorScalar> {
  let tiles: MatrixTiles<Scalar>
  /// The taps of a residue of each axis.
  let residues: [Residue]
  let padded: PaddedTiles<Scalar>

  var problem: ConvolutionProblem { tiles.problem }
  var grid: TileGrid { tiles.grid }

  /// Positions that see a tile through the same taps, by a residue of each axis.
  struct Residue {
    let vertical: SlidingAxis.Residue
    /// Where the columns' sums are added, if that is elsewhere.
    let columnTargets: [sk_column_run]
    /// Taps of the kernel, in the order in which they are packed.
    let taps: [Int]
    /// Taps of the residues before.
    let tapsBefore: Int
    /// The place of each term.
    let terms: [Int32]
    /// A long sum in pieces, whose sums are added: fewer roundings follow each other.
    let pieces: [Range<Int>]
  }

  init(_ tiles: MatrixTiles<Scalar>) {
    self.tiles = tiles
    residues = Self.residues(tiles)
    padded = PaddedTiles(tiles.grid, tiles.problem.operand(tiles.pass))
  }

  private static func residues(_ tiles: MatrixTiles<Scalar>) -> [Residue] {
    let (grid, kernelWidth) = (tiles.grid, tiles.problem.horizontal.kernel)
    var residues: [Residue] = []
    var before = 0
    for vertical in grid.vertical.residues {
      for horizontal in grid.horizontal.residues {
        let offsets = vertical.taps.flatMap { row in horizontal.taps.map { row.place * grid.pitch + $0.place } }
        var terms: [Int32] = []
        terms.reserveCapacity(tiles.channels * offsets.count)
        for channel in 0..<tiles.channels {
          for offset in offsets { terms.append(Int32(channel * grid.plane + offset)) }
        }
        let count = (terms.count + 511) / 512
        let targets =
          tiles.scatters
          ? [sk_column_run](columns: grid.horizontal.positions) { grid.horizontal.target(horizontal, $0) } : []
        residues.append(
          Residue(
            vertical: vertical, columnTargets: targets,
            taps: vertical.taps.flatMap { row in horizontal.taps.map { row.index * kernelWidth + $0.index } },
            tapsBefore: before, terms: terms,
            pieces: (0..<count).map { $0 * terms.count / count..<($0 + 1) * terms.count / count }))
        before += offsets.count
      }
    }
    return residues
  }

  // MARK: The pass

  /// The result of a pass.
  ///
  /// - Parameter operands: The images, or the gradient by the feature maps; the filters, from ``pack(_:)``; and the bias
  ///   that is added to each lane, if there is one.
  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar> {
    let shape = problem.resultShape(tiles.pass)
    return operands.result(shape) { x, w, bias, y in
      if tiles.scatters { y.initialize(repeating: 0, count: shape.count) }
      sweep(x, w, bias, y)
    }
  }

  /// What a thread works in.
  struct Workspace {
    let tile: Scratch<Scalar>
    let results: Scratch<Scalar>
    /// Sums in the order of lanes.
    let folded: Scratch<Scalar>
    let prefetch: Prefetch

    init(_ tiles: MatrixTiles<Scalar>) {
      tile = Scratch(count: tiles.tileCount)
      results = Scratch(count: tiles.resultCount)
      folded = Scratch(count: tiles.scatterCount)
      prefetch = Prefetch()
    }
  }

  /// A block of lanes of a residue in a tile.
  struct Job {
    let residue: Residue
    let area: TileGrid.Area
    let block: Range<Int>
    /// The packed filters of the block, from the residue's on.
    let packed: UnsafePointer<Scalar>
    let bias: UnsafePointer<Scalar>?
    /// The block's first lane in the result.
    let result: UnsafeMutablePointer<Scalar>
  }

  /// A piece of work: some lanes of some tiles of an image and a group.
  private struct Piece {
    let plane: Int
    let blocks: Range<Int>
    let tiles: Range<Int>
  }

  /// How many pieces there are.
  private var pieces: Int {
    problem.batch * problem.geometry.groups * (tiles.scatters ? 1 : grid.count) * tiles.parts
  }

  private func piece(_ index: Int) -> Piece {
    // Tiles that may add to the same results follow each other on one thread.
    let tilesAtOnce = tiles.scatters ? grid.count : 1
    let (rest, part) = index.quotientAndRemainder(dividingBy: tiles.parts)
    let (plane, first) = (rest * tilesAtOnce).quotientAndRemainder(dividingBy: grid.count)
    let count = tiles.blocks.count
    return Piece(
      plane: plane, blocks: part * count / tiles.parts..<(part + 1) * count / tiles.parts,
      tiles: first..<first + tilesAtOnce)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sweep(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>?,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let pieces = pieces
    let groups = problem.geometry.groups
    let operandCount = tiles.channels * problem.operand(tiles.pass).pixels
    Parallel.forEach(pieces, atMost: tiles.workers, workspace: { Workspace(tiles) }) { index, workspace in
      let piece = piece(index)
      let group = piece.plane % groups
      for tile in piece.tiles {
        let area = grid.area(tile)
        padded.copy(
          x + piece.plane * operandCount, channels: tiles.channels, area, to: workspace.tile.base)
        // The thread's next piece is as far ahead as there are threads, if they keep step.
        let next =
          tile + 1 < piece.tiles.upperBound
          ? (plane: piece.plane, tile: tile + 1)
          : index + Parallel.threads < pieces
            ? { (plane: $0.plane, tile: $0.tiles.lowerBound) }(self.piece(index + Parallel.threads)) : nil
        let source = next.map { next in
          padded.source(x + next.plane * operandCount, channels: tiles.channels, grid.area(next.tile))
        }
        workspace.prefetch.start(source, calls: piece.blocks.count * calls(area))
        for block in tiles.blocks[piece.blocks] {
          for residue in residues {
            let pitch = tiles.slides ? 1 : tiles.vectors(block) * Scalar.vectorWidth
            let job = Job(
              residue: residue, area: area, block: block,
              packed: w + group * tiles.packedPerGroup + tiles.packedOffset(block)
                + residue.tapsBefore * tiles.channels * pitch,
              bias: bias.map { $0 + group * tiles.lanes + block.lowerBound },
              result: y + (piece.plane * tiles.lanes + block.lowerBound) * resultPlane)
            if tiles.slides { slide(job, workspace) } else { multiply(job, workspace) }
          }
        }
      }
    }
  }

  var resultPlane: Int { problem.result(tiles.pass).pixels }
  var resultWidth: Int { problem.result(tiles.pass).width }
}

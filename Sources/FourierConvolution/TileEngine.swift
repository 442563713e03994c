import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// A problem cut into tiles: everything that the passes need and that depends on sizes alone.
///
/// With X the tiles of the images (a row for each tile), Y those of the feature maps, G those of the output gradient and W
/// the filters (a row for each output channel), the passes are, at every frequency,
///
///     Y = X Wᴴ        dX = G W        dW = Gᴴ X
///
/// Of volumes each slice is transformed once, in two dimensions. Along the depth nothing is transformed: there the
/// convolution stays the sum that it is, over the slices t of the kernel. With stride s and dilation δ along the depth,
///
///     Y[d] = Σ_t X[s d + δ t] W[t]ᴴ        dX[s d + δ t] += G[d] W[t]        dW[t] = Σ_d G[d]ᴴ X[s d + δ t]
///
/// The partition into blocks does not depend on the number of threads, so neither do the results.
final class TileEngine<Scalar: FourierScalar>: Sendable {
  let problem: ConvolutionProblem
  let layout: TileLayout
  /// Threads for which there is memory.
  let workers: Int
  let tile: TileTransform<Scalar>
  let input: TileOperand
  let output: TileOperand
  let filter: TileOperand
  /// Tiles along a row of tiles.
  private let columnTiles: Int

  init(_ layout: TileLayout, workers: Int, _ transforms: TransformProvider, rigor: PlanningRigor) {
    let (problem, size) = (layout.problem, layout.choice.size)
    self.problem = problem
    (self.layout, self.workers) = (layout, workers)
    tile = TileTransform(size, transforms, rigor: rigor)
    let flipped = problem.geometry.operation == .convolution
    let vertical = AxisTiling(problem.vertical, size: size.height, flipped: flipped)
    let horizontal = AxisTiling(problem.horizontal, size: size.width, flipped: flipped)
    let depth = SegmentTables(problem.depth, segment: layout.choice.segment, flipped: flipped)
    columnTiles = horizontal.tiles
    func operand(
      _ spectra: SpectraLayout, _ places: KeyPath<AxisTiling, PlaceLists>, slices: [Int32],
      _ extent: KeyPath<ConvolutionAxis, Int>
    ) -> TileOperand {
      TileOperand(
        spectra: spectra,
        tables: PlaceTables(
          rows: vertical[keyPath: places], columns: horizontal[keyPath: places], slices: slices,
          positions: spectra.positions,
          extents: [problem.depth, problem.vertical, problem.horizontal].map { $0[keyPath: extent] }))
    }
    input = operand(layout.input, \.input, slices: depth.input, \.input)
    output = operand(layout.output, \.output, slices: depth.output, \.output)
    filter = operand(layout.filter, \.taps, slices: depth.taps, \.kernel)
  }

  /// Places of a tile.
  var size: Extent { tile.size }
  /// What the unnormalised inverse transform must be multiplied with.
  var normalization: Scalar { 1 / Scalar(size.height * size.width) }

  /// The tiles of a block, and the first of its groups of lanes.
  func block(_ index: Int, of operand: TileOperand) -> TileBlock {
    // The filters are a single block.
    if isFilter(operand) { return TileBlock(tiles: 0..<filter.map.tiles, firstGroup: 0) }
    let (first, group) = index.quotientAndRemainder(dividingBy: layout.blocksPerTile)
    return TileBlock(
      tiles: first * layout.tilesPerBlock..<min(layout.tiles, (first + 1) * layout.tilesPerBlock), firstGroup: group)
  }

  @inline(__always)
  func place(_ tile: Int) -> TilePlace {
    let (stack, within) = tile.quotientAndRemainder(dividingBy: layout.tilesPerSlice)
    let (image, segment) = stack.quotientAndRemainder(dividingBy: layout.segments)
    return TilePlace(image: image, row: within / columnTiles, column: within % columnTiles, segment: segment)
  }

  // MARK: Transforms

  /// Finds where a group of lanes of a block lies in a set of planes.
  ///
  /// - Parameter unit: `position * width + index`.
  /// - Returns: Whether any of it is there: tiles reach beyond the border of a volume.
  @inline(__always)
  func locate(
    _ unit: Int, of block: TileBlock, _ planes: UnsafeMutablePointer<Scalar>, _ operand: TileOperand,
    _ work: TileWork<Scalar>, finish: Finish<Scalar>? = nil
  ) -> Bool {
    let (position, index) = unit.quotientAndRemainder(dividingBy: operand.spectra.width)
    operand.map.locate(
      block.firstGroup + index, position: position, tiles: block.tiles.count, planes, operand.tables, finish: finish,
      in: work
    ) {
      isFilter(operand) ? TilePlace(image: $0, row: 0, column: 0) : place(block.tiles.lowerBound + $0)
    }
    return work.hasAny
  }

  @inline(__always)
  private func isFilter(_ operand: TileOperand) -> Bool { operand.tables === filter.tables }

  /// Gathers one group of lanes of a block and transforms it into its place in the block's spectra.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transform(
    _ unit: Int, of block: TileBlock, _ planes: UnsafePointer<Scalar>, _ operand: TileOperand,
    _ own: GroupWork<Scalar>, to spectra: UnsafeMutablePointer<Scalar>
  ) {
    let (spectra, slab) = (spectra + unit * operand.spectra.groupPitch, operand.spectra.slab)
    StageClock.time(isFilter(operand) ? .filters : .transform) {
      guard locate(unit, of: block, UnsafeMutablePointer(mutating: planes), operand, own.work) else {
        for v in 0..<tile.columns { (spectra + v * slab).update(repeating: 0, count: size.height * tile.group) }
        return
      }
      tile.forwardRows(0..<size.height, operand.tables, own.work, to: own.scratch)
      tile.forwardColumns(0..<tile.columns, own.work, from: own.scratch, to: spectra, slab: slab)
    }
  }

  /// Inverts one group of lanes of a block's spectra and brings it to its planes.
  ///
  /// - Returns: Whether all of it was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func invert(
    _ unit: Int, of block: TileBlock, _ spectra: UnsafePointer<Scalar>, _ operand: TileOperand,
    _ own: GroupWork<Scalar>, to planes: UnsafeMutablePointer<Scalar>, finish: Finish<Scalar>? = nil,
    adding: Bool = false
  ) -> Bool {
    StageClock.time(isFilter(operand) ? .filters : .inverse) {
      guard locate(unit, of: block, planes, operand, own.work, finish: finish) else { return true }
      tile.inverseColumns(
        0..<tile.columns, own.work, from: spectra + unit * operand.spectra.groupPitch, slab: operand.spectra.slab,
        to: own.scratch)
      return tile.inverseRows(0..<size.height, operand.tables, own.work, from: own.scratch, adding: adding)
    }
  }

  /// Transforms all that belongs to some blocks.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transform(
    _ range: Range<Int>, _ planes: UnsafePointer<Scalar>, _ operand: TileOperand, to spectra: BlockSpectra<Scalar>,
    by team: ThreadTeam<Scalar>
  ) {
    let units = operand.spectra.units
    Parallel.forEach(range.count * units, atMost: team.threads, workspace: { team.work ?? GroupWork(size) }) {
      index, own in
      let block = range.lowerBound + index / units
      transform(index % units, of: self.block(block, of: operand), planes, operand, own, to: spectra.block(block))
    }
  }

  /// Calls `body` for ranges that together hold every frequency, in parallel. No result depends on how they are cut: long
  /// ranges let each product fetch what the next one wants.
  func forEachFrequencyRange(by team: ThreadTeam<Scalar>, _ body: (Range<Int>) -> Void) {
    let threads = min(Parallel.threads, team.threads)
    let pieces = min(layout.frequencies, threads == 1 ? 1 : 6 * threads)
    Parallel.forEach(pieces, atMost: threads) { index in
      StageClock.time(.product) {
        body(layout.frequencies * index / pieces..<layout.frequencies * (index + 1) / pieces)
      }
    }
  }

  /// All threads for which there is memory, together.
  var allThreads: ThreadTeam<Scalar> { ThreadTeam(threads: workers, work: nil) }

  /// Who works on a block: one thread, if each takes blocks of its own, or all.
  func team(standsAlone: Bool) -> ThreadTeam<Scalar> {
    standsAlone ? ThreadTeam(threads: 1, work: GroupWork(size)) : allThreads
  }

  // MARK: Filters

  /// The spectra of the filters, scaled so that the inverse transform need not be.
  ///
  /// - Parameters:
  ///   - forward: Whether the forward pass will use them.
  ///   - backward: Whether the backward pass will. Then Wᵀ is not kept: the forward pass makes it as it goes, as it does
  ///     where memory is short.
  func filterSpectra(_ filters: Tensor<Scalar>, forward: Bool, backward: Bool) -> FilterSpectra<Scalar> {
    var scaled = filters
    scaled *= normalization
    return scaled.withUnsafeElements { planes in
      // What a fused forward pass over tiles multiplies with is one number for many tiles.
      let packed = forward && layout.packedCount > 0 ? packedFilterSpectra(planes.baseAddress!) : nil
      guard packed == nil || backward else { return FilterSpectra(packed: packed) }
      let spectra = BlockSpectra<Scalar>(blocks: 1, filter.spectra)
      transform(0..<1, planes.baseAddress!, filter, to: spectra, by: allThreads)
      return forward && !backward && layout.keepsTransposed
        ? FilterSpectra(transposed: transposed(spectra.values)) : FilterSpectra(spectra.values, packed: packed)
    }
  }
}

/// Some tiles that go through transform, product and inverse together.
struct TileBlock {
  let tiles: Range<Int>
  /// The first of the groups of lanes that belong to the block.
  let firstGroup: Int
}

/// Images, feature maps or filters: their spectra, and where tiles lie in their planes.
struct TileOperand: Sendable {
  let spectra: SpectraLayout
  let tables: PlaceTables
  var map: LaneMap { spectra.map }
}

/// The spectra of a set of filters. Written once, before anyone else sees it.
final class FilterSpectra<Scalar: FourierScalar>: @unchecked Sendable {
  /// W, one output after the other, or one term after the other (``LaneLayout``), if wanted.
  let values: Scratch<Scalar>?
  /// Wᵀ, `[frequency][tap][group][term][output]`, if wanted.
  let transposed: Scratch<Scalar>?
  /// W, `[output][frequency]`, if wanted.
  let packed: Scratch<Scalar>?

  init(_ values: Scratch<Scalar>? = nil, transposed: Scratch<Scalar>? = nil, packed: Scratch<Scalar>? = nil) {
    (self.values, self.transposed, self.packed) = (values, transposed, packed)
  }
}

/// The spectra of so many blocks as are held at once; those of the next blocks take the places of the first.
///
/// A class because a tape shares it. Written once for each block, before anyone else sees it.
final class BlockSpectra<Scalar: FourierScalar>: @unchecked Sendable {
  let values: Scratch<Scalar>
  private let blocks: Int
  private let pitch: Int

  init(blocks: Int, _ layout: SpectraLayout) {
    values = Scratch(count: blocks * layout.count)
    (self.blocks, pitch) = (blocks, layout.count)
  }

  func block(_ index: Int) -> UnsafeMutablePointer<Scalar> { values.base + index % blocks * pitch }
}

/// The threads that share the work on a block. A single thread has working memory of its own.
struct ThreadTeam<Scalar: FourierScalar> {
  let threads: Int
  let work: GroupWork<Scalar>?
}

/// What a thread needs to take a group of lanes through a transform.
final class GroupWork<Scalar: FourierScalar> {
  let work: TileWork<Scalar>
  /// A half-transformed tile.
  var scratch: UnsafeMutablePointer<Scalar> { tile.base }
  private let tile: Scratch<Scalar>

  init(_ size: Extent) {
    work = TileWork(size)
    tile = Scratch(count: TileTransform<Scalar>.count(size))
  }

  /// The bytes of both.
  static func byteCounts(_ size: Extent) -> (scratch: Int, work: Int) {
    (
      Scratch<Scalar>.byteCount(TileTransform<Scalar>.count(size)),
      Scratch<Scalar>.byteCount(TileWork<Scalar>.count(size))
    )
  }
}

/// The slices that the tiles of a volume reach over, `[segment][position]`, and those of its kernel; -1 for none. Of
/// signals and images each is the only one.
private struct SegmentTables {
  private(set) var input: [Int32] = []
  private(set) var output: [Int32] = []
  let taps: [Int32]

  init(_ depth: ConvolutionAxis, segment: Int, flipped: Bool) {
    taps = (0..<depth.kernel).map { Int32(flipped ? depth.kernel - 1 - $0 : $0) }
    for first in stride(from: 0, to: depth.output, by: segment) {
      let outputs = min(segment, depth.output - first)
      output += (0..<segment).map { $0 < outputs ? Int32(first + $0) : -1 }
      // A stride may leave out positions that no window sees, and beyond the last output's window nothing is read.
      var sources = [Int32](repeating: -1, count: (segment - 1) * depth.stride + depth.span)
      for output in 0..<outputs {
        for tap in 0..<depth.kernel {
          let position = output * depth.stride + tap * depth.dilation
          sources[position] = depth.source(first * depth.stride + position).map(Int32.init) ?? -1
        }
      }
      input += sources
    }
  }
}

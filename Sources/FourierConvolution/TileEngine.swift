import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// A problem cut into tiles: everything that the passes need and that depends on sizes alone.
///
/// The spectra of a block of tiles are stored `[column][group of lanes][row][lane]`: a column is transformed where it
/// lies, and all that is multiplied at its frequencies, a *slab*, fits a cache. With X the tiles of the images (a row for
/// each tile), Y those of the feature maps, G those of the output gradient and W the filters (a row for each output
/// channel), the passes are, at every frequency,
///
///     Y = X Wᴴ        dX = G W        dW = Gᴴ X
///
/// The partition into blocks does not depend on the number of threads, so neither do the results.
final class TileEngine<Scalar: FourierScalar>: Sendable {
  let problem: ConvolutionProblem
  let vertical: AxisTiling
  let horizontal: AxisTiling
  let tile: TileTransform<Scalar>
  /// Complex numbers of a tile's spectrum.
  let frequencies: Int
  let tilesPerImage: Int
  let tiles: Int
  let tilesPerBlock: Int
  let blocks: Int
  /// Threads for which there is memory.
  let workers: Int
  /// What the passes hold.
  let memory: TileMemory
  /// Whether inference keeps the transposed spectra of filters.
  private let keepsTransposed: Bool
  /// Whether every channel is multiplied by a filter of its own.
  let isDepthwise: Bool

  /// Lanes of images, feature maps and filters.
  let inputMap: LaneMap
  let outputMap: LaneMap
  let filterMap: LaneMap
  let inputTables: PlaceTables
  let outputTables: PlaceTables
  let filterTables: PlaceTables

  init(
    _ problem: ConvolutionProblem, _ choice: TileChoice, _ transforms: TransformProvider, rigor: PlanningRigor
  ) {
    self.problem = problem
    let size = choice.size
    tile = TileTransform(size, transforms, rigor: rigor)
    let flipped = problem.geometry.operation == .convolution
    let vertical = AxisTiling(problem.vertical, size: size.height, flipped: flipped)
    let horizontal = AxisTiling(problem.horizontal, size: size.width, flipped: flipped)
    (self.vertical, self.horizontal) = (vertical, horizontal)
    frequencies = TileCost.frequencies(size)
    tilesPerImage = vertical.tiles * horizontal.tiles
    tiles = problem.batch * tilesPerImage
    tilesPerBlock = max(1, min(choice.tilesPerBlock, tiles))
    blocks = (tiles + tilesPerBlock - 1) / tilesPerBlock
    workers = choice.workers

    let layout = LaneLayout(
      problem, phases: Extent(height: vertical.phases, width: horizontal.phases), tilesPerBlock: tilesPerBlock,
      lanes: LaneTransform<Scalar>.lanes)
    (inputMap, outputMap, filterMap) = (layout.input, layout.output, layout.filter)
    isDepthwise = layout.isDepthwise
    keepsTransposed = choice.keepsTransposed
    memory = TileMemory(
      problem, choice, layout: layout, tiles: tiles, scalarBytes: MemoryLayout<Scalar>.stride)
    inputTables = PlaceTables(
      rows: vertical.inputPlaces, columns: horizontal.inputPlaces, size: size,
      plane: Extent(height: problem.vertical.input, width: problem.horizontal.input))
    outputTables = PlaceTables(
      rows: vertical.outputPlaces, columns: horizontal.outputPlaces, size: size,
      plane: Extent(height: problem.vertical.output, width: problem.horizontal.output))
    filterTables = PlaceTables(
      rows: vertical.tapPlaces, columns: horizontal.tapPlaces, size: size,
      plane: Extent(height: problem.vertical.kernel, width: problem.horizontal.kernel))
  }

  /// Places of a tile.
  var size: Extent { tile.size }
  /// What the unnormalised inverse transform must be multiplied with.
  var normalization: Scalar { 1 / Scalar(size.height * size.width) }
  /// Whether no group of lanes meets another at a frequency: then each lies on its own, column after column.
  var groupsStandAlone: Bool { isDepthwise && inputMap.arrangement == .channels }
  /// Numbers from one column of a block's spectra to the next.
  func slab(_ map: LaneMap) -> Int { groupsStandAlone ? tile.columnPitch : map.count * tile.columnPitch }
  /// Numbers from one group of lanes to the next.
  var groupPitch: Int { groupsStandAlone ? tile.columns * tile.columnPitch : tile.columnPitch }
  /// Numbers in the spectra of a block.
  func spectraCount(_ map: LaneMap) -> Int { tile.columns * map.count * tile.columnPitch }

  /// The tiles of a block.
  func tileRange(_ block: Int) -> Range<Int> {
    block * tilesPerBlock..<min(tiles, (block + 1) * tilesPerBlock)
  }

  @inline(__always)
  func place(_ tile: Int) -> TilePlace {
    let within = tile % tilesPerImage
    return TilePlace(image: tile / tilesPerImage, row: within / horizontal.tiles, column: within % horizontal.tiles)
  }

  /// What a thread needs to take a group of lanes through a transform.
  func makeWork() -> GroupWork<Scalar> { GroupWork(tile) }

  /// Gathers one group of lanes of a block and transforms it into its place in the block's spectra.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transform(
    _ index: Int, of tiles: Range<Int>, _ planes: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    _ own: GroupWork<Scalar>, to spectra: UnsafeMutablePointer<Scalar>
  ) {
    StageClock.time(tables === filterTables ? .filters : .transform) {
      locate(index, of: tiles, UnsafeMutablePointer(mutating: planes), map, tables, own.work)
      tile.forwardRows(0..<size.height, tables, own.work, to: own.scratch)
      tile.forwardColumns(own.work, from: own.scratch, to: spectra + index * groupPitch, slab: slab(map))
    }
  }

  /// Inverts one group of lanes of a block's spectra and brings it to its planes.
  ///
  /// - Returns: Whether all of it was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func invert(
    _ index: Int, of tiles: Range<Int>, _ spectra: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    _ own: GroupWork<Scalar>, to planes: UnsafeMutablePointer<Scalar>, finish: Finish<Scalar>? = nil,
    adding: Bool = false
  ) -> Bool {
    StageClock.time(tables === filterTables ? .filters : .inverse) {
      tile.inverseColumns(own.work, from: spectra + index * groupPitch, slab: slab(map), to: own.scratch)
      locate(index, of: tiles, planes, map, tables, own.work, finish: finish)
      return tile.inverseRows(0..<size.height, tables, own.work, from: own.scratch, adding: adding)
    }
  }

  @inline(__always)
  func locate(
    _ index: Int, of tiles: Range<Int>, _ planes: UnsafeMutablePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    _ work: TileWork<Scalar>, finish: Finish<Scalar>? = nil
  ) {
    map.locate(index, tiles: tiles.count, planes, tables, finish: finish, in: work.places) {
      tables === filterTables ? TilePlace(image: $0, row: 0, column: 0) : place(tiles.lowerBound + $0)
    }
  }

  /// Calls `body` for ranges that together hold every frequency, in parallel. No result depends on how they are cut: long
  /// ranges let each product fetch what the next one wants.
  func forEachFrequencyRange(_ body: (Range<Int>) -> Void) {
    let pieces = min(frequencies, Parallel.threads == 1 ? 1 : 6 * Parallel.threads)
    Parallel.forEach(pieces, atMost: workers) { index in
      body(frequencies * index / pieces..<frequencies * (index + 1) / pieces)
    }
  }

  /// The spectra of the filters, scaled so that the inverse transform need not be.
  ///
  /// - Parameters:
  ///   - forward: Whether the forward pass will use them.
  ///   - backward: Whether the backward pass will. Then Wᵀ is not kept: the forward pass makes it as it goes, as it does
  ///     where memory is short.
  func filterSpectra(_ filter: Tensor<Scalar>, forward: Bool, backward: Bool) -> FilterSpectra<Scalar> {
    var scaled = filter
    scaled *= normalization
    return scaled.withUnsafeElements { planes in
      let planes = planes.baseAddress!
      let byChannels = inputMap.arrangement == .channels
      // What a depthwise forward pass multiplies with is one number for many tiles.
      let packed = forward && isDepthwise && !byChannels ? packedFilterSpectra(planes) : nil
      let needsTransposed = forward && !backward && !isDepthwise && byChannels && keepsTransposed
      let values = packed == nil || backward ? filterSpectra(planes) : nil
      return FilterSpectra(
        values: needsTransposed ? nil : values,
        transposed: needsTransposed ? transposed(values!) : nil, packed: packed)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func filterSpectra(_ planes: UnsafePointer<Scalar>) -> Scratch<Scalar> {
    let spectra = Scratch<Scalar>(count: spectraCount(filterMap))
    Parallel.forEach(filterMap.count, atMost: workers, workspace: { makeWork() }) { index, own in
      transform(index, of: 0..<filterMap.tiles, planes, filterMap, filterTables, own, to: spectra.base)
    }
    return spectra
  }
}

/// The spectra of a filter bank. Written once, before anyone else sees it.
final class FilterSpectra<Scalar: FourierScalar>: @unchecked Sendable {
  /// W, one output after the other, or one term after the other (``LaneLayout``), if wanted.
  let values: Scratch<Scalar>?
  /// Wᵀ, `[frequency][group][term][output]`, if wanted.
  let transposed: Scratch<Scalar>?
  /// W, `[output][frequency]`, if wanted.
  let packed: Scratch<Scalar>?

  init(values: Scratch<Scalar>?, transposed: Scratch<Scalar>? = nil, packed: Scratch<Scalar>? = nil) {
    self.values = values
    self.transposed = transposed
    self.packed = packed
  }
}

/// The spectra of all tiles of a batch, a block after the other, each
/// `[column][group of lanes][row][lane]`. Written once, before anyone
/// else sees it.
final class BlockSpectra<Scalar: FourierScalar>: @unchecked Sendable {
  private let values: Scratch<Scalar>
  private let blockCount: Int

  init(blocks: Int, blockCount: Int) {
    values = Scratch(count: blocks * blockCount)
    self.blockCount = blockCount
  }

  func block(_ index: Int) -> UnsafeMutablePointer<Scalar> { values.base + index * blockCount }
}

/// What a thread needs to take a group of lanes through a transform.
final class GroupWork<Scalar: FourierScalar> {
  let work: TileWork<Scalar>
  /// A half-transformed tile.
  var scratch: UnsafeMutablePointer<Scalar> { tile.base }
  private let tile: Scratch<Scalar>

  init(_ tile: TileTransform<Scalar>) {
    work = TileWork(tile.size)
    self.tile = Scratch(count: tile.count)
  }
}

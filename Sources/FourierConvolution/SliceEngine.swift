import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// A problem over volumes in tiles of slices.
///
/// Each slice is transformed once, in two dimensions. Along the depth nothing is transformed: there the convolution stays
/// the sum that it is, over the slices t of the kernel, of products of spectra. With X the tiles of the padded volumes, Y
/// those of the feature maps, G those of the output gradient and W the filters, stride s and dilation δ along the depth,
/// the passes are, at every frequency,
///
///     Y[d] = Σ_t X[s d + δ t] W[t]ᴴ        dX[s d + δ t] += G[d] W[t]        dW[t] = Σ_d G[d]ᴴ X[s d + δ t]
final class SliceEngine<Scalar: FourierScalar>: Sendable {
  let problem: ConvolutionProblem
  let layout: SliceLayout
  let tile: TileTransform<Scalar>
  private let rowTiles: Int
  private let columnTiles: Int
  private let inputTables: PlaceTables
  private let outputTables: PlaceTables
  private let filterTables: PlaceTables
  /// The slice of the volume at each position of the padded one; -1 for none.
  private let sources: [Int]
  /// Whether any window sees a position of a tile.
  private let isSeen: [Bool]

  init(_ layout: SliceLayout, _ transforms: TransformProvider, rigor: PlanningRigor) {
    let (problem, size) = (layout.problem, layout.choice.size)
    self.problem = problem
    self.layout = layout
    tile = TileTransform(size, transforms, rigor: rigor)
    let flipped = problem.geometry.operation == .convolution
    let vertical = AxisTiling(problem.vertical, size: size.height, flipped: flipped)
    let horizontal = AxisTiling(problem.horizontal, size: size.width, flipped: flipped)
    (rowTiles, columnTiles) = (vertical.tiles, horizontal.tiles)
    inputTables = PlaceTables(
      rows: vertical.inputPlaces, columns: horizontal.inputPlaces, size: size,
      plane: Extent(height: problem.vertical.input, width: problem.horizontal.input), slices: problem.depth.input)
    outputTables = PlaceTables(
      rows: vertical.outputPlaces, columns: horizontal.outputPlaces, size: size,
      plane: Extent(height: problem.vertical.output, width: problem.horizontal.output), slices: problem.depth.output)
    filterTables = PlaceTables(
      rows: vertical.tapPlaces, columns: horizontal.tapPlaces, size: size,
      plane: Extent(height: problem.vertical.kernel, width: problem.horizontal.kernel), slices: problem.depth.kernel)
    isSeen = (0..<layout.positions).map(layout.isSeen)
    sources = (0..<problem.depth.padded).map { problem.depth.source($0) ?? -1 }
  }

  // MARK: Letters

  var depth: ConvolutionAxis { problem.depth }
  var groups: Int { problem.geometry.groups }
  var inputMap: LaneMap { layout.lanes.input }
  var outputMap: LaneMap { layout.lanes.output }
  var filterMap: LaneMap { layout.lanes.filter }
  var terms: Int { filterMap.signals }
  var outputs: Int { outputMap.channels }
  var group: Int { tile.group }
  var lanes: Int { LaneTransform<Scalar>.lanes }
  var inputPitch: Int { layout.inputPitch }
  var outputPitch: Int { layout.outputPitch }
  var filterPitch: Int { layout.filterPitch }
  private var workers: Int { layout.choice.workers }
  /// Threads that share a block of the forward pass.
  private var forwardWorkers: Int { layout.blocksStandAlone ? 1 : workers }

  typealias Values = UnsafeMutablePointer<Scalar>

  /// The tiles of a block, and its first group of lanes.
  private struct Block {
    let tiles: Range<Int>
    let part: Int
  }

  private func block(_ index: Int) -> Block {
    let (first, part) = index.quotientAndRemainder(dividingBy: layout.parts)
    let tiles = first * layout.tilesPerBlock..<min(layout.tiles, (first + 1) * layout.tilesPerBlock)
    return Block(tiles: tiles, part: part)
  }

  /// All filters.
  private var filterBlock: Block { Block(tiles: 0..<filterMap.tiles, part: 0) }

  /// Where a tile stands, with its segment in place of a slice.
  private func place(_ tile: Int) -> TilePlace {
    let (stack, within) = tile.quotientAndRemainder(dividingBy: layout.tilesPerSlice)
    let (image, segment) = stack.quotientAndRemainder(dividingBy: layout.segments)
    return TilePlace(image: image, row: within / columnTiles, column: within % columnTiles, slice: segment)
  }

  /// The slice of the volume at a position of a tile; -1 for none. Beyond the last output's window nothing is read.
  private func inputSlice(_ segment: Int, _ position: Int) -> Int {
    let first = segment * layout.choice.segment
    let outputs = min(layout.choice.segment, depth.output - first)
    return position < (outputs - 1) * depth.stride + depth.span ? sources[first * depth.stride + position] : -1
  }

  private func outputSlice(_ segment: Int, _ position: Int) -> Int {
    let slice = segment * layout.choice.segment + position
    return slice < depth.output ? slice : -1
  }

  /// What is transformed or inverted.
  private enum Side { case input, output, filter }

  private func locate(
    _ side: Side, _ index: Int, _ position: Int, of block: Block, _ planes: Values, _ own: GroupWork<Scalar>,
    finish: Finish<Scalar>? = nil
  ) {
    let (places, tiles, index) = (own.work.places, block.tiles, block.part + index)
    switch side {
    case .input:
      inputMap.locate(index, tiles: tiles.count, planes, inputTables, in: places) {
        var place = place(tiles.lowerBound + $0)
        place.slice = inputSlice(place.slice, position)
        return place
      }
    case .output:
      outputMap.locate(index, tiles: tiles.count, planes, outputTables, finish: finish, in: places) {
        var place = place(tiles.lowerBound + $0)
        place.slice = outputSlice(place.slice, position)
        return place
      }
    case .filter:
      let slice = problem.geometry.operation == .convolution ? depth.kernel - 1 - position : position
      filterMap.locate(index, tiles: tiles.count, planes, filterTables, in: places) {
        TilePlace(image: $0, row: 0, column: 0, slice: slice)
      }
    }
  }

  /// Groups of lanes at a position of a block, where they lie in planes, and the numbers of a column of spectra.
  private func spread(_ side: Side) -> (width: Int, tables: PlaceTables, slab: Int) {
    switch side {
    case .input: (inputMap.count / layout.parts, inputTables, layout.inputSlab)
    case .output: (outputMap.count / layout.parts, outputTables, layout.outputSlab)
    case .filter: (filterMap.count, filterTables, layout.filterSlab)
    }
  }

  // MARK: Transforms

  /// Transforms what stands at all positions of a block.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transform(
    _ side: Side, _ block: Block, _ planes: UnsafePointer<Scalar>, to spectra: Values, atMost threads: Int
  ) {
    let (width, tables, slab) = spread(side)
    nonisolated(unsafe) let (planes, spectra) = (UnsafeMutablePointer(mutating: planes), spectra)
    Parallel.forEach(slab / tile.columnPitch, atMost: threads, workspace: { GroupWork(tile) }) { unit, own in
      let (position, index) = unit.quotientAndRemainder(dividingBy: width)
      if side == .input && !isSeen[position] { return }
      StageClock.time(side == .filter ? .filters : .transform) {
        locate(side, index, position, of: block, planes, own)
        guard own.work.places.hasAny else {
          // Beyond the border of the volume.
          for v in 0..<tile.columns {
            (spectra + unit * tile.columnPitch + v * slab).update(repeating: 0, count: tile.size.height * group)
          }
          return
        }
        tile.forwardRows(0..<tile.size.height, tables, own.work, to: own.scratch)
        tile.forwardColumns(own.work, from: own.scratch, to: spectra + unit * tile.columnPitch, slab: slab)
      }
    }
  }

  /// Inverts a group of lanes at a position of a block, `position * width + index`.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func invert(
    _ side: Side, _ unit: Int, _ block: Block, _ spectra: UnsafePointer<Scalar>, to planes: Values,
    _ own: GroupWork<Scalar>, finish: Finish<Scalar>? = nil, adding: Bool = false
  ) -> Bool {
    let (width, tables, slab) = spread(side)
    let (position, index) = unit.quotientAndRemainder(dividingBy: width)
    return StageClock.time(side == .filter ? .filters : .inverse) {
      locate(side, index, position, of: block, planes, own, finish: finish)
      guard own.work.places.hasAny else { return true }
      tile.inverseColumns(own.work, from: spectra + unit * tile.columnPitch, slab: slab, to: own.scratch)
      return tile.inverseRows(0..<tile.size.height, tables, own.work, from: own.scratch, adding: adding)
    }
  }

  /// Calls `body` for all columns of the half spectrum, in parallel.
  private func forEachColumn(atMost threads: Int, _ body: (Int) -> Void) {
    Parallel.forEach(layout.columns, atMost: threads) { v in StageClock.time(.product) { body(v) } }
  }

  // MARK: Filters

  /// The spectra of the filters, scaled so that the inverse transform need not be: W, or for the forward pass Wᵀ where
  /// sums over channels are matrix products.
  func filterSpectra(_ filter: Tensor<Scalar>, forward: Bool) -> FilterSpectra<Scalar> {
    let spectra = Scratch<Scalar>(count: layout.filterCount)
    var scaled = filter
    scaled *= normalization
    scaled.withUnsafeElements {
      transform(.filter, filterBlock, $0.baseAddress!, to: spectra.base, atMost: workers)
    }
    return forward && layout.isMatrix
      ? FilterSpectra(values: nil, transposed: transposed(spectra)) : FilterSpectra(values: spectra)
  }

  private var normalization: Scalar { 1 / Scalar(tile.size.height * tile.size.width) }

  /// Wᵀ, `[frequency][tap][group][term][output]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transposed(_ filters: Scratch<Scalar>) -> Scratch<Scalar> {
    let transposed = Scratch<Scalar>(count: layout.transposedCount)
    let row = outputMap.run * group
    forEachColumn(atMost: workers) { v in
      for u in 0..<tile.size.height {
        for tap in 0..<depth.kernel {
          let to = transposed.base + ((v * tile.size.height + u) * depth.kernel + tap) * layout.transposedPitch
          for g in 0..<groups {
            Scalar.kernels.pointee.transpose_matrix(
              to + g * terms * row, row, group,
              filters.base + v * layout.filterSlab + tap * filterPitch + u * group + g * outputs * filterMap.run
                * tile.columnPitch, filterMap.run * tile.columnPitch, tile.columnPitch, outputs, terms)
          }
        }
      }
    }
    return transposed
  }

  // MARK: Forward

  /// The forward pass.
  ///
  /// - Parameter filters: From ``filterSpectra(_:forward:)``.
  /// - Returns: The feature maps, and whether they are finite; if not, they are of no use.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward(
    _ input: Tensor<Scalar>, _ filters: FilterSpectra<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>
  ) -> (result: Tensor<Scalar>, isFinite: Bool) {
    let bias = epilogue.bias ?? .zeros([problem.outputChannels])
    let w = filters.transposed ?? filters.values!
    var isFinite = true
    let output = input.withUnsafeElements { x in
      bias.withUnsafeElements { bias in
        Tensor<Scalar>(problem.outputShape) { y in
          guard layout.tiles > 0 else { return }
          nonisolated(unsafe) let (x, y) = (x.baseAddress!, y.baseAddress!)
          nonisolated(unsafe) let finish = Finish(bias: bias.baseAddress!, rectifies: epilogue.activation == .relu)
          isFinite = !Parallel.anyOf(
            layout.blocks, atMost: layout.blocksStandAlone ? workers : 1, stopsEarly: true,
            workspace: {
              (x: Scratch<Scalar>(count: layout.inputCount), y: Scratch<Scalar>(count: layout.outputCount))
            }
          ) { index, spectra in
            let block = block(index)
            let (inputs, outputs) = (spectra.x.base, spectra.y.base)
            transform(.input, block, x, to: inputs, atMost: forwardWorkers)
            forEachColumn(atMost: forwardWorkers) { v in
              multiplyForward(
                outputs + v * layout.outputSlab, inputs + v * layout.inputSlab, w.base, column: v, part: block.part)
            }
            return Parallel.anyOf(
              layout.outputSlab / tile.columnPitch, atMost: forwardWorkers, stopsEarly: true,
              workspace: { GroupWork(tile) }
            ) { unit, own in
              !invert(.output, unit, block, outputs, to: y, own, finish: finish)
            }
          }
        }
      }
    }
    return (output, isFinite)
  }

  // MARK: Gradients

  /// dX[s d + δ t] += G[d] W[t].
  ///
  /// - Parameter filters: From ``filterSpectra(_:forward:)``.
  /// - Returns: The gradient, and whether it is finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func inputGradient(
    _ gradient: Tensor<Scalar>, _ filters: FilterSpectra<Scalar>
  ) -> (result: Tensor<Scalar>, isFinite: Bool) {
    var isFinite = true
    var result = Tensor<Scalar>.zeros(problem.inputShape)
    let w = filters.values!.base
    let x = Scratch<Scalar>(count: layout.inputCount)
    let y = Scratch<Scalar>(count: layout.outputCount)
    gradient.withUnsafeElements { g in
      result.withUnsafeMutableElements { dx in
        nonisolated(unsafe) let dx = dx.baseAddress!
        // Tiles overlap in what they add to, so one block follows the other.
        for index in 0..<layout.blocks where isFinite {
          let block = block(index)
          transform(.output, block, g.baseAddress!, to: y.base, atMost: workers)
          forEachColumn(atMost: workers) { v in
            multiplyBackward(
              x.base + v * layout.inputSlab, y.base + v * layout.outputSlab,
              w + v * layout.filterSlab + block.part * tile.columnPitch)
          }
          let units = addends(block)
          isFinite = !Parallel.anyOf(units.count, atMost: workers, stopsEarly: true, workspace: { GroupWork(tile) }) {
            index, own in
            !units[index].allSatisfy { invert(.input, $0, block, x.base, to: dx, own, adding: true) }
          }
        }
      }
    }
    return (result, isFinite)
  }

  /// The positions and groups of lanes of a block, those together that may add to the same elements.
  private func addends(_ block: Block) -> [[Int]] {
    let seen = (0..<layout.positions).filter { isSeen[$0] }
    guard inputMap.arrangement == .channels else {
      // Lanes are tiles of any slice, but of one channel.
      let phases = inputMap.phases.height * inputMap.phases.width
      return (0..<inputMap.groups * inputMap.channels).map { channel in
        let (group, channel) = channel.quotientAndRemainder(dividingBy: inputMap.channels)
        return seen.flatMap { position in
          (0..<phases).flatMap { phase in
            let signal = (group * phases + phase) * inputMap.channels + channel
            return (0..<inputMap.run).map { position * inputMap.count + signal * inputMap.run + $0 }
          }
        }
      }
    }
    // One tile, whose positions are slices.
    let segment = place(block.tiles.lowerBound).slice
    let positions = Dictionary(grouping: seen.filter { inputSlice(segment, $0) >= 0 }) { inputSlice(segment, $0) }
    let width = inputMap.count / layout.parts
    return positions.sorted { $0.key < $1.key }.map { _, positions in
      positions.flatMap { $0 * width..<($0 + 1) * width }
    }
  }

  /// dW[t] = Σ_d G[d]ᴴ X[s d + δ t].
  ///
  /// - Returns: The gradient, and whether it is finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>
  ) -> (result: Tensor<Scalar>, isFinite: Bool) {
    var result = Tensor<Scalar>.zeros(problem.filterShape)
    guard layout.tiles > 0 else { return (result, true) }
    let x = Scratch<Scalar>(count: layout.inputCount)
    let y = Scratch<Scalar>(count: layout.outputCount)
    let sums = Scratch<Scalar>(count: layout.filterCount)
    sums.base.initialize(repeating: 0, count: layout.filterCount)
    gradient.withUnsafeElements { g in
      input.withUnsafeElements { planes in
        for index in 0..<layout.blocks {
          let block = block(index)
          transform(.output, block, g.baseAddress!, to: y.base, atMost: workers)
          transform(.input, block, planes.baseAddress!, to: x.base, atMost: workers)
          Parallel.forEach(
            layout.columns, atMost: workers, workspace: { Scratch<Scalar>(count: depth.kernel * group) }
          ) { v, turned in
            StageClock.time(.product) {
              multiplyFilter(
                sums.base + v * layout.filterSlab + block.part * tile.columnPitch, y.base + v * layout.outputSlab,
                x.base + v * layout.inputSlab,
                turned.base)
            }
          }
        }
      }
    }
    let isFinite = result.withUnsafeMutableElements { dw in
      nonisolated(unsafe) let dw = dw.baseAddress!
      return !Parallel.anyOf(
        layout.filterSlab / tile.columnPitch, atMost: workers, stopsEarly: true, workspace: { GroupWork(tile) }
      ) { unit, own in
        !invert(.filter, unit, filterBlock, sums.base, to: dw, own)
      }
    }
    result *= normalization
    return (result, isFinite)
  }
}

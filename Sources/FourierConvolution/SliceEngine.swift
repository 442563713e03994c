import CKernels
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
///
/// For kernels of a few dozen slices that takes less time than transforms along the depth, and a third of the memory.
final class SliceEngine<Scalar: ConvolutionScalar>: Sendable {
  let problem: ConvolutionProblem
  let layout: SliceLayout
  private let tile: TileTransform<Scalar>
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

  private var depth: ConvolutionAxis { problem.depth }
  private var groups: Int { problem.geometry.groups }
  private var inputMap: LaneMap { layout.lanes.input }
  private var outputMap: LaneMap { layout.lanes.output }
  private var filterMap: LaneMap { layout.lanes.filter }
  private var terms: Int { filterMap.signals }
  private var outputs: Int { outputMap.channels }
  private var group: Int { tile.group }
  private var lanes: Int { LaneTransform<Scalar>.lanes }
  private var inputPitch: Int { layout.inputPitch }
  private var outputPitch: Int { layout.outputPitch }
  private var filterPitch: Int { layout.filterPitch }
  private var workers: Int { layout.choice.workers }
  /// Threads that share a block of the forward pass.
  private var forwardWorkers: Int { layout.blocksStandAlone ? 1 : workers }

  private typealias Values = UnsafeMutablePointer<Scalar>

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
            Scalar.transposeMatrix(
              to + g * terms * row, row, group: group,
              filters.base + v * layout.filterSlab + tap * filterPitch + u * group
                + g * outputs * filterMap.run * tile.columnPitch,
              filterMap.run * tile.columnPitch, group: tile.columnPitch, rows: outputs, columns: terms)
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

  /// Y[d] = Σ_t X[s d + δ t] W[t]ᴴ at the frequencies of a column.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func multiplyForward(
    _ y: Values, _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, column v: Int, part: Int
  ) {
    guard layout.isMatrix else {
      return sumTaps(y, x, w + v * layout.filterSlab + part * tile.columnPitch, forward: true)
    }
    let row = outputMap.run * group
    var product = sk_product()
    (product.rows, product.terms, product.groups) = (layout.choice.segment, terms, outputMap.run)
    (product.c_row, product.a_stride, product.b_row) = (outputPitch, depth.stride * inputPitch, row)
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, group)
    (product.taps, product.a_tap, product.b_tap) = (
      depth.kernel, depth.dilation * inputPitch, layout.transposedPitch
    )
    (product.conjugated, product.ahead, product.b_ahead) = (2, group, layout.transposedPitch)
    for u in 0..<tile.size.height {
      for g in 0..<groups {
        Scalar.complexProduct(
          y + u * group + g * outputMap.run * tile.columnPitch, x + u * group + g * inputMap.run * tile.columnPitch,
          w + (v * tile.size.height + u) * depth.kernel * layout.transposedPitch + g * terms * row, &product)
      }
    }
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

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func multiplyBackward(_ x: Values, _ g: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>) {
    guard layout.isMatrix else { return sumTaps(x, g, w, forward: false) }
    var product = sk_product()
    (product.terms, product.groups) = (outputs, inputMap.run)
    (product.c_row, product.a_stride) = (depth.stride * inputPitch, outputPitch)
    product.b_row = filterMap.run * tile.columnPitch
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, tile.columnPitch)
    (product.a_tap, product.b_tap, product.b_ahead) = (-depth.dilation * outputPitch, filterPitch, filterPitch)
    let (segment, reach) = (layout.choice.segment, depth.span - 1)
    // With stride 1, positions that see an output by every tap are summed over all of them at once.
    let whole = depth.stride == 1 && segment > reach ? reach..<segment : 0..<0
    for u in 0..<tile.size.height {
      for part in 0..<groups {
        let x = x + u * group + part * inputMap.run * tile.columnPitch
        let g = g + u * group + part * outputMap.run * tile.columnPitch
        let w = w + u * group + part * outputs * filterMap.run * tile.columnPitch
        for position in 0..<layout.positions where !whole.contains(position) {
          for run in 0..<inputMap.run {
            (x + position * inputPitch + run * tile.columnPitch).update(repeating: 0, count: group)
          }
        }
        if !whole.isEmpty {
          (product.rows, product.taps, product.accumulate) = (whole.count, depth.kernel, 0)
          Scalar.complexProduct(x + reach * inputPitch, g + reach * outputPitch, w, &product)
        }
        (product.taps, product.accumulate) = (1, 1)
        for tap in 0..<depth.kernel {
          let offset = tap * depth.dilation
          let others = whole.isEmpty ? [0..<segment] : [0..<reach - offset, segment - offset..<segment]
          for outputs in others where !outputs.isEmpty {
            product.rows = outputs.count
            Scalar.complexProduct(
              x + (outputs.lowerBound * depth.stride + offset) * inputPitch, g + outputs.lowerBound * outputPitch,
              w + tap * filterPitch, &product)
          }
        }
      }
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

  /// - Parameter sums: Room for a group of lanes of each tap.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func multiplyFilter(_ w: Values, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ sums: Values) {
    guard layout.isMatrix else { return correlateTaps(w, g, x, sums) }
    var product = sk_product()
    (product.rows, product.terms, product.groups) = (outputs, layout.choice.segment, filterMap.run)
    (product.rows_in_lanes, product.conjugated, product.accumulate) = (1, 1, 1)
    (product.c_row, product.a_stride) = (filterMap.run * tile.columnPitch, outputPitch)
    product.b_row = depth.stride * inputPitch
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, tile.columnPitch)
    (product.ahead, product.b_ahead) = (filterPitch, 0)
    for u in 0..<tile.size.height {
      for group in 0..<groups {
        for tap in 0..<depth.kernel {
          Scalar.complexProduct(
            w + u * tile.group + group * outputs * filterMap.run * tile.columnPitch + tap * filterPitch,
            g + u * tile.group + group * outputMap.run * tile.columnPitch,
            x + u * tile.group + group * inputMap.run * tile.columnPitch + tap * depth.dilation * inputPitch, &product)
        }
      }
    }
  }

  // MARK: Sums lane by lane

  /// Calls `body` for each pair of groups of lanes that meet: where they lie among the groups of feature maps and images,
  /// where their filter lies at the first frequency of a column, and whether the image is the first that the feature map
  /// meets, and the other way round.
  private func forEachPair(_ body: (_ output: Int, _ input: Int, _ filter: Int, _ isFirst: (Bool, Bool)) -> Void) {
    if layout.lanes.isDepthwise && inputMap.arrangement == .channels {
      return body(0, 0, 0, (true, true))
    }
    for g in 0..<groups {
      for o in 0..<outputs {
        for term in 0..<terms {
          let (row, lane) =
            filterMap.arrangement == .tiles
            ? (term * filterMap.run + o / lanes, o % lanes)
            : ((g * outputs + o) * filterMap.run + term / lanes, term % lanes)
          body(
            (g * outputs + o) * outputMap.run, (g * terms + term) * inputMap.run, row * tile.columnPitch + lane,
            (term == 0, o == 0))
        }
      }
    }
  }

  /// Whether a filter is one number for all lanes.
  private var isBroadcast: Bool { inputMap.arrangement == .tiles }

  /// Y[d] = Σ_t X[s d + δ t] conj W[t] at the frequencies of a column, or dX[s d + δ t] += G[d] W[t].
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sumTaps(_ result: Values, _ operand: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, forward: Bool) {
    var sum = sk_tap_sum()
    sum.broadcast = isBroadcast ? 1 : 0
    sum.conjugated = forward ? 1 : 0
    sum.w_tap = filterPitch
    let segment = layout.choice.segment
    forEachPair { output, input, filter, isFirst in
      let (to, from) = forward ? (output, input) : (input, output)
      for u in 0..<tile.size.height {
        let to = result + to * tile.columnPitch + u * group
        let from = operand + from * tile.columnPitch + u * group
        let w = w + filter + u * group
        if forward {
          (sum.rows, sum.taps, sum.step, sum.dilation) = (segment, depth.kernel, depth.stride, depth.dilation)
          (sum.count, sum.y_row, sum.x_pitch) = (layout.positions, outputPitch, inputPitch)
          sum.accumulate = isFirst.0 ? 0 : 1
          Scalar.tapSum(to, from, w, &sum)
        } else if depth.stride == 1 {
          // The output that sees position p by tap t is p - δ t.
          (sum.rows, sum.taps, sum.step, sum.dilation) = (layout.positions, depth.kernel, 1, -depth.dilation)
          (sum.count, sum.y_row, sum.x_pitch) = (segment, inputPitch, outputPitch)
          sum.accumulate = isFirst.1 ? 0 : 1
          Scalar.tapSum(to, from, w, &sum)
        } else {
          // Positions between the strides see nothing by some taps: one tap after the other.
          if isFirst.1 {
            for position in 0..<layout.positions { (to + position * inputPitch).initialize(repeating: 0, count: group) }
          }
          (sum.rows, sum.taps, sum.step, sum.dilation, sum.count) = (segment, 1, 1, 1, segment)
          (sum.y_row, sum.x_pitch, sum.accumulate) = (depth.stride * inputPitch, outputPitch, 1)
          for tap in 0..<depth.kernel {
            Scalar.tapSum(to + tap * depth.dilation * inputPitch, from, w + tap * filterPitch, &sum)
          }
        }
      }
    }
  }

  /// dW[t] += Σ_d conj G[d] X[s d + δ t] at the frequencies of a column.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func correlateTaps(_ w: Values, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ sums: Values) {
    var sum = sk_tap_sum()
    (sum.rows, sum.taps, sum.step, sum.dilation) = (depth.kernel, layout.choice.segment, depth.dilation, depth.stride)
    (sum.count, sum.x_pitch, sum.w_tap, sum.conjugated) = (layout.positions, inputPitch, outputPitch, 1)
    let isBroadcast = isBroadcast
    (sum.y_row, sum.accumulate) = isBroadcast ? (group, 0) : (filterPitch, 1)
    forEachPair { output, input, filter, _ in
      for u in 0..<tile.size.height {
        let g = g + output * tile.columnPitch + u * group
        let x = x + input * tile.columnPitch + u * group
        let w = w + filter + u * group
        guard isBroadcast else {
          Scalar.tapSum(w, x, g, &sum)
          continue
        }
        // All tiles share a filter: their lanes are added up.
        Scalar.tapSum(sums, x, g, &sum)
        for tap in 0..<depth.kernel {
          let (from, to) = (sums + tap * group, w + tap * filterPitch)
          var (real, imaginary): (Scalar, Scalar) = (0, 0)
          for lane in 0..<lanes {
            real += from[lane]
            imaginary += from[lanes + lane]
          }
          to[0] += real
          to[lanes] += imaginary
        }
      }
    }
  }
}

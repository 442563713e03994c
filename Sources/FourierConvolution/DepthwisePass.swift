import SpectralTransforms
import SpectralCore

// Where every channel has a filter of its own, no lane waits for another: a column is transformed, multiplied and
// inverted while it is in the first-level cache, and no spectrum of an image is ever written down.

extension TileEngine {
  /// The filter of a group of lanes at a column, the numbers from one frequency of it to the next, and whether it is one
  /// number for all lanes.
  private func filter(
    _ index: Int, _ v: Int, _ filters: FilterSpectra<Scalar>
  ) -> (column: UnsafePointer<Scalar>, stride: Int, broadcast: Bool) {
    switch inputMap.arrangement {
    case .channels:
      (
        UnsafePointer(filters.values!.base + index % inputMap.run * groupPitch + v * slab(filterMap)), tile.group,
        false
      )
    case .tiles:
      (UnsafePointer(filters.packed!.base + 2 * (frequencies * (index / inputMap.run) + v * size.height)), 2, true)
    }
  }

  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forwardDepthwise(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ finish: Finish<Scalar>,
    _ kept: BlockSpectra<Scalar>?, to output: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let units = blocks * inputMap.count
    let images = UnsafeMutablePointer(mutating: planes)

    func column(_ v: Int, _ block: Int, _ index: Int, _ work: TileWork<Scalar>, _ scratch: UnsafeMutablePointer<Scalar>)
    {
      let x = kept.map { $0.block(block) + index * groupPitch + v * slab(inputMap) } ?? work.columns.0
      let w = filter(index, v, filters)
      tile.forwardColumn(v, work, from: scratch, to: x)
      Scalar.kernels.pointee.lanes_multiply(
        work.columns.1, tile.group, x, tile.group, w.column, w.stride, size.height, true, w.broadcast)
      tile.inverseColumn(v, work, from: work.columns.1, to: scratch)
    }

    // A tile of one row has no columns to transform, and is multiplied in one go.
    let isSignal = size.height == 1 && (kept == nil || groupsStandAlone)
    func row(_ block: Int, _ index: Int, _ own: GroupWork<Scalar>) -> UnsafeMutablePointer<Scalar> {
      kept.map { $0.block(block) + index * groupPitch } ?? own.scratch
    }

    guard splitsGroups else {
      return !Parallel.anyOf(units, atMost: workers, stopsEarly: true, workspace: { makeWork() }) { unit, own in
        let (block, index) = unit.quotientAndRemainder(dividingBy: inputMap.count)
        let tiles = tileRange(block)
        guard index < inputMap.count(tiles: tiles.count) else { return false }
        StageClock.time(.transform) {
          locate(index, of: tiles, images, inputMap, inputTables, own.work)
          tile.forwardRows(0..<size.height, inputTables, own.work, to: isSignal ? row(block, index, own) : own.scratch)
        }
        StageClock.time(.product) {
          if isSignal {
            let w = filter(index, 0, filters)
            Scalar.kernels.pointee.lanes_multiply(
              own.scratch, tile.group, row(block, index, own), tile.group, w.column, w.stride, tile.columns, true,
              w.broadcast)
          } else {
            for v in 0..<tile.columns { column(v, block, index, own.work, own.scratch) }
          }
        }
        return StageClock.time(.inverse) {
          locate(index, of: tiles, output, outputMap, outputTables, own.work, finish: finish)
          return !tile.inverseRows(0..<size.height, outputTables, own.work, from: own.scratch, adding: false)
        }
      }
    }
    // Few groups of large tiles: all threads share the rows and the columns of each.
    let scratch = Scratch<Scalar>(count: tile.count)
    for unit in 0..<units {
      let (block, index) = unit.quotientAndRemainder(dividingBy: inputMap.count)
      let tiles = tileRange(block)
      guard index < inputMap.count(tiles: tiles.count) else { continue }
      forEachPart(size.height) { rows, work in
        StageClock.time(.transform) {
          locate(index, of: tiles, images, inputMap, inputTables, work)
          tile.forwardRows(rows, inputTables, work, to: scratch.base)
        }
        return false
      }
      forEachPart(tile.columns) { columns, work in
        StageClock.time(.product) {
          for v in columns { column(v, block, index, work, scratch.base) }
        }
        return false
      }
      let poisoned = forEachPart(size.height) { rows, work in
        StageClock.time(.inverse) {
          locate(index, of: tiles, output, outputMap, outputTables, work, finish: finish)
          return !tile.inverseRows(rows, outputTables, work, from: scratch.base, adding: false)
        }
      }
      if poisoned { return false }
    }
    return true
  }

  /// The spectra of few filters, `[output][frequency][real, imaginary]`.
  func packedFilterSpectra(_ filters: UnsafePointer<Scalar>) -> Scratch<Scalar> {
    let all = LaneMap(
      arrangement: .channels, groups: 1, phases: 1, channels: problem.outputChannels, tiles: 1, lanes: filterMap.lanes)
    let packed = Scratch<Scalar>(count: 2 * frequencies * problem.outputChannels)
    let scratch = Scratch<Scalar>(count: tile.count)
    forEachPart(size.height) { rows, work in
      StageClock.time(.filters) {
        locate(0, of: 0..<1, UnsafeMutablePointer(mutating: filters), all, filterTables, work)
        tile.forwardRows(rows, filterTables, work, to: scratch.base)
      }
      return false
    }
    forEachPart(tile.columns) { columns, work in
      StageClock.time(.filters) {
        for v in columns {
          let column = work.columns.0
          tile.forwardColumn(v, work, from: scratch.base, to: column)
          for output in 0..<problem.outputChannels {
            let to = packed.base + 2 * (frequencies * output + v * size.height)
            for u in 0..<size.height {
              to[2 * u] = column[u * tile.group + output]
              to[2 * u + 1] = column[u * tile.group + output + all.lanes]
            }
          }
        }
      }
      return false
    }
    return packed
  }

  /// Whether threads should share a group of lanes, because it fills their caches, or because there are so few groups
  /// that some threads would be left without one. Either way every number is computed by the same operations in the same
  /// order.
  private var splitsGroups: Bool {
    let threads = min(Parallel.threads, workers)
    let groups = blocks * inputMap.count
    let bytes = tile.count * MemoryLayout<Scalar>.stride
    guard threads > 1, bytes > 1 << 16, size.height > 1 else { return false }
    return bytes > 1 << 20 ? groups < 64 * threads : groups < 8 * threads && groups % threads != 0
  }

  @discardableResult
  private func forEachPart(_ count: Int, _ body: (Range<Int>, TileWork<Scalar>) -> Bool) -> Bool {
    let length = max(4, (count + 4 * Parallel.threads - 1) / (4 * Parallel.threads))
    return Parallel.anyOf(
      (count + length - 1) / length, atMost: workers, stopsEarly: true, workspace: { TileWork<Scalar>(size) }
    ) { part, work in
      body(part * length..<min(count, (part + 1) * length), work)
    }
  }

  /// Both gradients of layers with many channels: a thread takes some channels through all tiles, so that no two add to
  /// the same numbers.
  ///
  /// - Parameters:
  ///   - images: For the filter gradient; nil if it is not wanted.
  ///   - filters: For the input gradient; nil if it is not wanted.
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backwardDepthwise(
    _ gradient: UnsafePointer<Scalar>, images: ImageSource<Scalar>?, filters: FilterSpectra<Scalar>?,
    input: UnsafeMutablePointer<Scalar>?, filter: UnsafeMutablePointer<Scalar>?
  ) -> Bool {
    let maps = UnsafeMutablePointer(mutating: gradient)
    let needsImages = if case .images = images { true } else { false }
    let sumCount = size.height * tile.group
    return !Parallel.anyOf(
      inputMap.run, atMost: workers, stopsEarly: true,
      workspace: {
        (
          own: makeWork(), x: Scratch<Scalar>(count: needsImages ? tile.count : 0),
          sums: Scratch<Scalar>(count: images == nil ? 0 : frequencies * tile.group)
        )
      }
    ) { run, space in
      let (work, scratch, sums) = (space.own.work, space.own.scratch, space.sums.base)
      let (g, other) = work.columns
      sums.initialize(repeating: 0, count: space.sums.count)
      for number in 0..<tiles {
        let (block, within) = number.quotientAndRemainder(dividingBy: tilesPerBlock)
        let index = within * inputMap.run + run
        let tiles = tileRange(block)
        StageClock.time(.transform) {
          if case .images(let images) = images {
            images.withUnsafeElements {
              locate(index, of: tiles, UnsafeMutablePointer(mutating: $0.baseAddress!), inputMap, inputTables, work)
              tile.forwardRows(0..<size.height, inputTables, work, to: space.x.base)
            }
          }
          locate(index, of: tiles, maps, outputMap, outputTables, work)
          tile.forwardRows(0..<size.height, outputTables, work, to: scratch)
        }
        StageClock.time(.product) {
          if size.height == 1 {
            if let images {
              let x =
                switch images {
                case .images: space.x.base
                case .spectra(let kept): kept.block(block) + index * groupPitch
                }
              Scalar.kernels.pointee.lanes_correlate(sums, tile.group, scratch, tile.group, x, tile.group, tile.columns)
            }
            if let filters {
              Scalar.kernels.pointee.lanes_multiply(
                scratch, tile.group, scratch, tile.group, filters.values!.base + run * groupPitch, tile.group,
                tile.columns, false, false)
            }
            return
          }
          for v in 0..<tile.columns {
            tile.forwardColumn(v, work, from: scratch, to: g)
            if let images {
              var x = other
              switch images {
              case .images: tile.forwardColumn(v, work, from: space.x.base, to: x)
              case .spectra(let kept): x = kept.block(block) + index * groupPitch + v * slab(inputMap)
              }
              Scalar.kernels.pointee.lanes_correlate(
                sums + v * sumCount, tile.group, g, tile.group, x, tile.group, size.height)
            }
            if let filters {
              Scalar.kernels.pointee.lanes_multiply(
                other, tile.group, g, tile.group, filters.values!.base + run * groupPitch + v * slab(filterMap),
                tile.group, size.height, false, false)
              tile.inverseColumn(v, work, from: other, to: scratch)
            }
          }
        }
        if let input {
          let finite = StageClock.time(.inverse) {
            locate(index, of: tiles, input, inputMap, inputTables, work)
            return tile.inverseRows(0..<size.height, inputTables, work, from: scratch, adding: true)
          }
          if !finite { return true }
        }
      }
      if let filter {
        let finite = StageClock.time(.filters) {
          for v in 0..<tile.columns { tile.inverseColumn(v, work, from: sums + v * sumCount, to: scratch) }
          locate(run, of: 0..<1, filter, filterMap, filterTables, work)
          return tile.inverseRows(0..<size.height, filterTables, work, from: scratch, adding: false)
        }
        if !finite { return true }
      }
      return false
    }
  }
}

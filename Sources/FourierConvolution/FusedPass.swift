import SpectralTransforms
import SpectralCore

// Where every channel has a filter of its own, no lane waits for another: a column is transformed, multiplied and
// inverted while it is in the first-level cache, and no spectrum of an image is ever written down. For signals and images:
// in a volume slices meet.

extension TileEngine {
  /// The filter of a group of lanes at a column, the numbers from one frequency of it to the next, and whether it is one
  /// number for all lanes.
  private func column(
    _ unit: Int, _ v: Int, of filters: FilterSpectra<Scalar>
  ) -> (start: UnsafePointer<Scalar>, stride: Int, broadcast: Bool) {
    if let packed = filters.packed {
      return (
        UnsafePointer(packed.base + 2 * (layout.frequencies * (unit / input.map.run) + v * size.height)), 2, true
      )
    }
    let start = unit % input.map.run * filter.spectra.groupPitch + v * filter.spectra.slab
    return (UnsafePointer(filters.values!.base + start), group, false)
  }

  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forwardFused(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ finish: Finish<Scalar>,
    _ kept: BlockSpectra<Scalar>?, to result: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let images = UnsafeMutablePointer(mutating: planes)
    // A tile of one row has no columns to transform, and is multiplied in one go.
    let isRow = size.height == 1 && (kept == nil || input.spectra.groupsStandAlone)

    /// A group of lanes of a block, and where its half-transformed tile lies.
    typealias Unit = (block: Int, index: Int, scratch: UnsafeMutablePointer<Scalar>)
    func spectrum(_ unit: Unit) -> UnsafeMutablePointer<Scalar>? {
      kept.map { $0.block(unit.block) + unit.index * input.spectra.groupPitch }
    }
    func transform(_ rows: Range<Int>, _ unit: Unit, _ work: TileWork<Scalar>) -> Bool {
      StageClock.time(.transform) {
        guard locate(unit.index, of: block(unit.block, of: input), images, input, work) else { return false }
        tile.forwardRows(rows, input.tables, work, to: isRow ? spectrum(unit) ?? unit.scratch : unit.scratch)
        return true
      }
    }
    func multiply(_ columns: Range<Int>, _ unit: Unit, _ work: TileWork<Scalar>) {
      StageClock.time(.product) {
        if isRow {
          let w = column(unit.index, 0, of: filters)
          Scalar.kernels.pointee.lanes_multiply(
            unit.scratch, group, spectrum(unit) ?? unit.scratch, group, w.start, w.stride, tile.columns, true,
            w.broadcast)
          return
        }
        for v in columns {
          let (x, w) = (
            spectrum(unit).map { $0 + v * input.spectra.slab } ?? work.columns.0, column(unit.index, v, of: filters)
          )
          tile.forwardColumns(v..<v + 1, work, from: unit.scratch, to: x)
          Scalar.kernels.pointee.lanes_multiply(
            work.columns.1, group, x, group, w.start, w.stride, size.height, true, w.broadcast)
          tile.inverseColumns(v..<v + 1, work, from: work.columns.1, to: unit.scratch)
        }
      }
    }
    func invert(_ rows: Range<Int>, _ unit: Unit, _ work: TileWork<Scalar>) -> Bool {
      StageClock.time(.inverse) {
        _ = locate(unit.index, of: block(unit.block, of: output), result, output, work, finish: finish)
        return tile.inverseRows(rows, output.tables, work, from: unit.scratch, adding: false)
      }
    }

    let units = input.spectra.units
    guard splitsGroups else {
      return !Parallel.anyOf(
        layout.blocks * units, atMost: workers, stopsEarly: true, workspace: { GroupWork<Scalar>(size) }
      ) { number, own in
        let unit = (number / units, number % units, own.scratch)
        guard transform(0..<size.height, unit, own.work) else { return false }
        multiply(0..<tile.columns, unit, own.work)
        return !invert(0..<size.height, unit, own.work)
      }
    }
    // Few groups of large tiles: all threads share the rows and the columns of each.
    let scratch = Scratch<Scalar>(count: TileTransform<Scalar>.count(size))
    for number in 0..<layout.blocks * units {
      let unit = (number / units, number % units, scratch.base)
      forEachPart(size.height) {
        _ = transform($0, unit, $1)
        return true
      }
      forEachPart(tile.columns) {
        multiply($0, unit, $1)
        return true
      }
      guard forEachPart(size.height, { invert($0, unit, $1) }) else { return false }
    }
    return true
  }

  /// The spectra of few filters, `[output][frequency][real, imaginary]`.
  func packedFilterSpectra(_ filters: UnsafePointer<Scalar>) -> Scratch<Scalar> {
    let all = LaneMap(
      arrangement: .channels, groups: 1, phases: 1, channels: problem.outputChannels, tiles: 1, lanes: filter.map.lanes)
    let packed = Scratch<Scalar>(count: layout.packedCount)
    let scratch = Scratch<Scalar>(count: TileTransform<Scalar>.count(size))
    forEachPart(size.height) { rows, work in
      StageClock.time(.filters) {
        all.locate(
          0, position: 0, tiles: 1, UnsafeMutablePointer(mutating: filters), filter.tables, in: work
        ) {
          TilePlace(image: $0, row: 0, column: 0)
        }
        tile.forwardRows(rows, filter.tables, work, to: scratch.base)
      }
      return true
    }
    forEachPart(tile.columns) { columns, work in
      StageClock.time(.filters) {
        for v in columns {
          let column = work.columns.0
          tile.forwardColumns(v..<v + 1, work, from: scratch.base, to: column)
          for output in 0..<problem.outputChannels {
            let to = packed.base + 2 * (layout.frequencies * output + v * size.height)
            for u in 0..<size.height {
              to[2 * u] = column[u * group + output]
              to[2 * u + 1] = column[u * group + output + all.lanes]
            }
          }
        }
      }
      return true
    }
    return packed
  }

  /// Whether threads should share a group of lanes, because it fills their caches, or because there are so few groups
  /// that some threads would be left without one. Either way every number is computed by the same operations in the same
  /// order.
  private var splitsGroups: Bool {
    let threads = min(Parallel.threads, workers)
    let groups = layout.blocks * input.spectra.units
    let bytes = TileTransform<Scalar>.count(size) * MemoryLayout<Scalar>.stride
    guard threads > 1, bytes > 1 << 16, size.height > 1 else { return false }
    return bytes > 1 << 20 ? groups < 64 * threads : groups < 8 * threads && groups % threads != 0
  }

  /// Calls `body` for ranges that together hold all rows or columns, in parallel.
  ///
  /// - Returns: Whether it was true for all of them.
  @discardableResult
  private func forEachPart(_ count: Int, _ body: (Range<Int>, TileWork<Scalar>) -> Bool) -> Bool {
    let length = max(4, (count + 4 * Parallel.threads - 1) / (4 * Parallel.threads))
    return !Parallel.anyOf(
      (count + length - 1) / length, atMost: workers, stopsEarly: true, workspace: { TileWork<Scalar>(size) }
    ) { part, work in
      !body(part * length..<min(count, (part + 1) * length), work)
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
  func backwardFused(
    _ gradient: UnsafePointer<Scalar>, _ images: ImageSource<Scalar>?, _ filters: FilterSpectra<Scalar>?,
    _ dx: UnsafeMutablePointer<Scalar>?, _ dw: UnsafeMutablePointer<Scalar>?
  ) -> Bool {
    let maps = UnsafeMutablePointer(mutating: gradient)
    let needsImages = if case .images = images { true } else { false }
    let sumCount = size.height * group
    // A tile of one row has no columns to transform, and is multiplied in one go.
    let isRow = size.height == 1
    return !Parallel.anyOf(
      input.map.run, atMost: workers, stopsEarly: true,
      workspace: {
        (
          own: GroupWork<Scalar>(size),
          x: needsImages ? Scratch<Scalar>(count: TileTransform<Scalar>.count(size)) : nil,
          sums: images == nil ? nil : Scratch<Scalar>(count: layout.frequencies * group)
        )
      }
    ) { run, space in
      let (work, scratch, sums) = (space.own.work, space.own.scratch, space.sums?.base)
      let (g, other) = work.columns
      sums?.initialize(repeating: 0, count: layout.frequencies * group)
      for number in 0..<layout.tiles {
        let (block, within) = number.quotientAndRemainder(dividingBy: layout.tilesPerBlock)
        let (index, tiles) = (within * input.map.run + run, self.block(block, of: input))
        StageClock.time(.transform) {
          if case .images(let images) = images {
            images.withUnsafeElements {
              _ = locate(index, of: tiles, UnsafeMutablePointer(mutating: $0.baseAddress!), input, work)
              tile.forwardRows(0..<size.height, input.tables, work, to: space.x!.base)
            }
          }
          _ = locate(index, of: tiles, maps, output, work)
          tile.forwardRows(0..<size.height, output.tables, work, to: scratch)
        }
        StageClock.time(.product) {
          let count = isRow ? tile.columns : size.height
          for v in 0..<(isRow ? 1 : tile.columns) {
            let (from, to) = isRow ? (scratch, scratch) : (g, other)
            if !isRow { tile.forwardColumns(v..<v + 1, work, from: scratch, to: g) }
            if let images, let sums {
              var x = isRow ? space.x?.base ?? other : other
              switch images {
              case .images: if !isRow { tile.forwardColumns(v..<v + 1, work, from: space.x!.base, to: x) }
              case .spectra(let kept):
                x = kept.block(block) + index * input.spectra.groupPitch + v * input.spectra.slab
              }
              Scalar.kernels.pointee.lanes_correlate(sums + v * sumCount, group, from, group, x, group, count)
            }
            if let filters {
              let w = column(run, v, of: filters)
              Scalar.kernels.pointee.lanes_multiply(to, group, from, group, w.start, w.stride, count, false, false)
              if !isRow { tile.inverseColumns(v..<v + 1, work, from: to, to: scratch) }
            }
          }
        }
        if let dx {
          let finite = StageClock.time(.inverse) {
            _ = locate(index, of: tiles, dx, input, work)
            return tile.inverseRows(0..<size.height, input.tables, work, from: scratch, adding: true)
          }
          if !finite { return true }
        }
      }
      guard let dw, let sums else { return false }
      return !StageClock.time(.filters) {
        tile.inverseColumns(0..<tile.columns, work, from: sums, slab: sumCount, to: scratch)
        _ = locate(run, of: block(0, of: filter), dw, filter, work)
        return tile.inverseRows(0..<size.height, filter.tables, work, from: scratch, adding: false)
      }
    }
  }
}

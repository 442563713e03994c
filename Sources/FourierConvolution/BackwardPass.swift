import SpectralTransforms
import SpectralCore

/// Where the backward passes find the images.
enum ImageSource<Scalar: FourierScalar> {
  /// They have to be transformed.
  case images(Tensor<Scalar>)
  /// The forward pass kept their spectra.
  case spectra(BlockSpectra<Scalar>)
}

extension TileEngine {
  /// Both gradients, or one, from one transform of the output gradient.
  ///
  /// The filter gradient sums Gᴴ X over all tiles before its one inverse transform for each pair of channels. The
  /// input gradient inverts G W and adds the overlapping tiles: overlap-add, the exact adjoint of the forward pass.
  ///
  /// - Parameters:
  ///   - images: For the filter gradient; nil if it is not wanted.
  ///   - filters: For the input gradient; nil if it is not wanted.
  ///   - blocksAtOnce: The blocks whose spectra are held at a time.
  /// - Returns: The gradients, and whether both are finite. The work ends at the first number that is not: then they are
  ///   of no use.
  func backward(
    _ gradient: Tensor<Scalar>, images: ImageSource<Scalar>?, filters: FilterSpectra<Scalar>?, blocksAtOnce: Int
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>?, isFinite: Bool) {
    var dx = filters.map { _ in Tensor<Scalar>.zeros(result: problem.inputShape) }
    var dw = images.map { _ in Tensor<Scalar>.zeros(result: problem.filterShape) }
    guard layout.tiles > 0 else { return (dx, dw, true) }
    let isFinite = gradient.withUnsafeElements { g in
      withMutableElements(&dx) { dx in
        withMutableElements(&dw) { dw in
          layout.isFused && layout.byChannels
            ? backwardFused(g.baseAddress!, images, filters, dx, dw)
            : backwardBlocks(g.baseAddress!, images, filters, dx, dw, blocksAtOnce)
        }
      }
    }
    dw? *= normalization
    return (dx, dw, isFinite)
  }

  private func withMutableElements<Result>(
    _ tensor: inout Tensor<Scalar>?, _ body: (UnsafeMutablePointer<Scalar>?) -> Result
  ) -> Result {
    guard tensor != nil else { return body(nil) }
    return tensor!.withUnsafeMutableElements { body($0.baseAddress) }
  }

  /// Each part of the batch by one thread, block after block, from the output gradient to both gradients, while spectra stay
  /// in the thread's own cache; or each stage by all threads, of as many blocks at once as the budget for spectra allows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func backwardBlocks(
    _ gradient: UnsafePointer<Scalar>, _ images: ImageSource<Scalar>?, _ filters: FilterSpectra<Scalar>?,
    _ dx: UnsafeMutablePointer<Scalar>?, _ dw: UnsafeMutablePointer<Scalar>?, _ blocksAtOnce: Int
  ) -> Bool {
    let standAlone = layout.blocksStandAloneBackward
    let (parts, step) = (layout.batchParts, standAlone ? 1 : blocksAtOnce)
    let sums = images.map { _ in BlockSpectra<Scalar>(blocks: parts, filter.spectra) }
    if let sums, layout.sumsTaps { sums.values.base.initialize(repeating: 0, count: sums.values.count) }
    // Spectra of images that were not kept make room for those of their gradient.
    var needsImageSpectra = dx != nil
    if case .images = images { needsImageSpectra = true }
    let isSpoiled = Parallel.anyOf(
      parts, atMost: standAlone ? workers : 1, stopsEarly: true,
      workspace: {
        (
          team: team(standsAlone: standAlone), g: BlockSpectra<Scalar>(blocks: step, output.spectra),
          x: needsImageSpectra ? BlockSpectra<Scalar>(blocks: step, input.spectra) : nil
        )
      }
    ) { part, space in
      let (team, g) = (space.team, space.g)
      let blocks = layout.blocks * part / parts..<layout.blocks * (part + 1) / parts
      for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: step) {
        let range = first..<min(blocks.upperBound, first + step)
        transform(range, gradient, output, to: g, by: team)
        var x = space.x
        switch images {
        case .images(let tensor):
          tensor.withUnsafeElements { transform(range, $0.baseAddress!, input, to: x!, by: team) }
        case .spectra(let kept): x = kept
        case nil: break
        }
        forEachFrequencyRange(by: team) { frequencies in
          let work = images == nil ? nil : makeFilterWork()
          // All products at a frequency while it is in the cache; of a single block they are in it anyway.
          for f in stride(
            from: frequencies.lowerBound, to: frequencies.upperBound, by: standAlone ? frequencies.count : 1)
          {
            let frequencies = standAlone ? frequencies : f..<f + 1
            if let sums {
              for block in range {
                multiplyFilter(
                  frequencies, block, to: sums.block(part), g.block(block), x!.block(block), work,
                  adding: block > blocks.lowerBound)
              }
            }
            if let filters {
              for block in range {
                multiplyBackward(frequencies, block, to: space.x!.block(block), g.block(block), filters)
              }
            }
          }
        }
        if let dx, !addInputGradient(range, space.x!, to: dx, by: team) { return true }
      }
      return false
    }
    guard !isSpoiled, let dw, let sums else { return !isSpoiled }
    return invertFilterGradient(sums, to: dw)
  }

  /// Sums what the parts of a batch have summed, and inverts it.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func invertFilterGradient(_ sums: BlockSpectra<Scalar>, to dw: UnsafeMutablePointer<Scalar>) -> Bool {
    let total = sums.block(0)
    return !Parallel.anyOf(
      filter.spectra.units, atMost: workers, stopsEarly: true, workspace: { GroupWork<Scalar>(size) }
    ) { unit, own in
      for v in 0..<tile.columns {
        let column = v * filter.spectra.slab + unit * filter.spectra.groupPitch
        for part in 1..<max(layout.batchParts, 1) {
          let sum = sums.block(part)
          for i in column..<column + size.height * tile.group { total[i] += sum[i] }
        }
      }
      return !invert(unit, of: block(0, of: filter), total, filter, own, to: dw)
    }
  }

  /// Adds the input gradient of some blocks. A thread takes some planes through all tiles of the blocks, or slices of them,
  /// so that no two add to the same elements.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addInputGradient(
    _ range: Range<Int>, _ spectra: BlockSpectra<Scalar>, to planes: UnsafeMutablePointer<Scalar>,
    by team: ThreadTeam<Scalar>
  ) -> Bool {
    let map = input.map
    let phases = map.phases.height * map.phases.width
    let (first, last) = (block(range.lowerBound, of: input).tiles, block(range.upperBound - 1, of: input).tiles)
    let tiles = first.lowerBound..<last.upperBound
    // Groups of lanes of one tile are planes of their own, but for the phases of a plane; so are those of another image,
    // and of another slice.
    let groupsPerTile = input.spectra.width / layout.tilesPerBlock
    let run = phases == 1 ? 1 : map.run
    let (parts, slices) = (groupsPerTile / run, input.tables.planeSlices)
    let images = layout.byChannels ? place(tiles.lowerBound).image...place(tiles.upperBound - 1).image : 0...0
    let units = layout.byChannels ? images.count * slices * parts : map.groups * map.channels
    return !Parallel.anyOf(
      units, atMost: team.threads, stopsEarly: true, workspace: { team.work ?? GroupWork(size) }
    ) { unit, own in
      var isFinite = true
      func invert(_ block: Int, position: Int, _ indices: Range<Int>) {
        for index in indices {
          let finite = self.invert(
            position * input.spectra.width + index, of: self.block(block, of: input), spectra.block(block), input, own,
            to: planes, adding: true)
          isFinite = isFinite && finite
        }
      }
      guard layout.byChannels else {
        let (group, channel) = unit.quotientAndRemainder(dividingBy: map.channels)
        for block in range {
          for position in 0..<input.spectra.positions {
            for phase in 0..<phases {
              let signal = (group * phases + phase) * map.channels + channel
              invert(block, position: position, signal * map.run..<(signal + 1) * map.run)
            }
          }
        }
        return !isFinite
      }
      let (stack, part) = unit.quotientAndRemainder(dividingBy: parts)
      let (image, slice) = (images.lowerBound + stack / slices, stack % slices)
      let tilesPerImage = layout.segments * layout.tilesPerSlice
      for tile in (image * tilesPerImage..<(image + 1) * tilesPerImage).clamped(to: tiles) {
        let segment = place(tile).segment
        let start = tile % layout.tilesPerBlock * groupsPerTile + part * run
        for position in 0..<input.spectra.positions where input.tables.slice(segment, position) == slice {
          invert(
            layout.blocksPerTile == 1 ? tile / layout.tilesPerBlock : range.lowerBound, position: position,
            start..<start + run)
        }
      }
      return !isFinite
    }
  }
}

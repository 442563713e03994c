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
    var input = filters.map { _ in Tensor<Scalar>.zeros(problem.inputShape) }
    var filter = images.map { _ in Tensor<Scalar>.zeros(problem.filterShape) }
    guard tiles > 0 else { return (input, filter, true) }
    let isFinite = gradient.withUnsafeElements { g in
      withMutableElements(&input) { dx in
        withMutableElements(&filter) { dw in
          isDepthwise && inputMap.arrangement == .channels
            ? backwardDepthwise(g.baseAddress!, images: images, filters: filters, input: dx, filter: dw)
            : memory.blocksStandAlone
              ? backwardBlocks(g.baseAddress!, images: images, filters: filters, input: dx, filter: dw)
              : backwardStages(
                g.baseAddress!, images: images, filters: filters, input: dx, filter: dw, blocksAtOnce: blocksAtOnce)
        }
      }
    }
    filter? *= normalization
    return (input, filter, isFinite)
  }

  private func withMutableElements<Result>(
    _ tensor: inout Tensor<Scalar>?, _ body: (UnsafeMutablePointer<Scalar>?) -> Result
  ) -> Result {
    guard tensor != nil else { return body(nil) }
    return tensor!.withUnsafeMutableElements { body($0.baseAddress) }
  }

  /// Each block by one thread, from the output gradient to both gradients; its spectra stay in the thread's own cache.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func backwardBlocks(
    _ gradient: UnsafePointer<Scalar>, images: ImageSource<Scalar>?, filters: FilterSpectra<Scalar>?,
    input: UnsafeMutablePointer<Scalar>?, filter: UnsafeMutablePointer<Scalar>?
  ) -> Bool {
    let (sumCount, parts) = (spectraCount(filterMap), memory.parts)
    let sums = images.map { _ in Scratch<Scalar>(count: parts * sumCount) }
    let poisoned = Parallel.anyOf(
      parts, atMost: workers, stopsEarly: true,
      workspace: {
        (
          own: makeWork(), g: Scratch<Scalar>(count: spectraCount(outputMap)),
          x: Scratch<Scalar>(count: spectraCount(inputMap)), turned: makeTurned(if: images != nil)
        )
      }
    ) { part, space in
      let range = blocks * part / parts..<blocks * (part + 1) / parts
      var isFinite = true
      for block in range {
        let tiles = tileRange(block)
        let (g, dx) = (space.g.base, space.x.base)
        for index in 0..<outputMap.count(tiles: tiles.count) {
          transform(index, of: tiles, gradient, outputMap, outputTables, space.own, to: g)
        }
        var x = dx
        switch images {
        case .images(let input):
          input.withUnsafeElements { planes in
            for index in 0..<inputMap.count(tiles: tiles.count) {
              transform(index, of: tiles, planes.baseAddress!, inputMap, inputTables, space.own, to: x)
            }
          }
        case .spectra(let kept): x = kept.block(block)
        case nil: break
        }
        StageClock.time(.product) {
          if let sums {
            multiplyFilter(
              0..<frequencies, tiles: tiles.count, sums.base + part * sumCount, g, x, space.turned,
              adding: block > range.lowerBound)
          }
          if let filters { multiplyBackward(0..<frequencies, tiles: tiles.count, dx, g, filters) }
        }
        guard let input else { continue }
        for index in 0..<inputMap.count(tiles: tiles.count) {
          let finite = invert(
            index, of: tiles, dx, inputMap, inputTables, space.own, to: input, adding: true)
          isFinite = isFinite && finite
        }
      }
      return !isFinite
    }
    guard !poisoned, let filter, let sums else { return !poisoned }
    return invertFilterGradient(sums, parts: parts, to: filter)
  }

  /// Sums what the parts of a batch have summed, and inverts it.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func invertFilterGradient(
    _ sums: Scratch<Scalar>, parts: Int, to filter: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let sumCount = spectraCount(filterMap)
    return !Parallel.anyOf(filterMap.count, atMost: workers, stopsEarly: true, workspace: { makeWork() }) {
      index, own in
      for v in 0..<tile.columns {
        let total = sums.base + v * slab(filterMap) + index * tile.columnPitch
        for part in 1..<max(parts, 1) {
          let sum = total + part * sumCount
          for i in 0..<size.height * tile.group { total[i] += sum[i] }
        }
      }
      return !invert(index, of: 0..<filterMap.tiles, sums.base, filterMap, filterTables, own, to: filter)
    }
  }

  /// Each stage by all threads, of as many blocks at once as the budget for spectra allows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func backwardStages(
    _ gradient: UnsafePointer<Scalar>, images: ImageSource<Scalar>?, filters: FilterSpectra<Scalar>?,
    input: UnsafeMutablePointer<Scalar>?, filter: UnsafeMutablePointer<Scalar>?, blocksAtOnce: Int
  ) -> Bool {
    // Spectra of images that were not kept make room for those of their gradient.
    var needsInputSpectra = input != nil
    if case .images = images { needsInputSpectra = true }
    let g = BlockSpectra<Scalar>(blocks: blocksAtOnce, blockCount: spectraCount(outputMap))
    let x = needsInputSpectra ? BlockSpectra<Scalar>(blocks: blocksAtOnce, blockCount: spectraCount(inputMap)) : nil
    let sums = images.map { _ in Scratch<Scalar>(count: spectraCount(filterMap)) }

    for first in stride(from: 0, to: blocks, by: blocksAtOnce) {
      let range = first..<min(blocks, first + blocksAtOnce)
      transformBlocks(range, gradient, outputMap, outputTables, to: g, origin: first)
      if case .images(let input) = images {
        input.withUnsafeElements {
          transformBlocks(range, $0.baseAddress!, inputMap, inputTables, to: x!, origin: first)
        }
      }
      forEachFrequencyRange { frequencies in
        let turned = makeTurned(if: images != nil)
        StageClock.time(.product) {
          // All products at a frequency while it is in the cache.
          for f in frequencies {
            if let images, let sums {
              for block in range {
                let spectra =
                  switch images {
                  case .images: x!.block(block - first)
                  case .spectra(let kept): kept.block(block)
                  }
                multiplyFilter(
                  f..<f + 1, tiles: tileRange(block).count, sums.base, g.block(block - first), spectra, turned,
                  adding: block > 0)
              }
            }
            if let filters {
              for block in range {
                multiplyBackward(
                  f..<f + 1, tiles: tileRange(block).count, x!.block(block - first), g.block(block - first), filters)
              }
            }
          }
        }
      }
      if let input, !invertInputGradient(range, x!, to: input) { return false }
    }
    guard let filter, let sums else { return true }
    return invertFilterGradient(sums, parts: 1, to: filter)
  }

  /// - Parameter origin: The block at which `spectra` begins.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transformBlocks(
    _ range: Range<Int>, _ planes: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    to spectra: BlockSpectra<Scalar>, origin: Int
  ) {
    Parallel.forEach(range.count * map.count, atMost: workers, workspace: { makeWork() }) { index, own in
      let (block, group) = index.quotientAndRemainder(dividingBy: map.count)
      let tiles = tileRange(range.lowerBound + block)
      guard group < map.count(tiles: tiles.count) else { return }
      transform(group, of: tiles, planes, map, tables, own, to: spectra.block(range.lowerBound + block - origin))
    }
  }

  /// Adds the input gradient of some blocks. A thread takes some planes through all tiles of the blocks, so that no two
  /// add to the same pixels.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func invertInputGradient(
    _ range: Range<Int>, _ spectra: BlockSpectra<Scalar>, to planes: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let (first, last) = (tileRange(range.lowerBound).lowerBound, tileRange(range.upperBound - 1).upperBound - 1)
    let byChannels = inputMap.arrangement == .channels
    let phases = inputMap.phases.height * inputMap.phases.width
    // Groups of lanes of one tile are planes of their own, but for the phases of a plane; so are those of another image.
    let images = byChannels ? first / tilesPerImage...last / tilesPerImage : 0...0
    let runs = phases == 1 ? 1 : inputMap.run
    let parts = inputMap.groups * (byChannels ? inputMap.run / runs : inputMap.channels)
    return !Parallel.anyOf(images.count * parts, atMost: workers, stopsEarly: true, workspace: { makeWork() }) {
      index, own in
      let (image, part) = index.quotientAndRemainder(dividingBy: parts)
      var isFinite = true
      func invert(_ block: Int, _ groups: Range<Int>) {
        for group in groups {
          let finite = self.invert(
            group, of: tileRange(block), spectra.block(block - range.lowerBound), inputMap, inputTables, own,
            to: planes,
            adding: true)
          isFinite = isFinite && finite
        }
      }
      if byChannels {
        let tiles = (images.lowerBound + image) * tilesPerImage..<(images.lowerBound + image + 1) * tilesPerImage
        for tile in tiles.clamped(to: first..<last + 1) {
          let (block, within) = tile.quotientAndRemainder(dividingBy: tilesPerBlock)
          let start = within * inputMap.groups * inputMap.run + part * runs
          invert(block, start..<start + runs)
        }
      } else {
        let (group, channel) = part.quotientAndRemainder(dividingBy: inputMap.channels)
        for block in range {
          for phase in 0..<phases {
            let signal = (group * phases + phase) * inputMap.channels + channel
            invert(block, signal * inputMap.run..<(signal + 1) * inputMap.run)
          }
        }
      }
      return !isFinite
    }
  }
}

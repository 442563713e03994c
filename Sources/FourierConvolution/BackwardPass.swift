import Fourier
import Layers
import Tensors

/// Where the backward passes find the images.
enum ImageSource<Scalar: ConvolutionScalar> {
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
  ///   - spectraBudget: The bytes of spectra to hold at a time.
  func backward(
    _ gradient: Tensor<Scalar>, images: ImageSource<Scalar>?, filters: FilterSpectra<Scalar>?, spectraBudget: Int
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>?, isFinite: Bool) {
    var input = filters.map { _ in Tensor<Scalar>.zeros(problem.inputShape) }
    var filter = images.map { _ in Tensor<Scalar>.zeros(problem.filterShape) }
    guard tiles > 0 else { return (input, filter, true) }
    let isFinite = gradient.withUnsafeElements { g in
      withMutableElements(&input) { dx in
        withMutableElements(&filter) { dw in
          isDepthwise && inputMap.arrangement == .channels
            ? backwardDepthwise(g.baseAddress!, images: images, filters: filters, input: dx, filter: dw)
            : backwardBlocks(
              g.baseAddress!, images: images, filters: filters, input: dx, filter: dw, spectraBudget: spectraBudget)
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

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func backwardBlocks(
    _ gradient: UnsafePointer<Scalar>, images: ImageSource<Scalar>?, filters: FilterSpectra<Scalar>?,
    input: UnsafeMutablePointer<Scalar>?, filter: UnsafeMutablePointer<Scalar>?, spectraBudget: Int
  ) -> Bool {
    // Spectra of images that were not kept make room for those of their gradient.
    var needsInputSpectra = input != nil
    if case .images = images { needsInputSpectra = true }
    let bytesPerBlock =
      (spectraCount(outputMap) + (needsInputSpectra ? spectraCount(inputMap) : 0)) * MemoryLayout<Scalar>.stride
    let blocksAtOnce = max(1, min(blocks, spectraBudget / max(bytesPerBlock, 1)))
    let g = BlockSpectra<Scalar>(blocks: blocksAtOnce, blockCount: spectraCount(outputMap))
    let x = needsInputSpectra ? BlockSpectra<Scalar>(blocks: blocksAtOnce, blockCount: spectraCount(inputMap)) : nil
    let sums = images.map { _ in Scratch<Scalar>(count: spectraCount(filterMap)) }
    var isFinite = true

    for first in stride(from: 0, to: blocks, by: blocksAtOnce) {
      let range = first..<min(blocks, first + blocksAtOnce)
      transformBlocks(range, gradient, outputMap, outputTables, to: g)
      if case .images(let input) = images {
        input.withUnsafeElements { transformBlocks(range, $0.baseAddress!, inputMap, inputTables, to: x!) }
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
                  f, tiles: tileRange(block).count, sums.base, g.block(block - first), spectra, turned,
                  adding: block > 0)
              }
            }
            if let filters {
              for block in range {
                multiplyBackward(
                  f, tiles: tileRange(block).count, x!.block(block - first), g.block(block - first), filters)
              }
            }
          }
        }
      }
      if let input, !invertInputGradient(range, x!, to: input) { isFinite = false }
    }
    if let filter, let sums {
      let poisoned = Parallel.anyOf(
        filterMap.count, atMost: workers, workspace: { makeWork() }
      ) { index, own in
        !invert(index, of: 0..<filterMap.tiles, sums.base, filterMap, filterTables, own, to: filter)
      }
      isFinite = isFinite && !poisoned
    }
    return isFinite
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transformBlocks(
    _ range: Range<Int>, _ planes: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    to spectra: BlockSpectra<Scalar>
  ) {
    Parallel.forEach(range.count * map.count, atMost: workers, workspace: { makeWork() }) { index, own in
      let (block, group) = index.quotientAndRemainder(dividingBy: map.count)
      let tiles = tileRange(range.lowerBound + block)
      guard group < map.count(tiles: tiles.count) else { return }
      transform(group, of: tiles, planes, map, tables, own, to: spectra.block(block))
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
    return !Parallel.anyOf(images.count * parts, atMost: workers, workspace: { makeWork() }) { index, own in
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

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
    var isFinite = true
    var inputGradient = filters.map { _ in Tensor<Scalar>.zeros(problem.inputShape) }
    let sums = images.map { _ in Scratch<Scalar>(count: spectraCount(filterMap)) }
    if tiles == 0, let sums { sums.base.initialize(repeating: 0, count: sums.count) }

    var ownsImages = false
    if case .images = images { ownsImages = true }
    let bytesPerBlock =
      (spectraCount(outputMap) + (ownsImages ? spectraCount(inputMap) : 0)) * MemoryLayout<Scalar>.stride
    let blocksAtOnce = max(1, min(blocks, spectraBudget / max(bytesPerBlock, 1)))
    let g = BlockSpectra<Scalar>(blocks: blocksAtOnce, blockCount: spectraCount(outputMap))
    let x = ownsImages ? BlockSpectra<Scalar>(blocks: blocksAtOnce, blockCount: spectraCount(inputMap)) : nil

    for first in stride(from: 0, to: blocks, by: blocksAtOnce) {
      let range = first..<min(blocks, first + blocksAtOnce)
      transformBlocks(range, gradient, outputMap, outputTables, to: g)
      if case .images(let input) = images, let x { transformBlocks(range, input, inputMap, inputTables, to: x) }

      if let images, let sums {
        // For each frequency the sum over blocks, while it is in the cache.
        forEachFrequencyRange { frequencies in
          for f in frequencies {
            let row = sums.base + 2 * f * filterMap.pitch
            if first == 0 { row.initialize(repeating: 0, count: 2 * filterMap.pitch) }
            for block in range {
              let spectra =
                switch images {
                case .images: x!.block(block - first)
                case .spectra(let kept): kept.block(block)
                }
              multiplyFilter(
                f, rows: tileRange(block).count, sums.base, g.block(block - first), spectra)
            }
          }
        }
      }
      if let filters {
        inputGradient!.withUnsafeMutableElements { planes in
          let poisoned = invertInputGradient(range, g, filters, planes.baseAddress!)
          isFinite = isFinite && !poisoned
        }
      }
    }

    let filterGradient = sums.map { invertFilterGradient($0) }
    return (inputGradient, filterGradient, isFinite && (filterGradient?.isFinite ?? true))
  }

  private func transformBlocks(
    _ range: Range<Int>, _ source: Tensor<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    to spectra: BlockSpectra<Scalar>
  ) {
    let plan = forwardPlan(map)
    let chunksPerBlock = chunks(map, tiles: tilesPerBlock)
    source.withUnsafeElements { planes in
      Parallel.forEach(range.count * chunksPerBlock, atMost: workers, workspace: { chunkScratch }) { index, scratch in
        let (block, chunk) = (index / chunksPerBlock, index % chunksPerBlock)
        let tiles = tileRange(range.lowerBound + block)
        guard chunk < chunks(map, tiles: tiles.count) else { return }
        transform(
          chunk: chunk, of: tiles, planes.baseAddress!, map, tables, plan, scratch: scratch.base,
          to: spectra.block(block))
      }
    }
  }

  /// Adds the input gradient of some blocks to `planes`; returns whether a tile was not finite.
  private func invertInputGradient(
    _ range: Range<Int>, _ g: BlockSpectra<Scalar>, _ filters: FilterSpectra<Scalar>,
    _ planes: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let plan = inversePlan(inputMap)
    let allRows = 0..<problem.vertical.input
    if tilesPerBlock % tilesPerImage == 0 && blocksSufficeForThreads {
      // Blocks of whole images: no two threads add to the same pixel.
      return Parallel.anyOf(
        range.count, atMost: workers,
        workspace: { (Scratch<Scalar>(count: spectraCount(inputMap)), chunkScratch) }
      ) { index, own in
        let tiles = tileRange(range.lowerBound + index)
        let (x, scratch) = (own.0.base, own.1.base)
        var bad = false
        multiplyBackward(0..<frequencies, rows: tiles.count, x, g.block(index), filters)
        for chunk in 0..<chunks(inputMap, tiles: tiles.count) {
          let lanes = lanes(inputMap, chunk: chunk, tiles: tiles.count)
          invert(chunk: chunk, x, inputMap, plan, scratch: scratch)
          if !Scalar.allFinite(scratch, 2 * lanes.count) { bad = true }
          scatterAdd(scratch, inputMap, inputTables, lanes: lanes, to: planes, onlyRows: allRows) {
            place(tiles.lowerBound + $0)
          }
        }
        return bad
      }
    }
    // Tiles of one image in several hands: invert all of a block, then add, each thread to rows of its own.
    let spectra = Scratch<Scalar>(count: spectraCount(inputMap))
    let staged = Scratch<Scalar>(count: chunks(inputMap, tiles: tilesPerBlock) * chunkCount(inputMap))
    var poisoned = false
    for block in range {
      let tiles = tileRange(block)
      let chunkTotal = chunks(inputMap, tiles: tiles.count)
      forEachFrequencyRange {
        multiplyBackward($0, rows: tiles.count, spectra.base, g.block(block - range.lowerBound), filters)
      }
      let bad = Parallel.anyOf(chunkTotal, atMost: workers, workspace: { chunkScratch }) { chunk, scratch in
        let target = staged.base + chunk * chunkCount(inputMap)
        invert(chunk: chunk, spectra.base, inputMap, plan, scratch: scratch.base)
        target.update(from: scratch.base, count: chunkCount(inputMap))
        return !Scalar.allFinite(target, 2 * lanes(inputMap, chunk: chunk, tiles: tiles.count).count)
      }
      poisoned = poisoned || bad
      let rowsAtOnce = max(8, (allRows.count + 15) / 16)
      Parallel.forEach((allRows.count + rowsAtOnce - 1) / rowsAtOnce) { part in
        let rows = part * rowsAtOnce..<min(allRows.count, (part + 1) * rowsAtOnce)
        for chunk in 0..<chunkTotal {
          scatterAdd(
            staged.base + chunk * chunkCount(inputMap), inputMap, inputTables,
            lanes: lanes(inputMap, chunk: chunk, tiles: tiles.count), to: planes, onlyRows: rows
          ) { place(tiles.lowerBound + $0) }
        }
      }
    }
    return poisoned
  }

  private func invertFilterGradient(_ sums: Scratch<Scalar>) -> Tensor<Scalar> {
    let plan = inversePlan(filterMap)
    let zeros = Tensor<Scalar>.zeros([filterMap.planes])
    var gradient = zeros.withUnsafeElements { zeros in
      Tensor<Scalar>(problem.filterShape) { planes in
        Parallel.forEach(chunks(filterMap, tiles: 1), atMost: workers, workspace: { chunkScratch }) { chunk, scratch in
          invert(chunk: chunk, sums.base, filterMap, plan, scratch: scratch.base)
          scatter(
            scratch.base, filterMap, filterTables, lanes: lanes(filterMap, chunk: chunk, tiles: 1),
            to: planes.baseAddress!, bias: zeros.baseAddress!
          ) { _ in TilePlace(image: 0, row: 0, column: 0) }
        }
      }
    }
    gradient *= normalization
    return gradient
  }
}

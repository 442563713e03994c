import Fourier
import Layers
import Synchronization
import Tensors

extension TileEngine {
  /// Whether there are enough blocks to give each thread whole ones; otherwise threads share the stages of a block.
  /// Either way every number is computed by the same operations in the same order.
  var blocksSufficeForThreads: Bool {
    let threads = min(Parallel.threads, workers)
    return threads == 1 || blocks % threads == 0 || blocks >= 4 * threads
  }

  /// Transform, multiply, invert, crop.
  ///
  /// - Parameter kept: Receives the spectra of the images, if wanted.
  /// - Returns: The feature maps, and whether they are finite: one pixel that is not poisons its whole tile.
  func forward(
    _ input: Tensor<Scalar>, _ filters: FilterSpectra<Scalar>, bias: Tensor<Scalar>?,
    keeping kept: BlockSpectra<Scalar>?
  ) -> (output: Tensor<Scalar>, isFinite: Bool) {
    let bias = bias ?? .zeros([problem.outputChannels])
    var isFinite = true
    let output = input.withUnsafeElements { planes in
      bias.withUnsafeElements { bias in
        Tensor<Scalar>(problem.outputShape) { output in
          guard tiles > 0 else { return }
          let (planes, bias, output) = (planes.baseAddress!, bias.baseAddress!, output.baseAddress!)
          isFinite =
            isDepthwise
            ? forwardDepthwise(planes, filters, bias, kept, to: output)
            : blocksSufficeForThreads
              ? forwardBlocks(planes, filters, bias, kept, to: output)
              : forwardStages(planes, filters, bias, kept, to: output)
        }
      }
    }
    return (output, isFinite)
  }

  /// Each block by one thread, from the images to the feature maps.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forwardBlocks(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ bias: UnsafePointer<Scalar>,
    _ kept: BlockSpectra<Scalar>?, to output: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    !Parallel.anyOf(
      blocks, atMost: workers,
      workspace: {
        (
          own: makeWork(), x: kept == nil ? Scratch<Scalar>(count: spectraCount(inputMap)) : nil,
          y: Scratch<Scalar>(count: spectraCount(outputMap))
        )
      }
    ) { block, space in
      let tiles = tileRange(block)
      let x = kept?.block(block) ?? space.x!.base
      for piece in 0..<pieces(inputMap, tiles: tiles.count) {
        transform(piece: piece, of: tiles, planes, inputMap, inputTables, space.own, to: x)
      }
      multiplyForward(0..<frequencies, tiles: tiles.count, space.y.base, x, filters)
      var isFinite = true
      for piece in 0..<pieces(outputMap, tiles: tiles.count) {
        let finite = invert(
          piece: piece, of: tiles, space.y.base, outputMap, outputTables, space.own, to: output, bias: bias)
        isFinite = isFinite && finite
      }
      return !isFinite
    }
  }

  /// One block after the other, each stage of it by all threads.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forwardStages(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ bias: UnsafePointer<Scalar>,
    _ kept: BlockSpectra<Scalar>?, to output: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let own = kept == nil ? Scratch<Scalar>(count: spectraCount(inputMap)) : nil
    let y = Scratch<Scalar>(count: spectraCount(outputMap))
    var isFinite = true
    for block in 0..<blocks {
      let tiles = tileRange(block)
      let x = kept?.block(block) ?? own!.base
      Parallel.forEach(pieces(inputMap, tiles: tiles.count), atMost: workers, workspace: { makeWork() }) {
        piece, work in
        transform(piece: piece, of: tiles, planes, inputMap, inputTables, work, to: x)
      }
      forEachFrequencyRange { multiplyForward($0, tiles: tiles.count, y.base, x, filters) }
      let poisoned = Parallel.anyOf(
        pieces(outputMap, tiles: tiles.count), atMost: workers, workspace: { makeWork() }
      ) { piece, work in
        !invert(piece: piece, of: tiles, y.base, outputMap, outputTables, work, to: output, bias: bias)
      }
      isFinite = isFinite && !poisoned
    }
    return isFinite
  }
}

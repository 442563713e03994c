import SpectralConvolution
import SpectralTransforms
import Synchronization
import SpectralCore

/// What is done to feature maps on their way to memory.
struct Finish<Scalar: FourierScalar> {
  /// A number for each channel.
  let bias: UnsafePointer<Scalar>
  /// Whether `max(·, 0)` is taken afterwards.
  let rectifies: Bool

  /// No number is written that is less.
  var least: Scalar { rectifies ? 0 : -.infinity }
}

extension TileEngine {
  /// Whether there are enough blocks to give each thread whole ones; otherwise threads share the stages of a block.
  /// Either way every number is computed by the same operations in the same order.
  var blocksSufficeForThreads: Bool {
    let threads = min(Parallel.threads, workers)
    return threads == 1 || blocks % threads == 0 || blocks >= 4 * threads
  }

  /// Transform, multiply, invert, crop.
  ///
  /// - Parameters:
  ///   - epilogue: What is done to the feature maps before they are written.
  ///   - kept: Receives the spectra of the images, if wanted.
  ///   - blocksAtOnce: Then the blocks of feature maps whose spectra are held at a time.
  /// - Returns: The feature maps, and whether they are finite. One pixel that is not poisons its whole tile, and then
  ///   the work ends: the feature maps are of no use.
  func forward(
    _ input: Tensor<Scalar>, _ filters: FilterSpectra<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    keeping kept: BlockSpectra<Scalar>? = nil, blocksAtOnce: Int = 1
  ) -> (output: Tensor<Scalar>, isFinite: Bool) {
    let bias = epilogue.bias ?? .zeros([problem.outputChannels])
    var isFinite = true
    let output = input.withUnsafeElements { planes in
      bias.withUnsafeElements { bias in
        Tensor<Scalar>(problem.outputShape) { output in
          guard tiles > 0 else { return }
          let (planes, output) = (planes.baseAddress!, output.baseAddress!)
          let finish = Finish(bias: bias.baseAddress!, rectifies: epilogue.activation == .relu)
          isFinite =
            isDepthwise
            ? forwardDepthwise(planes, filters, finish, kept, to: output)
            : blocksSufficeForThreads && (kept == nil || inputMap.arrangement == .tiles)
              ? forwardBlocks(planes, filters, finish, kept, to: output)
              : forwardStages(planes, filters, finish, kept, blocksAtOnce, to: output)
        }
      }
    }
    return (output, isFinite)
  }

  /// Each block by one thread, from the images to the feature maps; its spectra stay in the thread's own cache.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forwardBlocks(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ finish: Finish<Scalar>,
    _ kept: BlockSpectra<Scalar>?, to output: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    !Parallel.anyOf(
      blocks, atMost: workers, stopsEarly: true,
      workspace: {
        (
          own: makeWork(), x: Scratch<Scalar>(count: kept == nil ? spectraCount(inputMap) : 0),
          y: Scratch<Scalar>(count: spectraCount(outputMap))
        )
      }
    ) { block, space in
      let tiles = tileRange(block)
      let x = kept?.block(block) ?? space.x.base
      for index in 0..<inputMap.count(tiles: tiles.count) {
        transform(index, of: tiles, planes, inputMap, inputTables, space.own, to: x)
      }
      StageClock.time(.product) {
        multiplyForward(0..<frequencies, block..<block + 1, filters) { _ in (space.y.base, x) }
      }
      var isFinite = true
      for index in 0..<outputMap.count(tiles: tiles.count) {
        let finite = invert(
          index, of: tiles, space.y.base, outputMap, outputTables, space.own, to: output, finish: finish)
        isFinite = isFinite && finite
      }
      return !isFinite
    }
  }

  /// Each stage by all threads: of one block after the other, or of many, if the spectra of images are kept anyway.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forwardStages(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ finish: Finish<Scalar>,
    _ kept: BlockSpectra<Scalar>?, _ atOnce: Int, to output: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let x = kept ?? BlockSpectra(blocks: 1, blockCount: spectraCount(inputMap))
    let y = BlockSpectra<Scalar>(blocks: atOnce, blockCount: spectraCount(outputMap))
    for first in stride(from: 0, to: blocks, by: atOnce) {
      let range = first..<min(blocks, first + atOnce)
      // Where the spectra of the images begin.
      let origin = kept == nil ? first : 0
      transformBlocks(range, planes, inputMap, inputTables, to: x, origin: origin)
      forEachFrequencyRange { frequencies in
        StageClock.time(.product) {
          multiplyForward(frequencies, range, filters) { (y.block($0 - first), x.block($0 - origin)) }
        }
      }
      let poisoned = Parallel.anyOf(
        range.count * outputMap.count, atMost: workers, stopsEarly: true, workspace: { makeWork() }
      ) { index, own in
        let (block, group) = index.quotientAndRemainder(dividingBy: outputMap.count)
        let tiles = tileRange(first + block)
        guard group < outputMap.count(tiles: tiles.count) else { return false }
        return !invert(group, of: tiles, y.block(block), outputMap, outputTables, own, to: output, finish: finish)
      }
      if poisoned { return false }
    }
    return true
  }
}

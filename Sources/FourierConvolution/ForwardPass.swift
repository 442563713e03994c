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
    let poisoned = Atomic<Bool>(false)
    let (transformPlan, inversePlan) = (forwardPlan(inputMap), inversePlan(outputMap))
    let blockCount = blocks

    let output = input.withUnsafeElements { planes in
      bias.withUnsafeElements { bias in
        Tensor<Scalar>(problem.outputShape) { output in
          guard tiles > 0 else { return }
          let (planes, output, bias) = (planes.baseAddress!, output.baseAddress!, bias.baseAddress!)

          func transform(_ block: Int, _ chunk: Int, _ scratch: Scratch<Scalar>, _ x: UnsafeMutablePointer<Scalar>) {
            self.transform(
              chunk: chunk, of: tileRange(block), planes, inputMap, inputTables, transformPlan, scratch: scratch.base,
              to: x)
          }
          func invert(_ block: Int, _ chunk: Int, _ scratch: Scratch<Scalar>, _ y: UnsafeMutablePointer<Scalar>) {
            let tiles = tileRange(block)
            let lanes = lanes(outputMap, chunk: chunk, tiles: tiles.count)
            self.invert(chunk: chunk, y, outputMap, inversePlan, scratch: scratch.base)
            if !Scalar.allFinite(scratch.base, 2 * lanes.count) { poisoned.store(true, ordering: .relaxed) }
            scatter(scratch.base, outputMap, outputTables, lanes: lanes, to: output, bias: bias) {
              place(tiles.lowerBound + $0)
            }
          }

          if blocksSufficeForThreads {
            Parallel.forEach(
              blockCount, atMost: workers, workspace: { BlockWorkspace(self, holdsInput: kept == nil) }
            ) { block, own in
              let tiles = tileRange(block).count
              let x = kept?.block(block) ?? own.input!.base
              for chunk in 0..<chunks(inputMap, tiles: tiles) { transform(block, chunk, own.chunk, x) }
              multiplyForward(0..<frequencies, rows: tiles, own.output.base, x, filters)
              for chunk in 0..<chunks(outputMap, tiles: tiles) { invert(block, chunk, own.chunk, own.output.base) }
            }
          } else {
            let shared = BlockWorkspace(self, holdsInput: kept == nil)
            let y = shared.output.base
            for block in 0..<blockCount {
              let tiles = tileRange(block).count
              let x = kept?.block(block) ?? shared.input!.base
              Parallel.forEach(chunks(inputMap, tiles: tiles), atMost: workers, workspace: { chunkScratch }) {
                chunk, scratch in
                transform(block, chunk, scratch, x)
              }
              forEachFrequencyRange { multiplyForward($0, rows: tiles, y, x, filters) }
              Parallel.forEach(chunks(outputMap, tiles: tiles), atMost: workers, workspace: { chunkScratch }) {
                chunk, scratch in
                invert(block, chunk, scratch, y)
              }
            }
          }
        }
      }
    }
    return (output, !poisoned.load(ordering: .relaxed))
  }

  /// Memory for a chunk of tiles and its transform, of whichever map is the largest.
  var chunkScratch: Scratch<Scalar> {
    Scratch(count: 2 * max(chunkPitch(inputMap), chunkPitch(outputMap), chunkPitch(filterMap)))
  }

  /// Calls `body` for ranges that together hold every frequency, in parallel.
  func forEachFrequencyRange(_ body: (Range<Int>) -> Void) {
    let length = max(1, frequencies / 32)
    Parallel.forEach((frequencies + length - 1) / length) { index in
      body(index * length..<min(frequencies, (index + 1) * length))
    }
  }
}

/// What a thread needs to take a block through all stages.
final class BlockWorkspace<Scalar: ConvolutionScalar> {
  let input: Scratch<Scalar>?
  let output: Scratch<Scalar>
  let chunk: Scratch<Scalar>

  init(_ engine: TileEngine<Scalar>, holdsInput: Bool) {
    input = holdsInput ? Scratch(count: engine.spectraCount(engine.inputMap)) : nil
    output = Scratch(count: engine.spectraCount(engine.outputMap))
    chunk = engine.chunkScratch
  }
}

import SpectralConvolution
import SpectralTransforms
import SpectralCore

/// What is done to feature maps on their way to memory.
struct Finish<Scalar: FourierScalar> {
  /// A number for each channel.
  let bias: UnsafePointer<Scalar>
  /// Whether `max(·, 0)` is taken afterwards.
  let rectifies: Bool

  /// No number is written that is less.
  var least: Double { rectifies ? 0 : -.infinity }
}

extension TileEngine {
  /// Transform, multiply, invert, crop.
  ///
  /// - Parameters:
  ///   - epilogue: What is done to the feature maps before they are written.
  ///   - kept: Receives the spectra of the images, if wanted.
  ///   - blocksAtOnce: Then the blocks of feature maps whose spectra are held at a time.
  /// - Returns: The feature maps, and whether they are finite. One pixel that is not spoils its whole tile, and then
  ///   the work ends: the feature maps are of no use.
  func forward(
    _ images: Tensor<Scalar>, _ filters: FilterSpectra<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    keeping kept: BlockSpectra<Scalar>? = nil, blocksAtOnce: Int = 1
  ) -> (output: Tensor<Scalar>, isFinite: Bool) {
    let bias = epilogue.bias ?? .zeros([problem.outputChannels])
    var isFinite = true
    let output = images.withUnsafeElements { planes in
      bias.withUnsafeElements { bias in
        Tensor<Scalar>(result: problem.outputShape) { output in
          guard layout.tiles > 0 else { return }
          let (planes, output) = (planes.baseAddress!, output.baseAddress!)
          let finish = Finish(bias: bias.baseAddress!, rectifies: epilogue.activation == .relu)
          isFinite =
            layout.isFused
            ? forwardFused(planes, filters, finish, kept, to: output)
            : forwardBlocks(planes, filters, finish, kept, blocksAtOnce, to: output)
        }
      }
    }
    return (output, isFinite)
  }

  /// Each block by one thread, from the images to the feature maps, while its spectra stay in the thread's own cache; or
  /// each stage by all threads: of one block after the other, or of many, if the spectra of images are kept anyway.
  ///
  /// - Returns: Whether all was finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forwardBlocks(
    _ planes: UnsafePointer<Scalar>, _ filters: FilterSpectra<Scalar>, _ finish: Finish<Scalar>,
    _ kept: BlockSpectra<Scalar>?, _ blocksAtOnce: Int, to result: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let standAlone =
      (kept == nil || !layout.byChannels) && layout.blocksStandAlone(threads: min(Parallel.threads, workers))
    let step = standAlone ? 1 : blocksAtOnce
    return !Parallel.anyOf(
      (layout.blocks + step - 1) / step, atMost: standAlone ? workers : 1, stopsEarly: true,
      workspace: {
        (
          team: team(standsAlone: standAlone), x: kept ?? BlockSpectra<Scalar>(blocks: 1, input.spectra),
          y: BlockSpectra<Scalar>(blocks: step, output.spectra)
        )
      }
    ) { index, space in
      let range = index * step..<min(layout.blocks, (index + 1) * step)
      let (x, y, team) = (space.x, space.y, space.team)
      transform(range, planes, input, to: x, by: team)
      forEachFrequencyRange(by: team) { multiplyForward($0, range, filters, to: y, x) }
      let units = output.spectra.units
      return Parallel.anyOf(
        range.count * units, atMost: team.threads, stopsEarly: true, workspace: { team.work ?? GroupWork(size) }
      ) { index, own in
        let block = range.lowerBound + index / units
        return !invert(
          index % units, of: self.block(block, of: output), y.block(block), output, own, to: result, finish: finish)
      }
    }
  }
}

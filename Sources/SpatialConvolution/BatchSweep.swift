import CKernels
import SpectralConvolution
import SpectralCore

/// The forward pass or the input gradient with vectors across the images of a batch: for each position p and lane o of
/// the result,
///
///     sum over channels c and terms l of  x[c][place(p, l)] * w[c][tap(p, l)][o]
///
/// where x is a pixel of all images at once, and w one number.
struct BatchSweep<Scalar: TensorScalar> {
  let tiles: BatchTiles<Scalar>
  private var problem: ConvolutionProblem { tiles.problem }

  /// The result of a pass; nil if a filter is not finite, for then the zeros of the padding are to be multiplied.
  ///
  /// - Parameter operands: The images, or the gradient by the feature maps; the filters as a correlation wants them; and
  ///   the bias that is added to each lane, if there is one.
  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let packed = Scratch<Scalar>(count: problem.geometry.groups * tiles.packedPerGroup + Scalar.vectorWidth)
    let isFinite = operands.second.withUnsafeElements { w in
      pack(w.baseAddress!, to: packed.base)
      return Scalar.kernels.pointee.are_finite(w.baseAddress!, w.count)
    }
    guard isFinite else { return nil }
    return operands.result(problem.resultShape(tiles.pass)) { x, _, bias, y in sweep(x, packed.base, bias, y) }
  }

  /// The filters as `[group][channel][tap][lane]`.
  private func pack(_ w: UnsafePointer<Scalar>, to packed: UnsafeMutablePointer<Scalar>) {
    let (taps, pitch, lanes) = (problem.taps, tiles.packedPitch, tiles.lanes)
    for group in 0..<problem.geometry.groups {
      let (source, target) = (w + group * tiles.filtersPerGroup, packed + group * tiles.packedPerGroup)
      if tiles.pass == .forward {
        let terms = tiles.channels * taps
        Scalar.kernels.pointee.pack_lanes(target, pitch, source, terms, lanes, terms)
      } else {
        for channel in 0..<tiles.channels {
          Scalar.kernels.pointee.pack_lanes(
            target + channel * taps * pitch, pitch, source + channel * lanes * taps, taps, lanes, taps)
        }
      }
    }
  }

  /// What a thread works in.
  private struct Workspace {
    let operand: Scratch<Scalar>
    let result: Scratch<Scalar>
    let terms = Scratch<sk_term>(count: BatchTiles<Scalar>.mostTerms)

    init(_ tiles: BatchTiles<Scalar>) {
      (operand, result) = (Scratch(count: tiles.operandCount), Scratch(count: tiles.resultCount))
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sweep(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>?,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let (groups, channels, lanes, bands) = (problem.geometry.groups, tiles.channels, tiles.lanes, tiles.bands)
    let (operandPlane, plane) = (problem.operand(tiles.pass).pixels, problem.result(tiles.pass).pixels)
    Parallel.forEach(
      tiles.imageGroups * groups * bands.count, atMost: tiles.workers, workspace: { Workspace(tiles) }
    ) { index, workspace in
      let (rest, bandIndex) = index.quotientAndRemainder(dividingBy: bands.count)
      let (imageGroup, group) = rest.quotientAndRemainder(dividingBy: groups)
      let band = bands[bandIndex]
      let first = imageGroup * tiles.imagesAtOnce
      let images = min(tiles.imagesAtOnce, problem.batch - first)
      let pixel = tiles.vectors(images) * Scalar.vectorWidth
      tiles.pack(
        x + (first * groups + group) * channels * operandPlane, planes: groups * channels, plane: operandPlane,
        channels: channels, rows: band.places, width: tiles.placeWidth, images: images, to: workspace.operand.base)
      let count = band.rows.count * tiles.width
      for rowRun in band.runs {
        for run in tiles.columnRuns {
          let terms = fill(workspace.terms.base, rowRun, run, firstPlace: band.places.lowerBound, pixel: pixel)
          for row in 0..<rowRun.positions.count {
            let position =
              (rowRun.positions.lowerBound - band.rows.lowerBound + row) * tiles.width + run.positions.lowerBound
            multiply(
              workspace.result.base + position * pixel, count * pixel, run,
              workspace.operand.base + row * rowRun.step * tiles.placeWidth * pixel,
              band.places.count * tiles.placeWidth * pixel, w + group * tiles.packedPerGroup,
              UnsafeBufferPointer(start: workspace.terms.base, count: terms), pixel, bias.map { $0 + group * lanes })
          }
        }
      }
      for lane in 0..<lanes {
        Scalar.kernels.pointee.unpack_lanes(
          y + ((first * groups + group) * lanes + lane) * plane + band.rows.lowerBound * tiles.width,
          groups * lanes * plane, workspace.result.base + lane * count * pixel, pixel, images, count, nil, 1, 0)
      }
    }
  }

  /// The terms of the first position of a run of rows and columns; returns how many there are.
  private func fill(
    _ terms: UnsafeMutablePointer<sk_term>, _ rows: BatchAxis.Run, _ columns: BatchAxis.Run, firstPlace: Int, pixel: Int
  ) -> Int {
    var count = 0
    for row in rows.terms {
      let place = (row.place - firstPlace) * tiles.placeWidth
      for column in columns.terms {
        terms[count] = sk_term(
          place: Int32((place + column.place) * pixel),
          factor: Int32((row.tap * problem.horizontal.kernel + column.tap) * tiles.packedPitch))
        count += 1
      }
    }
    return count
  }

  /// The sums of a run of columns, channels in pieces: fewer roundings follow each other.
  private func multiply(
    _ result: UnsafeMutablePointer<Scalar>, _ resultChannel: Int, _ run: BatchAxis.Run,
    _ operand: UnsafePointer<Scalar>,
    _ operandChannel: Int, _ packed: UnsafePointer<Scalar>, _ terms: UnsafeBufferPointer<sk_term>, _ pixel: Int,
    _ bias: UnsafePointer<Scalar>?
  ) {
    let packedChannel = problem.taps * tiles.packedPitch
    let pieces = max(
      1, (tiles.channels * terms.count + BatchTiles<Scalar>.mostTerms - 1) / BatchTiles<Scalar>.mostTerms)
    let most = (tiles.channels + pieces - 1) / pieces
    for channel in stride(from: 0, to: tiles.channels, by: most) {
      let count = min(most, tiles.channels - channel)
      Scalar.kernels.pointee.batch_product(
        result, resultChannel, run.positions.count, tiles.lanes, operand + channel * operandChannel, run.step * pixel,
        operandChannel, count, packed + channel * packedChannel, packedChannel, terms.baseAddress!, terms.count,
        pixel / Scalar.vectorWidth, channel + count == tiles.channels ? bias : nil, channel > 0)
    }
  }
}

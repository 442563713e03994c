import CKernels
import SpectralConvolution
import SpectralCore

/// The filter gradient with vectors across the images of a batch: each tap of each pair of channels has a vector of sums,
/// an image in a lane, over the positions from which it sees the image; lanes are added at the end.
struct BatchFilterGradient<Scalar: TensorScalar> {
  let tiles: BatchTiles<Scalar>
  private var problem: ConvolutionProblem { tiles.problem }

  /// What a thread works in.
  private struct Workspace {
    let images: Scratch<Scalar>
    let gradients: Scratch<Scalar>
    let sums: Scratch<Scalar>
    /// Which taps have sums.
    let touched: Scratch<Bool>

    init(_ tiles: BatchTiles<Scalar>) {
      (images, gradients) = (Scratch(count: tiles.operandCount), Scratch(count: tiles.resultCount))
      (sums, touched) = (Scratch(count: tiles.sumCount), Scratch(count: tiles.problem.taps))
    }
  }

  /// The gradient; nil if it is not finite, for then the zeros of the padding are to be multiplied.
  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let result = operands.result(problem.filterShape) { g, x, _, dw in
      addUp(parts: tiles.parts, of: problem.filterShape.count, to: dw) { sum(g, x, to: $0) }
    }
    return result.withUnsafeElements { Scalar.kernels.pointee.are_finite($0.baseAddress!, $0.count) } ? result : nil
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sum(_ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>) {
    let (groups, parts, bands) = (problem.geometry.groups, tiles.parts, tiles.bands)
    let pieces = tiles.imageGroups * bands.count
    Parallel.forEach(parts * groups, atMost: tiles.workers, workspace: { Workspace(tiles) }) { index, workspace in
      let (part, group) = index.quotientAndRemainder(dividingBy: groups)
      workspace.touched.base.update(repeating: false, count: problem.taps)
      for piece in part * pieces / parts..<(part + 1) * pieces / parts {
        let (imageGroup, band) = piece.quotientAndRemainder(dividingBy: bands.count)
        add(g, x, imageGroup, group, bands[band], workspace)
      }
      let (pairs, width) = (tiles.channels * tiles.lanes, Scalar.vectorWidth)
      for tap in 0..<problem.taps where !workspace.touched.base[tap] {
        for pair in 0..<pairs {
          (workspace.sums.base + (pair * problem.taps + tap) * width).update(repeating: 0, count: width)
        }
      }
      Scalar.kernels.pointee.sum_lanes(
        sums + (part * groups + group) * tiles.filtersPerGroup, workspace.sums.base, tiles.filtersPerGroup)
    }
  }

  /// Adds what a band of some images contributes.
  private func add(
    _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ imageGroup: Int, _ group: Int,
    _ band: BatchTiles<Scalar>.Band, _ workspace: Workspace
  ) {
    let (groups, channels, outputs) = (problem.geometry.groups, tiles.channels, tiles.lanes)
    let first = imageGroup * tiles.imagesAtOnce
    let images = min(tiles.imagesAtOnce, problem.batch - first)
    let vectors = tiles.vectors(images)
    let pixel = vectors * Scalar.vectorWidth
    let (imagePlane, gradientPlane) = (problem.images.pixels, problem.maps.pixels)
    tiles.pack(
      x + (first * groups + group) * channels * imagePlane, planes: groups * channels, plane: imagePlane,
      channels: channels, rows: band.places, width: tiles.placeWidth, images: images, to: workspace.images.base)
    tiles.pack(
      g + (first * groups + group) * outputs * gradientPlane, planes: groups * outputs, plane: gradientPlane,
      channels: outputs, rows: band.rows, width: tiles.width, images: images, to: workspace.gradients.base)
    let (tapSums, channelSums) = (Scalar.vectorWidth, problem.taps * Scalar.vectorWidth)
    let imageRow = tiles.placeWidth * pixel
    for row in tiles.rowTaps.map({ $0.clamped(to: band.rows) }) {
      guard !row.positions.isEmpty else { continue }
      for column in tiles.columnTaps {
        let together = column.taps.count > 1
        var overlap = sk_overlap(
          rows: row.positions.count, columns: column.positions.count, g_row: tiles.width * pixel,
          g_channel: band.rows.count * tiles.width * pixel, x_row: row.step * imageRow,
          x_channel: together ? column.placePerTap * pixel : band.places.count * imageRow,
          x_column: column.step * pixel, sum_output: channels * channelSums,
          sum_channel: together ? tapSums : channelSums)
        let tap = row.taps.lowerBound * problem.horizontal.kernel + column.taps.lowerBound
        let position = (row.positions.lowerBound - band.rows.lowerBound) * tiles.width + column.positions.lowerBound
        let place = (row.place - band.places.lowerBound) * imageRow + column.place * pixel
        // Taps that run together come first, so that all or none of them have sums.
        Scalar.kernels.pointee.batch_overlap(
          workspace.sums.base + tap * tapSums, outputs, together ? column.taps.count : channels,
          workspace.gradients.base + position * pixel, workspace.images.base + place, &overlap, vectors,
          workspace.touched.base[tap])
        (workspace.touched.base + tap).update(repeating: true, count: column.taps.count)
      }
    }
  }
}

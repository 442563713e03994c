import SpectralConvolution
import SpectralCore
import SpectralTransforms

// How volumes are cut: the tiles of their slices, and the output slices that are computed together, a segment of them.

extension TileLayout {
  /// What the seconds of a pass over volumes are measured as.
  func kind(_ pass: ConvolutionPass?) -> String {
    "fft.slices \(isMatrix ? "dense by channels" : isDepthwise ? "depthwise" : "dense by tiles") "
      + (pass.map { "\($0)" } ?? "step")
  }

  /// The seconds of a pass over volumes on one core.
  func seconds(_ pass: ConvolutionPass?, _ transforms: TransformProvider, _ rates: CostRates) -> Double {
    rates.factor(kind(pass)) * fixedSeconds(pass, transforms)
  }

  private func fixedSeconds(_ pass: ConvolutionPass?, _ transforms: TransformProvider) -> Double {
    // Butterflies and rows a second, see ``TileTask``.
    let rates = isMatrix || isDepthwise ? (butterflies: 5e8, rows: 1e7) : (butterflies: 3.5e8, rows: 4.5e6)
    let (frequencies, taps) = (Double(frequencies), Double(filter.positions))
    // A stride may leave positions out that no window sees.
    let seen = Double(min(input.positions, choice.segment * filter.positions))
    let blocks = Double(blocks)
    var groups = blocks * (seen * Double(input.width) + Double(output.units))
    if pass != .forward { groups += Double(filter.units) }
    let logarithm = max(1, transforms.butterflies(choice.size))
    var seconds = 1e-5 + blocks * 2e-6
    seconds += groups * (frequencies * logarithm / rates.butterflies + Double(choice.size.height) / rates.rows)
    // Large blocks leave the second-level cache and come back, and the filters are read for each block.
    let blockBytes = Double((input.count + output.count) * scalarBytes)
    seconds += 2 * blocks * blockBytes / 8e9 * min(max((blockBytes - 4e6) / 12e6, 0), 1)
    let filterCount = isMatrix ? self.frequencies * transposedSlab : filter.count / blocksPerTile
    let filterBytes = Double(filterCount * scalarBytes)
    if filterBytes > 1e6 { seconds += blocks * filterBytes / 1.2e10 }
    let width = Double(scalarBytes) / 4 * 16
    let sums = frequencies * taps * blocks * Double(choice.segment) * width
    if isMatrix {
      let products =
        pass == .forward ? filter.map.signals * output.map.run : output.map.channels * input.map.run
      return seconds + sums * Double(problem.geometry.groups * products) / 1.1e10
    }
    return seconds + sums * Double(isDepthwise ? input.width : problem.outputChannels * filter.map.signals) / 1.2e10
  }

  /// The tiles of a volume with the least estimated time that keep within a limit, or those of a size that was asked for.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  static func best(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ transforms: TransformProvider, _ rates: CostRates,
    tile: Extent?, segment: Int?, scalarBytes: Int, limit: Int
  ) throws(ConvolutionError) -> TileLayout {
    let cost = TileCost(problem, scalarBytes: scalarBytes, pass, transforms, rates)
    if let tile { try cost.check(tile) }
    let sizes = tile.map { [$0] } ?? cost.sizes()
    var segments = [min(segment ?? .max, problem.depth.output)]
    while segment == nil && segments.last! > 1 { segments.append((segments.last! + 1) / 2) }
    let lanes = LaneLayout(problem, tilesPerBlock: 1, lanes: 64 / scalarBytes).input
    var best: (layout: TileLayout, seconds: Double)?
    var leastBytes = Int.max
    for size in sizes {
      let tilesPerSlice = tilesPerSlice(problem, size)
      for segment in segments {
        // The tiles of a volume are large: as many as fill the lanes, or one.
        let choice = TileChoice(
          size: size, tilesPerBlock: lanes.arrangement == .tiles ? lanes.lanes : 1, segment: segment)
        let layout = TileLayout(problem, choice, tilesPerSlice: tilesPerSlice, scalarBytes: scalarBytes)
        let bytes = layout.workingSets(pass).bytes(threads: 1)
        leastBytes = min(leastBytes, bytes)
        guard bytes <= limit else { continue }
        let seconds = layout.seconds(pass, transforms, rates)
        if seconds < best?.seconds ?? .infinity { best = (layout, seconds) }
      }
    }
    guard let best else {
      throw ConvolutionError(
        "the Fourier method", needs: leastBytes, limit: limit, or: "take the direct method or fewer channels at once")
    }
    return best.layout
  }
}

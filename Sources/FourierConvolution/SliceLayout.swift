import Foundation
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// How volumes are cut: the tiles of their slices, and the output slices that are computed together.
struct SliceChoice: Hashable, Sendable {
  /// Places of a tile, down and along.
  var size: Extent
  /// Output slices of a tile.
  var segment: Int
  /// Threads for which a memory limit has room.
  var workers = Int.max
}

/// A problem over volumes cut into tiles, of which each reaches over some slices: where everything lies, and so how much
/// memory it takes.
///
/// A *position* of a tile is a slice of the padded volume that one of its windows sees. The spectra of a block of tiles
/// are stored `[column][position][group of lanes][row][lane]`.
struct SliceLayout: Sendable {
  let problem: ConvolutionProblem
  private(set) var choice: SliceChoice
  let scalarBytes: Int
  /// Lanes of images, feature maps and filters at one position.
  let lanes: LaneLayout
  /// Positions of a tile.
  let positions: Int
  /// Tiles along the depth, and on a slice.
  let segments: Int
  let tilesPerSlice: Int
  let tiles: Int
  let tilesPerBlock: Int
  /// Blocks that the groups of lanes of a tile fall into: where every channel has a filter of its own, they need not meet.
  let parts: Int
  let blocks: Int

  init(_ problem: ConvolutionProblem, _ choice: SliceChoice, scalarBytes: Int) {
    self.init(
      problem, choice, tilesPerSlice: Self.tilesPerSlice(problem, choice.size), scalarBytes: scalarBytes)
  }

  private static func tilesPerSlice(_ problem: ConvolutionProblem, _ size: Extent) -> Int {
    AxisTiling.tileCount(problem.vertical, size: size.height)
      * AxisTiling.tileCount(problem.horizontal, size: size.width)
  }

  private init(_ problem: ConvolutionProblem, _ choice: SliceChoice, tilesPerSlice: Int, scalarBytes: Int) {
    let depth = problem.depth
    self.problem = problem
    self.choice = choice
    self.scalarBytes = scalarBytes
    positions = (choice.segment - 1) * depth.stride + depth.span
    segments = (depth.output + choice.segment - 1) / choice.segment
    self.tilesPerSlice = tilesPerSlice
    tiles = problem.batch * segments * tilesPerSlice
    let phases = Extent(
      height: AxisTiling.parts(problem.vertical).phases, width: AxisTiling.parts(problem.horizontal).phases)
    func lanes(_ tilesPerBlock: Int) -> LaneLayout {
      LaneLayout(problem, phases: phases, tilesPerBlock: tilesPerBlock, lanes: 64 / scalarBytes)
    }
    let one = lanes(1)
    parts = one.isDepthwise && one.input.arrangement == .channels ? one.input.count : 1
    tilesPerBlock = one.input.arrangement == .tiles ? max(1, min(one.input.lanes, tiles)) : 1
    self.lanes = lanes(tilesPerBlock)
    blocks = (tiles + tilesPerBlock - 1) / tilesPerBlock * parts
  }

  /// Whether any window sees a position: a stride may leave some out.
  func isSeen(_ position: Int) -> Bool {
    let depth = problem.depth
    return (0..<depth.kernel).contains { tap in
      let (output, rest) = (position - tap * depth.dilation).quotientAndRemainder(dividingBy: depth.stride)
      return rest == 0 && output >= 0 && output < choice.segment
    }
  }

  /// Numbers of a group of complex lanes.
  var group: Int { 128 / scalarBytes }
  /// Columns of the half spectrum of a tile.
  var columns: Int { choice.size.width / 2 + 1 }
  /// Complex numbers of a tile's spectrum.
  var frequencies: Int { choice.size.height * columns }
  /// Numbers from a column of a spectrum to that of the next group of lanes; odd, see ``TileTransform``.
  var columnPitch: Int { (choice.size.height | 1) * group }
  /// Numbers from one position of a block to the next.
  var inputPitch: Int { lanes.input.count / parts * columnPitch }
  var outputPitch: Int { lanes.output.count / parts * columnPitch }
  /// Numbers from one slice of the filters to the next.
  var filterPitch: Int { lanes.filter.count * columnPitch }
  /// Numbers of all that is multiplied at the frequencies of one column.
  var inputSlab: Int { positions * inputPitch }
  var outputSlab: Int { choice.segment * outputPitch }
  var filterSlab: Int { problem.depth.kernel * filterPitch }
  /// Whether sums over channels are matrix products; else each pair of lanes is summed over the taps on its own.
  var isMatrix: Bool { lanes.input.arrangement == .channels && !lanes.isDepthwise }
  /// Numbers of Wᵀ of a tap at one frequency: `[group][term][output]`.
  var transposedPitch: Int { problem.geometry.groups * lanes.filter.signals * lanes.output.run * group }

  /// Numbers in the spectra of a block, of images and of feature maps, and in those of the filters.
  var inputCount: Int { columns * inputSlab }
  var outputCount: Int { columns * outputSlab }
  var filterCount: Int { columns * filterSlab }
  /// Numbers of Wᵀ, `[frequency][tap][group][term][output]`.
  var transposedCount: Int { frequencies * problem.depth.kernel * transposedPitch }

  /// Whether each thread takes blocks of its own, because their spectra stay in its cache; otherwise all threads share a
  /// block. Results are the same.
  var blocksStandAlone: Bool { (inputCount + outputCount) * scalarBytes <= 3 << 19 && blocks > 3 }

  private func bytes(_ numbers: Int) -> Int { MemoryPool.sizeClass(numbers * scalarBytes) }

  /// The bytes of the filter spectra that inference keeps.
  var keptFilters: Int { bytes(isMatrix ? transposedCount : filterCount) }

  /// What a pass holds, one after the other.
  func workingSets(_ pass: ConvolutionPass) -> [WorkingSet] {
    let size = choice.size
    let isSingle = scalarBytes == MemoryLayout<Float>.stride
    let tile = size.height * (isSingle ? TileTransform<Float>.rowPitch(size) : TileTransform<Double>.rowPitch(size))
    let own = bytes(tile) + bytes(isSingle ? TileWork<Float>.count(size) : TileWork<Double>.count(size))
    let (x, y, w) = (bytes(inputCount), bytes(outputCount), bytes(filterCount))
    let filters = WorkingSet(shared: bytes(problem.filterShape.count) + w, perThread: own)
    switch pass {
    case .forward:
      let kept = keptFilters + bytes(problem.outputChannels)
      let turned = isMatrix ? [WorkingSet(shared: w + keptFilters, perThread: 0)] : []
      return [filters] + turned + [
        blocksStandAlone
          ? WorkingSet(shared: kept, perThread: own + x + y) : WorkingSet(shared: kept + x + y, perThread: own)
      ]
    case .inputGradient: return [filters, WorkingSet(shared: w + x + y, perThread: own)]
    case .filterGradient:
      return [WorkingSet(shared: w + x + y, perThread: own + (isMatrix ? 0 : bytes(problem.depth.kernel * group)))]
    }
  }

  // MARK: Choice

  /// What its seconds are measured as.
  func kind(_ pass: ConvolutionPass) -> String {
    "fft.slices \(isMatrix ? "dense by channels" : lanes.isDepthwise ? "depthwise" : "dense by tiles") \(pass)"
  }

  /// The seconds of a pass on one core.
  func seconds(_ pass: ConvolutionPass, _ transforms: TransformProvider, _ rates: CostRates) -> Double {
    rates.factor(kind(pass)) * fixedSeconds(pass, transforms)
  }

  private func fixedSeconds(_ pass: ConvolutionPass, _ transforms: TransformProvider) -> Double {
    // Butterflies and rows a second, see ``TileTask``.
    let rates =
      isMatrix || lanes.isDepthwise ? (butterflies: 5e8, rows: 1e7) : (butterflies: 3.5e8, rows: 4.5e6)
    let frequencies = Double(frequencies)
    // A stride may leave positions out that no window sees.
    let seen = Double(min(positions, choice.segment * problem.depth.kernel))
    let blocks = Double(blocks)
    let inputs = blocks * seen * Double(lanes.input.count / parts)
    let outputs = blocks * Double(choice.segment * lanes.output.count / parts)
    let filters = Double(problem.depth.kernel * lanes.filter.count)
    var groups = inputs + outputs
    if pass != .forward { groups += filters }
    let logarithm = max(1, transforms.butterflies(choice.size))
    var seconds = 1e-5 + blocks * 2e-6
    seconds += groups * (frequencies * logarithm / rates.butterflies + Double(choice.size.height) / rates.rows)
    // Large blocks leave the second-level cache and come back, and the filters are read for each block.
    let blockBytes = Double((inputCount + outputCount) * scalarBytes)
    seconds += 2 * blocks * blockBytes / 8e9 * min(max((blockBytes - 4e6) / 12e6, 0), 1)
    let filterBytes = Double((isMatrix ? transposedCount : filterCount / parts) * scalarBytes)
    if filterBytes > 1e6 { seconds += blocks * filterBytes / 1.2e10 }
    let width = Double(scalarBytes) / 4 * 16
    let taps = Double(problem.depth.kernel) * blocks * Double(choice.segment)
    if isMatrix {
      let sums =
        pass == .forward
        ? lanes.filter.signals * lanes.output.run : lanes.output.channels * lanes.input.run
      seconds += frequencies * taps * Double(problem.geometry.groups * sums) * width / 1.1e10
    } else {
      let pairs = lanes.isDepthwise ? lanes.input.count / parts : problem.outputChannels * lanes.filter.signals
      seconds += frequencies * taps * Double(pairs) * width / 1.2e10
    }
    return seconds
  }

  /// The tiles with the least estimated time that keep within a limit, or those of a size that was asked for.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  static func best(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ transforms: TransformProvider, _ rates: CostRates,
    tile: Extent?, segment: Int?, scalarBytes: Int, limit: Int
  ) throws(ConvolutionError) -> SliceLayout {
    let cost = TileCost(problem, scalarBytes: scalarBytes, FourierPass(pass), transforms, rates)
    if let tile { try cost.check(tile) }
    let sizes = tile.map { [$0] } ?? cost.sizes()
    var segments = [min(segment ?? .max, problem.depth.output)]
    while segment == nil && segments.last! > 1 { segments.append((segments.last! + 1) / 2) }
    var best: (layout: SliceLayout, seconds: Double)?
    var leastBytes = Int.max
    for size in sizes {
      let tilesPerSlice = tilesPerSlice(problem, size)
      for segment in segments {
        var layout = SliceLayout(
          problem, SliceChoice(size: size, segment: segment), tilesPerSlice: tilesPerSlice, scalarBytes: scalarBytes)
        let sets = layout.workingSets(pass)
        leastBytes = min(leastBytes, sets.bytes(threads: 1))
        layout.choice.workers = sets.threads(within: limit)
        guard layout.choice.workers > 0 else { continue }
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

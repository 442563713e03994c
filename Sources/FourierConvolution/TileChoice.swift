import Foundation
import SpectralTransforms
import SpectralConvolution

/// How a problem is cut into tiles, and tiles into blocks.
struct TileChoice: Hashable, Sendable {
  /// Places of a tile, down and along.
  var size: Extent
  /// Tiles that go through transform, product and inverse together.
  var tilesPerBlock: Int
  /// Output slices of a tile of a volume.
  var segment = 1
  /// Whether inference transposes the filters' spectra once, for which it holds them twice, and not for every block.
  var keepsTransposed = true
  /// Whether parts of a batch may sum their filter gradients on their own, where that is faster.
  var sumsParts = true
}

/// What a tile size costs, estimated from counts of work; the smallest estimate wins.
///
/// The rates (``TileRates``) are those of a core of an AVX-512 machine; what matters is their ratio. Nothing here depends
/// on the number of threads, so that neither do results.
struct TileCost {
  let problem: ConvolutionProblem
  let scalarBytes: Int
  /// Nil for a training step.
  let pass: ConvolutionPass?
  /// Who transforms the tiles.
  let transforms: TransformProvider
  /// Whether the filters are transformed on every call (training) or kept (inference).
  var transformsFilters: Bool { pass != .forward }

  /// What kind of problem it is, and how fast each kind of work goes.
  let kind: TileKind
  private let rates: TileRates
  private let verticalParts: (residues: Int, phaseStride: Int, phases: Int, taps: Int)
  private let horizontalParts: (residues: Int, phaseStride: Int, phases: Int, taps: Int)

  init(
    _ problem: ConvolutionProblem, scalarBytes: Int, _ pass: ConvolutionPass?, _ transforms: TransformProvider,
    _ rates: CostRates
  ) {
    self.problem = problem
    self.scalarBytes = scalarBytes
    self.pass = pass
    self.transforms = transforms
    verticalParts = AxisTiling.parts(problem.vertical)
    horizontalParts = AxisTiling.parts(problem.horizontal)
    let layout = LaneLayout(problem, tilesPerBlock: 1, lanes: 64 / scalarBytes)
    kind = TileKind(
      isDepthwise: layout.isDepthwise, isByChannels: layout.input.arrangement == .channels,
      isTraining: pass != .forward)
    self.rates = TileRates.of(kind, rates)
  }

  private func layout(tilesPerBlock: Int) -> LaneLayout {
    LaneLayout(problem, tilesPerBlock: tilesPerBlock, lanes: 64 / scalarBytes)
  }

  func tiles(_ size: Extent) -> Int {
    problem.batch * AxisTiling.tileCount(problem.vertical, size: size.height)
      * AxisTiling.tileCount(problem.horizontal, size: size.width)
  }

  static func frequencies(_ size: Extent) -> Int { size.height * (size.width / 2 + 1) }

  /// Seconds on one core, of inference or of a training step.
  func seconds(_ size: Extent, _ tilesPerBlock: Int) -> Double {
    rates.seconds(work(size, tilesPerBlock)) * imbalance(size, tilesPerBlock)
  }

  /// How much longer an odd block at the end takes than its share, on the two cores that every machine has, weighed by one
  /// half: where one block is all there is, no other core can help.
  private func imbalance(_ size: Extent, _ tilesPerBlock: Int) -> Double {
    // Threads share the rows and columns of few large tiles.
    guard size.height == 1 else { return 1 }
    let layout = layout(tilesPerBlock: tilesPerBlock)
    guard layout.isDepthwise, layout.input.arrangement == .tiles else { return 1 }
    let blocks = max(1, layout.input.count * ((tiles(size) + tilesPerBlock - 1) / tilesPerBlock))
    return 1 + 0.5 * Double(blocks % 2) / Double(blocks)
  }

  /// The same by kinds of work.
  func cost(_ size: Extent, _ tilesPerBlock: Int) -> CostEstimate {
    let seconds = rates.seconds.amounts * work(size, tilesPerBlock).amounts * imbalance(size, tilesPerBlock)
    return CostEstimate(TileTask.allCases.map { ("\(kind) \($0)", seconds[$0.rawValue]) })
  }

  /// What there is to do.
  func work(_ size: Extent, _ tilesPerBlock: Int) -> TileWorkload {
    let tiles = tiles(size)
    let blocks = Double((tiles + tilesPerBlock - 1) / tilesPerBlock)
    let layout = layout(tilesPerBlock: tilesPerBlock)
    let byChannels = layout.input.arrangement == .channels
    let frequencies = Double(Self.frequencies(size))
    let logarithm = transforms.butterflies(size)
    let groupBytes = frequencies * 128
    /// How far a number of bytes is on the way from one that fits a cache to one that does not.
    func beyond(_ bytes: Double, _ first: Double, _ last: Double) -> Double {
      min(max((bytes - first) / (last - first), 0), 1)
    }
    // Past half a megabyte, tiles begin to fall out of the second-level cache; soon nothing of them stays there.
    let spilled = beyond(groupBytes, 0.4e6, 1.6e6) + 1.5 * beyond(groupBytes, 2e6, 4e6)

    let (inputs, outputs) =
      byChannels
      ? (Double(layout.input.count(tiles: tiles)), Double(layout.output.count(tiles: tiles)))
      : (blocks * Double(layout.input.count), blocks * Double(layout.output.count))
    let filters = Double(layout.filter.count)
    let blockBytes = groupBytes * (inputs + outputs) / blocks
    var work = TileWorkload()
    work[.start] = 1
    work[.butterflies] = (inputs + outputs) * frequencies * logarithm
    work[.spills] = (inputs + outputs) * frequencies * spilled
    work[.blockSpills] = (inputs + outputs) * frequencies * beyond(blockBytes, 0.5e6, 2.5e6)
    // A row of a signal lies in memory four times at once.
    let farBytes = layout.isDepthwise ? groupBytes * (size.height == 1 ? 4 : 1) : blockBytes
    // Rows that no cache holds are read from memory for each radix.
    let passes = size.height == 1 && layout.isDepthwise ? 1 + 7 * beyond(groupBytes, 10e6, 40e6) : 1
    work[.farSpills] =
      (inputs + outputs) * frequencies * beyond(farBytes, 6e6, layout.isDepthwise ? 16e6 : 30e6) * passes
    // What stands apart in memory is gathered one by one.
    let isApart = problem.horizontal.dilation > 1 || problem.horizontal.stride > 1
    work[.rows] = (inputs + outputs) * Double(size.height) * (isApart ? 1 + Double(size.width) / 16 : 1)
    work[.filterButterflies] = filters * frequencies * logarithm
    guard !layout.isDepthwise else { return work }
    let lanes = Double(64 / scalarBytes)
    let terms = Double(layout.filter.signals)
    let (inputRun, outputRun) = (Double(layout.input.run), Double(layout.output.run))
    if byChannels {
      // A training step's two gradients are products over the terms of all outputs.
      let forward = terms * outputRun
      let back = transformsFilters ? 2 * Double(layout.output.channels) * inputRun : 0
      let sums = Double(tiles * layout.input.groups) * (forward + back)
      work[.products] = frequencies * sums * lanes * Double(scalarBytes) / 4
    }
    work[.frequencies] = blocks * frequencies
    work[.filters] = blocks * frequencies * filters
    return work
  }

  /// Tiles of a block: few enough to stay in a cache, but enough rows for a fast matrix product and enough tiles to fill
  /// a group of lanes.
  func tilesPerBlock(_ size: Extent) -> Int {
    let tiles = max(tiles(size), 1)
    let lanes = 64 / scalarBytes
    let one = layout(tilesPerBlock: 1)
    if one.input.arrangement == .tiles {
      // Whole groups of lanes, about equally full.
      let groups = (tiles + lanes - 1) / lanes
      if one.isDepthwise { return min(lanes, tiles) }
      let bytes = Self.frequencies(size) * (one.input.count + one.output.count) * 128
      let atOnce = max(1, min(groups, (640 << 10) / bytes))
      return min(atOnce * lanes, tiles)
    }
    if one.isDepthwise { return 1 }
    var count = min(16, tiles)
    let perImage = tiles / max(problem.batch, 1)
    if perImage > 0 && count >= perImage { count = count / perImage * perImage }
    // Blocks of about equal size.
    let unit = perImage > 0 && count >= perImage ? perImage : 1
    let (units, unitsPerBlock) = (tiles / unit, count / unit)
    let blocks = (units + unitsPerBlock - 1) / unitsPerBlock
    return (units + blocks - 1) / blocks * unit
  }

  /// Where everything lies in tiles of a kind.
  func layout(_ choice: TileChoice) -> TileLayout { TileLayout(problem, choice, scalarBytes: scalarBytes) }

  /// Candidate tile sizes along an axis.
  private func candidates(_ axis: ConvolutionAxis, atLeast least: Int) -> [Int] {
    let taps = AxisTiling.parts(axis).taps
    let whole = max(least, FastSize.next(AxisTiling.longest(axis) + taps - 1))
    if whole <= 2 { return [whole] }
    let smallest = min(FastSize.next(taps + 1), whole)
    // One tile for all, its ends on top of each other.
    let wrapped = FastSize.all(in: max(least, AxisTiling.longest(axis), taps)...whole)
      .filter { AxisTiling.mayWrap(axis, size: $0) }
    var sizes = FastSize.all(in: smallest...min(whole, max(smallest, 4 * taps + 64, 256)))
    // Thin out the larger ones: neighbours cost nearly the same.
    if sizes.count > 24 {
      sizes = sizes.filter { $0 <= 48 } + sizes.filter { $0 > 48 && $0 % ($0 > 128 ? 16 : 4) == 0 }
    }
    sizes += wrapped.prefix(3).filter { $0 <= 512 && !sizes.contains($0) }
    return sizes.isEmpty ? [whole] : sizes
  }

  /// Candidate tile sizes.
  func sizes() -> [Extent] {
    candidates(problem.vertical, atLeast: 1).flatMap { height in
      // Columns are taken in pairs.
      candidates(problem.horizontal, atLeast: 2).map { Extent(height: height, width: $0) }
    }
  }

  /// The cheapest tiles that keep within `limit` bytes. What is chosen does not depend on the number of threads, but only
  /// so many of them may work as there is room for.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  func best(limit: Int) throws(ConvolutionError) -> TileChoice { try ranked(limit: limit)[0].choice }

  /// All candidate tiles that keep within `limit` bytes, the cheapest first.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  func ranked(limit: Int) throws(ConvolutionError) -> [(choice: TileChoice, seconds: Double)] {
    var ranked: [(choice: TileChoice, seconds: Double)] = []
    var leastBytes = Int.max
    for size in sizes() {
      guard let choice = fitting(size, limit, &leastBytes) else { continue }
      ranked.append((choice, seconds(size, choice.tilesPerBlock)))
    }
    guard !ranked.isEmpty else { throw Self.refusal(leastBytes, limit) }
    // Of equal ones the smaller comes first.
    func area(_ size: Extent) -> Int { size.height * size.width }
    return ranked.sorted { ($0.seconds, area($0.choice.size)) < ($1.seconds, area($1.choice.size)) }
  }

  /// Tiles of a size that was asked for.
  ///
  /// - Throws: If there can be no such tiles, or if they do not keep within `limit` bytes.
  func choice(_ size: Extent, limit: Int) throws(ConvolutionError) -> TileChoice {
    try check(size)
    var leastBytes = Int.max
    guard let choice = fitting(size, limit, &leastBytes) else { throw Self.refusal(leastBytes, limit) }
    return choice
  }

  /// - Throws: If there can be no tiles of a size.
  func check(_ size: Extent) throws(ConvolutionError) {
    if transforms == .builtIn, let count = [size.height, size.width / 2].first(where: { !FastSize.isSmooth($0) }) {
      throw ConvolutionError(
        "a tile of \(size) is made of transforms of \(count) points, and the built-in ones have no prime factor above 7: take "
          + "another tile, or FFTW's transforms")
    }
    guard size.height >= verticalParts.taps, size.width >= horizontalParts.taps, size.width % 2 == 0 else {
      throw ConvolutionError(
        "a tile of \(size) cannot be: it needs at least \(verticalParts.taps) x \(horizontalParts.taps) places and an even "
          + "width")
    }
  }

  /// Tiles of a size, as generously as the limit allows; nil if it has no room for them.
  private func fitting(_ size: Extent, _ limit: Int, _ leastBytes: inout Int) -> TileChoice? {
    var choice = TileChoice(size: size, tilesPerBlock: tilesPerBlock(size))
    let fewest = layout(tilesPerBlock: 1).input.arrangement == .tiles ? min(64 / scalarBytes, choice.tilesPerBlock) : 1
    while true {
      let sets = layout(choice).workingSets(pass)
      leastBytes = min(leastBytes, sets.bytes(threads: 1))
      if sets.bytes(threads: 1) <= limit { return choice }
      if pass == .forward && choice.keepsTransposed {
        choice.keepsTransposed = false
      } else if pass != .forward && choice.sumsParts {
        choice.sumsParts = false
      } else if choice.tilesPerBlock > fewest {
        choice.tilesPerBlock = max(fewest, choice.tilesPerBlock / 2)
      } else {
        return nil
      }
    }
  }

  private static func refusal(_ leastBytes: Int, _ limit: Int) -> ConvolutionError {
    ConvolutionError(
      "the Fourier method", needs: leastBytes, limit: limit,
      or: "take the direct method or fewer channels at once")
  }
}

extension TransformProvider {
  /// The logarithm of a tile's points: the work of transforming its rows and columns, in units of the built-in loops.
  func butterflies(_ size: Extent) -> Double {
    // Columns are taken in pairs.
    log2(Double(size.height)) * relativeCost(size.height) + log2(Double(size.width)) * relativeCost(size.width / 2)
  }
}

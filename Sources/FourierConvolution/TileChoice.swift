import Foundation
import Fourier
import Layers

/// How a problem is cut into tiles, and tiles into blocks.
struct TileChoice: Hashable, Sendable {
  /// Places of a tile, down and along.
  var size: Extent
  /// Tiles that go through transform, product and inverse together.
  var tilesPerBlock: Int
  /// Threads for which a memory limit has room.
  var workers = Int.max
}

/// What a tile size costs, estimated from counts of work; the smallest estimate wins.
///
/// The rates are per core and were measured on AVX-512 machines; what matters is their ratio. Nothing here depends on
/// the number of threads, so that neither do results.
struct TileCost {
  let problem: ConvolutionProblem
  let scalarBytes: Int
  /// Whether the filters are transformed on every call (training) or kept (inference).
  let transformsFilters: Bool

  private let verticalParts: (residues: Int, phaseStride: Int, phases: Int, taps: Int)
  private let horizontalParts: (residues: Int, phaseStride: Int, phases: Int, taps: Int)

  init(_ problem: ConvolutionProblem, scalarBytes: Int, transformsFilters: Bool) {
    self.problem = problem
    self.scalarBytes = scalarBytes
    self.transformsFilters = transformsFilters
    verticalParts = AxisTiling.parts(problem.vertical)
    horizontalParts = AxisTiling.parts(problem.horizontal)
  }

  private func layout(tilesPerBlock: Int) -> LaneLayout {
    LaneLayout(
      problem, phases: Extent(height: verticalParts.phases, width: horizontalParts.phases),
      tilesPerBlock: tilesPerBlock, lanes: 64 / scalarBytes)
  }

  func tiles(_ size: Extent) -> Int {
    problem.batch * AxisTiling.tileCount(problem.vertical, size: size.height)
      * AxisTiling.tileCount(problem.horizontal, size: size.width)
  }

  static func frequencies(_ size: Extent) -> Int { size.height * (size.width / 2 + 1) }

  /// Seconds on one core.
  ///
  /// The rates are fits to some seventy timings of layers and images (`spectral benchmark --regret` shows how far the
  /// choice is from the best): what moves numbers counts more than what computes with them.
  func seconds(_ size: Extent) -> Double {
    let tiles = tiles(size)
    let tilesPerBlock = tilesPerBlock(size)
    let blocks = Double((tiles + tilesPerBlock - 1) / tilesPerBlock)
    let layout = layout(tilesPerBlock: tilesPerBlock)
    let frequencies = Double(Self.frequencies(size))
    let groupBytes = frequencies * 128
    // What a tile of a group of lanes costs more where it outgrows the second-level cache, or the share of the third.
    let strain = min(max((groupBytes - 0.5e6) / 0.6e6, 0), 1) + (groupBytes > 16e6 ? 1.5 : 0)

    let images = blocks * Double(layout.input.count + layout.output.count)
    let filters = Double(layout.filter.count)
    if layout.isDepthwise {
      let group = groupBytes / 4 * (0.875e-9 + 0.6e-9 * strain)
      // The spectrum of an image's kernel is that of a whole group of lanes.
      let kernel = layout.input.arrangement == .tiles ? 1.2 * group : 0
      return images * group * (transformsFilters ? 3.9 : 1) + kernel
    }
    let sums =
      layout.input.arrangement == .channels
      ? Double(tiles * layout.filter.signals * layout.input.groups * layout.output.run)
      : blocks * Double(layout.filter.signals * layout.output.groups * layout.output.channels * layout.output.run)
    let byChannels = layout.input.arrangement == .channels
    let product =
      frequencies * sums * Double(64 / scalarBytes) / (byChannels ? 14e9 : 7e9) * Double(scalarBytes) / 4
    // Every block reads the spectra of all filters.
    let filterBytes = groupBytes * filters
    let traffic = blocks * filterBytes / (filterBytes < 1e6 ? 60e9 : 25e9)
    let pass = images * groupBytes * (1 + 0.5 * strain) / (byChannels ? 8e9 : 2.5e9) + product + traffic
    // A training step: three such passes, and filters, there and back.
    return transformsFilters ? 3 * pass + filterBytes / 1.04e9 : pass
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

  /// The bytes that the forward pass holds: filter spectra, and for each worker a block of spectra and a group of tiles.
  func workingBytes(_ choice: TileChoice, workers: Int) -> Int {
    let parts = workingParts(choice)
    return parts.shared + min(workers, choice.workers) * parts.worker
  }

  private func workingParts(_ choice: TileChoice) -> (shared: Int, worker: Int) {
    let layout = layout(tilesPerBlock: choice.tilesPerBlock)
    let frequencies = Self.frequencies(choice.size)
    // Twice: the spectra and their transpose.
    let filters = (layout.isDepthwise ? 1 : 2) * frequencies * layout.filter.count * 128
    let block = layout.isDepthwise ? 0 : frequencies * (layout.input.count + layout.output.count) * 128
    let work =
      scalarBytes == 4 ? TileTransform<Float>.workBytes(choice.size) : TileTransform<Double>.workBytes(choice.size)
    return (filters, block + tileBytes(choice.size) + work)
  }

  /// The bytes of a tile of half spectra, a group of lanes of it.
  private func tileBytes(_ size: Extent) -> Int {
    let rowPitch =
      scalarBytes == 4 ? TileTransform<Float>.rowPitch(size) : TileTransform<Double>.rowPitch(size)
    return size.height * rowPitch * scalarBytes
  }

  /// Tile sizes of an axis that are worth a look.
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

  /// The cheapest tiles that keep within `memoryLimit` bytes. What is chosen does not depend on the number of threads,
  /// but only so many of them may work as there is room for.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  func best(memoryLimit: Int?) throws(ConvolutionError) -> TileChoice {
    try ranked(memoryLimit: memoryLimit)[0].choice
  }

  /// All tiles that are worth a look and keep within `memoryLimit` bytes, the cheapest first.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  func ranked(memoryLimit: Int?) throws(ConvolutionError) -> [(choice: TileChoice, seconds: Double)] {
    var ranked: [(choice: TileChoice, seconds: Double)] = []
    var leastBytes = Int.max
    for height in candidates(problem.vertical, atLeast: 1) {
      // Columns are taken in pairs.
      for width in candidates(problem.horizontal, atLeast: 2) {
        let size = Extent(height: height, width: width)
        guard let choice = fitting(size, memoryLimit, &leastBytes) else { continue }
        ranked.append((choice, seconds(size)))
      }
    }
    guard !ranked.isEmpty else { throw Self.refusal(leastBytes, memoryLimit) }
    // Of equal ones the smaller comes first.
    func area(_ size: Extent) -> Int { size.height * size.width }
    return ranked.sorted { ($0.seconds, area($0.choice.size)) < ($1.seconds, area($1.choice.size)) }
  }

  /// Tiles of a size that was asked for.
  ///
  /// - Throws: If there can be no such tiles, or if they do not keep within `memoryLimit` bytes.
  func choice(_ size: Extent, memoryLimit: Int?) throws(ConvolutionError) -> TileChoice {
    guard size.height >= verticalParts.taps, size.width >= horizontalParts.taps, size.width % 2 == 0 else {
      throw ConvolutionError(
        "a tile of \(size) cannot be: it needs at least \(verticalParts.taps) x \(horizontalParts.taps) places and an even "
          + "width")
    }
    var leastBytes = Int.max
    guard let choice = fitting(size, memoryLimit, &leastBytes) else { throw Self.refusal(leastBytes, memoryLimit) }
    return choice
  }

  /// Tiles of a size, in blocks that fit the limit; nil if none do.
  private func fitting(_ size: Extent, _ memoryLimit: Int?, _ leastBytes: inout Int) -> TileChoice? {
    var choice = TileChoice(size: size, tilesPerBlock: tilesPerBlock(size))
    guard let memoryLimit else { return choice }
    var parts = workingParts(choice)
    if parts.shared + parts.worker > memoryLimit {
      choice.tilesPerBlock = 1
      parts = workingParts(choice)
    }
    leastBytes = min(leastBytes, parts.shared + parts.worker)
    guard parts.shared + parts.worker <= memoryLimit else { return nil }
    choice.workers = (memoryLimit - parts.shared) / parts.worker
    return choice
  }

  private static func refusal(_ leastBytes: Int, _ memoryLimit: Int?) -> ConvolutionError {
    ConvolutionError(
      "the Fourier method needs about \(leastBytes >> 10) KiB of working memory here, the limit is "
        + "\((memoryLimit ?? 0) >> 10) KiB: raise the limit, or convolve fewer channels at once")
  }
}

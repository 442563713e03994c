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

  private var phases: Int { verticalParts.phases * horizontalParts.phases }
  /// Lanes of a tile that go in.
  private var inputLanes: Int { problem.inputChannels * phases }
  /// Lanes of a tile that come out.
  private var outputLanes: Int { problem.outputChannels }
  /// Terms of each sum over channels and phases.
  private var terms: Int { problem.channelsPerGroup * phases }

  private var isDepthwise: Bool { terms == 1 && problem.outputsPerGroup == 1 }

  func tiles(_ size: Extent) -> Int {
    problem.batch * AxisTiling.tileCount(problem.vertical, size: size.height)
      * AxisTiling.tileCount(problem.horizontal, size: size.width)
  }

  static func frequencies(_ size: Extent) -> Int { size.height * (size.width / 2 + 1) }

  /// Seconds on one core.
  func seconds(_ size: Extent) -> Double {
    let points = Double(size.height * size.width)
    let frequencies = Double(Self.frequencies(size))
    let tiles = Double(tiles(size))
    let filters = Double(problem.outputChannels * terms)
    // Of one lane: FFTW's arithmetic, and the passes that bring it there and take it away.
    let transform = 2.5 * points * log2(max(points, 2)) / 22e9 + points / 1.6e9
    let product = frequencies * filters / (isDepthwise ? 2e9 : 15e9)
    // Every block reads the spectra of all filters: from the third-level cache, if they fit there.
    let filterBytes = frequencies * filters * Double(2 * scalarBytes)
    let blocks = (tiles / Double(tilesPerBlock(size))).rounded(.up)
    let traffic = blocks * filterBytes / (filterBytes < 32e6 ? 25e9 : 7e9)
    let lanes = Double(inputLanes + outputLanes)
    guard transformsFilters else { return tiles * (lanes * transform + product) + traffic }
    // A training step: images, feature maps and both gradients; filters, there and back; three products.
    return tiles * (2 * lanes * transform + 3 * product) + 3 * traffic + 3 * filters * transform
  }

  /// Tiles of a block: few enough to stay in the second-level cache, but enough rows for a fast matrix product and
  /// enough lanes for a fast transform.
  func tilesPerBlock(_ size: Extent) -> Int {
    let tiles = max(tiles(size), 1)
    let bytes = Self.frequencies(size) * (inputLanes + outputLanes) * 2 * scalarBytes
    let rows = isDepthwise ? 1 : 12
    let roomForLanes = (512 << 10) / (size.height * size.width * scalarBytes)
    let lanes = min(16, roomForLanes) / min(inputLanes, outputLanes)
    let wanted = max(rows, lanes, 1)
    var count = min(max(wanted, min((1 << 20) / bytes, (tiles + 7) / 8)), tiles)
    let perImage = tiles / max(problem.batch, 1)
    if perImage > 0 && count >= perImage { count = count / perImage * perImage }
    // Blocks of about equal size.
    let unit = perImage > 0 && count >= perImage ? perImage : 1
    let (units, unitsPerBlock) = (tiles / unit, count / unit)
    let blocks = (units + unitsPerBlock - 1) / unitsPerBlock
    return (units + blocks - 1) / blocks * unit
  }

  /// The bytes that the forward pass holds: filter spectra, and for each worker a block of spectra and a chunk of tiles.
  func workingBytes(_ choice: TileChoice, workers: Int) -> Int {
    let parts = workingParts(choice.size, tilesPerBlock: choice.tilesPerBlock)
    return parts.shared + min(workers, choice.workers) * parts.worker
  }

  private func workingParts(_ size: Extent, tilesPerBlock: Int) -> (shared: Int, worker: Int) {
    let frequencies = Self.frequencies(size)
    let complex = 2 * scalarBytes
    // Twice: the spectra and their adjoint.
    let filters = 2 * frequencies * problem.outputChannels * terms * complex
    let block = frequencies * tilesPerBlock * (inputLanes + outputLanes) * complex
    let chunk = 2 * size.height * size.width * Self.preferredChunk(size, scalarBytes) * scalarBytes
    return (filters, block + chunk)
  }

  /// Lanes that are transformed at once: as many as keep the tiles in the second-level cache, a power of two.
  static func preferredChunk(_ size: Extent, _ scalarBytes: Int) -> Int {
    var chunk = 64
    while chunk > 2 && size.height * size.width * chunk * scalarBytes > 512 << 10 { chunk /= 2 }
    return chunk
  }

  /// Tile sizes of an axis that are worth a look.
  private func candidates(_ axis: ConvolutionAxis, atLeast least: Int) -> [Int] {
    let taps = AxisTiling.parts(axis).taps
    let whole = max(least, FastSize.next(AxisTiling.longest(axis) + taps - 1))
    if whole <= 2 { return [whole] }
    let smallest = min(FastSize.next(taps + 1), whole)
    var sizes = FastSize.all(in: smallest...min(whole, max(smallest, 4 * taps + 64, 256)))
    // Thin out the larger ones: neighbours cost nearly the same.
    if sizes.count > 24 {
      sizes = sizes.filter { $0 <= 48 } + sizes.filter { $0 > 48 && $0 % ($0 > 128 ? 16 : 4) == 0 }
    }
    if sizes.last != whole && whole <= 512 { sizes.append(whole) }
    return sizes.isEmpty ? [whole] : sizes
  }

  /// The cheapest tiles that keep within `memoryLimit` bytes. What is chosen does not depend on the number of threads,
  /// but only so many of them may work as there is room for.
  ///
  /// - Throws: If there are none; the sentence says what the most frugal would need.
  func best(memoryLimit: Int?) throws(ConvolutionError) -> TileChoice {
    let heights = candidates(problem.vertical, atLeast: 1)
    // Columns are taken in pairs.
    let widths = candidates(problem.horizontal, atLeast: 2)
    var best: (choice: TileChoice, seconds: Double)?
    var leastBytes = Int.max
    for height in heights {
      for width in widths {
        let size = Extent(height: height, width: width)
        guard let choice = fitting(size, memoryLimit, &leastBytes) else { continue }
        let seconds = seconds(size)
        if best == nil || seconds < best!.seconds { best = (choice, seconds) }
      }
    }
    guard let best else { throw Self.refusal(leastBytes, memoryLimit) }
    return best.choice
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
    var parts = workingParts(size, tilesPerBlock: choice.tilesPerBlock)
    if parts.shared + parts.worker > memoryLimit {
      choice.tilesPerBlock = 1
      parts = workingParts(size, tilesPerBlock: 1)
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

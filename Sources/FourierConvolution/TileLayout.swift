import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// The spectra of one operand of a block of tiles: images, feature maps, or filters.
///
/// They are stored `[column][position][group of lanes][row][lane]`. A *position* of a tile is a slice of the padded volume
/// that one of its windows sees, a slice of the feature maps, or one of the kernel; of signals and images there is one.
struct SpectraLayout: Sendable {
  let map: LaneMap
  /// Positions of a tile.
  let positions: Int
  /// Groups of lanes at a position of a block.
  let width: Int
  /// Columns of the half spectrum of a tile, and the numbers of a column of a group of lanes.
  let columns: Int
  let columnPitch: Int
  /// Whether no group of lanes meets another at a frequency: then each lies on its own, column after column.
  let groupsStandAlone: Bool

  /// Groups of lanes of a block, `position * width + index`.
  var units: Int { positions * width }
  /// Numbers from one column of a block's spectra to the next.
  var slab: Int { groupsStandAlone ? columnPitch : units * columnPitch }
  /// Numbers from one group of lanes to the next.
  var groupPitch: Int { groupsStandAlone ? columns * columnPitch : columnPitch }
  /// Numbers from one position to the next.
  var positionPitch: Int { width * groupPitch }
  /// Numbers of a run of groups of lanes.
  var run: Int { map.run * columnPitch }
  /// Numbers from one tile to the next, where channels stand side by side.
  var tilePitch: Int { map.groups * run }
  /// Numbers of all.
  var count: Int { columns * units * columnPitch }
}

/// A problem cut into tiles: where everything lies, and so how much memory the passes take beside operands and results.
struct TileLayout: Sendable {
  /// Buffers that are held for speed where there is room. They change no bit of a result.
  struct OptionalBuffers: Hashable, Sendable {
    /// Whether the tape holds the spectra of the images.
    var keepsImages = false
    /// Blocks whose spectra are there at once: forward, where those of the images are kept, and backward.
    var forwardBlocks = 1
    var backwardBlocks = 1
  }

  let problem: ConvolutionProblem
  let choice: TileChoice
  let input: SpectraLayout
  let output: SpectraLayout
  let filter: SpectraLayout
  /// Whether every signal is multiplied by a filter of its own.
  let isDepthwise: Bool
  /// Tiles along the depth, and on a slice.
  let segments: Int
  let tilesPerSlice: Int
  let tiles: Int
  let tilesPerBlock: Int
  /// Blocks that the groups of lanes of a tile fall into: in a volume they need not meet where every channel has a filter
  /// of its own.
  let blocksPerTile: Int
  let blocks: Int
  let scalarBytes: Int

  /// - Parameter tilesPerSlice: From ``tilesPerSlice(_:_:)``, which takes longer than all the rest.
  init(_ problem: ConvolutionProblem, _ choice: TileChoice, tilesPerSlice: Int, scalarBytes: Int) {
    self.problem = problem
    self.choice = choice
    self.scalarBytes = scalarBytes
    self.tilesPerSlice = tilesPerSlice
    segments = (problem.depth.output + choice.segment - 1) / choice.segment
    tiles = problem.batch * segments * tilesPerSlice
    tilesPerBlock = max(1, min(choice.tilesPerBlock, tiles))
    let lanes = LaneLayout(problem, tilesPerBlock: tilesPerBlock, lanes: 64 / scalarBytes)
    isDepthwise = lanes.isDepthwise
    let groupsStandAlone = lanes.isDepthwise && lanes.input.arrangement == .channels
    let blocksPerTile = groupsStandAlone && problem.rank == 3 ? lanes.input.count : 1
    self.blocksPerTile = blocksPerTile
    blocks = (tiles + tilesPerBlock - 1) / tilesPerBlock * blocksPerTile
    let size = choice.size
    func spectra(_ map: LaneMap, positions: Int, width: Int) -> SpectraLayout {
      // An odd number of groups, so that those of one frequency do not all fall on the same lines of the cache.
      SpectraLayout(
        map: map, positions: positions, width: width, columns: size.width / 2 + 1,
        columnPitch: (size.height | 1) * 128 / scalarBytes, groupsStandAlone: groupsStandAlone && problem.rank < 3)
    }
    input = spectra(
      lanes.input, positions: (choice.segment - 1) * problem.depth.stride + problem.depth.span,
      width: lanes.input.count / blocksPerTile)
    output = spectra(lanes.output, positions: choice.segment, width: lanes.output.count / blocksPerTile)
    filter = spectra(lanes.filter, positions: problem.depth.kernel, width: lanes.filter.count)
  }

  init(_ problem: ConvolutionProblem, _ choice: TileChoice, scalarBytes: Int) {
    self.init(
      problem, choice, tilesPerSlice: Self.tilesPerSlice(problem, choice.size), scalarBytes: scalarBytes)
  }

  static func tilesPerSlice(_ problem: ConvolutionProblem, _ size: Extent) -> Int {
    AxisTiling.tileCount(problem.vertical, size: size.height)
      * AxisTiling.tileCount(problem.horizontal, size: size.width)
  }

  var byChannels: Bool { input.map.arrangement == .channels }
  /// Whether sums over channels are matrix products with channels in the lanes.
  var isMatrix: Bool { byChannels && !isDepthwise }
  /// Whether a column is multiplied while it is in the first-level cache, and no spectrum written down.
  var isFused: Bool { isDepthwise && problem.rank < 3 }
  /// Whether each pair of lanes is summed over the slices of the kernel on its own.
  var sumsTaps: Bool { problem.rank == 3 && !isMatrix }
  /// Whether inference keeps the filters transposed.
  var keepsTransposed: Bool { isMatrix && choice.keepsTransposed }
  /// Numbers of a group of complex lanes.
  var group: Int { 128 / scalarBytes }
  /// Complex numbers of a tile's spectrum.
  var frequencies: Int { choice.size.height * input.columns }
  /// Numbers of Wᵀ of a slice of the kernel at one frequency: `[group][term][output]`.
  var transposedPitch: Int { isMatrix ? problem.geometry.groups * filter.map.signals * output.map.run * group : 0 }
  /// Numbers of Wᵀ at one frequency.
  var transposedSlab: Int { filter.positions * transposedPitch }
  /// Numbers of the filters of a fused pass over tiles: one for all lanes, `[output][frequency][real, imaginary]`.
  var packedCount: Int { isFused && !byChannels ? 2 * frequencies * problem.outputChannels : 0 }
  /// Numbers that the gradient by the filters works in at one frequency: Gᵀ or Xᵀ of a block, or sums of all taps.
  var filterWorkCount: Int {
    isMatrix ? 0 : sumsTaps ? filter.positions * group : byChannels ? 0 : tilesPerBlock * filter.map.run * group
  }
  /// Parts of the batch that sum the filter gradient on their own: some for each thread, but the same for any number.
  var batchParts: Int { blocksStandAloneBackward ? min(blocks, 8) : 1 }

  /// Whether a block can go through the whole backward pass on its own: no image is in two blocks, and the sums of all
  /// parts are small.
  var blocksStandAloneBackward: Bool {
    choice.sumsParts && !byChannels && problem.rank < 3 && blocks > 1 && tilesPerBlock % max(tilesPerSlice, 1) == 0
      && min(blocks, 8) * filter.count * scalarBytes <= 4 << 20
  }

  /// Whether each of some threads takes whole blocks through the forward pass; otherwise they share the stages of a block.
  /// Either way every number is computed by the same operations in the same order.
  func blocksStandAlone(threads: Int) -> Bool {
    if problem.rank == 3 { return segmentsStandAlone }
    return threads == 1 || blocks % threads == 0 || blocks >= 4 * threads
  }

  /// The spectra of a block of a volume stay in a thread's own cache, or all threads share one block.
  private var segmentsStandAlone: Bool { (input.count + output.count) * scalarBytes <= 3 << 19 && blocks > 3 }

  // MARK: Memory

  private func bytes(_ numbers: Int) -> Int { MemoryPool.sizeClass(numbers * scalarBytes) }
  private func bytesIfAny(_ numbers: Int) -> Int { numbers == 0 ? 0 : bytes(numbers) }
  /// A half-transformed tile of a group of lanes, and what else its transform works in.
  private var tile: (scratch: Int, work: Int) {
    scalarBytes == MemoryLayout<Float>.stride
      ? GroupWork<Float>.byteCounts(choice.size) : GroupWork<Double>.byteCounts(choice.size)
  }
  private var own: Int { tile.scratch + tile.work }

  /// The bytes of the filter spectra that inference keeps.
  var keptFilters: Int {
    bytes(packedCount > 0 ? packedCount : keepsTransposed ? frequencies * transposedSlab : filter.count)
  }

  /// The phases of a pass, or of a training step if it is nil.
  func workingSets(_ pass: ConvolutionPass?, _ buffers: OptionalBuffers = OptionalBuffers()) -> [WorkingSet] {
    let (scaled, bias) = (bytes(problem.filterShape.count), bytes(problem.outputChannels))
    let (filters, packed) = (bytes(filter.count), bytesIfAny(packedCount))
    // Threads with a block each, or all with one: of images the first takes more.
    let block = isFused ? 0 : bytes(input.count) + bytes(output.count)
    func forward(_ held: Int, transposes: Bool) -> WorkingSet {
      let own = own + (transposes ? bytesIfAny(transposedSlab) : 0)
      return problem.rank < 3 || segmentsStandAlone
        ? WorkingSet(shared: held + bias, perThread: own + block)
        : WorkingSet(shared: held + bias + block, perThread: own)
    }
    switch pass {
    case .forward:
      let made =
        packedCount > 0
        ? [WorkingSet(shared: scaled + packed, perThread: own)]
        : [
          WorkingSet(shared: scaled + filters, perThread: own),
          WorkingSet(shared: scaled + filters + (keepsTransposed ? keptFilters : 0), perThread: 0),
        ]
      return made + [forward(keptFilters, transposes: !keepsTransposed)]
    case .inputGradient:
      return [
        WorkingSet(shared: scaled + filters, perThread: own), backward(filters, buffers, images: true, sums: false),
      ]
    case .filterGradient:
      return [backward(0, buffers, images: true, sums: true)]
    case nil:
      let tape = filters + packed + (buffers.keepsImages ? bytes(blocks * input.count) : 0)
      let sets =
        isFused || !buffers.keepsImages
        ? [forward(tape, transposes: true)]
        // Threads with many blocks together, or with a block each, as their number and that of blocks suggest.
        : [
          WorkingSet(
            shared: tape + bias + bytes(buffers.forwardBlocks * output.count),
            perThread: max(own, bytesIfAny(transposedSlab))),
          WorkingSet(shared: tape + bias, perThread: byChannels ? 0 : own + bytes(output.count)),
        ]
      return [WorkingSet(shared: scaled + packed + filters, perThread: own)] + sets + [
        backward(tape, buffers, images: !buffers.keepsImages, sums: true)
      ]
    }
  }

  /// The backward pass: beside the tape, spectra of gradients and sums.
  private func backward(_ tape: Int, _ buffers: OptionalBuffers, images: Bool, sums: Bool) -> WorkingSet {
    if isFused && byChannels {
      return WorkingSet(
        shared: tape,
        perThread: own + (images && sums ? tile.scratch : 0) + bytesIfAny(sums ? frequencies * group : 0))
    }
    let work = sums ? bytesIfAny(filterWorkCount) : 0
    let summed = sums ? bytes(batchParts * filter.count) : 0
    let count = blocksStandAloneBackward ? 1 : buffers.backwardBlocks
    let spectra = bytes(count * output.count) + bytes(count * input.count)
    return blocksStandAloneBackward
      ? WorkingSet(shared: tape + summed, perThread: own + spectra + work)
      : WorkingSet(shared: tape + spectra + summed, perThread: max(own, work))
  }

  /// Bytes of spectra beyond which it gains nothing to hold more blocks at once.
  private static var usefulBytes: Int { 512 << 20 }

  /// What there is room for, once so many threads have what they need.
  ///
  /// - Parameter tapeBudget: The bytes of image spectra that a tape may hold.
  func optionalBuffers(_ pass: ConvolutionPass?, limit: Int, threads: Int, tapeBudget: Int) -> OptionalBuffers {
    var buffers = OptionalBuffers()
    func fits() -> Bool { workingSets(pass, buffers).bytes(threads: threads) <= limit }
    func raise(_ path: WritableKeyPath<OptionalBuffers, Int>, atMost most: Int) {
      var count = max(1, min(blocks, most))
      repeat {
        buffers[keyPath: path] = count
        count -= max(1, count / 16)
      } while count > 0 && !fits()
    }
    // The blocks of a volume are large.
    guard pass != .forward, problem.rank < 3 else { return buffers }
    if pass == nil, blocks * input.count * scalarBytes <= tapeBudget {
      buffers.keepsImages = true
      if !fits() { buffers.keepsImages = false }
    }
    guard !(isFused && byChannels) else { return buffers }
    if !blocksStandAloneBackward {
      raise(\.backwardBlocks, atMost: Self.usefulBytes / ((input.count + output.count) * scalarBytes))
    }
    if buffers.keepsImages && !isFused { raise(\.forwardBlocks, atMost: blocks) }
    return buffers
  }
}

import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// What is computed between two moments at which a method holds nothing for its caller.
enum FourierPass: Hashable, Sendable {
  case forward, inputGradient, filterGradient
  /// ``FourierConvolution/record(_:_:_:_:)`` and ``FourierConvolution/gradients(_:_:wantsInput:)``, with the tape.
  case step

  init(_ pass: ConvolutionPass) {
    switch pass {
    case .forward: self = .forward
    case .inputGradient: self = .inputGradient
    case .filterGradient: self = .filterGradient
    }
  }
}

/// The bytes of all that the passes allocate beside operands and results, and how a memory limit is shared out among it.
struct TileMemory: Sendable {
  /// What may be held for speed. It changes no bit of a result.
  struct Luxuries: Hashable, Sendable {
    /// Whether the tape holds the spectra of the images.
    var keepsImages = false
    /// Blocks whose spectra are there at once: forward, where those of the images are kept, and backward.
    var forwardBlocks = 1
    var backwardBlocks = 1
  }

  private let scalarBytes: Int
  private let blocks: Int
  private let isDepthwise: Bool
  private let byChannels: Bool
  private let keepsTransposed: Bool
  /// Parts of the batch that sum the filter gradient on their own: some for each thread, but the same for any number.
  let parts: Int
  /// Whether a block can go through the whole backward pass on its own: no image is in two blocks, and the sums of all
  /// parts are small.
  let blocksStandAlone: Bool
  /// Numbers in the spectra of a block of images and of feature maps, and of the filters.
  private let inputCount: Int
  private let outputCount: Int
  private let filterCount: Int
  /// Numbers of Wᵀ at one frequency, of Gᵀ or Xᵀ of a block at one, and of what a depthwise filter gradient sums of a
  /// group of lanes.
  private let turnedCount: Int
  private let turnedBlockCount: Int
  private let frequencies: Int
  private let sumCount: Int
  private let packedCount: Int
  private let tileCount: Int
  private let workCount: Int
  /// The filters as they are.
  private let plainCount: Int
  private let biasCount: Int

  init(_ problem: ConvolutionProblem, _ choice: TileChoice, layout: LaneLayout, tiles: Int, scalarBytes: Int) {
    self.scalarBytes = scalarBytes
    let blocks = (tiles + choice.tilesPerBlock - 1) / choice.tilesPerBlock
    self.blocks = max(blocks, 1)
    let size = choice.size
    let group = 128 / scalarBytes
    let columns = size.width / 2 + 1
    func spectra(_ map: LaneMap) -> Int { columns * map.count * (size.height | 1) * group }
    (inputCount, outputCount, filterCount) = (spectra(layout.input), spectra(layout.output), spectra(layout.filter))
    isDepthwise = layout.isDepthwise
    byChannels = layout.input.arrangement == .channels
    keepsTransposed = choice.keepsTransposed && byChannels && !layout.isDepthwise
    frequencies = size.height * columns
    let groups = problem.geometry.groups
    turnedCount = byChannels ? groups * layout.filter.signals * layout.output.run * group : 0
    turnedBlockCount = byChannels ? 0 : choice.tilesPerBlock * layout.filter.run * group
    sumCount = frequencies * group
    parts = min(self.blocks, 8)
    let perImage = tiles / max(problem.batch, 1)
    blocksStandAlone =
      choice.sumsParts && !byChannels && blocks > 1 && choice.tilesPerBlock % max(perImage, 1) == 0
      && parts * filterCount * scalarBytes <= 4 << 20
    packedCount = isDepthwise && !byChannels ? 2 * frequencies * problem.outputChannels : 0
    let isSingle = scalarBytes == MemoryLayout<Float>.stride
    tileCount = size.height * (isSingle ? TileTransform<Float>.rowPitch(size) : TileTransform<Double>.rowPitch(size))
    workCount = isSingle ? TileWork<Float>.count(size) : TileWork<Double>.count(size)
    plainCount = problem.filterShape.count
    biasCount = problem.outputChannels
  }

  private func bytes(_ numbers: Int) -> Int { MemoryPool.sizeClass(numbers * scalarBytes) }
  /// A group of lanes on its way through a transform.
  private var own: Int { bytes(tileCount) + bytes(workCount) }
  private var filters: Int { bytes(filterCount) }
  private var packed: Int { packedCount == 0 ? 0 : bytes(packedCount) }
  private var transposed: Int { bytes(frequencies * turnedCount) }
  private var turned: Int { turnedCount == 0 ? 0 : bytes(turnedCount) }
  private var keptImages: Int { bytes(blocks * inputCount) }

  /// The bytes of the filter spectra that inference keeps.
  var keptFilters: Int { packedCount > 0 ? packed : keepsTransposed ? transposed : filters }

  /// What a pass holds, one after the other.
  func workingSets(_ pass: FourierPass, _ luxuries: Luxuries = Luxuries()) -> [WorkingSet] {
    let scaled = bytes(plainCount)
    let bias = bytes(biasCount)
    // Threads with a block each, or all with one: the first takes more.
    let blockwise = isDepthwise ? own : own + bytes(inputCount) + bytes(outputCount)
    switch pass {
    case .forward:
      let made =
        packedCount > 0
        ? [WorkingSet(shared: scaled + packed, perThread: own)]
        : [
          WorkingSet(shared: scaled + filters, perThread: own),
          WorkingSet(shared: scaled + filters + (keepsTransposed ? transposed : 0), perThread: 0),
        ]
      return made + [
        WorkingSet(
          shared: keptFilters + bias, perThread: blockwise + (isDepthwise || keepsTransposed ? 0 : turned))
      ]
    case .inputGradient:
      return [
        WorkingSet(shared: scaled + filters, perThread: own), backward(filters, luxuries, images: true, sums: false),
      ]
    case .filterGradient:
      return [backward(0, luxuries, images: true, sums: true)]
    case .step:
      let tape = filters + packed + (luxuries.keepsImages ? keptImages : 0)
      let forward: [WorkingSet]
      if isDepthwise || !luxuries.keepsImages {
        forward = [WorkingSet(shared: tape + bias, perThread: blockwise + (isDepthwise ? 0 : turned))]
      } else {
        // Threads with many blocks together, or with a block each, as their number and that of blocks suggest.
        forward = [
          WorkingSet(
            shared: tape + bias + bytes(luxuries.forwardBlocks * outputCount), perThread: max(own, turned)),
          WorkingSet(shared: tape + bias, perThread: byChannels ? 0 : own + bytes(0) + bytes(outputCount)),
        ]
      }
      return [WorkingSet(shared: scaled + packed + filters, perThread: own)] + forward + [
        backward(tape, luxuries, images: !luxuries.keepsImages, sums: true)
      ]
    }
  }

  /// The backward pass: beside the tape, spectra of gradients and sums.
  private func backward(_ tape: Int, _ luxuries: Luxuries, images: Bool, sums: Bool) -> WorkingSet {
    if isDepthwise && byChannels {
      return WorkingSet(
        shared: tape, perThread: own + bytes(images && sums ? tileCount : 0) + bytes(sums ? sumCount : 0))
    }
    let turned = sums && turnedBlockCount > 0 ? bytes(turnedBlockCount) : 0
    if blocksStandAlone {
      return WorkingSet(
        shared: tape + (sums ? bytes(parts * filterCount) : 0),
        perThread: own + bytes(outputCount) + bytes(inputCount) + turned)
    }
    let blocks = luxuries.backwardBlocks
    return WorkingSet(
      shared: tape + bytes(blocks * outputCount) + bytes(blocks * inputCount) + (sums ? filters : 0),
      perThread: max(own, turned))
  }

  /// Bytes of spectra beyond which it gains nothing to hold more blocks at once.
  private static var usefulBytes: Int { 512 << 20 }

  /// What there is room for, once so many threads have what they need.
  ///
  /// - Parameter tapeBudget: The bytes of image spectra that a tape may hold.
  func luxuries(_ pass: FourierPass, limit: Int, threads: Int, tapeBudget: Int) -> Luxuries {
    func fits(_ luxuries: Luxuries) -> Bool { workingSets(pass, luxuries).bytes(threads: threads) <= limit }
    func most(_ path: WritableKeyPath<Luxuries, Int>, _ luxuries: inout Luxuries, atMost: Int) {
      var count = max(1, min(blocks, atMost))
      repeat {
        luxuries[keyPath: path] = count
        count -= max(1, count / 16)
      } while count > 0 && !fits(luxuries)
    }
    var luxuries = Luxuries()
    guard pass != .forward else { return luxuries }
    if pass == .step, blocks * inputCount * scalarBytes <= tapeBudget {
      luxuries.keepsImages = true
      if !fits(luxuries) { luxuries.keepsImages = false }
    }
    guard !(isDepthwise && byChannels) else { return luxuries }
    if !blocksStandAlone {
      most(\.backwardBlocks, &luxuries, atMost: Self.usefulBytes / ((inputCount + outputCount) * scalarBytes))
    }
    if luxuries.keepsImages && !isDepthwise { most(\.forwardBlocks, &luxuries, atMost: blocks) }
    return luxuries
  }
}

import CKernels
import SpectralConvolution
import SpectralCore

/// How a pass of the dense direct method is cut up with vectors across the images of a batch: *groups* of up to two vectors
/// of images, and of each group *bands* of rows.
///
/// Small images in large batches gain: no position multiplies zeros of the padding, no vector is cut short by a border or
/// by a number of channels, and every tap is one number for all lanes.
struct BatchTiles<Scalar: TensorScalar> {
  let problem: ConvolutionProblem
  let pass: ConvolutionPass
  let vertical: BatchAxis
  let horizontal: BatchAxis
  /// Vectors of images that are computed together.
  let vectors: Int
  /// The columns in runs, for the forward pass and the input gradient.
  let columnRuns: [BatchAxis.Run]
  /// What the taps of the kernel see, for the filter gradient.
  let (rowTaps, columnTaps): ([BatchAxis.Overlap], [BatchAxis.Overlap])
  private(set) var bands: [Band] = []
  /// Threads for which a memory limit has room.
  private(set) var workers = Int.max

  struct Band {
    /// Rows of positions, and in runs.
    let rows: Range<Int>
    let runs: [BatchAxis.Run]
    /// The rows of the operand that they see.
    let places: Range<Int>
  }

  /// Nil if images are few for the vectors, a row of them does not fit in the cache, or nothing fits in the memory limit.
  init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) {
    let width = Scalar.vectorWidth
    let images = problem.batch
    // Idle lanes are multiplied, too.
    guard images >= width, 8 * images >= 7 * ((images + width - 1) / width * width) else { return nil }
    self.problem = problem
    self.pass = pass
    // Tables of what each position sees take longer to make than a short pass.
    guard [problem.vertical, problem.horizontal].allSatisfy({ $0.output * $0.kernel <= 1 << 14 }) else { return nil }
    let make = pass == .inputGradient ? BatchAxis.init(inputGradient:) : BatchAxis.init(forward:)
    (vertical, horizontal) = (make(problem.vertical), make(problem.horizontal))
    columnRuns = pass == .filterGradient ? [] : horizontal.runs(0..<horizontal.terms.count)
    // A single channel keeps few sums in registers: the taps of a row stand in for others.
    (rowTaps, columnTaps) =
      pass == .filterGradient
      ? (
        BatchAxis.overlaps(problem.vertical, together: false),
        BatchAxis.overlaps(problem.horizontal, together: problem.channelsPerGroup == 1)
      ) : ([], [])
    vectors = images >= 4 * width ? 2 : 1
    guard vertical.mostTerms * horizontal.mostTerms <= Self.mostTerms, partBytes <= Self.cacheBytes / 2 else {
      return nil
    }
    // Parts of the filter gradient are added in their order: their number must not depend on that of the threads.
    let wanted = pass == .filterGradient ? 4 : 2 * Parallel.threads
    let pieces = imageGroups * problem.geometry.groups
    // Bands share as many rows of the operand as the kernel has, less one.
    let worthwhile = vertical.terms.count / (2 * problem.vertical.kernel)
    var count = max(1, min((wanted + pieces - 1) / pieces, worthwhile))
    cut(count)
    func fits() -> Bool {
      workingSets[0].perThread <= Self.cacheBytes && memoryLimit.map { workingSets.bytes(threads: 1) <= $0 } ?? true
    }
    while !fits() {
      guard count < vertical.terms.count else { return nil }
      count = min(2 * count, vertical.terms.count)
      cut(count)
    }
    if let memoryLimit { workers = workingSets.threads(within: memoryLimit) }
  }

  /// Whether this is faster than sums across the channels or along the columns, as was measured: what it saves at borders
  /// counts in small images, and in large ones what those waste on few channels, but for the time of two transpositions.
  var isWorthwhile: Bool {
    let isInput = pass == .inputGradient
    let (rows, columns) = (problem.vertical, problem.horizontal)
    if (isInput ? rows.input * columns.input : rows.output * columns.output) <= 400 { return true }
    switch pass {
    case .forward: return false
    case .inputGradient: return problem.channelsPerGroup <= 2
    case .filterGradient: return 2 * problem.outputsPerGroup <= Scalar.vectorWidth
    }
  }

  /// Seconds that a thread takes for a pass on AVX-512 machines: for the products that there are, and to bring operand and
  /// result into the order of lanes and back.
  var cost: CostEstimate {
    let groups = problem.geometry.groups
    let lanesAtOnce = Double(imageGroups * imagesAtOnce)
    let products = lanesAtOnce * Double(vertical.termCount * horizontal.termCount) * Double(channels * lanes * groups)
    let numbers = problem.inputShape.count + problem.outputShape.count
    let single = Double(MemoryLayout<Scalar>.stride) / 4
    let runs =
      pass == .filterGradient
      ? rowTaps.count * columnTaps.count : columnRuns.count * bands.reduce(0) { $0 + $1.runs.count }
    return [
      "start": pass == .forward ? DirectCost.start : 0,
      "products": products * single / (pass == .forward ? 85e9 : 65e9) * (isWorthwhile ? 1 : 1.5),
      // What does not stay in the cache takes longer.
      "copies": 0.25e-9 * Double(numbers) * single * (isWorthwhile ? pass == .forward ? 1 : 1.3 : 4),
      "calls": Double(imageGroups * groups * runs) * DirectCost.call,
      "terms": pass == .filterGradient
        ? 0 : Double(imageGroups * groups) * Double(vertical.termCount * horizontal.termCount) * 1e-9,
      "sums": Double(sumCount * groups * parts) * 1e-9 * single,
    ]
  }

  /// A sum of more products than that is taken in pieces.
  static var mostTerms: Int { 512 }
  /// Half of a second-level cache.
  private static var cacheBytes: Int { 1 << 20 }

  private mutating func cut(_ count: Int) {
    let rows = vertical.terms.count
    bands = (0..<count).map { band in
      let range = band * rows / count..<(band + 1) * rows / count
      return Band(
        rows: range, runs: pass == .filterGradient ? [] : vertical.runs(range), places: vertical.places(range))
    }
  }

  // MARK: Sizes

  /// Images that are computed together.
  var imagesAtOnce: Int { vectors * Scalar.vectorWidth }
  var imageGroups: Int { (problem.batch + imagesAtOnce - 1) / imagesAtOnce }
  /// Channels of the operand and of the result, of a group.
  var channels: Int { problem.operand(pass).count }
  var lanes: Int { problem.result(pass).count }
  /// Pixels of a row of the operand, and positions of a row of the result.
  var placeWidth: Int { problem.operand(pass).width }
  var width: Int { problem.result(pass).width }
  var mostRows: Int { bands.reduce(0) { max($0, $1.rows.count) } }
  var mostPlaces: Int { bands.reduce(0) { max($0, $1.places.count) } }
  /// The copies of a band of the operand and of the result, or of the output gradient.
  var operandCount: Int { channels * mostPlaces * placeWidth * imagesAtOnce }
  var resultCount: Int { lanes * mostRows * width * imagesAtOnce }
  /// The lanes of packed filters: whole vectors, unless a single one is cut short.
  var packedPitch: Int {
    let width = Scalar.vectorWidth
    return lanes <= width ? lanes : (lanes + width - 1) / width * width
  }
  var packedPerGroup: Int { channels * problem.taps * packedPitch }
  /// The filters of a group, each number of a filter gradient with a vector of sums.
  var filtersPerGroup: Int { channels * lanes * problem.taps }
  var sumCount: Int { pass == .filterGradient ? filtersPerGroup * Scalar.vectorWidth : 0 }
  /// Pieces of work of each group whose sums are added at the end.
  var parts: Int { min(imageGroups * bands.count, max(4, min(16, problem.multiplyAdds >> 23))) }

  private var partBytes: Int {
    (pass == .filterGradient ? sumCount : packedPerGroup) * MemoryLayout<Scalar>.stride
  }
  /// What is held: packed filters or sums of parts, and the copies of bands.
  var workingSets: [WorkingSet] {
    let isFilterGradient = pass == .filterGradient
    let groups = problem.geometry.groups
    let shared = isFilterGradient ? groups * parts * filtersPerGroup : groups * packedPerGroup + Scalar.vectorWidth
    let copies = [operandCount, resultCount].reduce(0) { $0 + Scratch<Scalar>.byteCount($1) }
    let others =
      isFilterGradient
      ? Scratch<Scalar>.byteCount(sumCount) + Scratch<Bool>.byteCount(problem.taps)
      : Scratch<sk_term>.byteCount(Self.mostTerms)
    return [
      WorkingSet(
        shared: problem.flippedBytes(Scalar.self) + Scratch<Scalar>.byteCount(shared), perThread: copies + others)
    ]
  }

  // MARK: Copies

  /// Rows of some channels of some images as `[channel][row][column][image]`, and a whole number of vectors of images.
  func pack(
    _ x: UnsafePointer<Scalar>, planes: Int, plane: Int, channels: Int, rows: Range<Int>, width: Int, images: Int,
    to target: UnsafeMutablePointer<Scalar>
  ) {
    let (lanes, count) = (self.vectors(images) * Scalar.vectorWidth, rows.count * width)
    for channel in 0..<channels {
      Scalar.kernels.pointee.pack_lanes(
        target + channel * count * lanes, lanes, x + channel * plane + rows.lowerBound * width, planes * plane, images,
        count)
    }
  }

  /// Vectors for so many images.
  func vectors(_ images: Int) -> Int { (images + Scalar.vectorWidth - 1) / Scalar.vectorWidth }
}

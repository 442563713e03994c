import CKernels
import SpectralConvolution
import SpectralCore

/// Convolution as products of unfolded matrices, the plain way that fits every geometry: for a block of positions, the
/// values that every tap sees are gathered into a matrix, `[terms][positions]`, and multiplied by the filters
/// (`[outputs][terms]`) or by the output gradient (`[outputs][positions]`); the input gradient is a product first, and
/// then adds each term to the pixels that it belongs to.
///
/// Nothing is computed for a place that no window sees, so the time is that of the terms, whatever the padding, the
/// dilation and the stride. Zeros of the padding are multiplied forward and in the filter gradient, as the definition
/// does, and take nothing in the input gradient; so values that are not finite go where they should. Blocks shrink until
/// they fit in a memory limit.
///
/// *Terms* are the taps of a group's channels, `[channel][row][column]`; *positions* those of all images of the batch.
struct UnfoldSolver<Scalar: TensorScalar>: ConvolutionSolver {
  static var name: String { "direct.unfold" }
  static var summary: String {
    "unfolds the windows of a block of outputs into a matrix: any geometry, in little memory, with non-finite values"
  }

  private let problem: ConvolutionProblem
  private let pass: ConvolutionPass
  /// The most of each that are taken at once.
  private var terms: Int
  private var positions: Int
  private var outputs: Int
  /// Pieces of the filter gradient's positions, whose sums are added in their order.
  private var parts = 1
  /// Threads for which a memory limit has room.
  private var workers = Int.max
  /// The axis whose neighbours stand side by side, and the others: 0 for the batch, 1 for rows, 2 for columns.
  private let order: [Int]

  /// So many products are summed in a row before sums are added to each other: fewer roundings follow each other.
  private static var mostTerms: Int { 128 }
  /// Pieces of work that are wanted, whatever the number of threads.
  private static var wantedPieces: Int { 8 }

  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError) {
    self.problem = problem
    self.pass = pass
    let extents = [problem.batch, problem.vertical.output, problem.horizontal.output]
    // Short rows cost a call each.
    let inner = extents[2] >= 16 ? 2 : extents.indices.max { extents[$0] < extents[$1] }!
    order = (0..<3).filter { $0 != inner } + [inner]
    let all = max(1, extents.reduce(1) { $0 * $1 })
    terms = min(problem.channelsPerGroup * problem.taps, Self.mostTerms)
    positions = min(all, pass == .filterGradient ? Self.mostTerms : max(256, min(4096, (1 << 16) / terms)))
    outputs = min(problem.outputsPerGroup, 64)
    if pass == .filterGradient {
      let pieces = problem.geometry.groups * termBlocks
      parts = max(
        1,
        min(
          (Self.wantedPieces + pieces - 1) / pieces, (all + positions - 1) / positions,
          (1 << 20) / problem.filterShape.count)
      )
    }
    guard let memoryLimit else { return }
    while memory.bytes(threads: 1) > memoryLimit, parts > 1 { parts -= 1 }
    while memory.bytes(threads: 1) > memoryLimit, terms * positions * outputs > 1 {
      if positions >= max(terms, outputs) {
        positions = (positions + 1) / 2
      } else if terms >= outputs {
        terms = (terms + 1) / 2
      } else {
        outputs = (outputs + 1) / 2
      }
    }
    workers = memory.threads(within: memoryLimit)
    guard workers > 0 else {
      throw ConvolutionError(
        "the direct method", needs: memory.bytes(threads: 1), limit: memoryLimit, or: "convolve narrower images")
    }
  }

  // MARK: Cost

  /// Gathering costs more than multiplying where few outputs share what is gathered.
  var cost: CostEstimate {
    let extents = [problem.batch, problem.vertical.output, problem.horizontal.output]
    let run = min(extents[order[2]], positions)
    let all = Double(problem.batch * outputPlane)
    let gathered = all * Double(problem.inputChannels * taps)
    let isInputGradient = pass == .inputGradient
    let images = Double(isInputGradient ? inputGradientParts.images : 1)
    let calls =
      Double(problem.geometry.groups * termsPerGroup) * images * (all / images / Double(positions)).rounded(.up)
    return [
      "start": 6e-6,
      "products": Double(problem.multiplyAdds) / (4e9 * Double(min(problem.outputsPerGroup, 16))),
      "gathered": gathered * 0.3e-9,
      "rows": gathered / Double(max(1, run)) * 1e-8,
      "calls": calls * (isInputGradient ? 3e-8 : 1.5e-8),
      "inputs": isInputGradient ? Double(problem.inputShape.count) * 0.3e-9 : 0,
      "outputs": all * Double(problem.outputChannels) * 2e-9 * (pass == .forward ? Double(termBlocks) : 1),
      "entries": Double(outside(problem.vertical) + outside(problem.horizontal)) * 1e-8,
      "filters": Double(problem.filterShape.count) * 1e-9,
    ]
  }

  var isPreferred: Bool { false }

  /// Tables of what stands beyond the border, and on each thread the axes and the matrices of a block.
  var memory: [WorkingSet] {
    let tables = [problem.vertical, problem.horizontal].reduce(0) { $0 + Scratch<Int32>.byteCount(outside($1)) }
    // The same in every pass, so that a limit which suffices for one of them suffices for a training step.
    let matrices = [terms * positions, outputs * positions, outputs * terms]
    let sums = parts > 1 ? Scratch<Scalar>.byteCount(parts * problem.filterShape.count) : 0
    return [
      WorkingSet(
        shared: problem.flippedBytes(Scalar.self) + tables + sums,
        perThread: matrices.reduce(2 * Scratch<sk_unfold_axes>.byteCount(1)) { $0 + Scratch<Scalar>.byteCount($1) })
    ]
  }

  // MARK: Sizes

  private var taps: Int { problem.taps }
  private var termsPerGroup: Int { problem.channelsPerGroup * taps }
  private var termBlocks: Int { (termsPerGroup + terms - 1) / terms }
  private var inputPlane: Int { problem.images.pixels }
  private var outputPlane: Int { problem.maps.pixels }
  /// Padded pixels whose value is that of another one.
  private func outside(_ axis: ConvolutionAxis) -> Int {
    axis.boundary == .zero ? 0 : axis.paddingBefore + axis.paddingAfter
  }

  /// Parts of the images and of a group's channels that input gradients are computed in: a block of positions each, where
  /// there are so many.
  private var inputGradientParts: (images: Int, channels: Int) {
    let groups = problem.geometry.groups
    let images = max(1, min(problem.batch, Self.wantedPieces, problem.batch * outputPlane / positions))
    return (
      images, max(1, min(problem.channelsPerGroup, (Self.wantedPieces + groups * images - 1) / (groups * images)))
    )
  }

  // MARK: Pieces of work

  /// A piece of work: some images of a group, and of these some terms and positions.
  private struct Piece {
    let group: Int
    let images: Range<Int>
    let terms: Range<Int>
    let positions: Range<Int>
    /// The part of a filter gradient, which has sums of its own.
    var part = 0
  }

  private var pieces: Int {
    let groups = problem.geometry.groups
    switch pass {
    case .forward: return groups * ((problem.batch * outputPlane + positions - 1) / positions)
    case .inputGradient: return groups * inputGradientParts.images * inputGradientParts.channels
    case .filterGradient: return groups * parts * termBlocks
    }
  }

  /// Nobody else adds to what a piece adds to: forward some positions, in the input gradient some images and channels, in
  /// the filter gradient some terms.
  private func piece(_ index: Int) -> Piece {
    func share(_ part: Int, of parts: Int, _ all: Int) -> Range<Int> { part * all / parts..<(part + 1) * all / parts }
    let (batch, all) = (0..<problem.batch, problem.batch * outputPlane)
    let (rest, group) = index.quotientAndRemainder(dividingBy: problem.geometry.groups)
    switch pass {
    case .forward:
      return Piece(
        group: group, images: batch, terms: 0..<termsPerGroup,
        positions: rest * positions..<min(all, (rest + 1) * positions))
    case .inputGradient:
      let parts = inputGradientParts
      let images = share(rest / parts.channels, of: parts.images, problem.batch)
      let channels = share(rest % parts.channels, of: parts.channels, problem.channelsPerGroup)
      return Piece(
        group: group, images: images, terms: channels.lowerBound * taps..<channels.upperBound * taps,
        positions: 0..<images.count * outputPlane)
    case .filterGradient:
      let (part, block) = rest.quotientAndRemainder(dividingBy: termBlocks)
      return Piece(
        group: group, images: batch, terms: block * terms..<min(termsPerGroup, (block + 1) * terms),
        positions: share(part, of: parts, all), part: part)
    }
  }

  // MARK: The pass

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let shape = problem.resultShape(pass)
    if pass == .filterGradient {
      return problem.oriented(
        operands.result(shape) { g, x, _, dw in
          addUp(parts: parts, of: shape.count, to: dw) { sums in
            sums.initialize(repeating: 0, count: parts * shape.count)
            accumulate(input: .init(mutating: x), filter: sums, output: .init(mutating: g))
          }
        })
    }
    let oriented = PassOperands(operands.first, problem.oriented(operands.second), bias: operands.bias)
    return oriented.result(shape) { first, w, bias, result in
      guard pass == .forward else {
        result.initialize(repeating: 0, count: shape.count)
        return accumulate(input: result, filter: .init(mutating: w), output: .init(mutating: first))
      }
      for plane in 0..<problem.batch * problem.outputChannels {
        (result + plane * outputPlane).initialize(
          repeating: bias?[plane % problem.outputChannels] ?? 0, count: outputPlane)
      }
      accumulate(input: .init(mutating: first), filter: .init(mutating: w), output: result)
    }
  }

  /// Adds the products of two of the arrays to the third, which the pass computes.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func accumulate(
    input: UnsafeMutablePointer<Scalar>, filter: UnsafeMutablePointer<Scalar>, output: UnsafeMutablePointer<Scalar>
  ) {
    let outside = [problem.vertical, problem.horizontal].map(sourcesOutside)
    Parallel.forEach(pieces, atMost: workers, workspace: { Workspace(self) }) { index, workspace in
      let piece = piece(index)
      let (windows, places) = axes(images: piece.images.count, outside)
      let (channels, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
      let block = Block(
        workspace: workspace, windows: windows, places: places,
        input: input + (piece.images.lowerBound * problem.inputChannels + piece.group * channels) * inputPlane,
        filter: filter + (piece.part * problem.outputChannels + piece.group * outputs) * termsPerGroup,
        output: output + (piece.images.lowerBound * problem.outputChannels + piece.group * outputs) * outputPlane)
      forEachPart(of: piece.positions, atMost: positions) { positions in
        forEachPart(of: piece.terms, atMost: terms) { terms in
          if pass != .inputGradient { unfold(block, terms, positions) }
          forEachPart(of: 0..<outputs, atMost: self.outputs) { multiply(block, terms, positions, $0) }
        }
      }
    }
  }

  /// What the blocks of a piece of work share: matrices to work in, and the arrays from the piece's group on.
  private struct Block {
    let workspace: Workspace
    let windows: Scratch<sk_unfold_axes>
    let places: Scratch<sk_unfold_axes>
    let input: UnsafeMutablePointer<Scalar>
    let filter: UnsafeMutablePointer<Scalar>
    let output: UnsafeMutablePointer<Scalar>
  }

  /// What a thread works in: the matrices of a block.
  private struct Workspace {
    let unfolded: Scratch<Scalar>
    let outputs: Scratch<Scalar>
    let sums: Scratch<Scalar>

    init(_ solver: UnfoldSolver) {
      unfolded = Scratch(count: solver.terms * solver.positions)
      outputs = Scratch(count: solver.outputs * solver.positions)
      sums = Scratch(count: solver.outputs * solver.terms)
    }
  }

  /// The product of a block, added to the pass's result.
  private func multiply(_ block: Block, _ terms: Range<Int>, _ positions: Range<Int>, _ outputs: Range<Int>) {
    let (count, product) = (positions.count, Scalar.kernels.pointee.matrix_product)
    let (unfolded, matrix, sums) = (
      block.workspace.unfolded.base, block.workspace.outputs.base, block.workspace.sums.base
    )
    let filter = block.filter + outputs.lowerBound * termsPerGroup + terms.lowerBound
    switch pass {
    case .forward:
      product(matrix, count, filter, termsPerGroup, 1, unfolded, count, 1, nil, outputs.count, count, terms.count)
      for (index, output) in outputs.enumerated() {
        Scalar.kernels.pointee.fold(
          block.output + output * outputPlane, matrix + index * count, block.places.base, 0, 0, positions.lowerBound,
          count)
      }
    case .inputGradient:
      gather(block, outputs, positions)
      product(unfolded, count, filter, 1, termsPerGroup, matrix, count, 1, nil, terms.count, count, outputs.count)
      forEachTerm(terms) { index, channel, row, column in
        Scalar.kernels.pointee.fold(
          block.input + channel * inputPlane, unfolded + index * count, block.windows.base, row, column,
          positions.lowerBound, count)
      }
    case .filterGradient:
      gather(block, outputs, positions)
      product(sums, terms.count, matrix, count, 1, unfolded, 1, count, nil, outputs.count, terms.count, count)
      for index in 0..<outputs.count {
        let to = filter + index * termsPerGroup
        Scalar.kernels.pointee.combine(sk_plus, to, to, 1, sums + index * terms.count, 1, terms.count)
      }
    }
  }

  /// What some terms see from some positions, `[terms][positions]`.
  private func unfold(_ block: Block, _ terms: Range<Int>, _ positions: Range<Int>) {
    forEachTerm(terms) { index, channel, row, column in
      Scalar.kernels.pointee.unfold(
        block.workspace.unfolded.base + index * positions.count, block.input + channel * inputPlane,
        block.windows.base, row, column, positions.lowerBound, positions.count)
    }
  }

  /// The output gradients of some positions, `[outputs][positions]`.
  private func gather(_ block: Block, _ outputs: Range<Int>, _ positions: Range<Int>) {
    for (index, output) in outputs.enumerated() {
      Scalar.kernels.pointee.unfold(
        block.workspace.outputs.base + index * positions.count, block.output + output * outputPlane,
        block.places.base, 0, 0, positions.lowerBound, positions.count)
    }
  }

  /// Calls `body` with neighbouring parts of a range, of at most `count`.
  @inline(__always)
  private func forEachPart(of range: Range<Int>, atMost count: Int, _ body: (Range<Int>) -> Void) {
    for first in stride(from: range.lowerBound, to: range.upperBound, by: count) {
      body(first..<min(range.upperBound, first + count))
    }
  }

  /// Calls `body` for each of some terms: its index in the block, the group's channel, and how far the tap is.
  @inline(__always)
  private func forEachTerm(
    _ terms: Range<Int>, _ body: (_ index: Int, _ channel: Int, _ row: Int, _ column: Int) -> Void
  ) {
    for (index, term) in terms.enumerated() {
      let (channel, tap) = term.quotientAndRemainder(dividingBy: taps)
      let (row, column) = tap.quotientAndRemainder(dividingBy: problem.horizontal.kernel)
      body(index, channel, row * problem.vertical.dilation, column * problem.horizontal.dilation)
    }
  }

  // MARK: Axes

  /// The pixels whose values stand beyond the border, in front and then behind; nil for zeros.
  private func sourcesOutside(_ axis: ConvolutionAxis) -> Scratch<Int32>? {
    guard axis.boundary != .zero else { return nil }
    let (before, behind) = (0..<axis.paddingBefore, axis.paddingBefore + axis.input..<axis.padded)
    return Scratch((Array(before) + Array(behind)).map { axis.source($0).map(Int32.init) ?? -1 })
  }

  /// Some images of the batch as windows see them, and their outputs as they stand.
  private func axes(
    images: Int, _ outside: [Scratch<Int32>?]
  ) -> (windows: Scratch<sk_unfold_axes>, places: Scratch<sk_unfold_axes>) {
    func plain(_ count: Int, pitch: Int) -> sk_unfold_axis {
      sk_unfold_axis(count: count, step: 1, before: 0, pixels: count, pitch: pitch, outside: nil)
    }
    func window(_ axis: ConvolutionAxis, pitch: Int, _ outside: Scratch<Int32>?) -> sk_unfold_axis {
      sk_unfold_axis(
        count: axis.output, step: axis.stride, before: axis.paddingBefore, pixels: axis.input, pitch: pitch,
        outside: outside.map { UnsafePointer($0.base) })
    }
    let (order, width) = (order.map(Int32.init), problem.maps.width)
    func all(_ batch: sk_unfold_axis, _ rows: sk_unfold_axis, _ columns: sk_unfold_axis) -> Scratch<sk_unfold_axes> {
      Scratch([sk_unfold_axes(axes: (batch, rows, columns), order: (order[0], order[1], order[2]))])
    }
    return (
      all(
        plain(images, pitch: problem.inputChannels * inputPlane),
        window(problem.vertical, pitch: problem.images.width, outside[0]),
        window(problem.horizontal, pitch: 1, outside[1])),
      all(
        plain(images, pitch: problem.outputChannels * outputPlane), plain(problem.maps.height, pitch: width),
        plain(width, pitch: 1))
    )
  }
}

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
  private static var pieces: Int { 8 }

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
          (Self.pieces + pieces - 1) / pieces, (all + positions - 1) / positions, (1 << 20) / problem.filterShape.count)
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
    let images = max(1, min(problem.batch, Self.pieces, problem.batch * outputPlane / positions))
    return (images, max(1, min(problem.channelsPerGroup, (Self.pieces + groups * images - 1) / (groups * images))))
  }

  // MARK: The pass

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let tables = Tables(problem)
    let shape = problem.resultShape(pass)
    if pass == .filterGradient {
      return problem.oriented(
        operands.result(shape) { g, x, _, dw in
          addUp(parts: parts, of: shape.count, to: dw) { sums in
            sums.initialize(repeating: 0, count: parts * shape.count)
            addFilterGradient(g, x, tables, to: sums)
          }
        })
    }
    let oriented = PassOperands(operands.first, problem.oriented(operands.second), bias: operands.bias)
    return oriented.result(shape) { x, w, bias, y in
      guard pass == .forward else {
        y.initialize(repeating: 0, count: shape.count)
        return addInputGradient(x, w, tables, to: y)
      }
      for plane in 0..<problem.batch * problem.outputChannels {
        (y + plane * outputPlane).initialize(
          repeating: bias?[plane % problem.outputChannels] ?? 0, count: outputPlane)
      }
      addForward(x, w, tables, to: y)
    }
  }

  /// The pixels whose values stand beyond the border.
  private struct Tables {
    let rows: Scratch<Int32>?
    let columns: Scratch<Int32>?

    init(_ problem: ConvolutionProblem) {
      func table(_ axis: ConvolutionAxis) -> Scratch<Int32>? {
        guard axis.boundary != .zero else { return nil }
        let (before, input) = (axis.paddingBefore, axis.input)
        let table = Scratch<Int32>(count: before + axis.paddingAfter)
        for i in 0..<table.count {
          table.base[i] = axis.source(i < before ? i : i + input).map(Int32.init) ?? -1
        }
        return table
      }
      (rows, columns) = (table(problem.vertical), table(problem.horizontal))
    }
  }

  /// Some images of the batch as windows see them, and their outputs as they stand.
  private struct Axes {
    let windows: Scratch<sk_unfold_axes>
    let places: Scratch<sk_unfold_axes>

    init(_ solver: UnfoldSolver, images: Int, _ tables: Tables) {
      let (problem, order) = (solver.problem, solver.order.map(Int32.init))
      func axes(_ planes: Int, _ rows: sk_unfold_axis, _ columns: sk_unfold_axis) -> Scratch<sk_unfold_axes> {
        let batch = Self.axis(images, pitch: planes * rows.pixels * columns.pixels)
        return Scratch([sk_unfold_axes(axes: (batch, rows, columns), order: (order[0], order[1], order[2]))])
      }
      let (input, output) = (problem.images, problem.maps)
      windows = axes(
        problem.inputChannels, Self.axis(problem.vertical, pitch: input.width, tables.rows),
        Self.axis(problem.horizontal, pitch: 1, tables.columns))
      places = axes(
        problem.outputChannels, Self.axis(output.height, pitch: output.width), Self.axis(output.width, pitch: 1))
    }

    private static func axis(_ count: Int, pitch: Int) -> sk_unfold_axis {
      sk_unfold_axis(count: count, step: 1, before: 0, pixels: count, pitch: pitch, outside: nil)
    }

    private static func axis(_ axis: ConvolutionAxis, pitch: Int, _ outside: Scratch<Int32>?) -> sk_unfold_axis {
      sk_unfold_axis(
        count: axis.output, step: axis.stride, before: axis.paddingBefore, pixels: axis.input, pitch: pitch,
        outside: outside.map { UnsafePointer($0.base) })
    }
  }

  /// The matrices of a block.
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

  /// Calls `body` with pieces of a range, of at most `count`.
  @inline(__always)
  private func forEachPiece(_ range: Range<Int>, atMost count: Int, _ body: (Range<Int>) -> Void) {
    var first = range.lowerBound
    while first < range.upperBound {
      let end = min(range.upperBound, first + count)
      body(first..<end)
      first = end
    }
  }

  /// Calls `body` for each of some terms: its index in the block, the group's channel, and how far the tap is.
  @inline(__always)
  private func forEachTerm(
    _ terms: Range<Int>, _ body: (_ index: Int, _ channel: Int, _ row: Int, _ column: Int) -> Void
  ) {
    let (height, width) = (problem.vertical.kernel, problem.horizontal.kernel)
    var (channel, tap) = terms.lowerBound.quotientAndRemainder(dividingBy: taps)
    var (row, column) = tap.quotientAndRemainder(dividingBy: width)
    tap = 0
    for index in 0..<terms.count {
      body(index, channel, row * problem.vertical.dilation, column * problem.horizontal.dilation)
      column += 1
      if column == width { (row, column) = (row + 1, 0) }
      if row == height { (channel, row) = (channel + 1, 0) }
    }
  }

  /// What some terms see from some positions, `[terms][positions]`; `x` is the first image's group.
  private func unfold(
    _ x: UnsafePointer<Scalar>, _ terms: Range<Int>, _ positions: Range<Int>, _ axes: Axes,
    to matrix: UnsafeMutablePointer<Scalar>
  ) {
    forEachTerm(terms) { index, channel, row, column in
      Scalar.kernels.pointee.unfold(
        matrix + index * positions.count, x + channel * inputPlane, axes.windows.base, row, column,
        positions.lowerBound, positions.count)
    }
  }

  /// The output gradients of some positions, `[outputs][positions]`; `g` is the first image's first of these outputs.
  private func gather(
    _ g: UnsafePointer<Scalar>, _ outputs: Int, _ positions: Range<Int>, _ axes: Axes,
    to matrix: UnsafeMutablePointer<Scalar>
  ) {
    for output in 0..<outputs {
      Scalar.kernels.pointee.unfold(
        matrix + output * positions.count, g + output * outputPlane, axes.places.base, 0, 0, positions.lowerBound,
        positions.count)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addForward(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ tables: Tables, to y: UnsafeMutablePointer<Scalar>
  ) {
    let axes = Axes(self, images: problem.batch, tables)
    let all = problem.batch * outputPlane
    let blocks = (all + positions - 1) / positions
    Parallel.forEach(problem.geometry.groups * blocks, atMost: workers, workspace: { Workspace(self) }) {
      index, workspace in
      let (group, block) = index.quotientAndRemainder(dividingBy: blocks)
      let positions = block * self.positions..<min(all, (block + 1) * self.positions)
      let x = x + group * problem.channelsPerGroup * inputPlane
      forEachPiece(0..<termsPerGroup, atMost: terms) { terms in
        unfold(x, terms, positions, axes, to: workspace.unfolded.base)
        forEachPiece(group * problem.outputsPerGroup..<(group + 1) * problem.outputsPerGroup, atMost: outputs) {
          outputs in
          Scalar.kernels.pointee.matrix_product(
            workspace.outputs.base, positions.count, w + outputs.lowerBound * termsPerGroup + terms.lowerBound,
            termsPerGroup, 1, workspace.unfolded.base, positions.count, 1, nil, outputs.count, positions.count,
            terms.count)
          for (index, output) in outputs.enumerated() {
            Scalar.kernels.pointee.fold(
              y + output * outputPlane, workspace.outputs.base + index * positions.count, axes.places.base, 0, 0,
              positions.lowerBound, positions.count)
          }
        }
      }
    }
  }

  /// Pieces of work are some images and some channels: nobody else adds to theirs.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addInputGradient(
    _ g: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ tables: Tables, to dx: UnsafeMutablePointer<Scalar>
  ) {
    let (groups, channels) = (problem.geometry.groups, problem.channelsPerGroup)
    let (imageParts, channelParts) = inputGradientParts
    Parallel.forEach(groups * imageParts * channelParts, atMost: workers, workspace: { Workspace(self) }) {
      index, workspace in
      let (rest, channelPart) = index.quotientAndRemainder(dividingBy: channelParts)
      let (imagePart, group) = rest.quotientAndRemainder(dividingBy: groups)
      let images = imagePart * problem.batch / imageParts..<(imagePart + 1) * problem.batch / imageParts
      let axes = Axes(self, images: images.count, tables)
      let dx = dx + (images.lowerBound * problem.inputChannels + group * channels) * inputPlane
      let g = g + (images.lowerBound * problem.outputChannels + group * problem.outputsPerGroup) * outputPlane
      let w = w + group * problem.outputsPerGroup * termsPerGroup
      let ownTerms =
        channelPart * channels / channelParts * taps..<(channelPart + 1) * channels / channelParts * taps
      forEachPiece(0..<images.count * outputPlane, atMost: positions) { positions in
        forEachPiece(0..<problem.outputsPerGroup, atMost: outputs) { outputs in
          gather(
            g + outputs.lowerBound * outputPlane, outputs.count, positions, axes, to: workspace.outputs.base)
          forEachPiece(ownTerms, atMost: terms) { terms in
            Scalar.kernels.pointee.matrix_product(
              workspace.unfolded.base, positions.count, w + outputs.lowerBound * termsPerGroup + terms.lowerBound, 1,
              termsPerGroup, workspace.outputs.base, positions.count, 1, nil, terms.count, positions.count,
              outputs.count)
            forEachTerm(terms) { index, channel, row, column in
              Scalar.kernels.pointee.fold(
                dx + channel * inputPlane, workspace.unfolded.base + index * positions.count, axes.windows.base, row,
                column, positions.lowerBound, positions.count)
            }
          }
        }
      }
    }
  }

  /// Pieces of work are some terms of a group and some positions; each part of the positions has sums of its own.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addFilterGradient(
    _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ tables: Tables, to dw: UnsafeMutablePointer<Scalar>
  ) {
    let axes = Axes(self, images: problem.batch, tables)
    let (groups, termBlocks, all) = (problem.geometry.groups, termBlocks, problem.batch * outputPlane)
    Parallel.forEach(parts * groups * termBlocks, atMost: workers, workspace: { Workspace(self) }) {
      index, workspace in
      let (rest, termBlock) = index.quotientAndRemainder(dividingBy: termBlocks)
      let (part, group) = rest.quotientAndRemainder(dividingBy: groups)
      let terms = termBlock * self.terms..<min(termsPerGroup, (termBlock + 1) * self.terms)
      let x = x + group * problem.channelsPerGroup * inputPlane
      let dw = dw + part * problem.filterShape.count
      forEachPiece(part * all / parts..<(part + 1) * all / parts, atMost: positions) { positions in
        unfold(x, terms, positions, axes, to: workspace.unfolded.base)
        forEachPiece(group * problem.outputsPerGroup..<(group + 1) * problem.outputsPerGroup, atMost: outputs) {
          outputs in
          gather(
            g + outputs.lowerBound * outputPlane, outputs.count, positions, axes, to: workspace.outputs.base)
          Scalar.kernels.pointee.matrix_product(
            workspace.sums.base, terms.count, workspace.outputs.base, positions.count, 1, workspace.unfolded.base, 1,
            positions.count, nil, outputs.count, terms.count, positions.count)
          for (index, output) in outputs.enumerated() {
            let to = dw + output * termsPerGroup + terms.lowerBound
            Scalar.kernels.pointee.combine(
              sk_plus, to, to, 1, workspace.sums.base + index * terms.count, 1, terms.count)
          }
        }
      }
    }
  }
}

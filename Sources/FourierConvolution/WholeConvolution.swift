import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// The convolution theorem as it is written: the real transforms of array and kernel, their product, the transform back.
///
/// For any rank, geometry and pass, with FFTW or the built-in loops (``WholeTransform``). A correlation multiplies by the conjugate, `Y = X conj W`; its gradients are
/// `dX = G W` and `dW = conj G X`, summed over what each is summed over. A dilated kernel has zeros between its taps, of
/// a strided result every `stride`-th element is kept, and a boundary is what is put around the array.
struct WholeConvolution<Scalar: FourierScalar>: Sendable {
  private let problem: ConvolutionProblem
  private let size: WholeSize
  private let transform: WholeTransform<Scalar>
  /// What transforms arrays where they are; nil if they are copied with their padding.
  private let inPlace: RightAngleTransform<Scalar>?
  /// Threads for which there is memory.
  private let threads: Int
  /// Tasks that are done at the same time, each with spectra of its own.
  private let tasksAtOnce: Int

  init(_ problem: ConvolutionProblem, _ size: WholeSize, threads: Int, tasksAtOnce: Int, rigor: PlanningRigor) {
    (self.problem, self.size, self.threads, self.tasksAtOnce) = (problem, size, threads, tasksAtOnce)
    transform = WholeTransform(size, rigor: rigor)
    inPlace = size.takesArraysInPlace(problem) ? .shared(size: size.lengths) : nil
  }

  private var inputs: Int { problem.channelsPerGroup }
  private var outputs: Int { problem.outputsPerGroup }
  private var inputCount: Int { problem.axes.reduce(1) { $0 * $1.input } }
  private var outputCount: Int { problem.axes.reduce(1) { $0 * $1.output } }
  /// Numbers of one spectrum.
  private var spectrum: Int { size.spectrum }

  /// The spectra that a task holds: those of its operands, and of a product or all sums.
  static func spectraCount(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> Int {
    let (inputs, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    return switch pass {
    case .forward: inputs + 1
    case .inputGradient: outputs + 1
    case .filterGradient: inputs + 1 + inputs * outputs
    }
  }

  // MARK: Passes

  func forward(_ input: Tensor<Scalar>, filters: Scratch<Scalar>, bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    let bias = bias ?? .zeros([problem.outputChannels])
    return input.withUnsafeElements { x in
      bias.withUnsafeElements { bias in
        Tensor(result: problem.outputShape) { y in
          guard !y.isEmpty else { return }
          nonisolated(unsafe) let (x, y, bias, filters) = (x.baseAddress!, y.baseAddress!, bias, filters)
          let groups = problem.geometry.groups
          Parallel.forEach(
            problem.batch * groups * size.blockCount, atMost: tasksAtOnce,
            workspace: { Workspace(self, .forward) }
          ) { task, work in
            let (plane, block) = task.quotientAndRemainder(dividingBy: size.blockCount)
            let group = plane % groups
            if inputs == 1 && outputs == 1, case .builtIn(let transform) = transform {
              func convolve(
                _ array: RightAngleTransform<Scalar>.Corner, to result: RightAngleTransform<Scalar>.Corner
              ) {
                transform.convolve(
                  array, filters.base + group * spectrum, conjugated: true, work: work.spectrum(0), to: result,
                  atMost: threads)
              }
              let (x, y, copy) = (x + plane * inputCount, y + plane * outputCount, work.block.base)
              if inPlace != nil {
                return convolve(
                  .init(x, extents(\.input)), to: .init(y, extents(\.output), adding: bias[group]))
              }
              gather(x, block, to: copy)
              convolve(.init(copy, size.lengths), to: .init(copy, size.lengths))
              return crop(copy, block, to: y, bias[group])
            }
            for c in 0..<inputs {
              transformInput(x + (plane * inputs + c) * inputCount, block, work, to: work.spectrum(c))
            }
            for o in 0..<outputs {
              let product = work.spectrum(inputs)
              for c in 0..<inputs {
                transform.multiply(
                  product, work.spectrum(c), filters.base + ((group * outputs + o) * inputs + c) * spectrum,
                  conjugated: true, adding: c > 0, atMost: threads)
              }
              invert(
                product, work, inPlace: y + (plane * outputs + o) * outputCount, \.output, bias[group * outputs + o]
              ) {
                crop(
                  work.block.base, block, to: y + (plane * outputs + o) * outputCount, bias[group * outputs + o])
              }
            }
          }
        }
      }
    }
  }

  func inputGradient(_ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>) -> Tensor<Scalar> {
    let filters = filterSpectra(filter)
    return gradient.withUnsafeElements { g in
      Tensor(result: problem.inputShape) { dx in
        guard !dx.isEmpty else { return }
        dx.initialize(repeating: 0)
        nonisolated(unsafe) let (g, dx, filters) = (g.baseAddress!, dx.baseAddress!, filters)
        let groups = problem.geometry.groups
        Parallel.forEach(
          problem.batch * groups, atMost: tasksAtOnce,
          workspace: { Workspace(self, .inputGradient) }
        ) { plane, work in
          // Blocks overlap in what they add to, so one follows the other.
          for block in 0..<size.blockCount {
            for o in 0..<outputs {
              transformGradient(g + (plane * outputs + o) * outputCount, block, work, to: work.spectrum(o))
            }
            for c in 0..<inputs {
              let product = work.spectrum(outputs)
              for o in 0..<outputs {
                transform.multiply(
                  product, work.spectrum(o), filters.base + ((plane % groups * outputs + o) * inputs + c) * spectrum,
                  conjugated: false, adding: o > 0, atMost: threads)
              }
              invert(product, work, inPlace: dx + (plane * inputs + c) * inputCount, \.input, 0) {
                fold(work.block.base, block, addingTo: dx + (plane * inputs + c) * inputCount)
              }
            }
          }
        }
      }
    }
  }

  func filterGradient(_ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>) -> Tensor<Scalar> {
    gradient.withUnsafeElements { g in
      input.withUnsafeElements { x in
        Tensor(result: problem.filterShape) { dw in
          guard !dw.isEmpty else { return }
          guard problem.batch > 0 else { return dw.initialize(repeating: 0) }
          nonisolated(unsafe) let (g, x, dw) = (g.baseAddress!, x.baseAddress!, dw.baseAddress!)
          let groups = problem.geometry.groups
          Parallel.forEach(
            groups, atMost: tasksAtOnce,
            workspace: { Workspace(self, .filterGradient) }
          ) { group, work in
            for step in 0..<problem.batch * size.blockCount {
              let (image, block) = step.quotientAndRemainder(dividingBy: size.blockCount)
              let plane = image * groups + group
              for c in 0..<inputs {
                transformInput(x + (plane * inputs + c) * inputCount, block, work, to: work.spectrum(c))
              }
              for o in 0..<outputs {
                transformGradient(g + (plane * outputs + o) * outputCount, block, work, to: work.spectrum(inputs))
                for c in 0..<inputs {
                  transform.multiply(
                    work.spectrum(inputs + 1 + o * inputs + c), work.spectrum(c), work.spectrum(inputs),
                    conjugated: true, adding: step > 0, atMost: threads)
                }
              }
            }
            for pair in 0..<outputs * inputs {
              transform.inverse(work.spectrum(inputs + 1 + pair), work.block.base, atMost: threads)
              let taps = dw + (group * outputs * inputs + pair) * problem.taps
              forEachTapRow {
                copyNumbers(
                  work.block.base + $0.place, problem.horizontal.dilation, to: taps + $0.tap, $0.step, $0.count,
                  times: $0.sign)
              }
            }
          }
        }
      }
    }
  }

  private func extents(_ extent: KeyPath<ConvolutionAxis, Int>) -> [Int] { problem.axes.map { $0[keyPath: extent] } }

  private func transformInput(
    _ x: UnsafePointer<Scalar>, _ block: Int, _ work: Workspace, to spectrum: UnsafeMutablePointer<Scalar>
  ) {
    if let inPlace { return inPlace.forward(.init(x, extents(\.input)), spectrum, atMost: threads) }
    gather(x, block, to: work.block.base)
    transform.forward(work.block.base, spectrum, atMost: threads)
  }

  private func transformGradient(
    _ g: UnsafePointer<Scalar>, _ block: Int, _ work: Workspace, to spectrum: UnsafeMutablePointer<Scalar>
  ) {
    if let inPlace { return inPlace.forward(.init(g, extents(\.output)), spectrum, atMost: threads) }
    spread(g, block, to: work.block.base)
    transform.forward(work.block.base, spectrum, atMost: threads)
  }

  /// Transforms a spectrum back to its array, or to a block that `copy` then takes it from.
  private func invert(
    _ spectrum: UnsafeMutablePointer<Scalar>, _ work: Workspace, inPlace array: UnsafeMutablePointer<Scalar>,
    _ extent: KeyPath<ConvolutionAxis, Int>, _ bias: Scalar, copy: () -> Void
  ) {
    if let inPlace {
      return inPlace.inverse(spectrum, .init(array, extents(extent), adding: bias), atMost: threads)
    }
    transform.inverse(spectrum, work.block.base, atMost: threads)
    copy()
  }

  /// What a task works in.
  private struct Workspace {
    let block: Scratch<Scalar>
    private let spectra: Scratch<Scalar>
    private let each: Int

    init(_ whole: WholeConvolution, _ pass: ConvolutionPass) {
      block = Scratch(count: whole.size.blockPoints(whole.problem, pass))
      each = whole.spectrum
      spectra = Scratch(count: WholeConvolution.spectraCount(whole.problem, pass) * each)
    }

    func spectrum(_ index: Int) -> UnsafeMutablePointer<Scalar> { spectra.base + index * each }
  }

  // MARK: Filters

  /// The spectra of all filters, `[O, C / groups, ...]`.
  func filterSpectra(_ filter: Tensor<Scalar>) -> Scratch<Scalar> {
    let count = problem.outputChannels * inputs
    let spectra = Scratch<Scalar>(count: count * spectrum)
    filter.withUnsafeElements { w in
      guard count > 0 else { return }
      nonisolated(unsafe) let (w, target) = (w.baseAddress!, spectra.base)
      // Large ones one after the other, by all threads.
      let atOnce = size.points > 1 << 18 ? 1 : threads
      Parallel.forEach(count, atMost: atOnce, workspace: { Scratch<Scalar>(count: size.points) }) { index, block in
        clear(block.base, size.points)
        let taps = w + index * problem.taps
        forEachTapRow {
          copyNumbers(
            taps + $0.tap, $0.step, to: block.base + $0.place, problem.horizontal.dilation, $0.count, times: $0.sign)
        }
        transform.forward(block.base, target + index * spectrum, atMost: threads)
      }
    }
    return spectra
  }

  /// Neighbouring taps of a row.
  private struct TapRow {
    /// The number of the first one's weight, and the step to that of the next.
    let tap: Int
    let step: Int
    let count: Int
    /// Where the first one stands in a block, and with which sign.
    let place: Int
    let sign: Scalar
  }

  /// Calls `body` for all rows of taps. The first tap stands where the first window begins: in front of the array, which is
  /// at the other end of the block, where the array is taken without its padding.
  private func forEachTapRow(_ body: (TapRow) -> Void) {
    let (depth, vertical, horizontal) = (problem.depth, problem.vertical, problem.horizontal)
    let isFlipped = problem.geometry.operation == .convolution
    func place(_ tap: Int, _ axis: ConvolutionAxis, _ length: Int) -> Int {
      let place = tap * axis.dilation - (inPlace == nil ? 0 : axis.paddingBefore)
      return place < 0 ? place + length : place
    }
    let ahead =
      inPlace == nil
      ? 0 : min(horizontal.kernel, (horizontal.paddingBefore + horizontal.dilation - 1) / horizontal.dilation)
    for a in 0..<depth.kernel {
      for b in 0..<vertical.kernel {
        let line = place(a, depth, lengths.depth) * lengths.rows + place(b, vertical, lengths.rows)
        for taps in [0..<ahead, ahead..<horizontal.kernel] where !taps.isEmpty {
          let tap = (a * vertical.kernel + b) * horizontal.kernel + taps.lowerBound
          body(
            TapRow(
              tap: isFlipped ? problem.taps - 1 - tap : tap, step: isFlipped ? -1 : 1, count: taps.count,
              place: line * lengths.columns + place(taps.lowerBound, horizontal, lengths.columns),
              sign: taps.lowerBound < ahead ? -1 : 1))
        }
      }
    }
  }

  /// The transform's lengths, 1 along axes that the arrays lack.
  private var lengths: (depth: Int, rows: Int, columns: Int) {
    let all = Array(repeating: 1, count: 3 - size.lengths.count) + size.lengths
    return (all[0], all[1], all[2])
  }

  // MARK: Blocks

  /// The outputs of a block along each axis.
  private func ranges(_ block: Int) -> (depth: Range<Int>, rows: Range<Int>, columns: Range<Int>) {
    var rest = block
    var ranges: [Range<Int>] = []
    for axis in problem.axes.indices.reversed() {
      let first = rest % size.blocks[axis] * size.outputs[axis]
      ranges.insert(first..<min(problem.axes[axis].output, first + size.outputs[axis]), at: 0)
      rest /= size.blocks[axis]
    }
    while ranges.count < 3 { ranges.insert(0..<1, at: 0) }
    return (ranges[0], ranges[1], ranges[2])
  }

  /// Where the elements of an axis of a block come from: `places` of the padded array from the first output's on.
  private func sources(_ axis: ConvolutionAxis, _ outputs: Range<Int>, _ length: Int) -> [Int] {
    let first = outputs.lowerBound * axis.stride
    return (0..<length).map { first + $0 < axis.padded ? axis.source(first + $0) ?? -1 : -1 }
  }

  /// Copies what the windows of a block see.
  private func gather(_ array: UnsafePointer<Scalar>, _ block: Int, to target: UnsafeMutablePointer<Scalar>) {
    let ranges = ranges(block)
    let (vertical, horizontal) = (problem.vertical, problem.horizontal)
    let (_, rows, columns) = lengths
    let slices = sources(problem.depth, ranges.depth, lengths.depth)
    let lines = sources(vertical, ranges.rows, rows)
    // Most of a row stands side by side in the array.
    let first = ranges.columns.lowerBound * horizontal.stride
    let inner = run(columns, horizontal, first)
    func place(_ i: Int) -> Int { first + i < horizontal.padded ? horizontal.source(first + i) ?? -1 : -1 }
    let (before, behind) = ((0..<inner.lowerBound).map(place), (inner.upperBound..<columns).map(place))
    let start = inner.isEmpty ? 0 : place(inner.lowerBound)
    nonisolated(unsafe) let (array, target) = (array, target)
    Parallel.forEach(slices.count * rows, grain: max(1, (1 << 14) / columns)) { index in
      let target = target + index * columns
      let (slice, line) = (slices[index / rows], lines[index % rows])
      guard slice >= 0 && line >= 0 else { return clear(target, columns) }
      let row = array + (slice * vertical.input + line) * horizontal.input
      for (i, place) in before.enumerated() { target[i] = place < 0 ? 0 : row[place] }
      (target + inner.lowerBound).update(from: row + start, count: inner.count)
      for (i, place) in behind.enumerated() { target[inner.upperBound + i] = place < 0 ? 0 : row[place] }
    }
  }

  /// The places of a block's row that are neighbours in the array, too.
  private func run(_ count: Int, _ axis: ConvolutionAxis, _ position: Int) -> Range<Int> {
    let first = max(0, axis.paddingBefore - position)
    let end = min(count, axis.paddingBefore + axis.input - position)
    return first < end ? first..<end : 0..<0
  }

  /// Copies the outputs of a block, plus a number.
  private func crop(
    _ source: UnsafePointer<Scalar>, _ block: Int, to array: UnsafeMutablePointer<Scalar>, _ bias: Scalar
  ) {
    let stride = problem.horizontal.stride
    nonisolated(unsafe) let (source, array) = (source, array)
    forEachOutputRow(block) { place, element, count in
      copyNumbers(source + place, stride, to: array + element, 1, count, adding: bias)
    }
  }

  /// The gradients of a block's outputs, each where its window begins, and zeros between them.
  private func spread(_ array: UnsafePointer<Scalar>, _ block: Int, to target: UnsafeMutablePointer<Scalar>) {
    let stride = problem.horizontal.stride
    clear(target, size.points)
    nonisolated(unsafe) let (array, target) = (array, target)
    forEachOutputRow(block) { place, element, count in
      copyNumbers(array + element, 1, to: target + place, stride, count)
    }
  }

  /// Calls `body` for each row of a block's outputs, in parallel: the place in the block where its first window begins, its
  /// first element in the array, and how many there are.
  private func forEachOutputRow(_ block: Int, _ body: (_ place: Int, _ element: Int, _ count: Int) -> Void) {
    let ranges = ranges(block)
    let (depth, vertical, horizontal) = (problem.depth, problem.vertical, problem.horizontal)
    let (_, rows, columns) = lengths
    Parallel.forEach(ranges.depth.count * ranges.rows.count, grain: max(1, (1 << 14) / ranges.columns.count)) { index in
      let (slice, row) = index.quotientAndRemainder(dividingBy: ranges.rows.count)
      let line = (ranges.depth.lowerBound + slice) * vertical.output + ranges.rows.lowerBound + row
      body(
        (slice * depth.stride * rows + row * vertical.stride) * columns,
        line * horizontal.output + ranges.columns.lowerBound, ranges.columns.count)
    }
  }

  /// The adjoint of ``gather(_:_:to:)``: adds a block to the elements that it was made of.
  private func fold(_ source: UnsafePointer<Scalar>, _ block: Int, addingTo array: UnsafeMutablePointer<Scalar>) {
    let ranges = ranges(block)
    let (vertical, horizontal) = (problem.vertical, problem.horizontal)
    let (_, rows, columns) = lengths
    // What lies beyond the last window is a rounding error.
    func reach(_ axis: ConvolutionAxis, _ outputs: Range<Int>, _ length: Int) -> Int {
      min(length, (outputs.count - 1) * axis.stride + axis.span)
    }
    let slices = sources(problem.depth, ranges.depth, reach(problem.depth, ranges.depth, lengths.depth))
    let lines = sources(vertical, ranges.rows, reach(vertical, ranges.rows, rows))
    let places = sources(horizontal, ranges.columns, reach(horizontal, ranges.columns, columns))
    for (a, slice) in slices.enumerated() where slice >= 0 {
      for (b, line) in lines.enumerated() where line >= 0 {
        let row = array + (slice * vertical.input + line) * horizontal.input
        addPlaces(source + (a * rows + b) * columns, places, to: row)
      }
    }
  }
}

/// Sets numbers to zero. (In a generic function, `initialize(repeating:)` calls a function for each.)
private func clear<Scalar: TensorScalar>(_ target: UnsafeMutablePointer<Scalar>, _ count: Int) {
  UnsafeMutableRawPointer(target).initializeMemory(
    as: UInt8.self, repeating: 0, count: count * MemoryLayout<Scalar>.stride)
}

/// Copies numbers that lie some steps apart, times a number, plus a number.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func copyNumbers<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, _ sourceStep: Int, to target: UnsafeMutablePointer<Scalar>, _ targetStep: Int,
  _ count: Int, times factor: Scalar = 1, adding bias: Scalar = 0
) {
  if sourceStep == 1 && targetStep == 1 {
    for i in 0..<count { target[i] = factor * source[i] + bias }
  } else {
    for i in 0..<count { target[i * targetStep] = factor * source[i * sourceStep] + bias }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addPlaces<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, _ places: [Int], to row: UnsafeMutablePointer<Scalar>
) {
  for i in 0..<places.count where places[i] >= 0 { row[places[i]] += source[i] }
}

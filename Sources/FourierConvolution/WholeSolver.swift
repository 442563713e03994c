import Foundation
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// How ``WholeConvolution`` cuts a problem: the transform's length along each axis, and how many outputs it gives.
///
/// One block is the whole array; where kernels are much smaller than the array, several shorter transforms that overlap
/// (overlap-save) take less time and memory.
struct WholeSize: Hashable, Sendable {
  /// Points of the transform along each axis.
  let lengths: [Int]
  /// Outputs of a block along each axis.
  let outputs: [Int]
  /// Blocks along each axis.
  let blocks: [Int]
  /// Whether the built-in loops transform it, and not FFTW.
  let isBuiltIn: Bool

  /// Real numbers of a block.
  var points: Int { lengths.reduce(1, *) }

  /// Whether arrays are transformed where they are: in a single block, and padded by nothing but zeros.
  func takesArraysInPlace(_ problem: ConvolutionProblem) -> Bool {
    isBuiltIn && blockCount == 1 && problem.axes.allSatisfy { $0.boundary == .zero && $0.stride == 1 }
  }

  /// Numbers of the copy of a block that a pass works in. Filters always have one.
  func blockPoints(_ problem: ConvolutionProblem, _ pass: ConvolutionPass) -> Int {
    pass != .filterGradient && takesArraysInPlace(problem) ? 1 : points
  }
  /// Numbers of its spectrum.
  var spectrum: Int { isBuiltIn ? points : 2 * lengths.dropLast().reduce(lengths.last! / 2 + 1, *) }
  /// Blocks of an array.
  var blockCount: Int { blocks.reduce(1, *) }

  /// The candidates, for arrays of `Scalar`.
  static func all<Scalar: FourierScalar>(_: Scalar.Type, _ problem: ConvolutionProblem, isBuiltIn: Bool) -> [WholeSize]
  {
    var sizes = [WholeSize(lengths: [], outputs: [], blocks: [], isBuiltIn: isBuiltIn)]
    for (index, axis) in problem.axes.enumerated() {
      var own: [(length: Int, outputs: Int, blocks: Int)] = []
      for count in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256] where count <= axis.output {
        let outputs = (axis.output + count - 1) / count
        let least = count == 1 ? whole(axis) : (outputs - 1) * axis.stride + axis.span
        let length =
          isBuiltIn && index == problem.rank - 1
          ? RightAngleTransform<Scalar>.nextLength(least) : FastSize.next(least)
        // More blocks than this only transform the kernel's reach over and over.
        if count > 1 && length < 3 * axis.span / 2 && own.contains(where: { $0.length <= 2 * axis.span }) { break }
        own.append((length, outputs, (axis.output + outputs - 1) / outputs))
      }
      sizes = sizes.flatMap { size in
        own.map {
          WholeSize(
            lengths: size.lengths + [$0.length], outputs: size.outputs + [$0.outputs],
            blocks: size.blocks + [$0.blocks], isBuiltIn: isBuiltIn)
        }
      }
    }
    return sizes
  }

  /// The least length that one block of all outputs may have: zeros behind an image may wrap around onto those in front.
  private static func whole(_ axis: ConvolutionAxis) -> Int {
    let reach = (axis.output - 1) * axis.stride + axis.span
    guard axis.boundary == .zero else { return reach }
    return min(
      reach,
      max(axis.paddingBefore + axis.input, reach - axis.paddingBefore, axis.span, (axis.output - 1) * axis.stride + 1))
  }
}

/// Transforms of the whole array in all its axes: ``WholeConvolution`` computes.
struct WholeSolver<Scalar: FourierScalar>: FourierPassSolver {
  static var name: String { FourierSolver.whole.rawValue }
  static var summary: String {
    "transforms of the whole array in all its axes; large kernels and few channels"
  }

  private let problem: ConvolutionProblem
  private let pass: ConvolutionPass
  private let settings: FourierSettings
  private let size: WholeSize

  init(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ settings: FourierSettings
  ) throws(ConvolutionError) {
    guard let pass else { throw ConvolutionError("\(Self.name) computes the passes of a training step one by one") }
    guard settings.solver == .whole || settings.tile == nil else {
      throw ConvolutionError("\(Self.name) has no tiles")
    }
    var (best, leastBytes) = ((size: nil as WholeSize?, seconds: Double.infinity), Int.max)
    let providers = settings.transforms == .fastest ? [true, false] : [settings.transforms == .builtIn]
    for size in providers.flatMap({ WholeSize.all(Scalar.self, problem, isBuiltIn: $0) }) {
      let solver = Self(problem, pass, settings, size)
      let bytes = solver.workingSets(threads: 1).bytes(threads: 1)
      leastBytes = min(leastBytes, bytes)
      let seconds = solver.seconds
      if bytes <= settings.limit && seconds < best.seconds { best = (size, seconds) }
    }
    guard let size = best.size else {
      throw ConvolutionError(
        "the Fourier method", needs: leastBytes, limit: settings.limit, or: "convolve less at once")
    }
    self.init(problem, pass, settings, size)
  }

  private init(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass, _ settings: FourierSettings, _ size: WholeSize
  ) {
    (self.problem, self.pass, self.settings, self.size) = (problem, pass, settings, size)
  }

  var cost: CostEstimate { [Self.name: seconds * settings.rates.factor(Self.name)] }
  var isPreferred: Bool { false }
  var points: Int { size.points }
  var way: String { "fft whole \(AxisValues(size.lengths))" }
  var memory: [WorkingSet] { workingSets(threads: threads) }

  /// The threads for which the limit has room: all or one.
  private var threads: Int {
    workingSets(threads: Parallel.threads).bytes(threads: Parallel.threads) <= settings.limit ? Parallel.threads : 1
  }

  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>? {
    let whole = WholeConvolution<Scalar>(
      problem, size, threads: threads, tasksAtOnce: tasksAtOnce(threads: threads), rigor: settings.rigor)
    var result =
      switch pass {
      case .forward: whole.forward(operands.first, filters: filterSpectra(operands, whole), bias: operands.bias)
      case .inputGradient: whole.inputGradient(operands.first, operands.second)
      case .filterGradient: whole.filterGradient(operands.first, operands.second)
      }
    guard result.isFinite else { return nil }
    operands.activation.apply(to: &result)
    return result
  }

  /// The spectra of filters for inference, from the cache if there is one.
  private func filterSpectra(_ operands: PassOperands<Scalar>, _ whole: WholeConvolution<Scalar>) -> Scratch<Scalar> {
    guard let cache = operands.cache else { return whole.filterSpectra(operands.second) }
    let bytes = bytes(size.spectrum * problem.outputChannels * problem.channelsPerGroup)
    let others = memory.bytes(threads: threads) - bytes
    let kept = cache.value(
      operands.second, FilterKey(problem: problem, size: size, rigor: settings.rigor), bytes: bytes,
      budget: settings.memoryLimit.map { $0 - others } ?? FilterCache<Scalar>.usualBudget
    ) { KeptSpectra(values: whole.filterSpectra(operands.second)) }
    return kept.values
  }

  /// What the spectra of filters depend on beside the filters.
  private struct FilterKey: Hashable {
    let problem: ConvolutionProblem
    let size: WholeSize
    let rigor: PlanningRigor
  }

  /// Written once, before anyone else sees it.
  private struct KeptSpectra: @unchecked Sendable {
    let values: Scratch<Scalar>
  }

  /// How many tasks are done at once: one where the steps within a task keep all threads busy and spectra are large.
  private func tasksAtOnce(threads: Int) -> Int {
    let tasks =
      switch pass {
      case .forward: problem.batch * problem.geometry.groups * size.blockCount
      case .inputGradient: problem.batch * problem.geometry.groups
      case .filterGradient: problem.geometry.groups
      }
    return tasks >= 2 * threads && taskBytes <= 1 << 26 ? threads : 1
  }

  private func bytes(_ numbers: Int) -> Int { numbers == 0 ? 0 : Scratch<Scalar>.byteCount(numbers) }

  private var taskBytes: Int {
    bytes(size.blockPoints(problem, pass))
      + bytes(size.spectrum * WholeConvolution<Scalar>.spectraCount(problem, pass))
  }

  /// The phases of the pass.
  private func workingSets(threads: Int) -> [WorkingSet] {
    let planning = WholeTransform<Scalar>.planningCounts(size).map(bytes).reduce(0, +)
    let own = bytes(WholeTransform<Scalar>.workCount(size))
    let count = pass == .filterGradient ? 0 : problem.outputChannels * problem.channelsPerGroup
    let tables = WholeTransform<Scalar>.tableCount(size) * MemoryLayout<Scalar>.stride
    let filters = tables + bytes(size.spectrum * count)
    return [
      WorkingSet(shared: planning, perThread: 0),
      WorkingSet(shared: filters, perThread: count == 0 ? 0 : own + bytes(size.points)),
      WorkingSet(
        shared: filters + bytes(problem.outputChannels) + tasksAtOnce(threads: threads) * taskBytes, perThread: own),
    ]
  }

  /// The seconds on one core by the fixed rates.
  private var seconds: Double {
    let arrays = Double(problem.batch * size.blockCount)
    let filters = Double(problem.outputChannels * problem.channelsPerGroup)
    let transforms = filters + arrays * Double(problem.inputChannels + problem.outputChannels)
    return transforms * transformSeconds + arrays * filters * productSeconds + 3e-5
  }

  /// Rules of thumb for AVX-512, in and out of the caches: a transform with what is copied before or after it.
  private var transformSeconds: Double {
    let (count, width) = (Double(size.points), Double(MemoryLayout<Scalar>.stride) / 4)
    let bytes = 4 * width * count
    guard size.isBuiltIn else {
      let rate = size.lengths.max()! > 1 << 16 ? 1e9 : bytes < 0x1p20 ? 9e9 : bytes < 0x1p24 ? 6e9 : 3.5e9
      return width * (2.5 * count * max(1, log2(count)) / rate + 2e-9 * count)
    }
    let (stage, copy) = bytes < 1e6 ? (0.45, 0.8) : bytes < 5e6 ? (0.6, 1.2) : bytes < 1e7 ? (0.85, 1.4) : (1, 1.6)
    let lines = size.lengths.dropLast().reduce(1, *)
    let copies = size.takesArraysInPlace(problem) ? 0.2 : copy
    // Lines, columns, and of volumes columns of slices, which lie far apart.
    let stages = size.lengths.count { $0 > 1 } > 2 ? 3.75 : 2
    return width * count * (stages * stage + copies) * 1e-9
      + 1.5e-7 * Double(lines)
  }

  private var productSeconds: Double {
    let isFloat = MemoryLayout<Scalar>.stride == 4
    guard size.isBuiltIn else { return Double(size.spectrum) / (size.points < 1 << 18 ? 2.4e9 : isFloat ? 1e9 : 0.5e9) }
    return Double(size.points) * (isFloat ? 1.1e-9 : 1.55e-9)
  }
}

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

  /// Real numbers of a block.
  var points: Int { lengths.reduce(1, *) }
  /// Complex numbers of its spectrum.
  var spectrum: Int { lengths.dropLast().reduce(lengths.last! / 2 + 1, *) }
  /// Blocks of an array.
  var blockCount: Int { blocks.reduce(1, *) }

  /// The candidates.
  static func all(_ problem: ConvolutionProblem) -> [WholeSize] {
    var sizes = [WholeSize(lengths: [], outputs: [], blocks: [])]
    for axis in problem.axes {
      var own: [(length: Int, outputs: Int, blocks: Int)] = []
      for count in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256] where count <= axis.output {
        let outputs = (axis.output + count - 1) / count
        let length = FastSize.next((outputs - 1) * axis.stride + axis.span)
        // More blocks than this only transform the kernel's reach over and over.
        if count > 1 && length < 3 * axis.span / 2 && own.contains(where: { $0.length <= 2 * axis.span }) { break }
        own.append((length, outputs, (axis.output + outputs - 1) / outputs))
      }
      sizes = sizes.flatMap { size in
        own.map {
          WholeSize(
            lengths: size.lengths + [$0.length], outputs: size.outputs + [$0.outputs], blocks: size.blocks + [$0.blocks]
          )
        }
      }
    }
    return sizes
  }
}

/// Real transforms of the whole array in all its axes, with FFTW: ``WholeConvolution`` computes.
struct WholeSolver<Scalar: FourierScalar>: FourierPassSolver {
  static var name: String { FourierSolver.whole.rawValue }
  static var summary: String {
    "FFTW's real transforms of the whole array in all its axes; large kernels and few channels"
  }

  private let problem: ConvolutionProblem
  private let pass: ConvolutionPass
  private let settings: FourierSettings
  private let size: WholeSize

  init(
    _ problem: ConvolutionProblem, _ pass: ConvolutionPass?, _ settings: FourierSettings
  ) throws(ConvolutionError) {
    guard settings.transforms != .builtIn else {
      throw ConvolutionError(
        "\(Self.name) transforms with FFTW, which the built-in transforms exclude: take fftw or fastest")
    }
    guard let pass else { throw ConvolutionError("\(Self.name) computes the passes of a training step one by one") }
    guard settings.solver == .whole || problem.rank == 3 && settings.tile == nil else {
      throw ConvolutionError("\(Self.name) has no tiles, and is taken for signals and images where it is asked for")
    }
    var (best, leastBytes) = ((size: nil as WholeSize?, seconds: Double.infinity), Int.max)
    for size in WholeSize.all(problem) {
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
      case .forward: whole.forward(operands.first, operands.second, bias: operands.bias)
      case .inputGradient: whole.inputGradient(operands.first, operands.second)
      case .filterGradient: whole.filterGradient(operands.first, operands.second)
      }
    guard result.isFinite else { return nil }
    operands.activation.apply(to: &result)
    return result
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
    bytes(size.points)
      + bytes(2 * size.spectrum * WholeConvolution<Scalar>.spectraCount(problem, pass))
  }

  /// The phases of the pass.
  private func workingSets(threads: Int) -> [WorkingSet] {
    let planning = RealTransform<Scalar>.planningCounts(size.lengths).map(bytes).reduce(0, +)
    let own = bytes(RealTransform<Scalar>.workCount(size.lengths))
    let count = pass == .filterGradient ? 0 : problem.outputChannels * problem.channelsPerGroup
    let filters = bytes(2 * size.spectrum * count)
    return [
      WorkingSet(shared: planning, perThread: 0),
      WorkingSet(shared: filters, perThread: filters == 0 ? 0 : own + bytes(size.points)),
      WorkingSet(
        shared: filters + bytes(problem.outputChannels) + tasksAtOnce(threads: threads) * taskBytes, perThread: own),
    ]
  }

  /// The seconds on one core by the fixed rates, which are rules of thumb for FFTW with AVX, in and out of the caches.
  private var seconds: Double {
    let width = Double(MemoryLayout<Scalar>.stride) / 4
    let arrays = Double(problem.batch * size.blockCount)
    let filters = Double(problem.outputChannels * problem.channelsPerGroup)
    let transforms = filters + arrays * Double(problem.inputChannels + problem.outputChannels)
    let count = Double(size.points)
    let bytes = count * Double(MemoryLayout<Scalar>.stride)
    let rate = bytes < 0x1p20 ? 9e9 : bytes < 0x1p24 ? 6e9 : 3.5e9
    let each = 2.5 * count * max(1, log2(count)) / rate * width + 2 * count / 1e9 * width
    let products = arrays * filters * Double(size.spectrum) / (bytes < 0x1p20 ? 1.2e9 : 0.5e9) * width
    return transforms * each + products + 3e-5
  }
}

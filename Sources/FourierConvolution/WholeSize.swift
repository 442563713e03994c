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

  /// The size with the least estimated time that keeps within a limit; nil if none does.
  static func best(
    _ problem: ConvolutionProblem, _ pass: FourierPass, _ rates: CostRates, scalarBytes: Int, limit: Int
  ) -> (size: WholeSize, seconds: Double)? {
    all(problem).lazy.filter { $0.bytes(problem, pass, scalarBytes: scalarBytes, threads: 1) <= limit }
      .map { (size: $0, seconds: $0.seconds(problem, pass, rates, scalarBytes: scalarBytes)) }
      .min { $0.seconds < $1.seconds }
  }

  /// The bytes of working memory that the most frugal size needs.
  static func leastBytes(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int) -> Int {
    all(problem).map { $0.bytes(problem, pass, scalarBytes: scalarBytes, threads: 1) }.min()!
  }

  /// The candidates.
  private static func all(_ problem: ConvolutionProblem) -> [WholeSize] {
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

  /// The tasks that can be done at the same time, each with spectra of its own.
  func tasks(_ problem: ConvolutionProblem, _ pass: FourierPass) -> Int {
    switch pass {
    case .forward: problem.batch * problem.geometry.groups * blockCount
    case .inputGradient: problem.batch * problem.geometry.groups
    case .filterGradient, .step: problem.geometry.groups
    }
  }

  /// How many tasks are done at once: one where the steps within a task keep all threads busy and spectra are large.
  func tasksAtOnce(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int, threads: Int) -> Int {
    let own = taskBytes(problem, pass, scalarBytes: scalarBytes)
    return tasks(problem, pass) >= 2 * threads && own <= 1 << 26 ? threads : 1
  }

  private func taskBytes(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int) -> Int {
    let (inputs, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let spectra =
      switch pass {
      case .forward: inputs + 1
      case .inputGradient: outputs + 1
      case .filterGradient, .step: inputs + 1 + inputs * outputs
      }
    return MemoryPool.sizeClass(points * scalarBytes) + MemoryPool.sizeClass(2 * spectrum * spectra * scalarBytes)
  }

  /// The bytes of working memory of a pass.
  func bytes(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int, threads: Int) -> Int {
    func bytes(_ numbers: Int) -> Int { numbers == 0 ? 0 : MemoryPool.sizeClass(numbers * scalarBytes) }
    let planning = RealTransform<Float>.planningCounts(lengths).map(bytes).reduce(0, +)
    let own = bytes(RealTransform<Float>.workCount(lengths))
    let count = problem.outputChannels * problem.channelsPerGroup
    let filters = pass == .filterGradient ? 0 : bytes(2 * spectrum * count)
    let atOnce = tasksAtOnce(problem, pass, scalarBytes: scalarBytes, threads: threads)
    return [
      WorkingSet(shared: planning, perThread: 0),
      WorkingSet(shared: filters, perThread: filters == 0 ? 0 : own + bytes(points)),
      WorkingSet(
        shared: filters + bytes(problem.outputChannels)
          + atOnce * taskBytes(problem, pass, scalarBytes: scalarBytes), perThread: own),
    ].bytes(threads: threads)
  }

  /// The seconds that a pass takes on one core. The fixed rates are rules of thumb for FFTW with AVX, in and out of the
  /// caches.
  func seconds(
    _ problem: ConvolutionProblem, _ pass: FourierPass, _ rates: CostRates, scalarBytes: Int
  ) -> Double {
    rates.factor(FourierSolver.whole.rawValue) * fixedSeconds(problem, pass, scalarBytes: scalarBytes)
  }

  private func fixedSeconds(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int) -> Double {
    let width = Double(scalarBytes) / 4
    let arrays = Double(problem.batch * blockCount)
    let filters = Double(problem.outputChannels * problem.channelsPerGroup)
    let (inputs, outputs) = (Double(problem.inputChannels), Double(problem.outputChannels))
    let transforms: Double
    let products: Double
    switch pass {
    case .forward:
      (transforms, products) = (filters + arrays * (inputs + outputs), arrays * filters)
    case .inputGradient:
      (transforms, products) = (filters + arrays * (inputs + outputs), arrays * filters)
    case .filterGradient:
      (transforms, products) = (filters + arrays * (inputs + outputs), arrays * filters)
    case .step:
      (transforms, products) = (3 * filters + 3 * arrays * (inputs + outputs), 3 * arrays * filters)
    }
    let count = Double(points)
    let bytes = count * Double(scalarBytes)
    let rate = bytes < 0x1p20 ? 9e9 : bytes < 0x1p24 ? 6e9 : 3.5e9
    let each = 2.5 * count * max(1, log2(count)) / rate * width + 2 * count / 1e9 * width
    return transforms * each + products * Double(spectrum) / (bytes < 0x1p20 ? 1.2e9 : 0.5e9) * width + 3e-5
  }
}

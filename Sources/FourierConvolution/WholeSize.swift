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
    _ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int, limit: Int
  ) -> (size: WholeSize, seconds: Double)? {
    var choices: [[(length: Int, outputs: Int, blocks: Int)]] = []
    for axis in problem.axes {
      var own: [(Int, Int, Int)] = []
      for count in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256] where count <= axis.output {
        let outputs = (axis.output + count - 1) / count
        let length = FastSize.next((outputs - 1) * axis.stride + axis.span)
        // More blocks than this only transform the kernel's reach over and over.
        if count > 1 && length < 3 * axis.span / 2 && own.contains(where: { $0.0 <= 2 * axis.span }) { break }
        own.append((length, outputs, (axis.output + outputs - 1) / outputs))
      }
      choices.append(own)
    }
    var best: (size: WholeSize, seconds: Double)?
    func visit(_ axis: Int, _ lengths: [Int], _ outputs: [Int], _ blocks: [Int]) {
      guard axis == choices.count else {
        for choice in choices[axis] {
          visit(axis + 1, lengths + [choice.length], outputs + [choice.outputs], blocks + [choice.blocks])
        }
        return
      }
      let size = WholeSize(lengths: lengths, outputs: outputs, blocks: blocks)
      guard size.bytes(problem, pass, scalarBytes: scalarBytes, threads: 1) <= limit else { return }
      let seconds = size.seconds(problem, pass, scalarBytes: scalarBytes)
      if seconds < best?.seconds ?? .infinity { best = (size, seconds) }
    }
    visit(0, [], [], [])
    return best
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
    return scalarBytes * (points + 2 * spectrum * spectra)
  }

  /// The bytes of working memory of a pass.
  func bytes(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int, threads: Int) -> Int {
    let filters = pass == .filterGradient ? 0 : 2 * spectrum * problem.outputChannels * problem.channelsPerGroup
    let atOnce = tasksAtOnce(problem, pass, scalarBytes: scalarBytes, threads: threads)
    // Columns are transformed through a scratch of 16 of them on each thread.
    let columns = 32 * (lengths.dropLast().max() ?? 0) * threads
    return scalarBytes * (filters + columns) + atOnce * taskBytes(problem, pass, scalarBytes: scalarBytes)
  }

  /// The seconds that a pass takes on one core. The rates are rules of thumb for FFTW with AVX, in and out of the caches.
  func seconds(_ problem: ConvolutionProblem, _ pass: FourierPass, scalarBytes: Int) -> Double {
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

import SpectralImaging
import SpectralKit

/// A kernel over images that are in memory.
struct KernelEdit: ImageEdit {
  let kernel: Kernel
  let boundary: Boundary
  let operation: ConvolutionOperation
  let method: ConvolutionChoice
  /// What the process may hold.
  let budget: MemoryBudget
  /// What of it the program and the kernel take.
  let held: MemoryEstimate
  /// Whether ``isSigned`` was asked for.
  let wantsSigned: Bool

  var isSigned: Bool { wantsSigned || kernel.leavesDifferences }

  var clippingRemedy: String { "--signed draws them around mid-grey, a .npy file holds them" }

  func edited<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, name: String, stages: inout StageTimes
  ) throws -> ImagePlanes<Scalar> {
    // The picture as it came and as it was decoded, the result, and what becomes of it on its way to a file.
    let arrays = MemoryEstimate([4, image.planes.count], scalarBytes: MemoryLayout<Scalar>.stride)
    try budget.require(held + arrays, for: "\(name): convolving it", remedy: "convolve a smaller picture")
    // By estimate, so that a picture has the same bits on every run, as an array has.
    let method = method.method(
      for: Scalar.self, deterministic: true, memoryLimit: budget.bytes - (held + arrays).bytes!)
    do {
      return try stages.measure("convolve by \(method.name)") {
        try image.filtered(gain: kernel.meanGain) {
          try kernel.applied(to: $0, boundary: boundary, operation: operation, by: method)
        }
      }
    } catch let error as ConvolutionError {
      throw CommandError("\(name): \(error)")
    }
  }
}

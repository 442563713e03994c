import SpectralImaging
import SpectralKit
import SpectralCore

/// A kernel over images that are in memory.
struct KernelEdit: ImageEdit {
  let kernel: Kernel
  let boundary: Boundary
  let operation: ConvolutionOperation
  let method: ConvolutionChoice
  let transforms: TransformProvider
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
    try image.requireOpaque(for: boundary, name: name)
    let memory = Memory(image)
    try budget.require(held + memory.most, for: "\(name): convolving it", remedy: "convolve a smaller picture")
    let operands = (held + memory.operands).bytes!
    // By estimate, so that a picture has the same bits on every run, as an array has.
    let method = method.method(
      for: Scalar.self, deterministic: true, memoryLimit: budget.bytes - operands, transforms: transforms)
    do {
      let working = try kernel.workingMemory(for: memory.operand, boundary: boundary, operation: operation, by: method)
      // Blocks that wait to be used again are held too.
      let most = max(operands + working, (held + memory.most).bytes!)
      MemoryPool.limit = min(MemoryPool.limit, budget.bytes - most)
      return try stages.measure("convolve by \(method.name)") {
        try image.filtered(gain: kernel.meanGain) {
          try kernel.applied(to: $0, boundary: boundary, operation: operation, by: method)
        }
      }
    } catch let error as ConvolutionError {
      throw CommandError("\(name): \(error)")
    }
  }

  /// What is held for an image, beside the kernel.
  private struct Memory {
    /// The image, and while it is convolved the planes that are and their results; of a transparent image they are
    /// premultiplied colours and alpha.
    let operands: MemoryEstimate
    /// Whatever is more: that with the quotients of a transparent image, or the image and its result, with the copy and
    /// the samples that become a file.
    let most: MemoryEstimate
    /// The shape of what is convolved.
    let operand: TensorShape

    init<Scalar: TensorScalar>(_ image: ImagePlanes<Scalar>) {
      let planes = image.planes.shape
      func size(_ channels: Int, _ scalarBytes: Int) -> MemoryEstimate {
        MemoryEstimate([channels, planes[1], planes[2]], scalarBytes: scalarBytes)
      }
      let scalar = MemoryLayout<Scalar>.stride
      let alphas = image.alpha == nil ? 0 : 1
      let held = size(planes[0], scalar) + size(alphas, MemoryLayout<Float>.stride)
      operand = [planes[0] + alphas, planes[1], planes[2]]
      let weighted = size(operand[0], scalar)
      operands = held + (alphas == 0 ? weighted : weighted + weighted)
      let quotient = alphas == 0 ? operands : operands + held
      let writing = held + held + size(planes[0], scalar) + size(operand[0], 4)
      most = (quotient.bytes ?? .max) > (writing.bytes ?? .max) ? quotient : writing
    }
  }
}

import ImageEditing
import SpectralKit

/// A kernel over images that are in memory.
struct KernelEdit: ImageEdit {
  let kernel: Kernel
  let boundary: Boundary
  let operation: ConvolutionOperation
  let method: ConvolutionChoice
  /// Bytes that the convolution may take beside its arrays.
  let memoryLimit: Int
  /// Whether ``isSigned`` was asked for.
  let wantsSigned: Bool

  var isSigned: Bool { wantsSigned || kernel.leavesDifferences }

  var clippingRemedy: String { "--signed draws them around mid-grey, a .npy file holds them" }

  func edited<Scalar: AnyMethodScalar>(
    _ planes: Tensor<Scalar>, name: String, stages: inout StageTimes
  ) throws -> Tensor<Scalar> {
    // By estimate, so that a picture has the same bits on every run, as an array has.
    let method = method.method(for: Scalar.self, deterministic: true, memoryLimit: memoryLimit)
    do {
      return try stages.measure("convolve by \(method.name)") {
        try kernel.applied(to: planes, boundary: boundary, operation: operation, by: method)
      }
    } catch let error as ConvolutionError {
      throw CommandError("\(name): \(error)")
    }
  }
}

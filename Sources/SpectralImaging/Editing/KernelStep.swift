import AutomaticConvolution
import SpectralConvolution
import SpectralCore

extension Kernel {
  /// Planes under this kernel, each by itself, in the size they had.
  ///
  /// - Parameters:
  ///   - planes: `[C, H, W]`.
  ///   - method: How it is computed.
  /// - Throws: `ConvolutionError`.
  package func applied<Scalar: TensorScalar>(
    to planes: Tensor<Scalar>, boundary: Boundary, operation: ConvolutionOperation = .convolution,
    by method: any ConvolutionMethod<Scalar>
  ) throws(ConvolutionError) -> Tensor<Scalar> {
    let shape = planes.shape
    return try method(
      planes.reshaped(to: [shape[0], 1, shape[1], shape[2]]),
      taps.converted(to: Scalar.self).reshaped(to: [1, 1, height, width]), geometry(boundary, operation)
    ).reshaped(to: shape)
  }

  /// What ``applied(to:boundary:operation:by:)`` takes beside the planes and their results, in bytes.
  ///
  /// - Parameter planes: The shape `[C, H, W]`.
  /// - Throws: `ConvolutionError` if the method cannot keep its memory limit.
  package func workingMemory<Scalar: TensorScalar>(
    for planes: TensorShape, boundary: Boundary, operation: ConvolutionOperation = .convolution,
    by method: any ConvolutionMethod<Scalar>
  ) throws(ConvolutionError) -> Int {
    let problem = try ConvolutionProblem(
      geometry(boundary, operation), input: [planes[0], 1, planes[1], planes[2]], filter: [1, 1, height, width])
    return try method.workingMemory(.forward, problem)
  }

  private func geometry(_ boundary: Boundary, _ operation: ConvolutionOperation) -> ConvolutionGeometry {
    ConvolutionGeometry(padding: .same, boundary: boundary, operation: operation)
  }
}

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
    let geometry = ConvolutionGeometry(padding: .same, boundary: boundary, operation: operation)
    return try method(
      planes.reshaped(to: [shape[0], 1, shape[1], shape[2]]),
      taps.converted(to: Scalar.self).reshaped(to: [1, 1, height, width]), geometry
    ).reshaped(to: shape)
  }
}

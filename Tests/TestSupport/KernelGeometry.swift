import SpectralConvolution
import SpectralCore

/// A geometry and the size of its kernel, from which problems are posed in one line.
@dynamicMemberLookup
public struct KernelGeometry: Hashable, Sendable {
  /// The kernel's size.
  public var kernel: AxisValues
  /// How it slides.
  public var geometry: ConvolutionGeometry

  public init(
    kernel: AxisValues, stride: AxisValues = 1, dilation: AxisValues = 1, padding: Padding = .valid, groups: Int = 1,
    boundary: Boundary = .zero, operation: ConvolutionOperation = .correlation
  ) {
    self.kernel = kernel
    geometry = ConvolutionGeometry(
      stride: stride, dilation: dilation, padding: padding, groups: groups, boundary: boundary, operation: operation)
  }

  public subscript<Value>(dynamicMember member: KeyPath<ConvolutionGeometry, Value>) -> Value {
    geometry[keyPath: member]
  }

  /// The shape of filters for an input.
  public func filter(for input: TensorShape, outputs: Int = 1) -> TensorShape {
    TensorShape([outputs, input[1] / max(1, geometry.groups)] + kernel.expanded(rank: input.rank - 2))
  }

  /// The problem that an input poses.
  public func problem(_ input: TensorShape, outputs: Int = 1) throws(ConvolutionError) -> ConvolutionProblem {
    try ConvolutionProblem(geometry, input: input, filter: filter(for: input, outputs: outputs))
  }
}

/// Which of the two operations that go by the name of convolution.
public enum ConvolutionOperation: String, CaseIterable, Hashable, Sendable {
  /// Multiply the window as it is and add: what networks call convolution. `y[i] = Σ x[i + j] w[j]`.
  case correlation
  /// Flip the kernel first: what signal processing calls convolution. `y[i] = Σ x[i - j] w[j]`.
  case convolution
}

/// How a window slides over a signal, an image or a volume: everything about a convolution but the arrays. The window's
/// size is that of the filters.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// How far the window moves from one output to the next.
  public var stride: AxisValues
  /// The distance between neighbouring taps.
  public var dilation: AxisValues
  /// What is added around the array.
  public var padding: Padding
  /// The number of groups into which channels fall; an output sees the channels of its own group only. As many
  /// groups as input channels make the convolution depthwise.
  public var groups: Int
  /// What the added elements are.
  public var boundary: Boundary
  /// Whether the kernel is flipped.
  public var operation: ConvolutionOperation

  /// A geometry; by default the window moves by one element, stays inside the array, and is not flipped.
  public init(
    stride: AxisValues = 1, dilation: AxisValues = 1, padding: Padding = .valid, groups: Int = 1,
    boundary: Boundary = .zero, operation: ConvolutionOperation = .correlation
  ) {
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
    self.boundary = boundary
    self.operation = operation
  }
}

/// A convolution that cannot be: what is wrong, and what would fit.
public struct ConvolutionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String
  /// The least memory limit that would do, in bytes, if that is what was wrong.
  public let neededBytes: Int?

  /// An error with this sentence.
  public init(_ description: String, neededBytes: Int? = nil) {
    self.description = description
    self.neededBytes = neededBytes
  }
}

import SpectralConvolution
import SpectralCore

/// How much of a convolution is wanted, in the words of NumPy and SciPy.
public enum ConvolutionExtent: String, CaseIterable, Hashable, Sendable {
  /// Every place where array and kernel overlap: an axis of N elements gives N + K - 1.
  case full
  /// As many as the array has, its centre.
  case same
  /// The places where the kernel lies inside the array: N - K + 1.
  case valid
}

/// The convolution of a signal, an image or a volume with a kernel: `y[i] = Σ x[i - j] k[j]`.
///
/// ```swift
/// let smooth = try convolve(signal, Tensor([3], [0.25, 0.5, 0.25]), .same, boundary: .reflect)
/// ```
/// - Parameters:
///   - array: `[L]`, `[H, W]` or `[D, H, W]`.
///   - kernel: With as many axes.
///   - extent: How much of it; the places are those of `scipy.signal.convolve`, for kernels of even size too.
///   - boundary: What the array is taken to be beyond its border.
///   - method: How it is computed.
/// - Returns: An array with as many axes.
/// - Throws: `ConvolutionError` if the arrays do not fit each other, or this machine's memory.
public func convolve<Scalar: AnyMethodScalar>(
  _ array: Tensor<Scalar>, _ kernel: Tensor<Scalar>, _ extent: ConvolutionExtent = .full, boundary: Boundary = .zero,
  method: ConvolutionChoice = .automatic
) throws(ConvolutionError) -> Tensor<Scalar> {
  try slide(kernel, over: array, extent, boundary, .convolution, method)
}

/// The correlation of a signal, an image or a volume with a kernel: `y[i] = Σ x[i + j] k[j]`, parameters as those of
/// ``convolve(_:_:_:boundary:method:)``.
///
/// - Throws: `ConvolutionError` if the arrays do not fit each other, or this machine's memory.
public func correlate<Scalar: AnyMethodScalar>(
  _ array: Tensor<Scalar>, _ kernel: Tensor<Scalar>, _ extent: ConvolutionExtent = .full, boundary: Boundary = .zero,
  method: ConvolutionChoice = .automatic
) throws(ConvolutionError) -> Tensor<Scalar> {
  try slide(kernel, over: array, extent, boundary, .correlation, method)
}

private func slide<Scalar: AnyMethodScalar>(
  _ kernel: Tensor<Scalar>, over array: Tensor<Scalar>, _ extent: ConvolutionExtent, _ boundary: Boundary,
  _ operation: ConvolutionOperation, _ method: ConvolutionChoice
) throws(ConvolutionError) -> Tensor<Scalar> {
  let rank = array.shape.rank
  guard ConvolutionProblem.ranks.contains(rank), kernel.shape.rank == rank else {
    throw ConvolutionError(
      "an array of shape \(array.shape) and a kernel of shape \(kernel.shape): both must have one axis, two or three")
  }
  let padding: Padding =
    switch extent {
    case .full: .full
    case .valid: .valid
    // SciPy's centre of the full result: of an even kernel the odd element goes to the front.
    case .same: .sides(kernel.shape.extents.map { Padding.Sides(before: $0 / 2, after: ($0 - 1) / 2) })
    }
  let geometry = ConvolutionGeometry(padding: padding, boundary: boundary, operation: operation)
  let method = SharedMethods.method(method, Scalar.self)
  let result = try method(
    array.reshaped(to: TensorShape([1, 1] + array.shape.extents)),
    kernel.reshaped(to: TensorShape([1, 1] + kernel.shape.extents)), geometry)
  return result.reshaped(to: TensorShape(Array(result.shape.extents.dropFirst(2))))
}

/// The methods that the functions share. They cache plans, so a repeated shape is not planned again.
private enum SharedMethods {
  private static let single = all(Float.self)
  private static let double = all(Double.self)

  private static func all<Scalar: AnyMethodScalar>(
    _: Scalar.Type
  ) -> [ConvolutionChoice: any ConvolutionMethod<Scalar>] {
    Dictionary(
      uniqueKeysWithValues: ConvolutionChoice.allCases.map { ($0, $0.method(for: Scalar.self, deterministic: true)) })
  }

  static func method<Scalar: AnyMethodScalar>(
    _ choice: ConvolutionChoice, _: Scalar.Type
  ) -> any ConvolutionMethod<Scalar> {
    let shared: Any = Scalar.self == Float.self ? single[choice]! : double[choice]!
    return shared as! any ConvolutionMethod<Scalar>
  }
}

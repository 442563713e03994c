import AutomaticConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms

extension Kernel {
  /// An image under this kernel, in the size it had: a true convolution.
  ///
  /// ```swift
  /// let soft = try Kernel(.gaussian(deviation: 2)).applied(to: image)
  /// ```
  /// Transparent pixels count as little as they are seen: see ``ImagePlanes/filtered(gain:by:)``. The same call gives the
  /// same bits again.
  ///
  /// - Parameters:
  ///   - boundary: What lies beyond the border.
  ///   - method: How it is computed.
  /// - Throws: `ConvolutionError` if the convolution does not fit into memory.
  public func applied<Scalar: AnyMethodScalar>(
    to image: ImagePlanes<Scalar>, boundary: Boundary = .reflect, method: ConvolutionChoice = .automatic
  ) throws -> ImagePlanes<Scalar> {
    let method = method.method(for: Scalar.self, deterministic: true)
    return try image.filtered(gain: meanGain) { try applied(to: $0, boundary: boundary, by: method) }
  }
}

extension ImagePlanes where Scalar: FourierScalar {
  /// The image through a frequency filter.
  ///
  /// ```swift
  /// let soft = try image.filtered(by: .lowPass(.gaussian, cutoff: 0.1))
  /// ```
  /// Transparent pixels count as little as they are seen: see ``filtered(gain:by:)``.
  ///
  /// - Parameter boundary: What lies beyond the border.
  /// - Throws: ``FrequencyFilterError``, as ``FrequencyFilter/apply(to:boundary:padding:memoryLimit:)``.
  public func filtered(by filter: FrequencyFilter, boundary: Boundary = .reflect) throws -> ImagePlanes {
    try filtered(gain: filter.meanGain) { try filter.apply(to: $0, boundary: boundary) }
  }

  /// The image with its light evened out; alpha stays: see ``adjusted(by:)``.
  ///
  /// The filter's offset is a share of the largest value there is, so that arrays of any numbers can be filtered.
  ///
  /// - Parameter boundary: What lies beyond the border.
  /// - Throws: ``FrequencyFilterError``, also for values below 0.
  public func filtered(by filter: HomomorphicFilter, boundary: Boundary = .reflect) throws -> ImagePlanes {
    try adjusted { try filter.scaled(to: $0).apply(to: $0, boundary: boundary) }
  }
}

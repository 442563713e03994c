import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// Two pictures in one: from afar one sees the slow waves of the first, from nearby the fast waves of the second.
///
/// Source: Oliva, Torralba and Schyns, "Hybrid Images", ACM Transactions on Graphics 25, 2006.
public struct HybridImage: Sendable {
  /// What passes of the picture that is seen from afar.
  public let far: FrequencyFilter
  /// What passes of the picture that is seen from nearby.
  public let near: FrequencyFilter

  /// Filters that cross at a cut-off: low-pass and high-pass, one the complement of the other.
  ///
  /// - Parameter cutoff: Where the far picture ends and the near one begins.
  public init(_ shape: FilterShape = .gaussian, cutoff: Frequency) {
    self.init(far: .lowPass(shape, cutoff: cutoff), near: .highPass(shape, cutoff: cutoff))
  }

  /// Any two filters, e.g. with a gap between them, which makes the pictures easier to tell apart.
  public init(far: FrequencyFilter, near: FrequencyFilter) { (self.far, self.near) = (far, near) }

  /// The hybrid of two pictures `[..., H, W]` of the same shape.
  ///
  /// - Throws: ``FrequencyFilterError``; see ``FrequencyFilter/apply(to:boundary:padding:memoryLimit:)``.
  public func callAsFunction<Scalar: FourierScalar>(
    near nearby: Tensor<Scalar>, far distant: Tensor<Scalar>, boundary: Boundary = .reflect, memoryLimit: Int? = nil
  ) throws(FrequencyFilterError) -> Tensor<Scalar> {
    guard nearby.shape == distant.shape else {
      throw FrequencyFilterError(
        "the near picture is \(nearby.shape) and the far one \(distant.shape): bring them to one size and kind first")
    }
    var sum = try far.apply(to: distant, boundary: boundary, memoryLimit: memoryLimit)
    sum += try near.apply(to: nearby, boundary: boundary, memoryLimit: memoryLimit)
    return sum
  }
}

import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// Evens out the light of a picture: a picture is light times reflectance, so its logarithm is a sum, of which the light is
/// the slow part and reflectance the fast one. The filter works on that sum: exp(filter(log(x + offset))) - offset.
///
/// Source: Oppenheim, Schafer and Stockham, "Nonlinear Filtering of Multiplied and Convolved Signals", Proceedings of the
/// IEEE 56, 1968.
public struct HomomorphicFilter: Sendable {
  /// What is applied to the logarithms.
  public var filter: FrequencyFilter
  /// What is added to values before the logarithm, so that black has one: one step of 8 bits unless told.
  public var offset: Double

  /// A filter of logarithms.
  ///
  /// - Precondition: the offset is above 0.
  public init(_ filter: FrequencyFilter, offset: Double = 1 / 255) {
    precondition(offset > 0, "an offset of \(offset) leaves black without a logarithm")
    (self.filter, self.offset) = (filter, offset)
  }

  /// One gain for slow waves, which are mostly light, and another for fast ones, which are mostly things.
  public init(
    _ shape: FilterShape, cutoff: Frequency, low: Double, high: Double, offset: Double = 1 / 255
  ) {
    self.init(.emphasis(shape, cutoff: cutoff, low: low, high: high), offset: offset)
  }

  /// The same with the offset as a share of the largest of some numbers, which may be of any size.
  package func scaled<Scalar: FourierScalar>(to planes: Tensor<Scalar>) -> HomomorphicFilter {
    let largest = planes.maximumMagnitude
    return largest > 0 ? HomomorphicFilter(filter, offset: offset * largest) : self
  }

  /// Filters planes `[..., H, W]`.
  ///
  /// - Parameters: As those of ``FrequencyFilter/apply(to:boundary:padding:memoryLimit:)``. What beyond the border is
  ///   zero, or a number of its own, is so in the logarithm.
  /// - Throws: ``FrequencyFilterError``, also for pixels below 0.
  public func apply<Scalar: FourierScalar>(
    to planes: Tensor<Scalar>, boundary: Boundary = .reflect, padding: FilterPadding = .automatic,
    memoryLimit: Int? = nil
  ) throws(FrequencyFilterError) -> Tensor<Scalar> {
    exponentials(
      try filter.apply(
        to: try logarithms(planes), boundary: boundary, padding: padding, memoryLimit: memoryLimit))
  }

  /// What the filter works on: log(x + offset).
  ///
  /// - Throws: ``FrequencyFilterError`` for values below 0.
  public func logarithms<Scalar: FourierScalar>(
    _ planes: Tensor<Scalar>
  ) throws(FrequencyFilterError) -> Tensor<Scalar> {
    guard !planes.withUnsafeElements({ hasNegative($0) }) else {
      throw FrequencyFilterError(
        "values below 0 have no logarithm, and a homomorphic filter works on logarithms: shift the values first")
    }
    return parallelMap(planes) { fillLogarithms(of: $0, plus: offset, $1) }
  }

  /// The way back: exp(x) - offset.
  public func exponentials<Scalar: FourierScalar>(_ planes: Tensor<Scalar>) -> Tensor<Scalar> {
    parallelMap(planes) { fillExponentials(of: $0, less: offset, $1) }
  }
}

/// Calls `body` on pieces of a tensor and the same pieces of a new one, on all threads.
private func parallelMap<Scalar: FourierScalar>(
  _ x: Tensor<Scalar>, _ body: (UnsafeBufferPointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
) -> Tensor<Scalar> {
  x.withUnsafeElements { source in
    Tensor(x.shape) { target in
      let piece = 1 << 14
      Parallel.forEach((source.count + piece - 1) / piece) { index in
        let range = index * piece..<min((index + 1) * piece, source.count)
        body(UnsafeBufferPointer(rebasing: source[range]), target.baseAddress! + range.lowerBound)
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func hasNegative<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>) -> Bool {
  var found: UInt32 = 0
  for value in x { found |= value < 0 ? 1 : 0 }
  return found != 0
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func fillLogarithms<Scalar: TensorScalar>(
  of x: UnsafeBufferPointer<Scalar>, plus offset: Double, _ y: UnsafeMutablePointer<Scalar>
) {
  for i in x.indices { y[i] = Scalar(log(Double(x[i]) + offset)) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func fillExponentials<Scalar: TensorScalar>(
  of x: UnsafeBufferPointer<Scalar>, less offset: Double, _ y: UnsafeMutablePointer<Scalar>
) {
  for i in x.indices { y[i] = Scalar(exp(Double(x[i])) - offset) }
}

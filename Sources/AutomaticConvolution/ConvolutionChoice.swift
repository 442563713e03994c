import FourierConvolution
import Layers
import SpatialConvolution

/// The methods by the words that choose them on the command line.
public enum ConvolutionChoice: String, CaseIterable, Hashable, Codable, Sendable {
  /// By the definition.
  case direct
  /// By spectra.
  case fft
  /// Whichever the cost model expects to be faster.
  case automatic

  /// The method.
  ///
  /// - Parameters:
  ///   - deterministic: The same bits on every run: FFTW plans by its rule of thumb, not by measurement.
  ///   - memoryLimit: The most working memory of a pass, in bytes.
  public func method<Scalar: AnyMethodScalar>(
    for _: Scalar.Type = Scalar.self, deterministic: Bool = false, memoryLimit: Int? = nil
  ) -> any ConvolutionMethod<Scalar> {
    let direct = SpatialConvolution<Scalar>(memoryLimit: memoryLimit)
    let fourier = FourierConvolution<Scalar>(memoryLimit: memoryLimit, rigor: deterministic ? .estimate : .measure)
    return switch self {
    case .direct: direct
    case .fft: fourier
    case .automatic: AutomaticConvolution(direct: direct, fourier: fourier)
    }
  }
}

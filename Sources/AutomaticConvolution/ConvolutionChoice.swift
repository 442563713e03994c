import FourierConvolution
import SpectralConvolution
import SpatialConvolution
import SpectralTransforms

/// The methods by the words that choose them on the command line.
public enum ConvolutionChoice: String, CaseIterable, Hashable, Codable, Sendable {
  /// By the definition.
  case direct
  /// By spectra.
  case fft
  /// Whichever promises to be faster, or proves to be.
  case automatic

  /// The method.
  ///
  /// - Parameters:
  ///   - deterministic: The same bits on every run: FFTW plans by its rule of thumb, not by measurement, and estimates go
  ///     by rates that are the same on every machine.
  ///   - memoryLimit: The most working memory of a pass, in bytes.
  ///   - transforms: Who transforms tiles.
  ///   - planning: How `automatic` chooses a method and a tile, and `fft` a tile.
  /// - Precondition: not both deterministic and planned by measurement, whose outcome varies.
  public func method<Scalar: AnyMethodScalar>(
    for _: Scalar.Type = Scalar.self, deterministic: Bool = false, memoryLimit: Int? = nil,
    transforms: TransformProvider = .fastest, planning: ConvolutionPlanning = .estimated
  ) -> any ConvolutionMethod<Scalar> {
    precondition(
      !deterministic || planning == .estimated,
      "a deterministic method is planned by estimate: what a stop-watch says differs from run to run")
    let direct = SpatialConvolution<Scalar>(memoryLimit: memoryLimit, rates: deterministic ? .fixed : .machine)
    let fourier = FourierConvolution<Scalar>(
      memoryLimit: memoryLimit, transforms: transforms, rigor: deterministic ? .estimate : .measure)
    return switch (self, planning) {
    case (.direct, _): direct
    case (.fft, .estimated): fourier
    case (.fft, .measured): AutomaticConvolution(direct: nil, fourier: fourier, planning: .measured)
    case (.automatic, _): AutomaticConvolution(direct: direct, fourier: fourier, planning: planning)
    }
  }
}

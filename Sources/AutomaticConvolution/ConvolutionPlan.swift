import SpectralConvolution

/// How a pass of a problem is done: a *problem* says what, a *plan* says how.
public enum ConvolutionPlan: Hashable, Sendable, LosslessStringConvertible {
  /// By the definition, by the solver that the method chooses for each pass.
  case direct
  /// By the definition, by the solver of this name alone.
  case directSolver(String)
  /// By spectra, in tiles of a size; nil leaves the size to the method.
  case fourier(tile: Extent?)
  /// By real transforms of the whole array.
  case fourierWhole

  /// E.g. `direct`, `direct.window` or `fft 32 x 30`.
  public var description: String {
    switch self {
    case .direct: "direct"
    case .directSolver(let name): name
    case .fourier(nil): "fft"
    case .fourier(let tile?): "fft \(tile)"
    case .fourierWhole: "fft whole"
    }
  }

  /// A plan from its description; nil if it is none.
  public init?(_ description: String) {
    let words = description.split(separator: " ", omittingEmptySubsequences: false)
    switch (words.first, words.count) {
    case ("direct", 1): self = .direct
    case (let name?, 1) where name.hasPrefix("direct."): self = .directSolver(String(name))
    case ("fft", 1): self = .fourier(tile: nil)
    case ("fft", 2) where words[1] == "whole": self = .fourierWhole
    case ("fft", 4):
      guard words[2] == "x", let height = Int(words[1]), let width = Int(words[3]), height > 0, width > 0 else {
        return nil
      }
      self = .fourier(tile: Extent(height: height, width: width))
    default: return nil
    }
  }
}

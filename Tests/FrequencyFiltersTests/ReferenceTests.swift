import SpectralImaging
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// Against scikit-image and SciPy, on the same pixels; `make_fixtures.py` made the files.
@Suite struct ReferenceTests {
  private func array(_ name: String) throws -> Tensor<Double> {
    try Tensor<Double>(npy: fixtures(of: #filePath).appendingPathComponent("\(name).npy").path)
  }

  private func check(_ filter: FrequencyFilter, _ name: String, _ size: String) throws {
    let (x, expected) = (try array(size), try array("\(name)_\(size)"))
    func bound<Scalar: TensorScalar>(_: Scalar.Type) -> Double {
      // There and back, each side of the comparison once.
      2 * ErrorBound.relativeL2(fastSize: false, scalar: Scalar.self, pointCount: x.count) * x.norm / expected.norm
    }
    #expect(relativeL2(try filter.apply(to: x, boundary: .circular), expected) <= 2 * bound(Double.self))
    let single = try filter.apply(to: x.converted(to: Float.self), boundary: .circular)
    #expect(relativeL2(single, expected) <= bound(Float.self) + Float.unitRoundoff * x.norm / expected.norm)
  }

  @Test(arguments: ["even", "odd"]) func scikitImageButterworth(size: String) throws {
    try check(.lowPass(.butterworth(order: 2), cutoff: 0.1), "butterworth_low", size)
    try check(.highPass(.butterworth(order: 3), cutoff: 0.05), "butterworth_high", size)
  }

  @Test(arguments: ["even", "odd"]) func sciPyBySpectra(size: String) throws {
    try check(.lowPass(.gaussian, cutoff: .wavelength(2 * 2 * .pi)), "gaussian_low", size)
    try check(.bandStop(.ideal, from: 0.1, to: 0.2), "ideal_stop", size)
  }

  private static let modes: [(Boundary, String)] = [
    (.zero, "constant"), (.reflect, "reflect"), (.mirror, "mirror"), (.replicate, "nearest"), (.circular, "wrap"),
  ]

  /// SciPy sums in space over 10 σ, so it knows nothing of wrap-around. Sampled at pixels, and cut off at Nyquist, a
  /// Gaussian of 2 pixels differs from itself by exp(-(2π 2 / 2)² / 2) = 2.7e-9.
  @Test(arguments: modes, ["even", "odd"]) func sciPyInSpace(mode: (Boundary, String), size: String) throws {
    let (x, expected) = (try array(size), try array("blur_\(mode.1)_\(size)"))
    let filter = FrequencyFilter.lowPass(.gaussian, cutoff: .wavelength(2 * 2 * .pi))
    let contrast = x.maximumMagnitude
    let full = try filter.apply(to: x, boundary: mode.0, padding: .full)
    #expect(largestDifference(full, expected) < 4 * 2.7e-9 * contrast, "full")
    let automatic = try filter.apply(to: x, boundary: mode.0)
    #expect(largestDifference(automatic, expected) < 0x1p-17 * contrast, "automatic")
  }
}

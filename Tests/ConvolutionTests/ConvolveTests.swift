import AutomaticConvolution
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// The functions for arrays of one to three axes.
@Suite struct ConvolveFunctionTests {
  private let signal = Tensor<Double>([3], [1, 2, 3])

  /// `numpy.convolve([1, 2, 3], [0, 1, 0.5], ...)`, the example of its documentation.
  @Test func theExampleOfNumPy() throws {
    let kernel = Tensor<Double>([3], [0, 1, 0.5])
    func values(_ extent: ConvolutionExtent) throws -> [Double] { try convolve(signal, kernel, extent).elements }
    for (found, expected) in [
      (try values(.full), [0, 1, 2.5, 4, 1.5]), (try values(.same), [1, 2.5, 4]), (try values(.valid), [2.5]),
    ] {
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 } && found.count == expected.count)
    }
  }

  /// `scipy.signal.convolve([1, 2, 3], [1, 1], "same")` is 1 3 5, and `correlate` the same of a symmetric kernel.
  @Test(arguments: ConvolutionChoice.allCases) func evenKernelsAreCentredAsSciPyCentresThem(method: ConvolutionChoice)
    throws
  {
    let kernel = Tensor<Double>([2], [1, 1])
    for result in [
      try convolve(signal, kernel, .same, method: method), try correlate(signal, kernel, .same, method: method),
    ] {
      #expect(zip(result.elements, [1, 3, 5]).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  @Test func aVolumeKeepsItsAxes() throws {
    let volume = Tensor<Float>([2, 3, 4], (0..<24).map(Float.init))
    #expect(try convolve(volume, Tensor([1, 1, 1], [2])) == volume.map { 2 * $0 })
    #expect(try correlate(volume, .zeros([2, 2, 2]), .full).shape == [3, 4, 5])
    #expect(try convolve(volume, .zeros([2, 2, 2]), .valid).shape == [1, 2, 3])
  }

  @Test func axesThatDoNotMatchAreNamed() {
    let error = #expect(throws: ConvolutionError.self) { try convolve(signal, Tensor<Double>.zeros([2, 2])) }
    #expect(error?.description.contains("3") == true && error?.description.contains("2 x 2") == true)
  }
}

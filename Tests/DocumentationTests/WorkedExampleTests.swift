import SpectralKit
import Testing

/// The 3 x 3 example of the page on theory, number by number.
@Suite struct WorkedExampleTests {
  private let x = Tensor<Double>([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  private let w = Tensor<Double>([1, 1, 2, 2], [1, 2, 0, -1])
  private let methods: [any ConvolutionMethod<Double>] = [
    SpatialConvolution<Double>(), FourierConvolution<Double>(rigor: .estimate),
  ]
  private let transform = RealTransform2D<Double>(height: 4, width: 4)

  /// Sums of a dozen products of numbers up to 10: 1e-13 leaves room for rounding and for nothing else.
  private func expect(_ tensor: Tensor<Double>, _ expected: [Double], _ comment: Comment) {
    #expect(tensor.count == expected.count, comment)
    for (a, b) in zip(tensor.elements, expected) { #expect(abs(a - b) < 1e-13, comment) }
  }

  @Test func bothOperations() throws {
    for method in methods {
      expect(try method(x, w), [0, 2, 6, 8], "\(method.name)")
      let convolution = ConvolutionGeometry(operation: .convolution)
      expect(try method(x, w, convolution), [12, 14, 18, 20], "\(method.name)")
      let full = ConvolutionGeometry(padding: .full, operation: .convolution)
      expect(
        try method(x, w, full), [1, 4, 7, 6, 4, 12, 14, 9, 7, 18, 20, 12, 0, -7, -8, -9], "\(method.name)")
    }
  }

  @Test func circular() throws {
    let geometry = ConvolutionGeometry(
      padding: .explicit(top: 1, bottom: 0, left: 1, right: 0), boundary: .circular,
      operation: .convolution)
    for method in methods {
      expect(try method(x, w, geometry), [-2, -3, -1, 13, 12, 14, 19, 18, 20], "\(method.name)")
    }
  }

  @Test func spectra() {
    let image = transform.forward(Tensor([4, 4], [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]))
    let kernel = transform.forward(Tensor([4, 4], [1, 2, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    // Rows of the page: real and imaginary parts.
    let pageImage: [[Double]] = [
      [45, 0, -6, -15, 15, 0, -6, 15], [-18, -15, -5, 8, -6, -5, 5, -4], [15, 0, -2, -5, 5, 0, -2, 5],
      [-18, 15, 5, 4, -6, 5, -5, -8],
    ]
    let pageKernel: [[Double]] = [
      [2, 0, 1, -1, 0, 0, 1, 1], [3, 1, 2, -2, -1, -1, 0, 2], [4, 0, 1, -3, -2, 0, 1, 3], [3, -1, 0, -2, -1, 1, 2, 2],
    ]
    let pageProduct: [[Double]] = [
      [90, 0, -21, -9, 0, 0, -21, 9], [-39, -63, 6, 26, 1, 11, 8, 10], [60, 0, -17, 1, -10, 0, -17, -1],
      [-39, 63, 8, -10, 1, -11, 6, -26],
    ]
    for (spectrum, page) in [(image, pageImage), (kernel, pageKernel), (image * kernel, pageProduct)] {
      for row in 0..<4 {
        for column in 0..<4 {
          let value = spectrum[row, column]
          #expect(abs(value.real - page[row][2 * column]) < 1e-12)
          #expect(abs(value.imaginary - page[row][2 * column + 1]) < 1e-12)
        }
      }
    }
    expect(
      transform.inverse(image * kernel.conjugate), [0, 2, 3, -2, 6, 8, 6, 1, 23, 26, 9, 14, -2, -3, 0, -1],
      "correlation")
  }
}

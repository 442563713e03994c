import SpectralConvolution
import Testing

@Suite struct GeometryTests {
  private func outputs(_ geometry: ConvolutionGeometry, _ side: Int) throws -> Int {
    try ConvolutionProblem(
      geometry, input: [1, 1, side, side], filter: [1, 1, geometry.kernel.height, geometry.kernel.width]
    ).vertical.output
  }

  /// The window of the subject: 5 x 5 over 32 x 32 gives 28 x 28.
  @Test func sizesByHand() throws {
    #expect(try outputs(ConvolutionGeometry(kernel: 5), 32) == 28)
    #expect(try outputs(ConvolutionGeometry(kernel: 5, padding: .same), 32) == 32)
    #expect(try outputs(ConvolutionGeometry(kernel: 5, padding: .full), 32) == 36)
    #expect(try outputs(ConvolutionGeometry(kernel: 3, stride: 2, padding: .same), 7) == 4)
    #expect(try outputs(ConvolutionGeometry(kernel: 3, stride: 2, padding: .pixels(1)), 224) == 112)
    #expect(try outputs(ConvolutionGeometry(kernel: 3, dilation: 2), 9) == 5)
  }

  @Test func theOddPixelOfSamePaddingGoesToTheEnd() throws {
    let even = try ConvolutionProblem(
      ConvolutionGeometry(kernel: 4, padding: .same), input: [1, 1, 9, 9], filter: [1, 1, 4, 4])
    #expect(even.horizontal.paddingBefore == 1 && even.horizontal.paddingAfter == 2)
    let strided = try ConvolutionProblem(
      ConvolutionGeometry(kernel: 3, stride: 2, padding: .same), input: [1, 1, 8, 8], filter: [1, 1, 3, 3])
    #expect(strided.vertical.paddingBefore == 0 && strided.vertical.paddingAfter == 1)
  }

  @Test(arguments: [
    (ConvolutionGeometry(kernel: 7), "pad 2 more"), (ConvolutionGeometry(kernel: 3, dilation: 4), "at most 2"),
    (ConvolutionGeometry(kernel: 3, stride: 0), "at least 1"),
    (ConvolutionGeometry(kernel: 3, dilation: 0), "at least 1"),
    (ConvolutionGeometry(kernel: 3, groups: 2), "groups"), (ConvolutionGeometry(kernel: 0), "at least one"),
    (ConvolutionGeometry(kernel: 3, dilation: .init(1 << 61)), "too large"),
    (ConvolutionGeometry(kernel: 3, padding: .pixels(-1)), "negative"),
  ])
  func impossibleGeometrySaysWhatWouldFit(geometry: ConvolutionGeometry, remedy: String) {
    let error = #expect(throws: ConvolutionError.self) { try outputs(geometry, 5) }
    #expect(error?.description.contains(remedy) == true, "\(error?.description ?? "")")
  }

  @Test func channelsThatDoNotMatchAreNamed() {
    let error = #expect(throws: ConvolutionError.self) {
      try ConvolutionProblem(ConvolutionGeometry(kernel: 3), input: [1, 1, 8, 8], filter: [4, 3, 3, 3])
    }
    #expect(error?.description == "the filter has 3 channels, the input has 1")
  }
}

import SpectralConvolution
import TestSupport
import Testing

@Suite struct GeometryTests {
  private func outputs(_ geometry: KernelGeometry, _ side: Int) throws -> Int {
    try geometry.problem([1, 1, side, side]).vertical.output
  }

  /// The window of the subject: 5 x 5 over 32 x 32 gives 28 x 28.
  @Test func sizesByHand() throws {
    #expect(try outputs(KernelGeometry(kernel: 5), 32) == 28)
    #expect(try outputs(KernelGeometry(kernel: 5, padding: .same), 32) == 32)
    #expect(try outputs(KernelGeometry(kernel: 5, padding: .full), 32) == 36)
    #expect(try outputs(KernelGeometry(kernel: 3, stride: 2, padding: .same), 7) == 4)
    #expect(try outputs(KernelGeometry(kernel: 3, stride: 2, padding: .pixels(1)), 224) == 112)
    #expect(try outputs(KernelGeometry(kernel: 3, dilation: 2), 9) == 5)
  }

  @Test func theOddPixelOfSamePaddingGoesToTheEnd() throws {
    let even = try ConvolutionProblem(
      ConvolutionGeometry(padding: .same), input: [1, 1, 9, 9], filter: [1, 1, 4, 4])
    #expect(even.horizontal.paddingBefore == 1 && even.horizontal.paddingAfter == 2)
    let strided = try ConvolutionProblem(
      ConvolutionGeometry(stride: 2, padding: .same), input: [1, 1, 8, 8], filter: [1, 1, 3, 3])
    #expect(strided.vertical.paddingBefore == 0 && strided.vertical.paddingAfter == 1)
  }

  @Test(arguments: [
    (KernelGeometry(kernel: 7), "pad 2 more"), (KernelGeometry(kernel: 3, dilation: 4), "at most 2"),
    (KernelGeometry(kernel: 3, stride: 0), "at least 1"),
    (KernelGeometry(kernel: 3, dilation: 0), "at least 1"),
    (KernelGeometry(kernel: 3, groups: 2), "groups"), (KernelGeometry(kernel: 0), "at least one"),
    (KernelGeometry(kernel: 3, dilation: .init(1 << 61)), "too large"),
    (KernelGeometry(kernel: 3, padding: .pixels(-1)), "negative"),
  ])
  func impossibleGeometrySaysWhatWouldFit(geometry: KernelGeometry, remedy: String) {
    let error = #expect(throws: ConvolutionError.self) { try outputs(geometry, 5) }
    #expect(error?.description.contains(remedy) == true, "\(error?.description ?? "")")
  }

  @Test func channelsThatDoNotMatchAreNamed() {
    let error = #expect(throws: ConvolutionError.self) {
      try ConvolutionProblem(ConvolutionGeometry(), input: [1, 1, 8, 8], filter: [4, 3, 3, 3])
    }
    #expect(error?.description == "the filter has 3 channels, the input has 1")
  }
}

import SpectralConvolution
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

@Suite struct ConvolutionLayerTests {
  @Test(arguments: [
    KernelGeometry(kernel: 3, padding: .same),
    KernelGeometry(kernel: [2, 3], stride: 2, dilation: 2, padding: .pixels(2), groups: 2),
    KernelGeometry(kernel: 3, padding: .pixels(2), boundary: .mirror, operation: .convolution),
    KernelGeometry(kernel: 3, padding: .full, groups: 4, boundary: .circular),
  ])
  func gradients(geometry: KernelGeometry) {
    var random = RandomGenerator(seed: 3)
    let layer = Convolution2D<Double>(
      inputChannels: 4, outputChannels: 4, kernel: geometry.kernel, geometry: geometry.geometry,
      method: ReferenceConvolution(), using: &random)
    #expect(checkGradients(layer, [2, 4, 5, 6]) == [])
  }
}

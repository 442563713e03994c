import SpatialConvolution
import SpectralConvolution
import SpectralCore
import SpectralImaging
import Testing

/// Operations that mix pixels of pictures with transparency, by hand. Against NumPy and SciPy, `spectral` is tested.
@Suite struct PremultiplicationTests {
  /// The short functions are the long ones: with the gain of the filter or the kernel, and of transparent pictures too.
  @Test func filtersAndKernelsAreAppliedWithTheirGain() throws {
    var random = RandomGenerator(seed: 5)
    let planes = Tensor<Float>.uniform([3, 20, 31], in: 0.1..<1, using: &random)
    for alpha in [nil, Tensor<Float>.uniform([20, 31], in: 0..<1, using: &random)] {
      let image = ImagePlanes<Float>(planes: planes, alpha: alpha)
      for filter in [FrequencyFilter.lowPass(.gaussian, cutoff: 0.1), .laplacian] {
        let expected = try image.filtered(gain: filter.meanGain) { try filter.apply(to: $0, boundary: .mirror) }
        #expect(try image.filtered(by: filter, boundary: .mirror) == expected)
        #expect(expected.alpha == nil || filter.meanGain == 1)
      }
      for shape in [KernelShape.gaussian(deviation: 1.5), .sobel(.x)] {
        let kernel = Kernel(shape)
        let result = try kernel.applied(to: image, boundary: .circular, method: .direct)
        let expected = try image.filtered(gain: kernel.meanGain) { planes in
          try SpatialConvolution<Float>()(
            planes.reshaped(to: [planes.shape[0], 1, 20, 31]),
            kernel.taps.converted(to: Float.self).reshaped(to: [1, 1, kernel.height, kernel.width]),
            ConvolutionGeometry(padding: .same, boundary: .circular, operation: .convolution)
          ).reshaped(to: planes.shape)
        }
        #expect(result == expected)
      }
      // The offset is a share of the largest value that the filter sees.
      let even = HomomorphicFilter(.gaussian, cutoff: 0.05, low: 0.5, high: 1)
      let result = try image.filtered(by: even)
      let expected = try image.adjusted {
        try HomomorphicFilter(even.filter, offset: $0.maximumMagnitude / 255).apply(to: $0)
      }
      #expect(result.alpha == image.alpha && (result.planes - expected.planes).maximumMagnitude < 1e-6)
    }
  }

  /// Grey 0.5 opaque, 0.25 half transparent, and 1 hidden.
  private let row = ImagePlanes<Double>(
    planes: Tensor([1, 1, 3], [0.5, 0.25, 1]), alpha: Tensor([1, 3], [1, 0.5, 0]))

  /// Each pixel with its right neighbour; the last with nothing.
  private func sums(_ planes: Tensor<Double>) -> Tensor<Double> {
    let (x, width) = (planes.elements, planes.shape[2])
    return Tensor(planes.shape, x.indices.map { x[$0] + ($0 % width + 1 < width ? x[$0 + 1] : 0) })
  }

  @Test func coloursAreDividedByTheirOpacity() {
    #expect(row.premultiplied.planes.elements == [0.5, 0.125, 0] && row.premultiplied.alpha == nil)
    // Sums: of colours 0.625, 0.125, 0; of alpha 1.5, 0.5, 0, halved by the gain.
    let mixed = row.filtered(gain: 2) { sums($0) }
    #expect(mixed.alpha?.elements == [0.75, 0.25, 0])
    #expect(mixed.planes.elements == [0.625 / 0.75, 0.125 / 0.25, 0])
    // More than opaque is opaque, and the colour is what it is: 0.625 / 1.5.
    let sharp = row.filtered(gain: 1) { sums($0) }
    #expect(sharp.alpha?.elements == [1, 0.5, 0])
    #expect(sharp.planes.elements == [0.625 / 1.5, 0.125 / 0.5, 0])
  }

  /// Without a mean there is nothing to divide by.
  @Test func differencesHaveNoAlpha() {
    let slopes = row.filtered(gain: 0) { planes in
      #expect(planes.shape == [1, 1, 3])
      return sums(planes) - 2 * planes
    }
    #expect(slopes.alpha == nil && slopes.planes.elements == [-0.375, -0.125, 0])
  }

  /// Nothing is computed of a picture whose alpha is 1 everywhere but what is computed without.
  @Test func opaquePicturesAreFilteredAsTheyAre() {
    var opaque = row
    for alpha in [nil, Tensor<Float>([1, 3], repeating: 1)] {
      opaque.alpha = alpha
      for gain in [0.0, 2] {
        let result = opaque.filtered(gain: gain) { planes in
          #expect(planes == opaque.planes)
          return sums(planes)
        }
        #expect(result.planes == sums(opaque.planes) && result.alpha == alpha)
      }
      #expect(opaque.adjusted { sums($0) }.planes == sums(opaque.planes))
      #expect(opaque.premultiplied.planes == opaque.planes)
    }
  }

  /// One picture is opaque, the other is not: its alpha counts as 1.
  @Test func twoPicturesAreMixed() {
    let far = ImagePlanes<Double>(planes: Tensor([1, 1, 3], [1, 1, 1]))
    let mixed = row.filtered(with: far) { 0.5 * $0 + 0.5 * $1 }
    #expect(mixed.alpha?.elements == [1, 0.75, 0.5])
    #expect(mixed.planes.elements == [0.75, 0.5625 / 0.75, 1])
    #expect(far.filtered(with: far) { $0 + $1 }.alpha == nil)
  }

  /// What is neither opaque nor hidden changes as the picture on its mean colour (0.625 / 1.5) does; alpha stays.
  @Test func adjustmentsKeepTheShape() {
    let mean = 0.625 / 1.5
    let brighter = row.adjusted { planes in
      let ground = [0.5, mean + (0.25 - mean) / 2, mean]
      for (x, y) in zip(planes.elements, ground) { #expect(abs(x - y) < 1e-15) }
      return 2 * planes
    }
    #expect(brighter.alpha == row.alpha)
    let expected = [1, 0.25 + mean + (0.25 - mean) / 2, 0]
    for (x, y) in zip(brighter.planes.elements, expected) { #expect(abs(x - y) < 1e-15) }
    let nothing = ImagePlanes<Float>(planes: Tensor([1, 1, 1], [1]), alpha: Tensor([1, 1], [0]))
    #expect(nothing.adjusted { $0 + 1 }.planes.elements == [0])
  }

  /// The brightness alone: hidden pixels stay hidden, and a pixel of which the new brightness knows nothing stays.
  @Test func theBrightnessIsPutBackWhereItIsKnown() {
    let image = ImagePlanes<Double>(
      planes: Tensor([3, 1, 3], [0.5, 1, 1, 0.5, 0, 1, 0.5, 0, 1]), alpha: Tensor([1, 3], [1, 1, 0]))
    var brightness = image
    brightness.planes = Tensor([1, 1, 3], [0.75, 0.9, 0.9])
    brightness.alpha = Tensor([1, 3], [1, 0, 1])
    let result = image.with(luminance: brightness)
    let expected = [0.75, 1, 0, 0.75, 0, 0, 0.75, 0, 0]
    for (x, y) in zip(result.planes.elements, expected) { #expect(abs(x - y) < 1e-15) }
    #expect(result.alpha == image.alpha)
  }
}

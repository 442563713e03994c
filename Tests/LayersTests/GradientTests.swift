import SpectralConvolution
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

/// Every layer's gradients against central differences.
@Suite struct GradientTests {
  @Test func activations() {
    #expect(checkGradients(ReLU(), [3, 7]) == [])
    #expect(checkGradients(LeakyReLU(slope: 0.2), [3, 7]) == [])
    #expect(checkGradients(GELU(), [3, 7]) == [])
    #expect(checkGradients(Tanh(), [3, 7]) == [])
    #expect(checkGradients(Sigmoid(), [3, 7]) == [])
    #expect(checkGradients(Softmax(), [3, 7]) == [])
    #expect(checkGradients(LogSoftmax(), [2, 3, 4]) == [])
    #expect(checkGradients(Flatten(), [2, 3, 4]) == [])
    #expect(checkGradients(Identity(), [2, 3]) == [])
  }

  @Test(arguments: [true, false])
  func dense(bias: Bool) {
    var random = RandomGenerator(seed: 2)
    #expect(checkGradients(Dense(inputs: 5, outputs: 4, bias: bias, using: &random), [3, 5]) == [])
  }

  @Test(arguments: [Padding.valid, .same, .pixels(1), .explicit(top: 0, bottom: 1, left: 1, right: 0)])
  func pooling(padding: Padding) {
    #expect(checkGradients(MaxPooling2D(kernel: 2, padding: padding), [2, 2, 5, 6]) == [])
    let kernel: AxisValues = [3, 2]
    let stride: AxisValues = [1, 2]
    #expect(checkGradients(MaxPooling2D(kernel: kernel, stride: stride, padding: padding), [2, 2, 5, 6]) == [])
    #expect(
      checkGradients(MaxPooling2D(kernel: 2, stride: 1, padding: padding, dilation: 2), [2, 2, 5, 6]) == [])
    for counts in [true, false] {
      #expect(
        checkGradients(
          AveragePooling2D(kernel: kernel, stride: stride, padding: padding, countsPadding: counts), [2, 2, 5, 6])
          == [])
    }
    #expect(checkGradients(GlobalAveragePooling2D(), [2, 3, 4, 5]) == [])
  }

  @Test(arguments: [[4, 3], [3, 2, 3, 4], [2, 2, 1, 1]])
  func batchNormalization(shape: [Int]) {
    var random = RandomGenerator(seed: 4)
    var layer = BatchNormalization<Double>(channels: shape[1])
    layer.updateParameters { _, tensor in tensor = .normal(tensor.shape, using: &random) }
    #expect(checkGradients(layer, TensorShape(shape)) == [])
  }

  @Test func layerNormalization() {
    var random = RandomGenerator(seed: 5)
    var layer = LayerNormalization<Double>([3, 4])
    layer.updateParameters { _, tensor in tensor = .normal(tensor.shape, using: &random) }
    #expect(checkGradients(layer, [2, 3, 4]) == [])
    #expect(checkGradients(LayerNormalization([5]), [2, 3, 5]) == [])
  }

  @Test func poolingOfSignalsAndVolumes() {
    #expect(checkGradients(MaxPooling1D(kernel: 3, stride: 2, padding: .pixels(1)), [2, 2, 9]) == [])
    #expect(checkGradients(AveragePooling1D(kernel: 3, padding: .pixels(1), countsPadding: false), [2, 2, 9]) == [])
    #expect(
      checkGradients(MaxPooling3D(kernel: [2, 3, 2], stride: [1, 2, 2], padding: .pixels(1)), [1, 2, 4, 5, 6]) == [])
    #expect(checkGradients(AveragePooling3D(kernel: 2), [1, 2, 4, 5, 6]) == [])
    #expect(checkGradients(GlobalAveragePooling1D(), [2, 3, 5]) == [])
    #expect(checkGradients(GlobalAveragePooling3D(), [2, 3, 2, 3, 4]) == [])
  }

  @Test func convolutionsOfSignalsAndVolumes() {
    var random = RandomGenerator(seed: 12)
    #expect(
      checkGradients(
        Convolution1D<Double>(
          inputChannels: 4, outputChannels: 2, kernel: 3,
          geometry: ConvolutionGeometry(stride: 2, padding: .same, groups: 2), method: ReferenceConvolution(),
          using: &random), [2, 4, 9]) == [])
    #expect(
      checkGradients(
        Convolution3D<Double>(
          inputChannels: 2, outputChannels: 3, kernel: [2, 1, 3],
          geometry: ConvolutionGeometry(padding: .symmetric([1, 0, 1]), boundary: .mirror),
          method: ReferenceConvolution(),
          using: &random), [1, 2, 3, 4, 4]) == [])
    #expect(
      checkGradients(
        ConvolutionTranspose1D<Double>(
          inputChannels: 2, outputChannels: 3, kernel: 4, geometry: ConvolutionGeometry(stride: 2), outputPadding: 1,
          method: ReferenceConvolution(), using: &random), [2, 2, 5]) == [])
    #expect(
      checkGradients(
        ConvolutionTranspose3D<Double>(
          inputChannels: 2, outputChannels: 1, kernel: 2, geometry: ConvolutionGeometry(stride: [1, 2, 2]),
          method: ReferenceConvolution(), using: &random), [1, 2, 2, 3, 3]) == [])
  }

  @Test(arguments: [0, 0.3, 1])
  func dropout(probability: Double) {
    var random = RandomGenerator(seed: 6)
    #expect(checkGradients(Dropout(probability: probability, using: &random), [4, 5]) == [])
  }

  @Test(arguments: [
    KernelGeometry(kernel: 3),
    KernelGeometry(kernel: [2, 3], stride: 2, padding: .same, groups: 2),
    KernelGeometry(kernel: 3, stride: 3, dilation: 2, padding: .pixels(1), operation: .convolution),
    KernelGeometry(kernel: 2, padding: .full),
  ])
  func convolutionTranspose(geometry: KernelGeometry) {
    var random = RandomGenerator(seed: 7)
    let most = AxisValues(geometry.stride.values.map { $0 - 1 })
    let layer = ConvolutionTranspose2D<Double>(
      inputChannels: 4, outputChannels: 2, kernel: geometry.kernel, geometry: geometry.geometry,
      outputPadding: geometry.padding == .same ? 0 : most,
      method: ReferenceConvolution(), using: &random)
    #expect(checkGradients(layer, [2, 4, 3, 4]) == [])
  }

  @Test func residual() {
    var random = RandomGenerator(seed: 8)
    let plain = Residual {
      Dense<Double>(inputs: 4, outputs: 5, using: &random)
      Tanh<Double>()
      Dense<Double>(inputs: 5, outputs: 4, using: &random)
    }
    #expect(checkGradients(plain, [3, 4]) == [])
    let projected = Residual {
      Dense<Double>(inputs: 4, outputs: 5, using: &random)
    } shortcut: {
      Dense<Double>(inputs: 4, outputs: 5, bias: false, using: &random)
    }
    #expect(checkGradients(projected, [3, 4]) == [])
    #expect(
      projected.parameters.named.keys.sorted() == ["0.body.0.bias", "0.body.0.weight", "0.shortcut.0.weight"])
  }

  @Test func chain() {
    var random = RandomGenerator(seed: 9)
    let network = Chain {
      Convolution2D<Double>(
        inputChannels: 1, outputChannels: 2, kernel: 3, geometry: ConvolutionGeometry(padding: .same),
        method: ReferenceConvolution(), using: &random)
      BatchNormalization<Double>(channels: 2)
      GELU<Double>()
      MaxPooling2D<Double>(kernel: 2)
      Flatten<Double>()
      Dense<Double>(inputs: 8, outputs: 3, using: &random)
      LogSoftmax<Double>()
    }
    #expect(checkGradients(network, [3, 1, 4, 4]) == [])
    #expect(
      network.parameters.named.keys.sorted() == [
        "0.bias", "0.weight", "1.bias", "1.weight", "5.bias", "5.weight",
      ])
  }

  /// The gradients of the losses, which are no layers.
  @Test(arguments: [0, 0.2])
  func losses(smoothing: Double) {
    var random = RandomGenerator(seed: 10)
    let logits = Tensor<Double>.normal([3, 4], using: &random)
    let target = Tensor<Double>.normal([3, 4], using: &random)
    let loss = CrossEntropy(labelSmoothing: smoothing)
    let gradient = loss(logits, [2, 0, 3]).gradient
    let squared = MeanSquaredError()(logits, target).gradient
    for i in 0..<12 {
      var (above, below) = (logits, logits)
      above.withUnsafeMutableElements { $0[i] += 1e-6 }
      below.withUnsafeMutableElements { $0[i] -= 1e-6 }
      let slope = (loss(above, [2, 0, 3]).loss - loss(below, [2, 0, 3]).loss) / 2e-6
      #expect(abs(slope - gradient.elements[i]) <= 1e-5 + 1e-3 * abs(slope))
      let other = (MeanSquaredError()(above, target).loss - MeanSquaredError()(below, target).loss) / 2e-6
      #expect(abs(other - squared.elements[i]) <= 1e-5 + 1e-3 * abs(other))
    }
  }
}

import SpectralConvolution
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

/// Every layer and loss against PyTorch in float64.
@Suite struct ReferenceTests {
  @Test func activations() throws {
    try Reference("relu").check(ReLU())
    try Reference("leaky_relu").check(LeakyReLU(slope: 0.1))
    try Reference("gelu").check(GELU())
    try Reference("tanh").check(Tanh())
    try Reference("sigmoid").check(Sigmoid())
    try Reference("softmax").check(Softmax())
    try Reference("log_softmax").check(LogSoftmax())
  }

  @Test func dense() throws {
    var random = RandomGenerator(seed: 1)
    try Reference("dense").check(Dense(inputs: 5, outputs: 3, using: &random))
    try Reference("dense_no_bias").check(Dense(inputs: 5, outputs: 3, bias: false, using: &random))
  }

  @Test(arguments: 0..<3)
  func pooling(_ i: Int) throws {
    let maximum = try Reference("max_pooling_\(i)")
    try maximum.check(
      MaxPooling2D(
        kernel: maximum.extent("kernel"), stride: maximum.extent("stride"), padding: maximum.padding,
        dilation: maximum.extent("dilation")))
    let average = try Reference("average_pooling_\(i)")
    try average.check(
      AveragePooling2D(
        kernel: average.extent("kernel"), stride: average.extent("stride"), padding: average.padding,
        countsPadding: average.number("counts") == 1))
  }

  @Test func globalAverage() throws { try Reference("global_average").check(GlobalAveragePooling2D()) }

  @Test(arguments: ["batch_norm_1d", "batch_norm_2d"])
  func batchNormalization(_ name: String) throws {
    let reference = try Reference(name)
    var layer = BatchNormalization<Double>(
      channels: 3, momentum: reference.number("momentum"), epsilon: reference.number("eps"))
    try reference.check(layer)
    layer.parameters = Weights(weight: reference.tensor("weight")!, bias: reference.tensor("bias"))
    layer.finishStep(layer.forward(reference.tensor("input")!).tape)
    #expect(largestDifference(layer.runningMean, reference.tensor("running_mean")!) <= 1e-13)
    #expect(largestDifference(layer.runningVariance, reference.tensor("running_var")!) <= 1e-13)
    let output = layer(reference.tensor("inference_input")!)
    #expect(largestDifference(output, reference.tensor("inference_output")!) <= 1e-13)
  }

  @Test func layerNormalization() throws { try Reference("layer_norm").check(LayerNormalization([3, 4])) }

  @Test(arguments: 0..<5)
  func convolution(_ i: Int) throws {
    let reference = try Reference("convolution_\(i)")
    let boundaries: [String: Boundary] = [
      "constant": .zero, "reflect": .mirror, "replicate": .replicate, "circular": .circular,
    ]
    let sides = reference.integers("sides")
    let geometry = ConvolutionGeometry(
      stride: reference.extent("stride"), dilation: reference.extent("dilation"),
      padding: .explicit(top: sides[2], bottom: sides[3], left: sides[0], right: sides[1]),
      groups: reference.integers("groups")[0], boundary: boundaries[reference.words["mode"]!]!)
    try reference.check(
      Convolution2D(
        weight: reference.tensor("weight")!, bias: reference.tensor("bias"), geometry: geometry,
        method: ReferenceConvolution()))
  }

  @Test(arguments: 0..<3)
  func convolutionTranspose(_ i: Int) throws {
    let reference = try Reference("transpose_\(i)")
    let geometry = ConvolutionGeometry(
      stride: reference.extent("stride"), dilation: reference.extent("dilation"),
      padding: reference.padding, groups: reference.integers("groups")[0])
    try reference.check(
      ConvolutionTranspose2D(
        weight: reference.tensor("weight")!, bias: reference.tensor("bias"), geometry: geometry,
        outputPadding: reference.extent("output_padding"), method: ReferenceConvolution()))
  }

  @Test(arguments: 0..<2)
  func crossEntropy(_ i: Int) throws {
    let reference = try Reference("cross_entropy_\(i)")
    let logits = reference.tensor("input")!
    let loss = CrossEntropy(labelSmoothing: reference.number("smoothing"))
    let result = loss(logits, reference.integers("labels"))
    #expect(abs(result.loss - reference.number("loss")) <= 1e-13)
    #expect(largestDifference(result.gradient, reference.tensor("input_gradient")!) <= 1e-14)
    #expect(result.correct == reference.integers("correct")[0])
    let evaluated = loss.evaluate(logits, reference.integers("labels"))
    #expect(evaluated.loss == result.loss && evaluated.correct == result.correct)
  }

  @Test func meanSquaredError() throws {
    let reference = try Reference("mean_squared_error")
    let result = MeanSquaredError()(reference.tensor("input")!, reference.tensor("target")!)
    #expect(abs(result.loss - reference.number("loss")) <= 1e-14)
    #expect(largestDifference(result.gradient, reference.tensor("input_gradient")!) <= 1e-15)
  }
}

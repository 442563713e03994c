import Foundation
import SpectralConvolution
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

/// What must hold of a layer whatever its numbers.
@Suite struct LawTests {
  @Test func softmaxSumsToOneAndSurvivesLargeLogits() {
    var random = RandomGenerator(seed: 1)
    for scale in [1.0, 100, 1e4] {
      let logits = Tensor<Float>.normal([20, 30], deviation: scale, using: &random)
      let p = logits.softmax()
      #expect(p.isFinite && logits.logSoftmax().isFinite)
      for n in 0..<20 { #expect(abs(p.rows(n..<n + 1).sum - 1) <= 32 * Float.unitRoundoff) }
      let result = CrossEntropy(labelSmoothing: 0.1)(logits, (0..<20).map { $0 })
      #expect(result.loss.isFinite && result.gradient.isFinite)
      // A gradient of logits does not change their sum.
      #expect(abs(result.gradient.sum) <= 32 * Float.unitRoundoff)
    }
    let certain = CrossEntropy()(Tensor<Float>([1, 3], [-.infinity, 2, -.infinity]), [1])
    #expect(certain.loss == 0 && certain.gradient.elements == [0, 0, 0] && certain.correct == 1)
    #expect(CrossEntropy()(Tensor<Float>([1, 2], [.nan, 1]), [1]).loss.isNaN)
    #expect(CrossEntropy()(Tensor<Float>([1, 2], [.nan, 1]), [1]).correct == 0)
  }

  @Test func uniformLogitsCostTheLogarithmOfTheClasses() {
    let result = CrossEntropy()(Tensor<Double>.zeros([3, 10]), [0, 5, 9] as [UInt8])
    #expect(abs(result.loss - log(10)) <= 1e-15)
    // Of equal logits the first is the prediction.
    #expect(result.correct == 1)
  }

  @Test(arguments: [[64, 5], [8, 5, 6, 7], [3, 40]])
  func batchNormalizationGivesMeanZeroAndVarianceOne(shape: [Int]) {
    var random = RandomGenerator(seed: 2)
    let x = Tensor<Double>.normal(TensorShape(shape), mean: 5, deviation: 3, using: &random)
    let layer = BatchNormalization<Double>(channels: shape[1])
    let y = layer.forward(x).output
    let inner = shape.dropFirst(2).reduce(1, *)
    for c in 0..<shape[1] {
      let values = (0..<y.count).filter { $0 / inner % shape[1] == c }.map { y.elements[$0] }
      let (mean, variance) = moments(values)
      #expect(abs(mean) <= 1e-12)
      // Epsilon makes it a little less than 1: v / (v + epsilon), v the variance of the input.
      let own = moments((0..<x.count).filter { $0 / inner % shape[1] == c }.map { x.elements[$0] }).variance
      #expect(abs(variance - own / (own + layer.epsilon)) <= 1e-12)
    }
  }

  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
  }

  @Test func batchNormalizationKeepsDigitsOfALargeMean() {
    var random = RandomGenerator(seed: 3)
    let small = Tensor<Double>.normal([16, 2, 8, 8], using: &random)
    let x = (small + 1000).converted(to: Float.self)
    let expected = BatchNormalization<Double>(channels: 2).forward(x.converted(to: Double.self)).output
    let y = BatchNormalization<Float>(channels: 2).forward(x).output
    // The mean of 1024 numbers near 1000 is known to about 1000 u times the depth of the sums.
    #expect(largestDifference(y, expected) <= 1000 * Float.unitRoundoff * 8)
  }

  @Test func runningMomentsConvergeToTheData() {
    var random = RandomGenerator(seed: 4)
    var layer = BatchNormalization<Double>(channels: 1, momentum: 0.1)
    let x = Tensor<Double>.normal([400, 1], mean: 2, deviation: 3, using: &random)
    for _ in 0..<300 { layer.finishStep(layer.forward(x).tape) }
    let y = layer(x)
    #expect(abs(y.mean) <= 1e-9 && abs(y.norm / 399.0.squareRoot() - 1) <= 1e-4)
  }

  /// What a layer takes over from a step is taken over by the optimizer's: no loop can leave it out.
  @Test(arguments: OptimizerKind.allCases) func aStepFinishesTheLayers(_ kind: OptimizerKind) {
    var random = RandomGenerator(seed: 8)
    var network = Chain {
      BatchNormalization<Double>(channels: 2)
      Dropout<Double>(probability: 0.5, using: &random)
    }
    let x = Tensor<Double>.normal([50, 2], mean: 3, using: &random)
    var optimizer = kind.optimizer(for: Double.self)
    let generator = network.second.generator
    let (output, tape) = network.forward(x)
    optimizer.step(&network, output, tape)
    // Started from 0, moved a tenth of the way.
    let expected = 0.1 * x.mean(over: 0)
    #expect(largestDifference(network.first.runningMean, expected) <= 1e-15)
    #expect(network.second.generator != generator)
  }

  @Test func dropoutKeepsTheExpectation() {
    var random = RandomGenerator(seed: 5)
    var layer = Dropout<Double>(probability: 0.3, using: &random)
    let ones = Tensor<Double>([100_001], repeating: 1)
    let (output, tape) = layer.forward(ones)
    // The mean of n independent draws of variance p / (1 - p) is within five deviations of 1.
    #expect(abs(output.mean - 1) <= 5 * (0.3 / 0.7 / 100_001).squareRoot())
    #expect(Set(output.elements) == [0, 1 / 0.7])
    #expect(layer(ones) == ones)
    #expect(layer.forward(ones).output == output, "forward is a pure function")
    #expect(layer.backward(ones, tape).input == output)
    layer.finishStep(tape)
    #expect(layer.forward(ones).output != output, "the next step drops others")
    let alone = withThreads(1) { layer.forward(ones).output }
    #expect(withThreads(7) { layer.forward(ones).output } == alone)
  }

  @Test func stateIsSavedAndRestored() {
    var random = RandomGenerator(seed: 6)
    let network = Chain {
      BatchNormalization<Float>(channels: 3)
      Residual {
        Dropout<Float>(probability: 0.5, using: &random)
        BatchNormalization<Float>(channels: 3)
      }
    }
    var trained = network
    let x = Tensor<Float>.normal([6, 3], using: &random)
    for _ in 0..<3 { trained.finishStep(trained.forward(x).tape) }
    var saved: [String: LayerState<Float>] = [:]
    trained.updateState { saved[$0] = $1 }
    #expect(
      saved.keys.sorted() == [
        "0.running_mean", "0.running_var", "1.body.0.generator", "1.body.1.running_mean", "1.body.1.running_var",
      ])
    var restored = network
    restored.updateState { $1 = saved[$0]! }
    #expect(restored(x) == trained(x))
    #expect(restored.forward(x).output == trained.forward(x).output)
  }

  /// <y, K x> = <K' y, x> for every linear layer.
  @Test func linearLayersAreAdjointToTheirBackwardPass() {
    var random = RandomGenerator(seed: 7)
    func check<L: Layer>(_ layer: L, _ shape: TensorShape) where L.Scalar == Double {
      let x = Tensor<Double>.normal(shape, using: &random)
      let (output, tape) = layer.forward(x)
      let y = Tensor<Double>.normal(output.shape, using: &random)
      let (left, right) = (y.dot(output), layer.backward(y, tape).input.dot(x))
      #expect(abs(left - right) <= 1e-12 * y.norm * output.norm, "\(layer.label)")
    }
    var other = RandomGenerator(seed: 8)
    check(Dense<Double>(inputs: 40, outputs: 30, bias: false, using: &other), [20, 40])
    check(AveragePooling2D<Double>(kernel: 3, stride: 2, padding: .pixels(1)), [2, 3, 9, 8])
    check(GlobalAveragePooling2D<Double>(), [2, 3, 9, 8])
    check(Dropout<Double>(using: &other), [30, 30])
    check(
      ConvolutionTranspose2D<Double>(
        inputChannels: 4, outputChannels: 6,
        kernel: 5, geometry: ConvolutionGeometry(stride: 2, padding: .pixels(2), groups: 2), outputPadding: 1,
        bias: false, method: ReferenceConvolution(), using: &other), [2, 4, 7, 6])
  }

  /// 1 2 / 3 4 over 5 0 / 7 8: by hand.
  @Test func poolingOfAVolumeByHand() {
    let volume = Tensor<Double>([1, 1, 2, 2, 2], [1, 2, 3, 4, 5, 0, 7, 8])
    #expect(MaxPooling3D<Double>(kernel: 2)(volume).elements == [8])
    #expect(AveragePooling3D<Double>(kernel: 2)(volume).elements == [3.75])
    #expect(MaxPooling3D<Double>(kernel: [2, 1, 1])(volume).elements == [5, 2, 7, 8])
    #expect(MaxPooling1D<Double>(kernel: 2)(Tensor([1, 1, 5], [1, 3, 2, 0, 9])).elements == [3, 2])
    #expect(GlobalAveragePooling3D<Double>()(volume).elements == [3.75])
  }

  @Test func transposeUndoesTheShapeOfTheConvolution() {
    var random = RandomGenerator(seed: 9)
    for padding in [Padding.valid, .same, .full, .pixels(2)] {
      let geometry = ConvolutionGeometry(stride: 2, padding: padding)
      let down = Convolution2D<Double>(
        inputChannels: 1, outputChannels: 1, kernel: 3, geometry: geometry, method: ReferenceConvolution(),
        using: &random)
      let up = ConvolutionTranspose2D<Double>(
        inputChannels: 1, outputChannels: 1, kernel: 3, geometry: geometry, outputPadding: padding == .same ? 0 : 1,
        method: ReferenceConvolution(), using: &random)
      #expect(up.outputShape(for: down.outputShape(for: [1, 1, 8, 12])) == [1, 1, 8, 12])
    }
  }

  /// The path for two by two and the general one find the same winners, on even and odd sizes, with and without tape.
  @Test(arguments: [[1, 1, 2, 2], [3, 2, 7, 9], [2, 2, 10, 10], [2, 1, 6, 16], [2, 3, 24, 24], [1, 2, 33, 51]])
  func theTwoPathsOfMaximumPoolingAgree(shape: [Int]) {
    var random = RandomGenerator(seed: 10)
    // Few different values, so that there are ties, and NaN among them.
    let x = Tensor<Float>.uniform(TensorShape(shape), in: 0..<6, using: &random).map { $0 < 0.2 ? .nan : $0.rounded() }
    let fast = MaxPooling2D<Float>(kernel: 2)
    let general = MaxPooling2D<Float>(kernel: 2, padding: .pixels(0))
    let (output, tape) = fast.forward(x)
    let (expected, generalTape) = general.forward(x)
    #expect(largestDifference(output, expected) == 0)
    #expect(largestDifference(fast(x), expected) == 0 && largestDifference(general(x), expected) == 0)
    let g = Tensor<Float>.normal(output.shape, using: &random)
    #expect(fast.backward(g, tape).input == general.backward(g, generalTape).input)
  }

  /// The path for two by two adds in the same order as the general one.
  @Test(arguments: [[1, 1, 2, 2], [3, 2, 7, 9], [2, 2, 10, 10], [2, 1, 6, 16], [2, 3, 24, 24], [1, 2, 33, 51]])
  func theTwoPathsOfAveragePoolingAgree(shape: [Int]) {
    var random = RandomGenerator(seed: 12)
    let x = Tensor<Float>.normal(TensorShape(shape), using: &random)
    let fast = AveragePooling2D<Float>(kernel: 2)
    let general = AveragePooling2D<Float>(kernel: 2, padding: .pixels(0))
    let (output, tape) = fast.forward(x)
    #expect(output == general(x))
    let g = Tensor<Float>.normal(output.shape, using: &random)
    #expect(fast.backward(g, tape).input == general.backward(g, tape).input)
  }

  @Test func brokenNumbersStayVisible() {
    let x = Tensor<Float>([1, 4], [.nan, -1, 2, -.infinity])
    #expect(ReLU<Float>()(x).elements[0].isNaN && ReLU<Float>()(x).elements[3] == 0)
    #expect(LeakyReLU<Float>()(x).elements[0].isNaN)
    let image = Tensor<Float>([1, 1, 2, 2], [1, .nan, 7, 3])
    #expect(MaxPooling2D<Float>(kernel: 2)(image).scalar.isNaN)
    let low = Tensor<Float>([1, 1, 2, 2], repeating: -.infinity)
    #expect(MaxPooling2D<Float>(kernel: 2, stride: 1, padding: .pixels(1))(low).maximumMagnitude == .infinity)
  }

  @Test func floatAgreesWithDouble() {
    var random = RandomGenerator(seed: 11)
    func check<A: Layer, B: Layer>(_ single: A, _ double: B, _ shape: TensorShape)
    where A.Scalar == Float, B.Scalar == Double {
      let x = Tensor<Float>.normal(shape, using: &random)
      let (output, tape) = single.forward(x)
      let (expected, expectedTape) = double.forward(x.converted(to: Double.self))
      #expect(relativeL2(output, expected) <= 8 * Float.unitRoundoff, "\(single.label)")
      let g = Tensor<Float>.normal(output.shape, using: &random)
      let dx = double.backward(g.converted(to: Double.self), expectedTape).input
      #expect(relativeL2(single.backward(g, tape).input, dx) <= 16 * Float.unitRoundoff, "\(single.label)")
    }
    check(ReLU<Float>(), ReLU<Double>(), [33, 2000])
    check(LeakyReLU<Float>(), LeakyReLU<Double>(), [33, 2000])
    check(GELU<Float>(), GELU<Double>(), [33, 2000])
    check(Tanh<Float>(), Tanh<Double>(), [33, 2000])
    check(Sigmoid<Float>(), Sigmoid<Double>(), [33, 2000])
    check(Softmax<Float>(), Softmax<Double>(), [33, 100])
    check(LayerNormalization<Float>([100]), LayerNormalization<Double>([100]), [33, 100])
    check(BatchNormalization<Float>(channels: 6), BatchNormalization<Double>(channels: 6), [64, 6, 12, 12])
    check(BatchNormalization<Float>(channels: 100), BatchNormalization<Double>(channels: 100), [64, 100])
    check(MaxPooling2D<Float>(kernel: 2), MaxPooling2D<Double>(kernel: 2), [64, 6, 24, 24])
    check(AveragePooling2D<Float>(kernel: 2), AveragePooling2D<Double>(kernel: 2), [64, 6, 24, 24])
  }
}

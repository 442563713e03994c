import SpectralConvolution
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

/// Small networks that learn.
@Suite struct LearningTests {
  @Test(arguments: OptimizerKind.allCases)
  func exclusiveOrIsLearned(kind: OptimizerKind) {
    var random = RandomGenerator(seed: 1)
    var network = Chain {
      Dense<Float>(inputs: 2, outputs: 8, using: &random)
      Tanh<Float>()
      Dense<Float>(inputs: 8, outputs: 2, using: &random)
    }
    let x = Tensor<Float>([4, 2], [0, 0, 0, 1, 1, 0, 1, 1])
    let labels = [0, 1, 1, 0]
    var optimizer = kind.optimizer(for: Float.self, learningRate: kind == .sgd ? 0.2 : 0.05)
    var last = Double.infinity
    for _ in 0..<300 {
      let (logits, tape) = network.forward(x)
      let (loss, gradient, _) = CrossEntropy()(logits, labels)
      optimizer.step(&network, gradient, tape)
      last = loss
    }
    #expect(last < 0.05)
    #expect(CrossEntropy().evaluate(network(x), labels).correct == 4)
  }

  @Test func aLineIsFound() {
    var random = RandomGenerator(seed: 2)
    var layer = Dense<Double>(inputs: 1, outputs: 1, using: &random)
    let x = Tensor<Double>.uniform([32, 1], in: -1..<1, using: &random)
    let y = x * 3 - 0.5
    var optimizer = SGD<Double>(learningRate: 0.3, momentum: 0.5)
    for _ in 0..<200 {
      let (output, tape) = layer.forward(x)
      optimizer.step(&layer, MeanSquaredError()(output, y).gradient, tape)
    }
    #expect(abs(layer.parameters.weight.scalar - 3) <= 1e-9)
    #expect(abs(layer.parameters.bias!.scalar + 0.5) <= 1e-9)
  }

  /// A stripe across or down, wherever it is: one filter bank, batch normalisation, dropout and pooling must do.
  @Test func aConvolutionalNetworkTellsStripes() {
    var random = RandomGenerator(seed: 3)
    var network = Chain {
      Convolution2D<Double>(
        inputChannels: 1, outputChannels: 4, kernel: 3, geometry: ConvolutionGeometry(padding: .same),
        method: ReferenceConvolution(), using: &random)
      BatchNormalization<Double>(channels: 4)
      ReLU<Double>()
      MaxPooling2D<Double>(kernel: 2)
      Dropout<Double>(probability: 0.1, using: &random)
      Flatten<Double>()
      Dense<Double>(inputs: 36, outputs: 2, using: &random)
    }
    func batch(_ random: inout RandomGenerator) -> (Tensor<Double>, [Int]) {
      var images = Tensor<Double>.normal([16, 1, 6, 6], deviation: 0.3, using: &random)
      let labels = (0..<16).map { _ in Int.random(in: 0..<2, using: &random) }
      for (n, label) in labels.enumerated() {
        let place = Int.random(in: 0..<6, using: &random)
        for i in 0..<6 {
          if label == 0 { images[n, 0, place, i] += 1 } else { images[n, 0, i, place] += 1 }
        }
      }
      return (images, labels)
    }
    var optimizer = Adam<Double>(learningRate: 0.02)
    for _ in 0..<100 {
      let (images, labels) = batch(&random)
      let (logits, tape) = network.forward(images)
      optimizer.step(&network, CrossEntropy()(logits, labels).gradient, tape)
    }
    let (images, labels) = batch(&random)
    #expect(CrossEntropy().evaluate(network(images), labels).correct >= 15)
  }

  @Test func aSummarySaysWhatANetworkIsAndCosts() {
    var random = RandomGenerator(seed: 4)
    let network = Chain {
      Flatten<Float>()
      Residual { Dense<Float>(inputs: 12, outputs: 12, using: &random) }
      Dense<Float>(inputs: 12, outputs: 5, bias: false, using: &random)
    }
    let rows = network.summary(for: [2, 3, 4])
    #expect(rows.map(\.place) == ["0", "1", "1.body.0", "2"])
    #expect(
      rows.map(\.label) == ["Flatten", "Residual", "Dense(12 -> 12)", "Dense(12 -> 5, no bias)"])
    #expect(rows.map(\.parameterCount) == [0, 0, 156, 60])
    #expect(rows.map(\.multiplyAdds) == [0, 0, 288, 120])
    #expect(rows.last?.output == [2, 5])
  }
}

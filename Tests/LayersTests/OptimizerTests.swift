import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

@Suite struct OptimizerTests {
  /// The names of PyTorch's runs and the same optimizers of ours.
  static let optimizers: [(String, any Optimizer<Double>)] = [
    ("sgd", SGD(learningRate: 0.1)),
    ("sgd_decay", SGD(learningRate: 0.1, weightDecay: 0.05)),
    ("sgd_momentum", SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.05)),
    ("sgd_nesterov", SGD(learningRate: 0.1, momentum: 0.8, nesterov: true, weightDecay: 0.01)),
    ("adam", Adam(learningRate: 0.02)),
    ("adam_decay", Adam(learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1)),
    ("adamw", AdamW(learningRate: 0.02, weightDecay: 0.1)),
  ]

  @Test(arguments: optimizers.indices)
  func fiveStepsArePyTorchs(_ i: Int) throws {
    var (name, optimizer) = Self.optimizers[i]
    let reference = try Reference("optimizer_\(name)")
    var layer = Dense<Double>(weight: reference.tensor("start")!, bias: nil)
    for step in 0..<5 {
      optimizer.update(&layer, Weights(weight: reference.tensor("gradient_\(step)")!, bias: nil))
      #expect(largestDifference(layer.parameters.weight, reference.tensor("after_\(step)")!) <= 1e-14)
    }
    #expect(optimizer.stepCount == 5)
  }

  /// What a checkpoint saves is enough: the run that was saved and loaded goes on bit for bit.
  @Test(arguments: optimizers.indices)
  func goesOnWhereItWasSaved(_ i: Int) {
    var optimizer = Self.optimizers[i].1
    var random = RandomGenerator(seed: 1)
    var layer = Dense<Double>(inputs: 3, outputs: 2, using: &random)
    func gradient(_ random: inout RandomGenerator) -> Weights<Double> {
      Weights(weight: .normal([2, 3], using: &random), bias: .normal([2], using: &random))
    }
    for _ in 0..<3 { optimizer.update(&layer, gradient(&random)) }

    var saved: [String: Tensor<Double>] = [:]
    optimizer.updateState { saved[$0] = $1 }
    var restored = Self.optimizers[i].1
    restored.prepare(for: layer)
    restored.stepCount = optimizer.stepCount
    var names: Set<String> = []
    restored.updateState { name, tensor in
      names.insert(name)
      tensor = saved[name]!
    }
    #expect(names == Set(saved.keys))

    var other = layer
    var otherRandom = random
    for _ in 0..<3 {
      optimizer.update(&layer, gradient(&random))
      restored.update(&other, gradient(&otherRandom))
    }
    #expect(layer.parameters.named == other.parameters.named)
  }

  @Test func aStepChangesParametersInPlace() {
    var random = RandomGenerator(seed: 1)
    var network = Chain {
      Dense<Float>(inputs: 3, outputs: 4, using: &random)
      Residual { Dense<Float>(inputs: 4, outputs: 4, using: &random) }
    }
    func places(_ network: inout some Layer<Float>) -> [UInt] {
      var places: [UInt] = []
      network.updateParameters { _, tensor in
        places.append(tensor.withUnsafeElements { UInt(bitPattern: $0.baseAddress) })
      }
      return places
    }
    let (output, tape) = network.forward(.normal([2, 3], using: &random))
    let gradient = network.parameterGradient(output, tape)
    for kind in OptimizerKind.allCases {
      var optimizer = kind.optimizer(for: Float.self)
      optimizer.prepare(for: network)
      var before: [UInt] = []
      optimizer.updateState { before.append($1.withUnsafeElements { UInt(bitPattern: $0.baseAddress) }) }
      before += places(&network)
      optimizer.update(&network, gradient)
      var after: [UInt] = []
      optimizer.updateState { after.append($1.withUnsafeElements { UInt(bitPattern: $0.baseAddress) }) }
      after += places(&network)
      #expect(before == after, "\(kind) copied a tensor")
    }
  }

  @Test func threadsChangeNothing() {
    var random = RandomGenerator(seed: 3)
    let layer = Dense<Float>(inputs: 500, outputs: 400, using: &random)
    let gradient = Weights<Float>(
      weight: .normal([400, 500], using: &random), bias: .normal([400], using: &random))
    for kind in OptimizerKind.allCases {
      let results = [1, 2, 5].map { threads in
        withThreads(threads) {
          var (layer, optimizer) = (layer, kind.optimizer(for: Float.self))
          for _ in 0..<2 { optimizer.update(&layer, gradient) }
          return layer.parameters.weight
        }
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }
}

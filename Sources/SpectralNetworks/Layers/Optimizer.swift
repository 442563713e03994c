import SpectralCore

/// A rule that turns gradients into better parameters, step by step. A value: a copy goes on by itself.
///
/// ```swift
/// var optimizer = Adam<Float>(learningRate: 1e-3)
/// let (output, tape) = network.forward(images)
/// let (loss, gradient, _) = CrossEntropy()(output, labels)
/// optimizer.step(&network, gradient, tape)
/// ```
///
/// What it remembers of each parameter is visited by ``updateState(_:)``; with the ``stepCount``, that is all that a
/// checkpoint must hold for training to go on bit for bit.
public protocol Optimizer<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TensorScalar

  /// The factor of a step; a schedule changes it between steps.
  var learningRate: Double { get set }

  /// How many steps have been taken.
  var stepCount: Int { get set }

  /// Makes room for what is remembered of each parameter, zeros, unless there is room already. The first step does it
  /// too; a checkpoint is loaded between this call and the first step.
  mutating func prepare<L: Layer>(for layer: L) where L.Scalar == Scalar

  /// Changes the parameters of a layer in place, given the gradient of the loss by them: the rule itself. A training loop
  /// calls ``Optimizer/step(_:_:_:)``, which also has the layer finish its step.
  mutating func update<L: Layer>(_ layer: inout L, _ gradient: L.Parameters) where L.Scalar == Scalar

  /// Visits, and may change, every tensor that is remembered, under the parameter's name and its own, e.g.
  /// `0.weight.exp_avg`.
  mutating func updateState(_ body: (String, inout Tensor<Scalar>) -> Void)

  /// One line with the settings, but for the learning rate: what must agree when a checkpoint is loaded.
  var label: String { get }
}

extension Optimizer {
  /// One step of training: the gradient by the parameters, their update, and what else the layer takes over from a step,
  /// such as running statistics (``Layer/finishStep(_:)``).
  ///
  /// - Parameters:
  ///   - gradient: The gradient of the loss by the layer's output.
  ///   - tape: The tape of the forward pass that gave the output.
  public mutating func step<L: Layer>(_ layer: inout L, _ gradient: Tensor<Scalar>, _ tape: L.Tape)
  where L.Scalar == Scalar {
    update(&layer, layer.parameterGradient(gradient, tape))
    layer.finishStep(tape)
  }
}

/// A tensor of zeros at first for every parameter of a network, in the order in which they are visited.
struct OptimizerMemory<Scalar: TensorScalar>: Sendable {
  /// What is remembered, e.g. `momentum_buffer`.
  let name: String
  var parameters: [String] = []
  var tensors: [Tensor<Scalar>] = []

  init(_ name: String) { self.name = name }

  mutating func prepare<P: ParameterSpace>(for space: P) where P.Scalar == Scalar {
    guard parameters.isEmpty else { return }
    space.forEach { name, tensor in
      parameters.append(name)
      tensors.append(.zeros(like: tensor))
    }
  }

  mutating func update(_ body: (String, inout Tensor<Scalar>) -> Void) {
    for i in tensors.indices {
      let shape = tensors[i].shape
      body("\(parameters[i]).\(name)", &tensors[i])
      precondition(
        tensors[i].shape == shape, "\(parameters[i]).\(name) has shape \(shape), not \(tensors[i].shape)")
    }
  }

  /// Reads and writes in place what is remembered of one parameter.
  mutating func withElements(_ index: Int, _ body: (UnsafeMutableBufferPointer<Scalar>) -> Void) {
    tensors[index].withUnsafeMutableElements(body)
  }
}

extension Optimizer {
  /// Calls `body` with the place in the order of visits, the parameter and its gradient, for every parameter of a layer.
  func forEachParameter<L: Layer>(
    _ layer: inout L, _ gradient: L.Parameters,
    _ body: (Int, UnsafeMutableBufferPointer<Scalar>, UnsafeBufferPointer<Scalar>) -> Void
  ) where L.Scalar == Scalar {
    // References to the gradient's tensors, so that both spaces can be walked through side by side.
    var gradients: [Tensor<Scalar>] = []
    gradient.forEach { gradients.append($1) }
    var index = 0
    layer.updateParameters { name, parameter in
      precondition(index < gradients.count, "the gradient has no \(name): it belongs to another layer")
      precondition(
        gradients[index].shape == parameter.shape,
        "\(name) has shape \(parameter.shape), its gradient \(gradients[index].shape)")
      gradients[index].withUnsafeElements { g in parameter.withUnsafeMutableElements { body(index, $0, g) } }
      index += 1
    }
    precondition(index == gradients.count, "the gradient has \(gradients.count) tensors, the layer \(index)")
  }
}

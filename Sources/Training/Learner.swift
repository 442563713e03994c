import Datasets
import Layers
import Tensors

/// A network that learns step by step, for whoever watches: the loop is theirs.
package struct Learner<Network: Layer>: Sendable where Network.Scalar == Float {
  /// The network as it is now.
  package private(set) var network: Network
  private var optimizer: any Optimizer<Float>

  /// A network at the start.
  package init(_ network: Network, _ optimizer: any Optimizer<Float>) {
    (self.network, self.optimizer) = (network, optimizer)
    self.optimizer.prepare(for: network)
  }

  /// One step on one batch.
  ///
  /// - Returns: The mean loss over the batch and the images that were classified right, before the step.
  package mutating func step(on batch: Batch<Float>) -> (loss: Double, correct: Int) {
    let (logits, tape) = network.forward(batch.images)
    let (loss, gradient, correct) = CrossEntropy()(logits, batch.labels)
    let parameters = network.parameterGradient(gradient, tape)
    optimizer.step(&network, parameters)
    network.finishStep(tape)
    return (loss, correct)
  }

  /// Goes on in another network of the same shape, e.g. one whose convolutions are computed in another way. The weights
  /// and what the optimizer remembers are taken along; nothing else changes.
  package mutating func move(to other: Network) {
    var other = other
    other.parameters = network.parameters
    network = other
  }
}

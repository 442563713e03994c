import Layers
import Tensors

extension Layer {
  /// Checks that a method can do all convolutions of this network within its memory limit.
  ///
  /// - Parameters:
  ///   - input: The shape of a batch.
  ///   - training: Whether it is going to be trained, and not only asked.
  /// - Throws: ``TrainingError`` with the layer and the estimate.
  public func checkMemory(
    for input: Shape, _ method: any ConvolutionMethod<Scalar>, training: Bool
  ) throws(TrainingError) {
    for layer in summary(for: input) {
      guard let problem = layer.problem else { continue }
      do {
        _ = try method.workingMemory(.forward, problem)
        if training { _ = try method.trainingMemory(problem) }
      } catch {
        throw TrainingError("the memory limit is too low for layer \(layer.place), \(layer.label): \(error)")
      }
    }
  }
}

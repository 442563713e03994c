import SpectralConvolution
import SpectralCore

extension Layer {
  /// Checks that a network can take batches of one size: that a method keeps its memory limit in all convolutions, and
  /// that these, the outputs of all layers and what is held besides fit into memory. Nothing is allocated for it.
  ///
  /// - Parameters:
  ///   - input: The shape of a batch, `[N, C, H, W]`.
  ///   - training: Whether it is going to be trained, and not only asked.
  ///   - held: What is in memory all the while: weights, images.
  ///   - purpose: What the memory is for, as the subject of a sentence.
  /// - Throws: ``TrainingError`` with the layer that cannot keep the limit, or `MemoryError` with the estimate.
  package func requireMemory(
    for input: TensorShape, _ method: any ConvolutionMethod<Scalar>, training: Bool, beside held: MemoryEstimate,
    purpose: String, budget: MemoryBudget = .machine
  ) throws {
    let remedy = "take smaller batches or smaller images"
    let scalar = MemoryLayout<Scalar>.size
    // Of one image first: the sizes of a whole batch may be more than an integer can count.
    let outputs = summary(for: TensorShape([1] + input.extents.dropFirst())).map(\.output.count)
    let largest = max(outputs.max() ?? 0, input.count / max(1, input[0]))
    // Training keeps what every layer gave (of a maximum also who won) and two gradients at a time; inference only what
    // goes in and comes out of a layer.
    let perImage =
      training
      ? MemoryEstimate([outputs.reduce(0, +)], scalarBytes: scalar + MemoryLayout<Int32>.size)
        + MemoryEstimate([2, largest], scalarBytes: scalar) : MemoryEstimate([3, largest], scalarBytes: scalar)
    // One batch in use, one ready and one in preparation.
    let images = MemoryEstimate([3] + input.extents, scalarBytes: scalar)
    var estimate = held + images + perImage.times(input[0])
    try budget.require(estimate, for: purpose, remedy: remedy)
    for layer in summary(for: input) {
      guard let problem = layer.problem else { continue }
      do {
        let working = try method.workingMemory(.forward, problem)
        // A training step keeps the tapes of all its convolutions; inference has one of them at work at a time.
        if training {
          estimate += MemoryEstimate(bytes: max(working, try method.trainingMemory(problem)))
        } else {
          try budget.require(estimate + MemoryEstimate(bytes: working), for: purpose, remedy: remedy)
        }
      } catch let error as ConvolutionError {
        throw TrainingError("the memory limit is too low for layer \(layer.place), \(layer.label): \(error)")
      }
    }
    try budget.require(estimate, for: purpose, remedy: remedy)
  }
}

extension MemoryEstimate {
  /// So many of them.
  func times(_ count: Int) -> MemoryEstimate {
    guard let bytes else { return self }
    return MemoryEstimate([count], scalarBytes: bytes)
  }
}

extension Checkpoint {
  /// Checks that a network of the checkpoint can classify so many images at a time.
  ///
  /// - Throws: ``TrainingError`` with the layer that cannot keep the method's memory limit, or `MemoryError`.
  public func requireMemory(
    _ network: any Layer<Float>, for images: Int, _ method: any ConvolutionMethod<Float>
  ) throws {
    try network.requireMemory(
      for: TensorShape([images] + input.image), method, training: false, beside: weights.times(2),
      purpose: "classifying \(images == 1 ? "an image" : "\(images) images") of \(TensorShape(input.image))")
  }
}

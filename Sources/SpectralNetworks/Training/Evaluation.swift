import SpectralCore

/// How a network does on labelled images.
public struct Evaluation: Codable, Hashable, Sendable {
  /// The share that is classified right, 0 ... 1.
  public var accuracy: Double
  /// The mean cross-entropy.
  public var loss: Double
  /// How many images there were.
  public var count: Int
  /// How often each class (row) was taken for each class (column).
  public var confusion: [[Int]]

  /// Classifies all images of a data set.
  public init<L: Layer>(of network: L, on dataset: Dataset, batchSize: Int = 256) {
    let classes = dataset.classNames.count
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    var (total, correct) = (0.0, 0)
    for batch in Batches<L.Scalar>(dataset, batchSize: batchSize) {
      let logits = network(batch.images)
      let (loss, right) = CrossEntropy().evaluate(logits, batch.labels)
      total += loss * Double(batch.count)
      correct += right
      for (row, label) in batch.labels.enumerated() { confusion[label][Self.largest(logits, row)] += 1 }
    }
    count = dataset.count
    accuracy = Double(correct) / Double(max(count, 1))
    loss = total / Double(max(count, 1))
    self.confusion = confusion
  }

  /// Images that are classified at once after an epoch: up to 256, fewer where images are large, but never fewer than
  /// a step of training takes.
  static func batchSize(for image: TensorShape, training batchSize: Int) -> Int {
    min(256, max(batchSize, (1 << 24) / image.count))
  }

  private static func largest<Scalar>(_ logits: Tensor<Scalar>, _ row: Int) -> Int {
    let classes = logits.shape[1]
    return logits.withUnsafeElements { x in
      (0..<classes).max { x[row * classes + $0] < x[row * classes + $1] }!
    }
  }
}

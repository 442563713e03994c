import SpectralCore

/// The cross-entropy of labels under the softmax of logits, averaged over the batch.
///
/// With label smoothing ε the target is `(1 - ε)` at the label plus `ε / K` at each of the K classes (Szegedy et al.,
/// 2016), as PyTorch's `CrossEntropyLoss`.
public struct CrossEntropy: Hashable, Sendable {
  /// How much of the target is spread evenly over the classes, from 0 to 1.
  public var labelSmoothing: Double

  /// A cross-entropy, without label smoothing unless given.
  public init(labelSmoothing: Double = 0) {
    precondition(labelSmoothing >= 0 && labelSmoothing <= 1, "a label smoothing of \(labelSmoothing) is not in 0 ... 1")
    self.labelSmoothing = labelSmoothing
  }

  /// The loss, its gradient by the logits, and how many labels have the largest logit.
  ///
  /// - Parameters:
  ///   - logits: Scores, `[N, K]`.
  ///   - labels: N classes, each in `0 ..< K`.
  /// - Returns: The mean loss, the gradient `[N, K]`, and the number of correct predictions.
  public func callAsFunction<Scalar>(
    _ logits: Tensor<Scalar>, _ labels: some Collection<some BinaryInteger>
  ) -> (loss: Double, gradient: Tensor<Scalar>, correct: Int) {
    let labels = checked(labels, logits.shape)
    var (loss, correct) = (0.0, 0)
    let gradient = logits.withUnsafeElements { x in
      Tensor<Scalar>(logits.shape) { gradient in
        (loss, correct) = crossEntropy(x, labels, Scalar(labelSmoothing), gradient)
      }
    }
    return (loss, gradient, correct)
  }

  /// The loss and how many labels have the largest logit, without the gradient.
  public func evaluate<Scalar>(
    _ logits: Tensor<Scalar>, _ labels: some Collection<some BinaryInteger>
  ) -> (loss: Double, correct: Int) {
    let labels = checked(labels, logits.shape)
    return logits.withUnsafeElements { crossEntropy($0, labels, Scalar(labelSmoothing), nil) }
  }

  private func checked(_ labels: some Collection<some BinaryInteger>, _ logits: TensorShape) -> [Int] {
    precondition(logits.rank == 2 && logits.count > 0, "cross-entropy takes logits N x K, not \(logits)")
    precondition(labels.count == logits[0], "there are \(labels.count) labels for \(logits[0]) rows of logits")
    return labels.map { label in
      precondition(label >= 0 && label < logits[1], "the label \(label) is not one of \(logits[1]) classes")
      return Int(label)
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func crossEntropy<Scalar: TensorScalar>(
  _ logits: UnsafeBufferPointer<Scalar>, _ labels: [Int], _ smoothing: Scalar,
  _ gradient: UnsafeMutableBufferPointer<Scalar>?
) -> (loss: Double, correct: Int) {
  let classes = logits.count / labels.count
  let batch = Scalar(labels.count)
  let even = smoothing / Scalar(classes)
  var loss = 0.0
  var correct = 0
  let room = Scratch<Scalar>(count: classes)
  let powers = UnsafeMutableBufferPointer(start: room.base, count: classes)
  for (n, label) in labels.enumerated() {
    let x = UnsafeBufferPointer(rebasing: logits[n * classes..<(n + 1) * classes])
    let largest = maximum(x)
    exponential(x, less: largest, powers)
    let sum = runningSum(room.base, classes)
    let logSum = logarithm(sum)
    // -Σ target log p, where log p = x - largest - logSum and the target sums to 1.
    var own = logSum - (1 - smoothing) * (x[label] - largest)
    // Not without smoothing: a class ruled out by a logit of -infinity would give 0 times infinity.
    if smoothing > 0 { for value in x { own -= even * (value - largest) } }
    loss += Double(own)
    // Of equal logits the first counts as the prediction.
    if x[label] == largest && !x[..<label].contains(largest) { correct += 1 }
    guard let gradient else { continue }
    for k in x.indices {
      let target = k == label ? 1 - smoothing + even : even
      gradient[n * classes + k] = (powers[k] / sum - target) / batch
    }
  }
  return (loss / Double(labels.count), correct)
}

/// The mean of the squared differences over all elements, as PyTorch's `MSELoss`.
public struct MeanSquaredError: Hashable, Sendable {
  /// A mean squared error.
  public init() {}

  /// The loss, and its gradient by the prediction.
  ///
  /// - Precondition: prediction and target have the same shape, with at least one element.
  public func callAsFunction<Scalar>(
    _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>
  ) -> (loss: Double, gradient: Tensor<Scalar>) {
    precondition(prediction.count > 0, "the mean squared error of nothing")
    precondition(
      prediction.shape == target.shape, "the prediction has shape \(prediction.shape), the target \(target.shape)")
    var gradient = prediction - target
    let loss = gradient.dot(gradient) / Double(gradient.count)
    gradient *= Scalar(2) / Scalar(gradient.count)
    return (loss, gradient)
  }
}

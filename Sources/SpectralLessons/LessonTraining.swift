import SpectralFigures
import SpectralKit

/// A network that learns in a lesson: the loop in the open, so that a lesson can look at the network after each epoch.
struct LessonTraining<Network: Layer> where Network.Scalar == Float {
  private(set) var network: Network
  /// The loss of each step.
  private(set) var losses: [Double] = []
  /// How long the steps took, in all.
  private(set) var seconds = 0.0
  let data: Dataset
  let epochs: Int
  private let batchSize: Int
  private let rate: Double
  private var optimizer: Adam<Float>

  init(_ network: Network, on data: Dataset, epochs: Int, batchSize: Int = 64, rate: Double = 2e-3) {
    (self.network, self.data, self.epochs, self.batchSize) = (network, data, epochs, batchSize)
    self.rate = rate
    optimizer = Adam(learningRate: rate)
  }

  private var stepsPerEpoch: Int { (data.count + batchSize - 1) / batchSize }

  /// How long the whole training will take, from a few steps of a copy.
  func estimatedSeconds() -> Double {
    var rehearsal = self
    let batch = Batches<Float>(data, batchSize: batchSize, shuffled: true)[0]
    // The first steps plan transforms and wake threads; of the others the middle one is not disturbed.
    for _ in 0..<2 { rehearsal.step(on: batch) }
    let clock = ContinuousClock()
    let times = (0..<7).map { _ in clock.measure { rehearsal.step(on: batch) }.inSeconds }.sorted()
    return times[times.count / 2] * Double(epochs * stepsPerEpoch)
  }

  /// Trains.
  ///
  /// - Parameter afterEpoch: Sees the network before the first epoch (0) and after each (1, 2, ...).
  mutating func run(
    _ name: String, _ progress: LessonProgress, afterEpoch: (Int, Network) throws -> Void = { _, _ in }
  ) throws {
    let clock = ContinuousClock()
    try afterEpoch(0, network)
    for epoch in 0..<epochs {
      for batch in Batches<Float>(data, batchSize: batchSize, shuffled: true, seed: 1, epoch: epoch) {
        try progress.check()
        seconds += clock.measure { step(on: batch) }.inSeconds
        progress.advance(
          Double(losses.count) / Double(epochs * stepsPerEpoch),
          "\(name): epoch \(epoch + 1)/\(epochs), loss \(decimals(losses.last!, 3))")
      }
      try afterEpoch(epoch + 1, network)
    }
  }

  /// Takes over what another training of the same network has learned.
  mutating func adopt(parametersOf other: Self) { network.parameters = other.network.parameters }

  private mutating func step(on batch: Batch<Float>) {
    let total = epochs * stepsPerEpoch
    optimizer.learningRate = LearningRateSchedule.cosine(minimum: 0).rate(
      at: min(losses.count, total), of: total, base: rate)
    let (logits, tape) = network.forward(batch.images)
    let (loss, gradient, _) = CrossEntropy()(logits, batch.labels)
    optimizer.step(&network, gradient, tape)
    losses.append(loss)
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}

/// A running mean over about 25 steps: what scatters from step to step becomes a curve.
func smoothed(_ losses: [Double]) -> [Double] {
  var (sum, weight) = (0.0, 0.0)
  return losses.map { loss in
    (sum, weight) = (0.96 * sum + 0.04 * loss, 0.96 * weight + 0.04)
    return sum / weight
  }
}

/// The losses of a training as a smooth curve, or as some marks on it, so that two that fall together are both seen.
func lossCurve(_ name: String, _ losses: [Double], isMarks: Bool) -> Chart.Series {
  let smooth = smoothed(losses)
  let places = stride(from: 0, to: smooth.count, by: isMarks ? max(1, smooth.count / 25) : 1)
  return .init(name, places.map { .init(Double($0), smooth[$0]) }, style: isMarks ? .dots : .smooth)
}

extension Dataset {
  /// The same images with each pixel taken from elsewhere: from the place that `source` gives, or black.
  ///
  /// - Parameter factor: How many times as high and wide the new images are.
  func rearranged(_ name: String, times factor: Int = 1, _ source: (_ place: Int) -> Int?) -> Dataset {
    let area = imageShape[1] * imageShape[2]
    let newArea = area * factor * factor
    let shape = TensorShape([imageShape[0], factor * imageShape[1], factor * imageShape[2]])
    let sources = (0..<newArea).map(source)
    func rearranged<Value>(_ old: UnsafeBufferPointer<Value>, _ new: UnsafeMutableBufferPointer<Value>, black: Value) {
      for i in new.indices { new[i] = sources[i % newArea].map { old[i / newArea * area + $0] } ?? black }
    }
    switch pixels {
    case .bytes(let bytes):
      let count = bytes.count * factor * factor
      let moved = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
        bytes.withUnsafeBufferPointer { rearranged($0, .init(rebasing: target[..<count]), black: 0) }
        initialized = count
      }
      return Dataset(
        name: name, bytes: moved, imageShape: shape, labels: labels, classNames: classNames,
        normalization: normalization)
    case .floats(let images):
      let moved = Tensor<Float>(TensorShape([count] + shape.extents)) { target in
        images.withUnsafeElements { rearranged($0, target, black: 0) }
      }
      return Dataset(name: name, images: moved, labels: labels, classNames: classNames, normalization: normalization)
    }
  }

  /// The same images, each pixel repeated along both axes.
  package func enlarged(times factor: Int) -> Dataset {
    let width = imageShape[2]
    let newWidth = factor * width
    return rearranged(name, times: factor) { $0 / newWidth / factor * width + $0 % newWidth / factor }
  }

  /// The same images moved to the right; black comes in.
  func movedRight(by pixels: Int) -> Dataset {
    let width = imageShape[2]
    return rearranged(name) { $0 % width >= pixels ? $0 - pixels : nil }
  }
}

/// A training whose network's type does not matter to whoever runs it.
protocol Session {
  var losses: [Double] { get }
  var seconds: Double { get }
  func estimatedSeconds() -> Double
  mutating func train(_ name: String, _ progress: LessonProgress, test: Dataset) throws -> Double
}

extension LessonTraining: Session {
  /// Trains, and gives the accuracy on the test images.
  mutating func train(_ name: String, _ progress: LessonProgress, test: Dataset) throws -> Double {
    try run(name, progress)
    return Evaluation(of: network, on: test).accuracy
  }
}

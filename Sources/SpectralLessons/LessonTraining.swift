import SpectralFigures
import SpectralKit

/// A network that learns in a lesson, which looks at it after each epoch.
struct LessonTraining<Network: Layer> where Network.Scalar == Float {
  private var loop: TrainingLoop<Network>
  /// The loss of each step.
  private(set) var losses: [Double] = []
  /// How long the steps took, in all.
  private(set) var seconds = 0.0
  private let data: Dataset

  var network: Network { loop.network }

  init(_ network: Network, on data: Dataset, epochs: Int, batchSize: Int = 64, rate: Double = 2e-3) throws {
    var configuration = TrainingConfiguration()
    (configuration.epochs, configuration.batchSize) = (epochs, batchSize)
    (configuration.optimizer, configuration.learningRate) = (.adam, rate)
    self.data = data
    // Lessons classify test images in ways of their own.
    loop = try TrainingLoop(
      configuration, network: network, data: DatasetPair(training: data, test: data.prefix(0)))
  }

  /// How long the whole training will take, from a few steps of a copy.
  func estimatedSeconds() -> Double {
    var rehearsal = loop
    let batch = Batches<Float>(data, batchSize: loop.configuration.batchSize, shuffled: true)[0]
    // The first steps plan transforms and wake threads; of the others the middle one is not disturbed.
    for _ in 0..<2 { _ = rehearsal.step(on: batch) }
    let clock = ContinuousClock()
    let times = (0..<7).map { _ in clock.measure { _ = rehearsal.step(on: batch) }.inSeconds }.sorted()
    return times[times.count / 2] * Double(loop.totalSteps)
  }

  /// Trains.
  ///
  /// - Parameter afterEpoch: Sees the network before the first epoch (0) and after each (1, 2, ...).
  mutating func run(
    _ name: String, _ progress: LessonProgress, afterEpoch: (Int, Network) throws -> Void = { _, _ in }
  ) throws {
    try afterEpoch(0, network)
    let (epochs, steps) = (loop.configuration.epochs, loop.totalSteps)
    var (losses, seconds, start) = (losses, seconds, ContinuousClock.now)
    defer { (self.losses, self.seconds) = (losses, seconds) }
    try loop.run(
      willStep: { _, _ in
        try progress.check()
        start = .now
        return true
      },
      onEvent: { loop, event in
        switch event {
        case .batch(let batch):
          seconds += start.duration(to: .now).inSeconds
          losses.append(batch.loss)
          progress.advance(
            Double(losses.count) / Double(steps),
            "\(name): epoch \(batch.epoch + 1)/\(epochs), loss \(decimals(batch.loss, 3))")
        case .epoch: try afterEpoch(loop.epoch, loop.network)
        case .checkpoint: break
        }
      })
  }

  /// Takes over what another training of the same network has learned.
  mutating func adopt(parametersOf other: Self) { loop.network.parameters = other.network.parameters }
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

import Foundation
import Lessons
import SpectralKit

/// LeNet-5 and a dense classifier that learn from the same batches, on a thread of their own, while somebody watches.
///
/// A class because it owns the thread. Sendable because all that changes is guarded by the condition's lock.
package final class LiveTraining: @unchecked Sendable {
  /// How a training begins.
  package struct Settings: Sendable, Equatable {
    package var data = "digits"
    package var method = ConvolutionChoice.fft
    package var learningRate = 0.02
    package var batchSize = 64
    package var epochs = 10
    package var seed: UInt64 = 1

    package init() {}
  }

  package enum Phase: String, Encodable { case idle, loading, running, paused, finished, failed }

  package struct Point: Encodable, Equatable {
    package let step: Int
    package let loss: Double?
    package let accuracy: Double
    package let denseLoss: Double?
    package let denseAccuracy: Double
    package let method: String
  }

  package struct TestPoint: Encodable, Equatable {
    package let step: Int
    package let lenet: Double
    package let dense: Double
  }

  /// What the page hears.
  package struct State: Encodable {
    package let state: Phase
    package let error: String?
    package let data: String
    package let method: String
    package let epoch: Int
    package let epochs: Int
    package let stepsPerEpoch: Int
    package let step: Int
    package let imagesPerSecond: Double?
    package let points: [Point]
    package let tests: [TestPoint]
    package let count: Int
  }

  /// The sets that can be learned from.
  let dataSets: [String]
  private let mnist: DatasetPair?

  private let condition = NSCondition()
  private var settings = Settings()
  private var phase = Phase.idle
  private var failure: String?
  /// Counts the trainings; a thread whose number it is not any more ends.
  private var current = 0
  private var threads = 0
  private var points: [Point] = []
  private var tests: [TestPoint] = []
  private var epoch = 0
  private var stepsPerEpoch = 0
  private var imagesPerSecond: Double?
  private var trained: TrainedPair?
  private var isClosed = false

  /// - Parameter mnist: The folder with the files of MNIST; nil for none.
  /// - Throws: `FileError` if they cannot be read.
  package init(mnist: String?) throws {
    self.mnist = try mnist.map { try DatasetKind.mnist.load(from: $0) }
    dataSets = ["digits"] + (mnist == nil ? [] : ["mnist"])
  }

  // MARK: What the page asks for

  /// Begins anew.
  ///
  /// - Throws: ``HTTPError`` for settings that cannot be.
  package func start(_ settings: Settings) throws {
    guard dataSets.contains(settings.data) else {
      throw HTTPError(
        422, "There is no data set \(settings.data.prefix(40)).",
        remedy: settings.data == "mnist" ? "Start spectral playground with --data DIR." : "Take digits.")
    }
    guard settings.learningRate > 0, settings.learningRate <= 10, (1...4096).contains(settings.batchSize),
      (1...1000).contains(settings.epochs)
    else {
      throw HTTPError(
        422, "The learning rate must be above 0 and up to 10, the batch 1 to 4096 images, the epochs 1 to 1000.")
    }
    let number = locked { () -> Int in
      clear()
      self.settings = settings
      phase = .loading
      threads += 1
      return current
    }
    let thread = Thread { [self] in
      learn(number, settings)
      locked { threads -= 1 }
    }
    thread.name = "training"
    thread.stackSize = 8 << 20
    thread.start()
  }

  func pause() { locked { if phase == .running { phase = .paused } } }

  func resume() { locked { if phase == .paused { phase = .running } } }

  func reset() { locked { clear() } }

  /// Changes how convolutions are computed, from the next step on.
  package func change(to method: ConvolutionChoice) { locked { settings.method = method } }

  /// Ends for good, and waits a moment for the step that is under way.
  package func close(patience: Duration = .milliseconds(300)) {
    locked {
      isClosed = true
      clear()
    }
    let deadline = ContinuousClock.now + patience
    while locked({ threads }) > 0, .now < deadline { usleep(2_000) }
  }

  /// The state, once there are more than `since` points, or the time is over.
  package func state(since: Int, wait: Duration) -> State {
    condition.lock()
    defer { condition.unlock() }
    let deadline = Date(timeIntervalSinceNow: milliseconds(wait) / 1e3)
    let before = (current, phase)
    while wait > .zero, !isClosed, points.count <= since, (current, phase) == before,
      condition.wait(until: deadline)
    {}
    let first = min(since, points.count)
    return State(
      state: phase, error: failure, data: settings.data, method: settings.method.rawValue, epoch: epoch,
      epochs: settings.epochs, stepsPerEpoch: stepsPerEpoch, step: points.count, imagesPerSecond: imagesPerSecond,
      points: Array(points[first...]), tests: tests, count: points.count)
  }

  /// The networks as they are.
  ///
  /// - Throws: ``HTTPError`` 409 if there are none yet.
  func look() throws -> TrainedPair {
    guard let trained = locked({ trained }) else {
      throw HTTPError(409, "Nothing has been trained yet.", remedy: "Start the training.")
    }
    return trained
  }

  // MARK: The thread

  /// Does something under the lock, and wakes whoever waits for a change.
  @discardableResult
  private func locked<Result>(_ body: () -> Result) -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return body()
  }

  /// Forgets all; the lock is held.
  private func clear() {
    current += 1
    (phase, failure, epoch, stepsPerEpoch, imagesPerSecond, trained) = (.idle, nil, 0, 0, nil, nil)
    (points, tests) = ([], [])
  }

  /// The method for the next step, once the training may go on; nil if it shall end.
  private func permission(_ number: Int) -> ConvolutionChoice? {
    condition.lock()
    defer { condition.unlock() }
    while number == current, phase == .paused { condition.wait() }
    return number == current ? settings.method : nil
  }

  private func learn(_ number: Int, _ settings: Settings) {
    let data = settings.data == "mnist" ? mnist! : CentredDigits.load()
    guard permission(number) != nil else { return }
    let (image, classes) = (data.training.imageShape, data.training.classNames.count)
    let judged = data.test.prefix(1000)
    func optimizer() -> any Optimizer<Float> { OptimizerKind.sgd.optimizer(learningRate: settings.learningRate) }
    var random = RandomGenerator(seed: settings.seed)
    var method = settings.method
    var lenet = Learner(
      Models.lenet5(image: image, classes: classes, method: method.method(for: Float.self), using: &random),
      optimizer())
    var dense = Learner(Models.dense(image: image, classes: classes, using: &random), optimizer())
    let steps = Batches<Float>(data.training, batchSize: settings.batchSize).count
    func publish(_ change: () -> Void) {
      let pair = TrainedPair(lenet: lenet.network, dense: dense.network, normalization: data.training.normalization)
      locked {
        guard number == current else { return }
        trained = pair
        change()
      }
    }
    func test(at step: Int) {
      let accuracies = (
        Evaluation(of: lenet.network, on: judged).accuracy, Evaluation(of: dense.network, on: judged).accuracy
      )
      publish { tests.append(TestPoint(step: step, lenet: accuracies.0, dense: accuracies.1)) }
    }
    publish {
      phase = .running
      stepsPerEpoch = steps
    }
    test(at: 0)
    var step = 0
    for epoch in 0..<settings.epochs {
      for batch in Batches<Float>(
        data.training, batchSize: settings.batchSize, shuffled: true, seed: settings.seed, epoch: epoch)
      {
        guard let wanted = permission(number) else { return }
        if wanted != method {
          method = wanted
          var unused = RandomGenerator(seed: settings.seed)
          lenet.move(
            to: Models.lenet5(image: image, classes: classes, method: method.method(for: Float.self), using: &unused))
        }
        let clock = ContinuousClock.now
        let (loss, correct) = lenet.step(on: batch)
        let seconds = milliseconds(.now - clock) / 1e3
        let (denseLoss, denseCorrect) = dense.step(on: batch)
        step += 1
        let point = Point(
          step: step, loss: loss.isFinite ? loss : nil, accuracy: Double(correct) / Double(batch.count),
          denseLoss: denseLoss.isFinite ? denseLoss : nil, denseAccuracy: Double(denseCorrect) / Double(batch.count),
          method: method.rawValue)
        publish {
          points.append(point)
          let rate = Double(batch.count) / max(seconds, 1e-9)
          imagesPerSecond = imagesPerSecond.map { 0.9 * $0 + 0.1 * rate } ?? rate
        }
        if step % 50 == 0 { test(at: step) }
      }
      publish { self.epoch = epoch + 1 }
    }
    test(at: step)
    publish { phase = .finished }
  }
}

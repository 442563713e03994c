import Foundation
import SpectralLessons
import SpectralKit

/// LeNet-5 and a dense classifier that learn from the same batches, on a thread of their own, while somebody watches.
///
/// A class because it owns the thread. Sendable because all that changes is guarded by the condition's lock.
package final class LiveTraining: @unchecked Sendable {
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
    package let methods: [TrainingSettings.MethodChange]
    package let learningRate: Double
    package let batchSize: Int
    package let seed: UInt64
    package let epoch: Int
    package let epochs: Int
    package let stepsPerEpoch: Int
    package let step: Int
    package let imagesPerSecond: Double?
    package let points: [Point]
    package let tests: [TestPoint]
    package let count: Int
  }

  /// What a training has come to, as far as it is needed to repeat it.
  struct Record {
    /// With the methods by which the steps were taken.
    let settings: TrainingSettings
    let steps: Int
    let isFinished: Bool
    /// The folder with the files of the data; nil for data that is drawn.
    let folder: String?
    /// The state of LeNet's training, as `spectral train` keeps it.
    let checkpoint: @Sendable () throws -> Checkpoint
  }

  private static let digits = CentredDigits.load()
  /// The most steps of a training: each is a point of the curves.
  private static let mostSteps = 1_000_000
  /// The most who may wait for news at one time; others hear at once.
  private static let mostWaiting = 32

  /// The sets that can be learned from.
  let dataSets: [DatasetKind]
  private let mnist: (folder: String, data: DatasetPair)?

  private let condition = NSCondition()
  /// Held by the thread that trains.
  private let turn = NSLock()
  private var settings = TrainingSettings()
  /// How the next step is computed.
  private var method = ConvolutionChoice.fft
  /// Changes of method that are still to come.
  private var plan: ArraySlice<TrainingSettings.MethodChange> = []
  /// How the steps were computed.
  private var methods: [TrainingSettings.MethodChange] = []
  /// Whether a step is under way.
  private var isStepping = false
  private var phase = Phase.idle
  private var failure: String?
  /// Counts the trainings; a thread whose number it is not any more ends.
  private var current = 0
  private var threads = 0
  /// Who waits for news.
  private var waiting = 0
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
    // Its whole path: the printed command may run anywhere.
    self.mnist = try mnist.map {
      (URL(fileURLWithPath: $0).standardizedFileURL.path, try DatasetKind.mnist.load(from: $0))
    }
    dataSets = [.centredDigits] + (mnist == nil ? [] : [.mnist])
  }

  // MARK: What the page asks for

  /// Begins anew.
  ///
  /// - Throws: ``HTTPError`` for settings that cannot be.
  package func start(_ settings: TrainingSettings) throws {
    guard dataSets.contains(settings.data) else {
      throw HTTPError(
        422, "There is no data set \(settings.data.rawValue) here.",
        remedy: settings.data == .mnist ? "Start the playground with the folder of its files." : "Take centred-digits.")
    }
    try settings.check()
    let images = settings.data == .mnist ? mnist!.data.training.count : DatasetKind.digitCounts.training
    guard settings.epochs * ((images - 1) / settings.batchSize + 1) <= Self.mostSteps else {
      throw HTTPError(
        422, "More than \(Self.mostSteps) steps are too many.", remedy: "Take fewer epochs or larger batches.")
    }
    let number = try locked { () throws -> Int in
      guard !isClosed else { throw HTTPError(409, "The playground is ending.") }
      clear()
      self.settings = settings
      (method, plan) = (settings.methods[0].method, settings.methods[...])
      phase = .loading
      threads += 1
      return current
    }
    let thread = Thread { [self] in
      // One after the other: of several beginnings only the last one does anything.
      turn.lock()
      learn(number, settings)
      turn.unlock()
      locked { threads -= 1 }
    }
    thread.name = "training"
    thread.stackSize = 8 << 20
    thread.start()
  }

  func pause() { locked { if phase == .running { phase = .paused } } }

  func resume() { locked { if phase == .paused { phase = .running } } }

  func reset() { locked { clear() } }

  /// Changes how convolutions are computed, from the next step on, whatever was planned.
  package func change(to method: ConvolutionChoice) {
    locked { (self.method, plan) = (method, []) }
  }

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
    if wait > .zero, waiting < Self.mostWaiting {
      waiting += 1
      while !isClosed, points.count <= since, (current, phase) == before, condition.wait(until: deadline) {}
      waiting -= 1
    }
    let first = min(since, points.count)
    return State(
      state: phase, error: failure, data: settings.data.rawValue, method: method.rawValue, methods: methods,
      learningRate: settings.learningRate, batchSize: settings.batchSize, seed: settings.seed, epoch: epoch,
      epochs: settings.epochs, stepsPerEpoch: stepsPerEpoch, step: points.count, imagesPerSecond: imagesPerSecond,
      points: Array(points[first...]), tests: tests, count: points.count)
  }

  /// The networks as they are.
  ///
  /// - Throws: ``HTTPError`` 409 if there are none yet, or their weights are no numbers any more.
  func finiteNetworks() throws -> TrainedPair {
    guard let trained = locked({ trained }) else {
      throw HTTPError(409, "Nothing has been trained yet.", remedy: "Start the training.")
    }
    var isFinite = true
    for network in [trained.lenet, trained.dense] { network.parameters.forEach { isFinite = isFinite && $1.isFinite } }
    guard isFinite else { throw Self.divergence }
    return trained
  }

  private static let divergence = HTTPError(
    409, "The training has diverged.", remedy: "Reset it, and take a smaller rate.")

  /// What it takes to repeat the training as far as it has come.
  ///
  /// - Throws: ``HTTPError`` 409 if it goes on, or has not begun.
  func record() throws -> Record {
    condition.lock()
    defer { condition.unlock() }
    // A step that was under way at the pause belongs to it.
    while isStepping, phase == .paused { condition.wait() }
    guard phase != .running, phase != .loading else {
      throw HTTPError(409, "The training goes on.", remedy: "Pause it first.")
    }
    guard let trained, !points.isEmpty else {
      throw HTTPError(409, "Nothing has been trained yet.", remedy: "Start the training.")
    }
    // The command and the program stop there as well, and keep an earlier state.
    if phase == .failed { throw Self.divergence }
    var settings = settings
    settings.methods = methods
    return Record(
      settings: settings, steps: points.count, isFinished: phase == .finished,
      folder: settings.data == .mnist ? mnist?.folder : nil, checkpoint: trained.checkpoint)
  }

  // MARK: The thread

  /// Does something under the lock, and wakes whoever waits for a change.
  @discardableResult
  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }

  /// Forgets all; the lock is held.
  private func clear() {
    current += 1
    (phase, failure, epoch, stepsPerEpoch, imagesPerSecond, trained) = (.idle, nil, 0, 0, nil, nil)
    (points, tests, methods, isStepping) = ([], [], [], false)
    plan = []
  }

  /// The method for the next step, which begins, once the training may go on; nil if it shall end.
  private func permission(_ number: Int) -> ConvolutionChoice? {
    condition.lock()
    defer { condition.unlock() }
    while number == current, phase == .paused { condition.wait() }
    guard number == current else { return nil }
    while let next = plan.first, next.step <= points.count {
      method = next.method
      plan.removeFirst()
    }
    if methods.last?.method != method { methods.append(.init(step: points.count, method: method)) }
    isStepping = true
    return method
  }

  private func learn(_ number: Int, _ settings: TrainingSettings) {
    do {
      guard locked({ number == current }) else { return }
      let data = settings.data == .mnist ? mnist!.data : Self.digits
      let method = settings.methods[0].method
      func begin(_ model: ModelKind) throws -> any Layer<Float> {
        try TrainingRun(settings.configuration(model, by: method), data: data).initialNetwork()
      }
      try learn(number, settings, data, by: method, lenet: begin(.lenet5), dense: begin(.dense))
    } catch {
      locked {
        guard number == current else { return }
        (phase, failure, isStepping) = (.failed, "\(error)", false)
      }
    }
  }

  private func learn<LeNet: Layer, Dense: Layer>(
    _ number: Int, _ settings: TrainingSettings, _ data: DatasetPair, by first: ConvolutionChoice, lenet: LeNet,
    dense: Dense
  ) throws where LeNet.Scalar == Float, Dense.Scalar == Float {
    var method = first
    // The watchers' test images are few, so that they can be classified often; an epoch needs no others.
    let (data, judged) = (DatasetPair(training: data.training, test: data.test.prefix(0)), data.test.prefix(1000))
    var lenet = try TrainingLoop(settings.configuration(by: method), network: lenet, data: data)
    var dense = try TrainingLoop(settings.configuration(.dense, by: method), network: dense, data: data)
    func publish(_ lenet: TrainingLoop<LeNet>, _ change: () -> Void) {
      let pair = TrainedPair(
        lenet: lenet.network, dense: dense.network, normalization: data.training.normalization,
        checkpoint: { try Checkpoint(lenet, data: data) })
      locked {
        guard number == current else { return }
        trained = pair
        change()
      }
    }
    func test(_ lenet: TrainingLoop<LeNet>) {
      let accuracies = (
        Evaluation(of: lenet.network, on: judged).accuracy, Evaluation(of: dense.network, on: judged).accuracy
      )
      publish(lenet) { tests.append(TestPoint(step: lenet.step, lenet: accuracies.0, dense: accuracies.1)) }
    }
    publish(lenet) {
      phase = .running
      stepsPerEpoch = lenet.stepsPerEpoch
    }
    test(lenet)
    var (other, clock) = (nil as BatchMetrics?, ContinuousClock.now)
    let isFinished = try lenet.run(
      willStep: { lenet, batch in
        guard let wanted = permission(number) else { return false }
        if wanted != method {
          method = wanted
          lenet = try Self.moved(lenet, to: settings.configuration(by: method), data)
        }
        other = dense.step(on: batch)
        clock = .now
        return true
      },
      onEvent: { loop, event in
        guard case .batch(let metrics) = event, let other else { return }
        let seconds = milliseconds(.now - clock) / 1e3
        // A training that rests here stands where one of `spectral train` stands.
        let lenet = loop.rested
        let point = Point(
          step: lenet.step, loss: metrics.loss.isFinite ? metrics.loss : nil, accuracy: metrics.accuracy,
          denseLoss: other.loss.isFinite ? other.loss : nil, denseAccuracy: other.accuracy, method: method.rawValue)
        publish(lenet) {
          count(point, epoch: lenet.epoch, imagesPerSecond: Double(metrics.images) / max(seconds, 1e-9))
        }
        guard metrics.loss.isFinite, other.loss.isFinite else {
          throw TrainingError(
            "\(metrics.loss.isFinite ? "The dense classifier" : "LeNet-5") has diverged in step \(lenet.step): reset the "
              + "training, and take a smaller rate.")
        }
        if lenet.step % 50 == 0 { test(lenet) }
      })
    guard isFinished else { return }
    test(lenet)
    publish(lenet) { phase = .finished }
  }

  /// The same training with another method: the weights and what the optimizer remembers are taken along.
  private static func moved<Network: Layer>(
    _ loop: TrainingLoop<Network>, to configuration: TrainingConfiguration, _ data: DatasetPair
  ) throws -> TrainingLoop<Network> where Network.Scalar == Float {
    // Networks of one model are of one type.
    let network = try TrainingRun(configuration, data: data).initialNetwork() as! Network
    return try TrainingLoop(resuming: Checkpoint(loop, data: data), configuration, network: network, data: data)
  }

  /// Takes note of a step; the lock is held.
  private func count(_ point: Point, epoch: Int, imagesPerSecond rate: Double) {
    points.append(point)
    self.epoch = epoch
    imagesPerSecond = imagesPerSecond.map { 0.9 * $0 + 0.1 * rate } ?? rate
    isStepping = false
    if points.count == settings.pauseAt { phase = .paused }
  }
}

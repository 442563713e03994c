import Foundation
import SpectralKit

/// Tells whoever watches how training goes: a bar with rate and time left on a terminal, plain lines elsewhere.
struct TrainingProgress {
  private let epochs: Int
  private let stepsPerEpoch: Int
  private let isInteractive: Bool
  private let clock = ContinuousClock()
  private var lastShown: ContinuousClock.Instant
  /// Seconds a step takes, of late; nil before the first.
  private var stepSeconds: Double?
  private var epochSeconds = 0.0
  private var epochImages = 0

  /// Shortest times between two updates, in seconds: a bar may move often, lines in a log may not.
  private var interval: Double { isInteractive ? 0.1 : 10 }

  init(epochs: Int, stepsPerEpoch: Int, isInteractive: Bool = Console.isInteractive) {
    self.epochs = epochs
    self.stepsPerEpoch = max(stepsPerEpoch, 1)
    self.isInteractive = isInteractive
    lastShown = clock.now
  }

  mutating func show(_ event: TrainingEvent) {
    switch event {
    case .batch(let batch): show(batch)
    case .epoch(let epoch): show(epoch)
    case .checkpoint: break
    }
  }

  private mutating func show(_ batch: BatchMetrics) {
    // The mean over the last fifty steps or so.
    stepSeconds = stepSeconds.map { 0.98 * $0 + 0.02 * batch.seconds } ?? batch.seconds
    epochSeconds += batch.seconds
    epochImages += batch.images
    let now = clock.now
    guard (now - lastShown).seconds >= interval else { return }
    lastShown = now
    let done = batch.step % stepsPerEpoch + 1
    let rate = epochSeconds > 0 ? Double(epochImages) / epochSeconds : 0
    let left = Double(batch.totalSteps - batch.step - 1) * (stepSeconds ?? 0)
    let numbers =
      String(numbers: "loss %.4f, %.0f images/s, ", batch.loss, rate)
      + "\(duration(left.rounded(.up))) left"
    if isInteractive {
      ProgressBar.show(
        "epoch \(batch.epoch + 1)/\(epochs)", fraction: Double(done) / Double(stepsPerEpoch), numbers)
    } else {
      Console.say("epoch \(batch.epoch + 1)/\(epochs), step \(done)/\(stepsPerEpoch): \(numbers)")
    }
  }

  private mutating func show(_ epoch: EpochMetrics) {
    clear()
    let rate = epochSeconds > 0 ? Double(epochImages) / epochSeconds : 0
    Console.say(
      "epoch \(epoch.epoch + 1)/\(epochs): "
        + String(
          numbers: "accuracy %.2f %%, loss %.4f (training %.2f %%, %.4f), %.0f images/s", 100 * epoch.accuracy,
          epoch.loss, 100 * epoch.trainingAccuracy, epoch.trainingLoss, rate))
    (epochSeconds, epochImages) = (0, 0)
    lastShown = clock.now
  }

  /// Removes the bar, so that a line can take its place.
  func clear() { if isInteractive { ProgressBar.clear() } }
}

import SpectralKit

/// How a training begins, and what is known of it beforehand.
package struct TrainingSettings: Sendable, Equatable {
  /// From which step on convolutions are computed how.
  package struct MethodChange: Codable, Sendable, Equatable {
    /// Steps that were taken before.
    package let step: Int
    package let method: ConvolutionChoice

    package init(step: Int, method: ConvolutionChoice) { (self.step, self.method) = (step, method) }
  }

  package var data = DatasetKind.centredDigits
  package var learningRate = 0.02
  package var batchSize = 64
  package var epochs = 10
  package var seed: UInt64 = 1
  /// The methods, in order; the first from step 0 on.
  package var methods = [MethodChange(step: 0, method: .fft)]
  /// Steps after which the training rests by itself; nil for none.
  package var pauseAt: Int?

  package init() {}

  /// The most changes of method that a training may have beforehand.
  private static let mostChanges = 1000

  /// Whether a training can begin so.
  ///
  /// - Throws: ``HTTPError`` 422.
  func check() throws {
    guard learningRate > 0, learningRate <= 10, (1...4096).contains(batchSize), (1...1000).contains(epochs) else {
      throw HTTPError(
        422, "The learning rate must be above 0 and up to 10, the batch 1 to 4096 images, the epochs 1 to 1000.")
    }
    let isInOrder = zip(methods, methods.dropFirst()).allSatisfy { $0.step < $1.step }
    guard methods.first?.step == 0, isInOrder, methods.count <= Self.mostChanges, pauseAt.map({ $0 > 0 }) ?? true else {
      throw HTTPError(422, "The methods must begin with step 0 and be in order, and pauseAt must be above 0.")
    }
  }

  /// The same run as `spectral train` takes it, which repeats it bit for bit.
  package func configuration(_ model: ModelKind = .lenet5, by method: ConvolutionChoice) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.dataset = data
    configuration.model = model
    configuration.convolution = method
    configuration.epochs = epochs
    configuration.batchSize = batchSize
    configuration.learningRate = learningRate
    configuration.schedule = .constant
    configuration.seed = seed
    configuration.deterministic = true
    return configuration
  }
}

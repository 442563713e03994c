import Foundation
import SpectralKit
import TestSupport
import Testing

/// The two methods side by side on real data, where it is there.
@Suite struct RealDataTests {
  private func losses(
    _ model: ModelKind, _ convolution: ConvolutionChoice, _ data: DatasetPair, batchSize: Int, steps: Int
  ) throws -> [Double] {
    var request = TrainingRequest()
    request.model = model
    request.convolution = convolution
    request.batchSize = batchSize
    request.epochs = 1
    request.deterministic = true
    var losses: [Double] = []
    _ = try TrainingRun(request.configuration(), data: data).run(
      shouldStop: { losses.count >= steps },
      onEvent: { if case .batch(let batch) = $0 { losses.append(batch.loss) } })
    return losses
  }

  @Test(.enabled(if: sharedData("mnist") != nil, "needs ../shared/data/mnist"))
  func theFirstHundredLossesOfLeNetOnMNISTAgree() throws {
    var data = try DatasetKind.mnist.load(from: sharedData("mnist")!.path)
    data.test = data.test.prefix(100)
    let fft = try losses(.lenet5, .fft, data, batchSize: 64, steps: 100)
    let direct = try losses(.lenet5, .direct, data, batchSize: 64, steps: 100)
    #expect(fft.count == 100 && direct.count == 100)
    let worst = zip(fft, direct).map { abs($0 - $1) / $1 }.max()!
    print("LeNet-5 on MNIST, 100 steps: the losses of fft and direct differ by at most \(worst) relative")
    #expect(worst <= 1e-3)
    #expect(fft.last! < 0.5 * fft.first!)
  }

  @Test(.enabled(if: sharedData("cifar-10-sample") != nil, "needs ../shared/data/cifar-10-sample"))
  func theLargeKernelNetworkLearnsAlikeThroughBothMethods() throws {
    var data = try DatasetKind.cifar10.load(from: sharedData("cifar-10-sample")!.path)
    data.test = data.test.prefix(50)
    let fft = try losses(.largeKernel, .fft, data, batchSize: 16, steps: 24)
    let direct = try losses(.largeKernel, .direct, data, batchSize: 16, steps: 24)
    let worst = zip(fft, direct).map { abs($0 - $1) / $1 }.max()!
    print("large-kernel on CIFAR-10, 24 steps: the losses of fft and direct differ by at most \(worst) relative")
    #expect(worst <= 1e-2)
    let (first, last) = (fft.prefix(6).reduce(0, +), fft.suffix(6).reduce(0, +))
    #expect(last < first, "the loss does not fall")
  }
}

import SpectralNetworks
import Foundation
import SpectralCore
import TestSupport
import Testing

@Suite struct BatchesTests {
  @Test("Five images in batches of two, by hand")
  func byHand() {
    let set = Dataset(
      name: "hand", bytes: [0, 255, 51, 102, 153, 204, 0, 0, 255, 255], imageShape: [1, 1, 2], labels: [0, 1, 0, 1, 1],
      classNames: ["a", "b"], normalization: Normalization(mean: [0.5], deviation: [0.25]))
    let batches = Array(Batches<Double>(set, batchSize: 2))
    #expect(batches.map(\.labels) == [[0, 1], [0, 1], [1]])
    #expect(batches.map(\.index) == [0, 1, 2])
    #expect(batches.map(\.samples) == [[0, 1], [2, 3], [4]])
    #expect(batches[0].images.shape == [2, 1, 1, 2] && batches[2].images.shape == [1, 1, 1, 2])
    #expect(batches[0].images.elements == [-2, 2, (0.2 - 0.5) / 0.25, (0.4 - 0.5) / 0.25])
    #expect(batches[2].images.elements == [2, 2])
    #expect(Array(Batches<Float>(set, batchSize: 2, dropsLast: true)).map(\.labels) == [[0, 1], [0, 1]])
    #expect(Array(Batches<Float>(set, batchSize: 7, dropsLast: true)).isEmpty)
    #expect(Array(Batches<Float>(set, batchSize: 7)).map(\.count) == [5])
  }

  @Test("Float is Double rounded once, and channels have their own constants")
  func rounds() {
    let base = randomDataset(4, [3, 4, 5])
    var set = base
    set.normalization = Normalization(mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616])
    let (float, double) = (Batches<Float>(set, batchSize: 4)[0].images, Batches<Double>(set, batchSize: 4)[0].images)
    #expect(float.elements == double.elements.map(Float.init))
    guard case .bytes(let bytes) = base.pixels else { return }
    for (i, byte) in bytes.enumerated() {
      #expect(double.elements[i] == set.normalization(Double(byte) / 255, channel: i / 20 % 3))
    }
  }

  @Test("An epoch has every image once, in an order of its own")
  func shuffles() {
    let set = randomDataset(101)
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      Batches<Float>(set, batchSize: 8, shuffled: true, seed: seed, epoch: epoch).flatMap(\.samples)
    }
    let orders = [order(0, 0), order(0, 1), order(1, 0), order(1, 1)]
    for order in orders { #expect(order.sorted() == Array(0..<101)) }
    #expect(Set(orders).count == 4)
    #expect(order(0, 1) == orders[1])
    for batch in Batches<Float>(set, batchSize: 8, shuffled: true) {
      #expect(batch.labels == batch.samples.map { set.labels[$0] })
    }
  }

  @Test("All 24 orders of four images come equally often")
  func shufflesFairly() {
    let set = randomDataset(4)
    var counts = [[Int]: Int]()
    for epoch in 0..<4800 {
      counts[Batches<Float>(set, batchSize: 4, shuffled: true, seed: 9, epoch: epoch)[0].samples, default: 0] += 1
    }
    let chiSquare = counts.values.reduce(0) { $0 + Double(($1 - 200) * ($1 - 200)) / 200 }
    #expect(counts.count == 24)
    // The 0.999 quantile with 23 degrees of freedom.
    #expect(chiSquare < 49.7)
  }

  static let hard = Augmentation(shift: 2, flips: true, edge: .reflected)

  @Test("Training taken up at any batch goes on as if it had not stopped", arguments: [0, 1, 2])
  func resumes(prefetch: Int) {
    let set = randomDataset(50)
    func batches(from start: Int) -> Batches<Float> {
      Batches(
        set, batchSize: 8, shuffled: true, augmentation: Self.hard, seed: 4, epoch: 3, startingAt: start,
        prefetch: prefetch)
    }
    let whole = Array(batches(from: 0))
    #expect(whole.count == 7)
    for start in 0...7 {
      let tail = Array(batches(from: start))
      #expect(tail.map(\.index) == Array(start..<7))
      #expect(tail.map(\.samples) == whole[start...].map(\.samples))
      #expect(tail.map(\.images) == whole[start...].map(\.images))
    }
  }

  @Test("Neither prefetching nor the number of threads changes a bit")
  func isPure() {
    // Large enough for several pieces of work per batch.
    let set = randomDataset(40, [3, 64, 64])
    func images(prefetch: Int) -> [Tensor<Float>] {
      Batches<Float>(set, batchSize: 16, shuffled: true, augmentation: Self.hard, seed: 2, prefetch: prefetch)
        .map(\.images)
    }
    let reference = withThreads(1) { images(prefetch: 0) }
    for count in [1, 2, 5] {
      for prefetch in [0, 1, 4] { #expect(withThreads(count) { images(prefetch: prefetch) } == reference) }
    }
  }

  @Test("What happens to an image depends on its place in the epoch, not on the size of batches")
  func ignoresBatchSize() {
    let set = randomDataset(30)
    func elements(_ size: Int) -> [Float] {
      Batches<Float>(set, batchSize: size, shuffled: true, augmentation: Self.hard).flatMap(\.images.elements)
    }
    #expect(elements(7) == elements(30))
  }

  @Test("The same image changes from epoch to epoch, and only when asked to")
  func augments() {
    let set = randomDataset(20)
    func images(_ augmentation: Augmentation, _ epoch: Int) -> Tensor<Float> {
      Batches<Float>(set, batchSize: 20, augmentation: augmentation, epoch: epoch)[0].images
    }
    #expect(images(.none, 0) == images(.none, 1))
    #expect(images(Self.hard, 0) == images(Self.hard, 0))
    #expect(images(Self.hard, 0) != images(Self.hard, 1))
    #expect(images(Self.hard, 0) != images(.none, 0))
  }

  @Test("Readers that stop early, that are slow, and that never start leave nothing behind")
  func stopsCleanly() {
    let set = randomDataset(64)
    for take in [0, 1, 3] {
      for depth in [1, 8] {
        for _ in 0..<20 {
          let batches = Batches<Float>(set, batchSize: 2, shuffled: true, prefetch: depth)
          #expect(Array(batches.prefix(take)).count == take)
          _ = batches.makeIterator()
        }
      }
    }
    var slow = Batches<Float>(set, batchSize: 16).makeIterator()
    for index in 0..<4 {
      Thread.sleep(forTimeInterval: 0.005)
      #expect(slow.next()?.index == index)
    }
    // After the end it stays the end.
    #expect(slow.next() == nil && slow.next() == nil)
  }

  @Test("Floats are normalized as they are stored")
  func takesFloats() {
    let images = Tensor<Float>([2, 1, 1, 2], [0.25, -1, 3, 0.5])
    let set = Dataset(
      name: "floats", images: images, labels: [0, 0], classNames: ["a"],
      normalization: Normalization(mean: [0.25], deviation: [2]))
    #expect(Batches<Double>(set, batchSize: 2)[0].images.elements == [0, -0.625, 1.375, 0.125])
    #expect(set.image(at: 1) == Tensor([1, 1, 2], [3, 0.5]))
    #expect(set.prefix(1).image(at: 0) == Tensor([1, 1, 2], [0.25, -1]))
  }

  @Test("Where no thread can be had, the reader prepares the batches")
  func withoutAThread() {
    let batches = Batches<Float>(randomDataset(23), batchSize: 4, shuffled: true)
    let lazy = Prefetcher(batches, depth: 2, patience: 0.01, start: { _ in })
    var labels: [[Int]] = []
    while let batch = lazy.next() { labels.append(batch.labels) }
    #expect(labels == (0..<batches.count).map { batches[$0].labels })
    // One that comes too late finds nothing to do, and one that never comes is not waited for.
    var late: Thread?
    do {
      let prefetcher = Prefetcher(batches, depth: 2, patience: 0.01, start: { late = $0 })
      #expect(prefetcher.next()?.labels == batches[0].labels)
      late?.start()
      #expect(prefetcher.next()?.labels == batches[1].labels)
    }
  }
}

@Suite struct NormalizationTests {
  @Test("Two channels by hand, as bytes and as floats")
  func measures() {
    // Channel 0: 0, 1, 1, 0; channel 1: 0.2 throughout.
    let bytes: [UInt8] = [0, 255, 51, 51, 255, 0, 51, 51]
    let set = Dataset(name: "two", bytes: bytes, imageShape: [2, 1, 2], labels: [0, 0], classNames: ["a"])
    let floats = Dataset(
      name: "two", images: Tensor([2, 2, 1, 2], bytes.map { Float($0) / 255 }), labels: [0, 0], classNames: ["a"])
    for measured in [set.normalization, floats.normalization] {
      #expect(abs(measured.mean[0] - 0.5) < 1e-7 && abs(measured.mean[1] - 0.2) < 1e-7)
      #expect(abs(measured.deviation[0] - 0.5) < 1e-7)
      #expect(measured.deviation[1] == 1, "a constant channel keeps its scale")
    }
  }

  @Test("Batches of a measured data set have mean 0 and variance 1")
  func standardizes() {
    let set = randomDataset(200, [3, 6, 6])
    let images = Batches<Double>(set, batchSize: 200)[0].images
    for channel in 0..<3 {
      var (sum, squares) = (0.0, 0.0)
      for (i, value) in images.elements.enumerated() where i / 36 % 3 == channel {
        sum += value
        squares += value * value
      }
      let mean = sum / 7200
      let variance = squares / 7200 - mean * mean
      #expect(abs(mean) < 1e-12 && abs(variance - 1) < 1e-12)
    }
  }
}

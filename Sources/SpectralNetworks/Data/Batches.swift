import SpectralCore

/// One epoch of a data set, batch by batch.
///
/// ```swift
/// for epoch in 0..<10 {
///   for batch in Batches<Float>(data.training, batchSize: 64, shuffled: true, seed: 7, epoch: epoch) {
///     step(batch.images, batch.labels)
///   }
/// }
/// ```
///
/// The batches are a pure function of what `init` is given: neither threads nor the speed of the reader change them.
/// So training that was stopped in epoch e after s steps goes on exactly as it would have with
/// `epoch: e, startingAt: s`.
public struct Batches<Scalar: TensorScalar>: Sequence, Sendable {
  /// The images.
  public let dataset: Dataset
  /// How many images make a batch; the last one may be smaller.
  public let batchSize: Int
  /// The first batch that iteration gives.
  public let startingAt: Int
  /// How many batches the epoch has, whatever the first one is.
  public let count: Int

  private let order: [Int]?
  private let augmentation: Augmentation
  private let seed: UInt64
  private let epoch: Int
  private let prefetch: Int
  private let assembler: BatchAssembler<Scalar>

  /// One epoch.
  ///
  /// - Parameters:
  ///   - shuffled: In a random order, a new one for each epoch, or as they are stored.
  ///   - augmentation: Random changes, new ones for each epoch.
  ///   - seed: What order and changes depend on, with `epoch`.
  ///   - dropsLast: Whether images that do not fill a batch are left out.
  ///   - startingAt: The first batch to give: 0, or where training stopped.
  ///   - prefetch: How many batches another thread prepares while one is used; 0 for no such thread.
  /// - Precondition: `batchSize` is positive, and `startingAt` is at most ``count``.
  public init(
    _ dataset: Dataset, batchSize: Int, shuffled: Bool = false, augmentation: Augmentation = .none,
    seed: UInt64 = 0, epoch: Int = 0, dropsLast: Bool = false, startingAt: Int = 0, prefetch: Int = 1
  ) {
    precondition(batchSize > 0, "a batch of \(batchSize) images")
    precondition(prefetch >= 0, "prefetching \(prefetch) batches")
    self.dataset = dataset
    self.batchSize = batchSize
    self.augmentation = augmentation
    self.seed = seed
    self.epoch = epoch
    self.startingAt = startingAt
    self.prefetch = prefetch
    count = dataset.count / batchSize + (dropsLast || dataset.count % batchSize == 0 ? 0 : 1)
    precondition(startingAt >= 0 && startingAt <= count, "batch \(startingAt) of an epoch of \(count)")
    if shuffled {
      var order = Array(0..<dataset.count)
      var random = RandomGenerator(seed: seed, stream: .shuffle, epoch)
      random.shuffle(&order)
      self.order = order
    } else {
      order = nil
    }
    assembler = BatchAssembler(dataset, edge: augmentation.edge)
  }

  /// One batch of the epoch, made on the spot.
  public subscript(index: Int) -> Batch<Scalar> {
    precondition(index >= 0 && index < count, "batch \(index) of an epoch of \(count)")
    let places = index * batchSize..<Swift.min((index + 1) * batchSize, dataset.count)
    let samples = places.map { order?[$0] ?? $0 }
    let placements = places.map { place in
      guard augmentation.shift > 0 || augmentation.flips else { return Augmentation.Placement.identity }
      var random = RandomGenerator(seed: seed, stream: .augmentation, epoch, place)
      return augmentation.placement(using: &random)
    }
    return Batch(
      images: assembler.images(samples, placements), labels: samples.map { dataset.labels[$0] }, index: index,
      samples: samples)
  }

  /// How many batches iteration gives.
  public var underestimatedCount: Int { count - startingAt }

  public func makeIterator() -> Iterator {
    // A thread for one batch would have nothing to do at the same time as its reader.
    Iterator(
      batches: self, index: startingAt,
      prefetcher: prefetch > 0 && underestimatedCount > 1 ? Prefetcher(self, depth: prefetch) : nil)
  }

  /// Gives the batches of an epoch, one after the other.
  public struct Iterator: IteratorProtocol {
    let batches: Batches
    var index: Int
    let prefetcher: Prefetcher<Scalar>?

    public mutating func next() -> Batch<Scalar>? {
      if let prefetcher { return prefetcher.next() }
      guard index < batches.count else { return nil }
      defer { index += 1 }
      return batches[index]
    }
  }
}

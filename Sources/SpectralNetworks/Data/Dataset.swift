import SpectralCore

/// Labelled images of one size. A value; copies share the pixels.
///
/// Images from files stay the bytes they were, a quarter of the memory of `Float`: the 60,000 training images of MNIST
/// take 47 MB. ``Batches`` converts and normalizes them as they are needed.
public struct Dataset: Sendable {
  /// All images, row-major `[N, C, H, W]`.
  public enum Pixels: Sendable {
    /// 0 is black, 255 is white.
    case bytes([UInt8])
    /// 0 is black, 1 is white; others are allowed.
    case floats(Tensor<Float>)
  }

  /// What the data set is called, e.g. `mnist`.
  public var name: String
  /// The images.
  public let pixels: Pixels
  /// The shape of one image, `[C, H, W]`.
  public let imageShape: TensorShape
  /// The class of each image, an index into ``classNames``.
  public let labels: [Int]
  /// What the classes are called.
  public let classNames: [String]
  /// What ``Batches`` does to pixels.
  public var normalization: Normalization

  /// A data set from bytes.
  ///
  /// - Parameters:
  ///   - bytes: `[N, C, H, W]`, row-major; 0 is black, 255 is white.
  ///   - imageShape: `[C, H, W]`.
  ///   - normalization: Measured from the images if nil.
  /// - Precondition: there are `labels.count` images, and every label has a name.
  public init(
    name: String, bytes: [UInt8], imageShape: TensorShape, labels: [Int], classNames: [String],
    normalization: Normalization? = nil
  ) {
    self.init(name, .bytes(bytes), bytes.count, imageShape, labels, classNames, normalization)
  }

  /// A data set from numbers.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`; 0 is black, 1 is white.
  ///   - normalization: Measured from the images if nil.
  /// - Precondition: there are `labels.count` images, and every label has a name.
  public init(
    name: String, images: Tensor<Float>, labels: [Int], classNames: [String], normalization: Normalization? = nil
  ) {
    precondition(images.shape.rank == 4, "images have shape [N, C, H, W], not \(images.shape)")
    self.init(
      name, .floats(images), images.count, TensorShape(Array(images.shape.extents.dropFirst())), labels, classNames,
      normalization)
  }

  private init(
    _ name: String, _ pixels: Pixels, _ pixelCount: Int, _ imageShape: TensorShape, _ labels: [Int],
    _ classNames: [String],
    _ normalization: Normalization?
  ) {
    precondition(imageShape.rank == 3, "an image has shape [C, H, W], not \(imageShape)")
    precondition(imageShape.count > 0, "images of shape \(imageShape) have no pixels")
    precondition(
      pixelCount == labels.count * imageShape.count,
      "\(pixelCount) pixels are not \(labels.count) images of shape \(imageShape), one for each label")
    if let wrong = labels.first(where: { !classNames.indices.contains($0) }) {
      preconditionFailure("label \(wrong) is not one of the \(classNames.count) classes")
    }
    self.name = name
    self.pixels = pixels
    self.imageShape = imageShape
    self.labels = labels
    self.classNames = classNames
    self.normalization = .none(channels: imageShape[0])
    self.normalization = normalization ?? measuredNormalization
    precondition(
      self.normalization.channels == imageShape[0],
      "a normalization of \(self.normalization.channels) channels for images of shape \(imageShape)")
  }

  /// How many images there are.
  public var count: Int { labels.count }

  /// How many images each class has.
  public var countPerClass: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classNames.count)) { $0[$1] += 1 }
  }

  /// One image, `[C, H, W]`, as it is stored: 0 is black, 1 is white, not normalized.
  public func image(at index: Int) -> Tensor<Float> {
    precondition(labels.indices.contains(index), "image \(index) of a data set of \(count)")
    let range = index * imageShape.count..<(index + 1) * imageShape.count
    switch pixels {
    case .bytes(let bytes): return Tensor(imageShape, bytes[range].map { Float($0) / 255 })
    case .floats(let images): return images.rows(index..<index + 1).reshaped(to: imageShape)
    }
  }

  /// The first `limit` images, or all if there are not so many; the others' memory is not kept.
  public func prefix(_ limit: Int) -> Dataset {
    precondition(limit >= 0, "the first \(limit) images")
    guard limit < count else { return self }
    let first = Array(labels.prefix(limit))
    switch pixels {
    case .bytes(let bytes):
      return Dataset(
        name: name, bytes: Array(bytes.prefix(limit * imageShape.count)), imageShape: imageShape, labels: first,
        classNames: classNames, normalization: normalization)
    case .floats(let images):
      return Dataset(
        name: name, images: images.rows(0..<limit), labels: first, classNames: classNames,
        normalization: normalization)
    }
  }
}

/// Images to learn from and images to be judged by.
public struct DatasetPair: Sendable {
  /// The images to learn from.
  public var training: Dataset
  /// The images to be judged by: never seen in training.
  public var test: Dataset
  /// What of the files was taken for what, what was left out or changed: a sentence each, for whoever runs a training.
  public var remarks: [String] = []
  /// Files that are damaged or break the rules of their format, and were read as far as they can be.
  public var faults: [FileError] = []

  /// A pair.
  ///
  /// - Precondition: both have images of the same shape and the same classes.
  public init(training: Dataset, test: Dataset) {
    precondition(
      training.imageShape == test.imageShape,
      "training images have shape \(training.imageShape), test images \(test.imageShape)")
    precondition(training.classNames == test.classNames, "training and test images have different classes")
    self.training = training
    self.test = test
  }
}

/// What a data set is going to be, before its pixels are read: enough to tell what a training would take.
public struct DatasetOutline: Hashable, Sendable {
  /// The shape of one image, `[C, H, W]`.
  public let imageShape: TensorShape
  /// What the classes are called.
  public let classNames: [String]
  /// How many images there are to learn from.
  public let trainingCount: Int
  /// How many there are to be judged by.
  public let testCount: Int
  /// The bytes of a number of the pixels.
  let scalarBytes: Int

  /// What images and labels take.
  package var memory: MemoryEstimate {
    let count = trainingCount + testCount
    return MemoryEstimate([count] + imageShape.extents, scalarBytes: scalarBytes)
      + MemoryEstimate([count], scalarBytes: MemoryLayout<Int>.size)
  }
}

extension DatasetPair {
  /// What the data set is.
  public var outline: DatasetOutline {
    let scalarBytes = if case .floats = training.pixels { MemoryLayout<Float>.size } else { 1 }
    return DatasetOutline(
      imageShape: training.imageShape, classNames: training.classNames, trainingCount: training.count,
      testCount: test.count, scalarBytes: scalarBytes)
  }
}

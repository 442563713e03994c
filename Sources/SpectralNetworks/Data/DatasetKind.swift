import Foundation
import SpectralImaging
import SpectralCore

/// The data sets the command and the lessons know by name.
public enum DatasetKind: String, CaseIterable, Hashable, Codable, Sendable {
  /// Digits drawn by the package: no files needed.
  case digits
  /// The same with their centres of mass in the middle of the image, as those of ``mnist`` are: no files needed.
  case centredDigits = "centred-digits"
  /// Handwritten digits, 28 x 28 (LeCun, Cortes and Burges).
  case mnist
  /// Clothes, 28 x 28 (Xiao, Rasul and Vollgraf).
  case fashionMNIST = "fashion-mnist"
  /// Colour photographs, 32 x 32 (Krizhevsky).
  case cifar10 = "cifar-10"
  /// A folder of images, sorted into a folder per class.
  case folder

  /// Whether the package draws it, so that there are no files to read.
  public var isDrawn: Bool { self == .digits || self == .centredDigits }

  /// Whether its images are light on dark ground, so that a drawing in dark ink must be inverted.
  public var isLightOnDark: Bool {
    switch self {
    case .digits, .centredDigits, .mnist, .fashionMNIST: true
    case .cifar10, .folder: false
    }
  }

  /// How many training and test images of digits are drawn when no limit says otherwise.
  public static let digitCounts = (training: 10_000, test: 2_000)

  /// How many digits a limit may ask for: 784 MB of them.
  public static let mostDigits = 1_000_000

  /// Reads or draws the data set.
  ///
  /// - Parameters:
  ///   - directory: Where its files are; nil for digits that are drawn.
  ///   - seed: What the drawing of digits, or the split of a folder into training and test images, depends on.
  ///   - limit: How many training images there are at most; of digits, how many are drawn.
  ///   - imageSize: The size that the images of a ``folder`` get; nil for that of the first.
  ///   - colors: Whether the images of a ``folder`` become grey or colour; nil for what the first is.
  ///   - background: What transparent images of a ``folder`` are put on; nil for what their ink stands out from.
  ///   - judge: Told what a ``folder`` holds before any image is decoded; may throw to end the reading.
  /// - Throws: `FileError` naming the argument or the file at fault, and the remedy; `MemoryError` if the images do not
  ///   fit into memory.
  public func load(
    from directory: String? = nil, seed: UInt64 = 0, limit: Int? = nil, imageSize: (height: Int, width: Int)? = nil,
    colors: RasterImage.ColorModel? = nil, background: RGBColor? = nil,
    judge: (DatasetOutline) throws -> Void = { _ in }
  ) throws -> DatasetPair {
    if let limit, limit < 1 {
      throw FileError("a limit of \(limit)", "leaves no images to learn from; take 1 or more", settings: [.limit])
    }
    switch self {
    case .digits, .centredDigits:
      if let directory {
        throw FileError(
          directory, "the digits are drawn, not read; give no folder, or name the kind of data that is there",
          settings: [.dataFolder, .dataset])
      }
      if let limit, limit > Self.mostDigits {
        throw FileError(
          "a limit of \(limit)", "is more digits than are drawn at once; take at most \(Self.mostDigits)",
          settings: [.limit])
      }
      let count = (limit ?? Self.digitCounts.training) + Self.digitCounts.test
      // Bytes and labels, and of centred ones both the drawn and the moved.
      try MemoryBudget.machine.require(
        MemoryEstimate(
          [count, self == .centredDigits ? 2 : 1], scalarBytes: ProceduralDigits.side * ProceduralDigits.side + 8),
        for: "drawing \(count) digits", remedy: "draw fewer")
      if self == .centredDigits {
        return CentredDigits.load(training: limit ?? Self.digitCounts.training, seed: seed)
      }
      let digits = ProceduralDigits(seed: seed)
      return DatasetPair(
        training: digits.dataset(.training, count: limit ?? Self.digitCounts.training),
        test: digits.dataset(.test, count: Self.digitCounts.test))
    case .mnist: return limited(try MNIST.load(.mnist, from: required(directory)), limit)
    case .fashionMNIST: return limited(try MNIST.load(.fashion, from: required(directory)), limit)
    case .cifar10: return limited(try CIFAR10.load(from: required(directory)), limit)
    case .folder:
      return try ImageFolder(
        required(directory), imageSize: imageSize, colors: colors, background: background, seed: seed
      ).load(limit: limit, judge: judge)
    }
  }

  private func limited(_ pair: DatasetPair, _ limit: Int?) -> DatasetPair {
    guard let limit else { return pair }
    return DatasetPair(training: pair.training.prefix(limit), test: pair.test)
  }

  private func required(_ directory: String?) throws -> String {
    if let directory {
      guard FileSystem.isFolder(directory) else {
        throw FileError(
          directory, "is no folder; name the one that has the files of \(rawValue)", settings: [.dataFolder])
      }
      return directory
    }
    let remedy =
      switch self {
      case .digits, .centredDigits: ""
      case .mnist: "download its four files from \(MNIST.Source.mnist.address) into a folder DIR"
      case .fashionMNIST: "download its four files from \(MNIST.Source.fashion.address) into a folder DIR"
      case .cifar10: "download \(CIFAR10.address), unpack it to a folder DIR"
      case .folder: "put images into DIR/train/CLASS and DIR/test/CLASS (or DIR/val/CLASS), or into DIR/CLASS"
      }
    throw FileError(rawValue, "needs files: \(remedy) and name DIR", settings: [.dataFolder])
  }
}

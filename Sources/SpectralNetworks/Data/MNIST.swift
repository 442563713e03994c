import Foundation
import SpectralCore

/// The four files of MNIST, and of data sets that come in the same clothes.
enum MNIST {
  /// Where a data set in the format of MNIST is from.
  struct Source {
    let name: String
    let address: String
    let classNames: [String]
    let normalization: Normalization
    /// Where torchvision's downloader puts the files.
    let torchFolder: String

    /// LeCun, Cortes and Burges: handwritten digits.
    static let mnist = Source(
      name: "mnist", address: "https://ossci-datasets.s3.amazonaws.com/mnist/",
      classNames: (0...9).map(String.init), normalization: Normalization(mean: [0.1307], deviation: [0.3081]),
      torchFolder: "MNIST/raw")

    /// Xiao, Rasul and Vollgraf, arXiv:1708.07747: clothes.
    static let fashion = Source(
      name: "fashion-mnist", address: "https://github.com/zalandoresearch/fashion-mnist (folder data/fashion)",
      classNames: [
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
      ],
      normalization: Normalization(mean: [0.2860], deviation: [0.3530]), torchFolder: "FashionMNIST/raw")
  }

  /// Both splits.
  ///
  /// - Throws: `FileError` naming the file that is missing or damaged.
  static func load(_ source: Source, from folder: String) throws -> DatasetPair {
    let training = try split(source, "train", folder)
    let test = try split(source, "t10k", folder)
    guard training.imageShape == test.imageShape else {
      throw FileError(
        folder,
        "training images are \(training.imageShape), test images \(test.imageShape); "
          + "they are of different data sets")
    }
    return DatasetPair(training: training, test: test)
  }

  private static func split(_ source: Source, _ prefix: String, _ folder: String) throws -> Dataset {
    // Both are looked for before either is read: reading takes a while.
    let imageFile = try find("\(prefix)-images", "idx3-ubyte", in: folder, source)
    let labelFile = try find("\(prefix)-labels", "idx1-ubyte", in: folder, source)
    let (labels, images) = (try IDX.open(labelFile, .labels), try IDX.open(imageFile, .images))
    // Compared before either is read: a header that lies must not decide how much is inflated.
    guard images.extents[0] == labels.extents[0] else {
      throw FileError(
        labelFile,
        "holds \(labels.extents[0]) labels for the \(images.extents[0]) images of \(imageFile); "
          + "take both from the same download")
    }
    try MemoryBudget.machine.require(
      labels.memory + images.memory, for: "reading the \(prefix) images and labels of \(folder)",
      remedy: "take a smaller data set")
    let numbers = try labels.labels(classes: source.classNames.count)
    let pixels = try images.images()
    return Dataset(
      name: source.name, bytes: pixels.pixels, imageShape: [1, pixels.height, pixels.width], labels: numbers,
      classNames: source.classNames, normalization: source.normalization)
  }

  /// The file `stem-kind` or `stem.kind`, plain or gzipped, in the folder or where torchvision would have put it.
  private static func find(_ stem: String, _ kind: String, in folder: String, _ source: Source) throws -> String {
    for place in [folder, folder + "/raw", folder + "/" + source.torchFolder] {
      for joint in ["-", "."] {
        for ending in ["", ".gz"] {
          let path = "\(place)/\(stem)\(joint)\(kind)\(ending)"
          if FileSystem.exists(path) { return path }
        }
      }
    }
    throw FileError(
      folder,
      "has no file \(stem)-\(kind) or \(stem)-\(kind).gz; download the four files of \(source.name) from "
        + "\(source.address) and name their folder", settings: [.dataFolder])
  }
}

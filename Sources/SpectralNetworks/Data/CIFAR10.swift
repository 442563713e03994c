import Foundation
import SpectralCore

/// The binary version of CIFAR-10 (Krizhevsky, 2009): records of one label and a 32 x 32 image, red, green, blue plane.
enum CIFAR10 {
  static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]
  static let normalization = Normalization(mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616])
  static let address = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
  static let imageShape: TensorShape = [3, 32, 32]
  static let recordSize = 1 + imageShape.count
  /// Ten times the size of the largest real file, 10,000 records.
  static let largestFile = 100_000 * recordSize

  /// The training files that exist, in order, and the test file.
  ///
  /// - Throws: `FileError` naming the file that is missing or damaged.
  static func load(from folder: String) throws -> DatasetPair {
    let place =
      [folder, folder + "/cifar-10-batches-bin"]
      .first { FileSystem.exists($0 + "/test_batch.bin") } ?? folder
    let parts = (1...5).map { "\(place)/data_batch_\($0).bin" }.filter(FileSystem.exists)
    let remedy = "download \(address), unpack it and name its folder"
    guard !parts.isEmpty else {
      throw FileError(folder, "has no file data_batch_1.bin; \(remedy)", settings: [.dataFolder])
    }
    let test = "\(place)/test_batch.bin"
    guard FileSystem.exists(test) else {
      throw FileError(folder, "has no file test_batch.bin; \(remedy)", settings: [.dataFolder])
    }
    return DatasetPair(training: try read(parts), test: try read([test]))
  }

  private static func read(_ paths: [String]) throws -> Dataset {
    // Pixels that grow as an array does, and one file's records.
    let sizes = try paths.map { try DataFile(path: $0).size }
    try MemoryBudget.machine.require(
      sizes.reduce(MemoryEstimate(bytes: 2 * (sizes.max() ?? 0))) { $0 + MemoryEstimate([$1], scalarBytes: 2) },
      for: "reading \(paths.count) files of CIFAR-10", remedy: "take a smaller data set")
    var pixels: [UInt8] = []
    var labels: [Int] = []
    for path in paths {
      let records = try records(path)
      let count = records.count / recordSize
      pixels.reserveCapacity(pixels.count + count * imageShape.count)
      for i in 0..<count {
        let record = records[i * recordSize..<(i + 1) * recordSize]
        let label = Int(record.first!)
        guard classNames.indices.contains(label) else {
          throw FileError(
            path,
            "record \(i) has the label \(label), but there are \(classNames.count) classes; "
              + "is it the binary version of CIFAR-10?")
        }
        labels.append(label)
        pixels += record.dropFirst()
      }
    }
    return Dataset(
      name: "cifar-10", bytes: pixels, imageShape: imageShape, labels: labels, classNames: classNames,
      normalization: normalization)
  }

  private static func records(_ path: String) throws -> [UInt8] {
    let file = try DataFile(path: path)
    guard !file.isGzipped else { throw FileError(path, "is gzipped; unpack it first") }
    guard file.size <= largestFile else {
      throw FileError(path, "has \(file.size) bytes, more than the \(largestFile) allowed; is it CIFAR-10?")
    }
    guard file.size > 0, file.size % recordSize == 0 else {
      throw FileError(
        path,
        "has \(file.size) bytes, not a multiple of the \(recordSize) of a record; download it again from "
          + address)
    }
    let bytes = try file.bytes(file.size)
    guard bytes.count == file.size else { throw FileError(path, "was shortened while it was read; try again") }
    return bytes
  }
}

import Foundation
import Imaging
import Tensors

/// A folder of images that is sorted into a folder per class:
///
/// ```
/// DIR/train/cat/1.png   DIR/train/dog/7.jpg        or        DIR/cat/1.png
/// DIR/test/cat/2.png    DIR/test/dog/8.jpg                   DIR/dog/7.jpg
/// ```
///
/// Without `train` and `test`, a sixth of the images of each class, chosen by the seed, are for testing. Classes are in
/// the order of their names; training images are in random order, so that the first ones are of all classes. Hidden
/// files, and files whose names do not end like an image's, are left alone.
public struct ImageFolder: Sendable {
  /// The folder.
  public let path: String
  /// The size that all images get; nil for that of the first image.
  public let imageSize: (height: Int, width: Int)?
  /// Whether images become grey or colour; nil for what the first image is.
  public let colors: Image.ColorModel?
  /// What the split and the order depend on.
  public let seed: UInt64

  /// The most bytes that the pixels of one split may take: 4 GiB.
  public static let largestCount = 4 << 30

  /// The endings of names that are taken for images.
  public static let endings: Set<String> = ["png", "jpg", "jpeg", "pgm", "ppm", "pnm"]

  /// A folder; nothing is read yet.
  public init(
    _ path: String, imageSize: (height: Int, width: Int)? = nil, colors: Image.ColorModel? = nil, seed: UInt64 = 0
  ) {
    self.path = path
    self.imageSize = imageSize
    self.colors = colors
    self.seed = seed
  }

  private struct Sample {
    let file: String
    let label: Int
  }

  /// Reads the images. Pixels become bytes; transparency is ignored.
  ///
  /// - Parameter limit: How many training images are read at most.
  /// - Throws: `FileError` naming the image that cannot be read, or the folder that has no images.
  public func load(limit: Int? = nil) throws -> DatasetPair {
    if let imageSize, imageSize.height < 1 || imageSize.width < 1 {
      throw FileError("\(imageSize.height) x \(imageSize.width)", "is no size for images; both must be 1 or more")
    }
    let (classNames, training, test) = try samples()
    let first = try Image(path: training[0].file)
    guard first.pixels.count > 0 else { throw FileError(training[0].file, "has no pixels; remove it") }
    let shape: Shape = [
      (colors ?? first.colorModel).rawValue, imageSize?.height ?? first.height, imageSize?.width ?? first.width,
    ]
    var order = training
    var random = RandomGenerator(seed: seed, stream: .folder, -1)
    random.shuffle(&order)
    let name = URL(fileURLWithPath: path).lastPathComponent
    func dataset(_ samples: [Sample], _ normalization: Normalization?) throws -> Dataset {
      Dataset(
        name: name, bytes: try read(samples, shape), imageShape: shape, labels: samples.map(\.label),
        classNames: classNames, normalization: normalization)
    }
    let trainingSet = try dataset(Array(order.prefix(limit ?? order.count)), nil)
    return DatasetPair(training: trainingSet, test: try dataset(test, trainingSet.normalization))
  }

  /// The files of both splits, in the order of classes and names.
  private func samples() throws -> (classNames: [String], training: [Sample], test: [Sample]) {
    let folders = try self.folders(in: path)
    if folders.contains("train") && folders.contains("test") {
      let classNames = try self.folders(in: path + "/train")
      let testNames = try self.folders(in: path + "/test")
      if let unknown = testNames.first(where: { !classNames.contains($0) }) {
        throw FileError("\(path)/test/\(unknown)", "is a class without training images; add \(path)/train/\(unknown)")
      }
      let training = try classNames.enumerated().flatMap { try files(of: $0.element, $0.offset, in: path + "/train") }
      let test = try classNames.enumerated().filter { testNames.contains($0.element) }
        .flatMap { try files(of: $0.element, $0.offset, in: path + "/test") }
      guard !training.isEmpty else { throw empty(path + "/train") }
      guard !test.isEmpty else { throw empty(path + "/test") }
      return (classNames, training, test)
    }
    var (training, test): ([Sample], [Sample]) = ([], [])
    for (label, name) in folders.enumerated() {
      let files = try files(of: name, label, in: path)
      var order = Array(files.indices)
      var random = RandomGenerator(seed: seed, stream: .folder, label)
      random.shuffle(&order)
      // At least one of two; a single image is for training.
      let held = Set(order.prefix(files.count > 1 ? max(1, files.count / 6) : 0))
      for (i, file) in files.enumerated() {
        if held.contains(i) { test.append(file) } else { training.append(file) }
      }
    }
    guard !training.isEmpty else { throw empty(path) }
    guard !test.isEmpty else { throw FileError(path, "no class has two images, one for training and one for testing") }
    return (folders, training, test)
  }

  private func empty(_ folder: String) -> FileError {
    FileError(folder, "has no folders of images; put those of each class into a folder \(folder)/CLASS")
  }

  private func entries(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw FileError(folder, "cannot be listed; check that it is a folder that you may read")
    }
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private func folders(in folder: String) throws -> [String] {
    try entries(of: folder).filter { isFolder("\(folder)/\($0)") }
  }

  private func files(of name: String, _ label: Int, in parent: String) throws -> [Sample] {
    let folder = "\(parent)/\(name)"
    let files = try entries(of: folder).filter {
      guard let dot = $0.lastIndex(of: ".") else { return false }
      return Self.endings.contains($0[$0.index(after: dot)...].lowercased()) && !isFolder("\(folder)/\($0)")
    }
    guard !files.isEmpty else {
      throw FileError(folder, "has no images (\(Self.endings.sorted().joined(separator: ", "))); remove it or add some")
    }
    return files.map { Sample(file: "\(folder)/\($0)", label: label) }
  }

  /// The pixels of all samples, `[N, C, H, W]`.
  private func read(_ samples: [Sample], _ shape: Shape) throws -> [UInt8] {
    let size = shape.count
    guard let count = Shape.count([samples.count] + shape.extents), count <= Self.largestCount else {
      throw FileError(
        path,
        "\(samples.count) images of shape \(shape) are more than the \(Self.largestCount) bytes allowed; "
          + "choose a smaller size")
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
      // In groups, so that a bad image is noticed before all others are read; the first in order is reported.
      for start in stride(from: 0, to: samples.count, by: 256) {
        let group = samples[start..<min(start + 256, samples.count)]
        var errors = [(any Error)?](repeating: nil, count: group.count)
        errors.withUnsafeMutableBufferPointer { errors in
          Parallel.forEach(group.count) { i in
            let place = (start + i) * size
            do {
              let image = try Image(path: group[start + i].file)
              guard image.pixels.count > 0 else { throw FileError(group[start + i].file, "has no pixels; remove it") }
              store(image, shape, to: UnsafeMutableBufferPointer(rebasing: bytes[place..<place + size]))
            } catch { errors[i] = error }
          }
        }
        if let error = errors.lazy.compactMap(\.self).first { throw error }
        initialized = (start + group.count) * size
      }
    }
  }

  /// An image as bytes `[C, H, W]`, at the size and in the colours of the data set.
  private func store(_ image: Image, _ shape: Shape, to bytes: UnsafeMutableBufferPointer<UInt8>) {
    var image = shape[0] == 1 ? image.luminance : image
    if image.height != shape[1] || image.width != shape[2] {
      image = image.resized(height: shape[1], width: shape[2])
    }
    image.pixels.withUnsafeElements { pixels in
      // A grey image among colour ones repeats its plane.
      for i in bytes.indices {
        let value = pixels[i % pixels.count]
        bytes[i] = value > 0 ? UInt8((min(value, 1) * 255).rounded()) : 0
      }
    }
  }
}

import Foundation
import SpectralImaging
import SpectralCore

/// A folder of images that is sorted into a folder per class:
///
/// ```
/// DIR/train/cat/1.png   DIR/train/dog/7.jpg        or        DIR/cat/1.png
/// DIR/test/cat/2.png    DIR/test/dog/8.jpg                   DIR/dog/7.jpg
/// ```
///
/// The folder of test images may also be called `testing`, `val`, `valid` or `validation`, that of training images
/// `training`. Without one for testing, a sixth of the images of each class, chosen by the seed, are for that. Classes
/// are in the order of their names; training images are in random order, so that the first ones are of all classes.
/// Hidden files, files whose names do not end like an image's, and what is no regular file, are left alone.
///
/// Transparent images are put on a ground. What was taken for what is in ``DatasetPair/remarks``.
public struct ImageFolder: Sendable {
  /// The folder.
  public let path: String
  /// The size that all images get; nil for that of the first image.
  public let imageSize: (height: Int, width: Int)?
  /// Whether images become grey or colour; nil for what the first image is.
  public let colors: RasterImage.ColorModel?
  /// What transparent images are put on; nil for what their ink stands out from (``RasterImage/inkBackground``).
  public let background: RGBColor?
  /// What the split and the order depend on.
  public let seed: UInt64

  /// The endings of names that are taken for images.
  public static let endings: Set<String> = ["png", "jpg", "jpeg", "pgm", "ppm", "pnm"]

  /// A folder; nothing is read yet.
  public init(
    _ path: String, imageSize: (height: Int, width: Int)? = nil, colors: RasterImage.ColorModel? = nil,
    background: RGBColor? = nil, seed: UInt64 = 0
  ) {
    self.path = path
    self.imageSize = imageSize
    self.colors = colors
    self.background = background
    self.seed = seed
  }

  /// Reads the images. Pixels become bytes.
  ///
  /// - Parameters:
  ///   - limit: How many training images are read at most.
  ///   - judge: Told what there is before any image is decoded; may throw to end the reading.
  /// - Throws: `FileError` naming the image that cannot be read, or the folder that has no images; `MemoryError` if they
  ///   do not fit into memory; what `judge` throws.
  public func load(limit: Int? = nil, judge: (DatasetOutline) throws -> Void = { _ in }) throws -> DatasetPair {
    if let imageSize, imageSize.height < 1 || imageSize.width < 1 {
      throw FileError("\(imageSize.height) x \(imageSize.width)", "is no size for images; both must be 1 or more")
    }
    let listing = try FolderListing(path, seed: seed)
    let first = try PictureHeader(path: listing.training[0].file)
    let shape: TensorShape = [
      (colors ?? first.colorModel).rawValue, imageSize?.height ?? first.height, imageSize?.width ?? first.width,
    ]
    var order = listing.training
    var random = RandomGenerator(seed: seed, stream: .folder, -1)
    random.shuffle(&order)
    order = Array(order.prefix(limit ?? order.count))
    let outline = DatasetOutline(
      imageShape: shape, classNames: listing.classNames, trainingCount: order.count, testCount: listing.test.count,
      scalarBytes: 1)
    let memory = outline.memory
    // An image is decoded beside them.
    try MemoryBudget.machine.require(
      memory + first.memory, for: "reading \(order.count + listing.test.count) images of \(shape) from \(path)",
      remedy: "take smaller images, or fewer")
    try judge(outline)
    let name = URL(fileURLWithPath: path).lastPathComponent
    var grounds = Grounds()
    var faults: [FileError] = []
    func dataset(_ samples: [FolderListing.Sample], _ normalization: Normalization?) throws -> Dataset {
      Dataset(
        name: name, bytes: try read(samples, shape, beside: memory, &grounds, &faults), imageShape: shape,
        labels: samples.map(\.label), classNames: listing.classNames, normalization: normalization)
    }
    let training = try dataset(order, nil)
    var pair = DatasetPair(training: training, test: try dataset(listing.test, training.normalization))
    pair.remarks = listing.remarks + (grounds.sentence(background).map { ["\(path): \($0)"] } ?? [])
    pair.faults = faults
    return pair
  }

  private static func read(_ file: String, sizeLimit: Int = RasterImage.defaultSizeLimit) throws -> RasterImage {
    let image = try RasterImage(path: file, sizeLimit: sizeLimit)
    guard image.pixels.count > 0 else {
      throw FileError(file, "has no pixels; mend it, or move it to another place")
    }
    return image
  }

  /// An image without transparency, and the ground that it was put on, if it was.
  private func opaque(_ image: RasterImage) -> (image: RasterImage, ground: RGBColor?) {
    let ground = image.isTransparent ? background ?? image.inkBackground : nil
    return (image.composed(on: ground ?? .white), ground)
  }

  /// The pixels of all samples, `[N, C, H, W]`.
  ///
  /// - Parameter memory: What the data set takes in all.
  private func read(
    _ samples: [FolderListing.Sample], _ shape: TensorShape, beside memory: MemoryEstimate, _ grounds: inout Grounds,
    _ faults: inout [FileError]
  ) throws -> [UInt8] {
    let size = shape.count
    // A decoded image, and what is made of it on the way, once for each thread.
    let share = max(0, MemoryBudget.machine.bytes - (memory.bytes ?? 0)) / (3 * Parallel.threads)
    let limit = min(share, RasterImage.defaultSizeLimit)
    return try [UInt8](unsafeUninitializedCapacity: samples.count * size) { bytes, initialized in
      // In groups, so that a bad image is noticed before all others are read; the first in order is reported.
      for start in stride(from: 0, to: samples.count, by: 256) {
        let group = samples[start..<min(start + 256, samples.count)]
        var errors = [(any Error)?](repeating: nil, count: group.count)
        var found = [(ground: RGBColor?, faults: [FileError])](repeating: (nil, []), count: group.count)
        func store(_ i: Int, _ file: RasterImage) -> (ground: RGBColor?, faults: [FileError]) {
          let place = (start + i) * size
          let (image, ground) = opaque(file)
          self.store(image, shape, to: UnsafeMutableBufferPointer(rebasing: bytes[place..<place + size]))
          let faults = file.warnings.filter { $0.kind == .fault }
          return (ground, faults.map { FileError(group[start + i].file, $0.message) })
        }
        errors.withUnsafeMutableBufferPointer { errors in
          found.withUnsafeMutableBufferPointer { found in
            Parallel.forEach(group.count) { i in
              do { found[i] = store(i, try Self.read(group[start + i].file, sizeLimit: limit)) } catch {
                errors[i] = error
              }
            }
          }
        }
        // What was too large for several at a time, or is damaged, is tried alone.
        for i in errors.indices where errors[i] != nil { found[i] = store(i, try Self.read(group[start + i].file)) }
        for image in found {
          grounds.count(image.ground)
          faults += image.faults
        }
        initialized = (start + group.count) * size
      }
    }
  }

  /// An image as bytes `[C, H, W]`, at the size and in the colours of the data set.
  private func store(_ image: RasterImage, _ shape: TensorShape, to bytes: UnsafeMutableBufferPointer<UInt8>) {
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

  /// How many transparent images were put on which ground.
  private struct Grounds {
    private var white = 0
    private var black = 0
    private var all = 0

    mutating func count(_ ground: RGBColor?) {
      guard let ground else { return }
      all += 1
      if ground == .white { white += 1 } else if ground == .black { black += 1 }
    }

    /// What was done; nil if no image was transparent.
    func sentence(_ background: RGBColor?) -> String? {
      guard all > 0 else { return nil }
      let images = all == 1 ? "1 transparent image was" : "\(all) transparent images were"
      if background != nil { return "\(images) put on the background that was asked for" }
      if black == 0 { return "\(images) put on white, as the ink is dark" }
      if white == 0 { return "\(images) put on black, as the ink is light" }
      return "\(images) put on a background, \(white) with dark ink on white, \(black) with light ink on black"
    }
  }
}

import SpectralConvolution
import SpectralCore

/// What grows while time and memory are measured.
public enum Growth: String, CaseIterable, Sendable {
  /// Rows and columns of the kernel.
  case kernel
  /// Rows and columns of the image.
  case image
  /// Channels, in and out alike.
  case channels
  /// Images in the batch.
  case batch

  /// What the axis is called.
  public var title: String {
    switch self {
    case .kernel: "kernel size (pixels)"
    case .image: "image size (pixels)"
    case .channels: "channels"
    case .batch: "images in the batch"
    }
  }

  /// The sizes that it takes.
  public var sizes: [Int] {
    switch self {
    case .kernel: [3, 5, 7, 11, 15, 21, 31, 63, 127, 255]
    case .image: (8...15).map { 1 << $0 }
    case .channels: (0...9).map { 1 << $0 }
    case .batch: (0...8).map { 1 << $0 }
    }
  }

  /// What grows if nothing else is named.
  public var usualShape: BenchmarkCase {
    switch self {
    case .kernel: BenchmarkCase(name: "image-2048", kind: .array, size: [2048, 2048], kernel: [3, 3])
    case .image: BenchmarkCase(name: "image-k31", kind: .array, size: [256, 256], kernel: [31, 31])
    case .channels: .layer("dense-28-k5", 8, 64, 64, 28, 5)
    case .batch: .layer("dense-28-k5", 8, 64, 64, 28, 5)
    }
  }

  /// A shape with one of its sizes replaced; nil where that makes no sense, e.g. a kernel larger than the image.
  public func resized(_ shape: BenchmarkCase, to size: Int) -> BenchmarkCase? {
    var resized = shape
    switch self {
    case .kernel: resized.kernel = size
    case .image: resized.side = size
    case .channels:
      guard shape.kind == .layer else { return nil }
      // What is depthwise stays so.
      let isDepthwise = shape.groups ?? 1 > 1 && shape.groups == shape.inputChannels
      if isDepthwise { resized.groups = size }
      guard size % (resized.groups ?? 1) == 0 else { return nil }
      (resized.inputChannels, resized.outputChannels) = (size, size)
    case .batch:
      guard shape.kind == .layer else { return nil }
      resized.batch = size
    }
    resized.name = "\(shape.name), \(rawValue) \(size)"
    return resized.kernel <= resized.side ? resized : nil
  }
}

extension BenchmarkCase {
  /// Multiplications and additions of the definition, and the bytes of the arrays that go in and come out: for a
  /// training step three times as many operations, and the arrays' gradients besides.
  public func work(_ pass: BenchmarkPass) throws(ConvolutionError) -> (operations: Double, bytes: Double) {
    let problem = try problem()
    let scalars = problem.inputShape.count + problem.filterShape.count + problem.outputShape.count
    let bytes = Double(scalars * (precision == .double ? 8 : 4))
    let operations = 2 * Double(problem.multiplyAdds)
    return pass == .forward ? (operations, bytes) : (3 * operations, 2 * bytes)
  }
}

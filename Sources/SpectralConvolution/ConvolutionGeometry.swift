/// A pair of numbers, one for each axis of an image.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Along the rows' axis (how many rows, or from row to row).
  public var height: Int
  /// Along the columns' axis.
  public var width: Int

  /// A height and a width.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The same number for both axes.
  public init(_ side: Int) { self.init(height: side, width: side) }

  /// The same number for both axes.
  public init(integerLiteral side: Int) { self.init(side) }

  /// E.g. `5 x 3`.
  public var description: String { "\(height) x \(width)" }
}

/// What is added around an image before a window slides over it.
public enum Padding: Hashable, Sendable {
  /// Nothing: the window stays inside the image.
  case valid
  /// As much as makes the output `ceil(input / stride)`; an odd pixel goes to the end (as PyTorch's `same` and ONNX's
  /// `SAME_UPPER`).
  case same
  /// As much as lets the window touch the image with one pixel: `dilation * (kernel - 1)` on every side.
  case full
  /// So many pixels on each side.
  case explicit(top: Int, bottom: Int, left: Int, right: Int)

  /// The same number of pixels on every side.
  public static func pixels(_ count: Int) -> Padding {
    .explicit(top: count, bottom: count, left: count, right: count)
  }
}

/// What an image is taken to be beyond its border.
public enum Boundary: String, CaseIterable, Hashable, Sendable {
  /// Zero.
  case zero
  /// Mirrored with the edge pixel repeated: `dcba|abcd|dcba`.
  case reflect
  /// Mirrored about the edge pixel: `dcb|abcd|cba`.
  case mirror
  /// The edge pixel: `aaaa|abcd|dddd`.
  case replicate
  /// The image again: `abcd|abcd|abcd`.
  case circular

  /// The pixel of an axis of `count` pixels that stands at `position`, which may lie any way outside; nil for zero.
  public func source(of position: Int, count: Int) -> Int? {
    if position >= 0 && position < count { return position }
    func modulo(_ period: Int) -> Int { ((position % period) + period) % period }
    switch self {
    case .zero: return nil
    case .replicate: return position < 0 ? 0 : count - 1
    case .circular: return modulo(count)
    case .reflect:
      let place = modulo(2 * count)
      return place < count ? place : 2 * count - 1 - place
    case .mirror:
      guard count > 1 else { return 0 }
      let place = modulo(2 * count - 2)
      return place < count ? place : 2 * count - 2 - place
    }
  }
}

/// Which of the two operations that go by the name of convolution.
public enum ConvolutionOperation: String, CaseIterable, Hashable, Sendable {
  /// Multiply the window as it is and add: what networks call convolution. `y[i] = Σ x[i + j] w[j]`.
  case correlation
  /// Flip the kernel first: what signal processing calls convolution. `y[i] = Σ x[i - j] w[j]`.
  case convolution
}

/// How a window slides over an image: everything about a convolution but the images and the filters.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// The window's size in taps.
  public var kernel: Extent
  /// How far the window moves from one output to the next.
  public var stride: Extent
  /// The distance between neighbouring taps.
  public var dilation: Extent
  /// What is added around the image.
  public var padding: Padding
  /// The number of groups into which channels fall; an output sees the channels of its own group only. As many
  /// groups as input channels make the convolution depthwise.
  public var groups: Int
  /// What the added pixels are.
  public var boundary: Boundary
  /// Whether the kernel is flipped.
  public var operation: ConvolutionOperation

  /// A geometry; unless told, the window moves by one pixel, stays inside the image, and is not flipped.
  public init(
    kernel: Extent, stride: Extent = 1, dilation: Extent = 1, padding: Padding = .valid, groups: Int = 1,
    boundary: Boundary = .zero, operation: ConvolutionOperation = .correlation
  ) {
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
    self.boundary = boundary
    self.operation = operation
  }
}

/// A convolution that cannot be: what is wrong, and what would fit.
public struct ConvolutionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String
  /// The least memory limit that would do, in bytes, if that is what was wrong.
  public let neededBytes: Int?

  /// An error with this sentence.
  public init(_ description: String, neededBytes: Int? = nil) {
    self.description = description
    self.neededBytes = neededBytes
  }
}

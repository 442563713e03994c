import SpectralCore

/// An image to compute with: planes of numbers from a picture or from an array, which go back into the same kind of file.
///
/// A picture's numbers run from 0 (black) to 1 (white), as its file stores them or as light. An array's numbers are what
/// they are: nothing scales or clips them. Computations may leave any numbers in the planes; only a picture's file has
/// limits, and says how many values it clipped.
///
/// ```swift
/// var image = try ImagePlanes<Float>(path: "photo.jpg", light: .linear)
/// image.planes *= 0.5
/// try image.write(to: "darker.png")
/// ```
public struct ImagePlanes<Scalar: TensorScalar>: Sendable, Equatable {
  /// The planes, `[C, H, W]`; a picture has one or three.
  public var planes: Tensor<Scalar> { didSet { check() } }
  /// How opaque each pixel is, `[H, W]`, from 0 to 1; nil where all are, and for an array. Planes are not multiplied by
  /// it; ``filtered(gain:by:)`` does so where pixels are mixed.
  public var alpha: Tensor<Float>? { didSet { check() } }
  /// What it was read from, and so the layout and type in which it is written.
  public var origin: ImageOrigin
  /// What the numbers of the planes mean.
  public var light: Light
  /// What a picture's file said beside the pixels; written back to a PNG or a JPEG.
  public var metadata: ImageMetadata
  /// What was wrong with the file that it was read from, or was not read of it.
  public var warnings: [ImageWarning] = []

  /// An image from its planes.
  ///
  /// - Parameters:
  ///   - planes: `[C, H, W]`.
  ///   - alpha: `[H, W]`, or nil.
  public init(
    planes: Tensor<Scalar>, alpha: Tensor<Float>? = nil, origin: ImageOrigin = .picture(bitDepth: 8),
    light: Light = .stored, metadata: ImageMetadata = ImageMetadata()
  ) {
    (self.planes, self.alpha, self.origin, self.light) = (planes, alpha, origin, light)
    self.metadata = metadata
    check()
  }

  private func check() {
    precondition(planes.shape.rank == 3, "the planes of an image have shape [C, H, W], not \(planes.shape)")
    if let alpha {
      precondition(
        alpha.shape == TensorShape([height, width]), "the planes have shape \(planes.shape), their alpha \(alpha.shape)"
      )
    }
  }

  /// The same image with other planes of the same size, e.g. in another precision.
  public func with<Other: TensorScalar>(planes: Tensor<Other>) -> ImagePlanes<Other> {
    var copy = ImagePlanes<Other>(planes: planes, alpha: alpha, origin: origin, light: light, metadata: metadata)
    copy.warnings = warnings
    return copy
  }

  /// Planes.
  public var channels: Int { planes.shape[0] }
  /// Rows of pixels.
  public var height: Int { planes.shape[1] }
  /// Pixels in a row.
  public var width: Int { planes.shape[2] }

  /// The same image with its numbers as stored values or as light; see ``SRGBTransfer``.
  public func converted(to light: Light) -> ImagePlanes {
    guard light != self.light else { return self }
    var copy = self
    copy.planes = light == .linear ? SRGBTransfer.linear(planes) : SRGBTransfer.stored(planes)
    copy.light = light
    return copy
  }

  /// The place of a number that is NaN or infinite, the first in order; nil if all are finite. A Fourier transform would
  /// spread it over the whole plane.
  public var firstNonFinite: (channel: Int, row: Int, column: Int)? {
    guard !planes.isFinite else { return nil }
    return planes.withUnsafeElements { values in
      values.firstIndex { !$0.isFinite }.map { ($0 / (height * width), $0 / width % height, $0 % width) }
    }
  }
}

/// What the numbers of an image mean.
public enum Light: String, CaseIterable, Hashable, Sendable {
  /// What files store: sRGB values, even steps for the eye.
  case stored
  /// Light, of which half of 1 is half as much: what a lens blurs.
  case linear
}

/// The file that an image was read from, or is made for.
public enum ImageOrigin: Hashable, Sendable {
  /// A picture with so many bits a sample: above 8 it is written with 16 where that can be.
  case picture(bitDepth: Int)
  /// An array, H x W, or H x W x C if it has a channel axis, of numbers of a type.
  case array(ElementType, hasChannelAxis: Bool)

  /// Whether it was an array.
  package var isArray: Bool {
    switch self {
    case .picture: false
    case .array: true
    }
  }

  /// The bits of a sample that a picture of it should have: those it came with, and of an array 16.
  public var bitDepth: Int {
    switch self {
    case .picture(let bitDepth): bitDepth
    case .array: 16
    }
  }

  /// Whether numbers of the file exceed what single precision holds: 64-bit reals, and integers of 32 bits and more.
  public var wantsDouble: Bool {
    switch self {
    case .array(.float64, _), .array(.int32, _), .array(.uint32, _), .array(.int64, _), .array(.uint64, _): true
    default: false
    }
  }
}

extension ImagePlanes<Float> {
  /// A picture to compute with.
  public init(_ image: RasterImage) {
    self.init(
      planes: image.pixels, alpha: image.alpha, origin: .picture(bitDepth: image.bitDepth), metadata: image.metadata)
    warnings = image.warnings
  }
}

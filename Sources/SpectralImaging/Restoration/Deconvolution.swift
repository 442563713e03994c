import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// A way to undo a blur whose PSF is known.
public protocol Deconvolution<Scalar>: Sendable {
  /// Float or Double.
  associatedtype Scalar: FourierScalar

  /// What the blur makes of a point.
  var pointSpread: PointSpread<Scalar> { get }
  /// What the blurred image is taken to be beyond its border; see each method for what it makes of that. A `circular`
  /// boundary is right only for images that were blurred circularly, by a program.
  var boundary: Boundary { get }
  /// The most memory that the work may take beside image and result, in bytes; nil for no limit.
  var memoryLimit: Int? { get }

  /// The bytes that restoring images of this size takes beside the images and the result. They are restored one plane
  /// after the other.
  func estimatedBytes(image: Extent) -> Int

  /// Undoes the blur.
  ///
  /// - Parameters:
  ///   - images: `[..., H, W]`; each plane by itself.
  ///   - onProgress: Called after each plane, and after each step of a method that takes steps. What it throws ends the
  ///     work.
  /// - Returns: The restored images, in the same shape. They may leave the range of the input, but for Richardson-Lucy.
  /// - Throws: ``RestorationError`` if the PSF is larger than the image, a pixel is not finite, or the memory limit cannot
  ///   be kept.
  func callAsFunction(_ images: Tensor<Scalar>, onProgress: (RestorationProgress) throws -> Void) throws
    -> Tensor<Scalar>
}

/// How far a restoration is.
public struct RestorationProgress: Hashable, Sendable {
  /// The plane that is being restored, from 0.
  public let plane: Int
  /// How many planes there are.
  public let planes: Int
  /// The steps done in this plane.
  public let step: Int
  /// The steps that a plane takes at most.
  public let steps: Int
  /// The root mean square of blurred image minus blurred estimate, in the units of pixels; nil where it is not known.
  public let residual: Double?

  /// From 0 to 1.
  public var fraction: Double {
    (Double(plane) + Double(step) / Double(max(1, steps))) / Double(max(1, planes))
  }
}

extension Deconvolution {
  /// Undoes the blur.
  ///
  /// - Parameter images: `[..., H, W]`; each plane by itself.
  /// - Returns: The restored images, in the same shape.
  /// - Throws: ``RestorationError``.
  public func callAsFunction(_ images: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try self(images, onProgress: { _ in })
  }

  func frame(_ image: Extent) -> PaddedFrame {
    PaddedFrame(image: image, pointSpread: pointSpread.extent, boundary: boundary)
  }

  /// The bytes of so many planes of numbers of a frame's size. A spectrum is as large as its frame, or slightly larger.
  func bytes(_ frame: PaddedFrame, planes: Double) -> Int {
    Int(planes * Double(max(frame.count, frame.spectrumCount)) * Double(MemoryLayout<Scalar>.stride))
  }

  /// Restores plane by plane.
  ///
  /// - Parameter body: Receives the blur, a plane, where its result goes, and its number.
  func forEachPlane(
    _ images: Tensor<Scalar>, onProgress: (RestorationProgress) throws -> Void,
    _ body: (
      BlurOperator<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, _ plane: Int, _ planes: Int
    ) throws -> Void
  ) throws -> Tensor<Scalar> {
    try requireImage(images)
    let image = Extent(height: images.shape[-2], width: images.shape[-1])
    let kernel = pointSpread.extent
    guard kernel.height <= image.height, kernel.width <= image.width else {
      throw RestorationError(
        "a PSF of \(kernel) is larger than the image of \(image): take a smaller PSF, or a larger part of the picture")
    }
    let bytes = estimatedBytes(image: image)
    if let memoryLimit, bytes > memoryLimit {
      throw RestorationError(
        "restoring \(image) pixels takes about \(ByteCount(bytes)) of working memory, the limit is "
          + "\(ByteCount(memoryLimit)): raise it, or restore a part of the picture")
    }
    let blur = BlurOperator(pointSpread, frame(image))
    let pixels = image.height * image.width
    let planes = images.count / pixels
    return try images.withUnsafeElements { source in
      try Tensor(result: images.shape) { target in
        for plane in 0..<planes {
          try body(blur, source.baseAddress! + plane * pixels, target.baseAddress! + plane * pixels, plane, planes)
        }
      }
    }
  }
}

/// Refuses what has no pixels, or pixels that are no numbers: one of them would spoil the whole transform.
func requireImage<Scalar: TensorScalar>(_ images: Tensor<Scalar>, called name: String = "image")
  throws(RestorationError)
{
  guard images.shape.rank >= 2, images.count > 0 else {
    throw RestorationError("the \(name) has shape \(images.shape): it must be [..., H, W], and not empty")
  }
  guard !images.isFinite else { return }
  let (height, width) = (images.shape[-2], images.shape[-1])
  let place = images.withUnsafeElements { $0.firstIndex { !$0.isFinite }! }
  throw RestorationError(
    "the \(name) holds NaN or infinity, first at row \(place / width % height), column \(place % width): a spectrum "
      + "would spread it everywhere, so fill such pixels first")
}

/// Whether each plane of an image has one value only.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func isEvenEverywhere<Scalar: TensorScalar>(_ images: Tensor<Scalar>) -> Bool {
  let pixels = images.shape[-2] * images.shape[-1]
  return images.withUnsafeElements { x in x.indices.allSatisfy { x[$0] == x[$0 / pixels * pixels] } }
}

/// Every pixel less a number.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func lessened<Scalar: TensorScalar>(_ images: Tensor<Scalar>, by number: Scalar) -> Tensor<Scalar> {
  images.map { $0 - number }
}

import SpectralCore

/// Transforms real images to spectra and back, any size, primes too: ``RealTransform`` of two axes.
///
/// ```swift
/// let transform = RealTransform2D<Float>(height: 480, width: 640)
/// let spectrum = transform.forward(image)      // [..., 480, 321, 2]
/// let same = transform.inverse(spectrum)       // [..., 480, 640]
/// ```
/// The inverse is normalised: it undoes the forward transform.
public struct RealTransform2D<Scalar: FourierScalar>: Sendable {
  /// The rows of an image, H.
  public let height: Int
  /// The columns of an image, W.
  public let width: Int
  private let transform: RealTransform<Scalar>

  private var half: Int { width / 2 + 1 }

  /// The transform of images of one size; planning happens here.
  ///
  /// - Precondition: the image has at least one pixel.
  public init(height: Int, width: Int, rigor: PlanningRigor = .estimate) {
    precondition(height > 0 && width > 0, "there is no transform of \(height) x \(width) pixels")
    self.height = height
    self.width = width
    transform = RealTransform(size: [height, width], rigor: rigor)
  }

  /// The spectra of images.
  ///
  /// - Parameter images: `[..., H, W]`.
  /// - Returns: `[..., H, W/2 + 1, 2]`.
  public func forward(_ images: Tensor<Scalar>) -> Spectrum<Scalar> {
    precondition(
      images.shape.rank >= 2 && images.shape[-2] == height && images.shape[-1] == width,
      "images of shape \(images.shape) under a transform of \(height) x \(width) pixels")
    let count = images.count / (height * width)
    let values = images.withUnsafeElements { source in
      Tensor<Scalar>(TensorShape(images.shape.extents.dropLast() + [half, 2])) { target in
        guard count > 0 else { return }
        transform.forward(source.baseAddress!, arrays: count, target.baseAddress!)
      }
    }
    return Spectrum(height: height, width: width, values: values)
  }

  /// The images of spectra.
  ///
  /// - Returns: `[..., H, W]`.
  public func inverse(_ spectrum: Spectrum<Scalar>) -> Tensor<Scalar> {
    precondition(
      spectrum.height == height && spectrum.width == width,
      "spectra of \(spectrum.height) x \(spectrum.width) images under a transform of \(height) x \(width)")
    let count = spectrum.values.count / (height * half * 2)
    var values = spectrum.values
    return values.withUnsafeMutableElements { source in
      Tensor<Scalar>(TensorShape(spectrum.leading + [height, width])) { target in
        guard count > 0 else { return }
        transform.inverse(source.baseAddress!, arrays: count, target.baseAddress!)
      }
    }
  }
}

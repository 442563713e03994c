import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// An image transformed once, to be filtered many times: what somebody wants who moves a cut-off and watches.
///
/// ```swift
/// let image = try FilteredImage(planes)
/// let soft = image.filtered(by: .lowPass(.gaussian, cutoff: 0.05))
/// let softer = image.filtered(by: .lowPass(.gaussian, cutoff: 0.02))
/// ```
/// It is padded in full unless told, so that it suits every filter.
public struct FilteredImage<Scalar: FourierScalar>: Sendable {
  /// What lies beyond the border.
  public let boundary: Boundary
  private let transform: PlaneTransform<Scalar>
  /// `[planes][padded H][pitch]`, complex.
  private let spectra: Tensor<Scalar>
  private let shape: TensorShape

  /// Transforms an image.
  ///
  /// - Parameters:
  ///   - planes: `[..., H, W]`.
  ///   - boundary: What lies beyond the border.
  ///   - padding: How much of that is added; `automatic` is `full`, since no filter is known yet.
  ///   - memoryLimit: The most bytes that the spectra may take; nil for what the machine has.
  /// - Throws: ``FrequencyFilterError`` for images without pixels or larger than the memory, and for pixels that are not
  ///   finite.
  public init(
    _ planes: Tensor<Scalar>, boundary: Boundary = .reflect, padding: FilterPadding = .full, memoryLimit: Int? = nil
  ) throws(FrequencyFilterError) {
    precondition(planes.shape.rank >= 2, "an image has shape [..., H, W], not \(planes.shape)")
    let (height, width) = (planes.shape[-2], planes.shape[-1])
    let count = planes.count / max(1, height * width)
    let (vertical, horizontal) = try paddedAxes(height, width, boundary, padding, nil) {
      rows, columns throws(FrequencyFilterError) in
      // The spectra, and those of the rows before them.
      let numbers = count * PlaneTransform<Scalar>.rowSpectraCount(height + rows, columns)
      try checkMemory(numbers * MemoryLayout<Scalar>.stride, memoryLimit, height, width)
    }
    try checkPlanes(planes, height, width)
    let transform = PlaneTransform<Scalar>(vertical, horizontal, rigor: .estimate)
    self.boundary = boundary
    self.transform = transform
    shape = planes.shape
    let rows = Scratch<Scalar>(count: count * PlaneTransform<Scalar>.rowSpectraCount(height, horizontal.points))
    spectra = planes.withUnsafeElements { source in
      Tensor([count, vertical.points, transform.pitch, 2]) { spectra in
        guard count > 0 else { return }
        transform.forwardRows(source.baseAddress!, count: count, rows.base)
        transform.forwardColumns(rows.base, count: count, spectra.baseAddress!)
      }
    }
  }

  /// Rows of the transform, the image's and those added.
  public var paddedHeight: Int { transform.vertical.points }
  /// Points of a row of the transform.
  public var paddedWidth: Int { transform.horizontal.points }

  /// The bytes that the spectra take.
  public var byteCount: Int { spectra.count * MemoryLayout<Scalar>.stride }

  /// The image through a filter, `[..., H, W]`.
  public func filtered(by filter: FrequencyFilter) -> Tensor<Scalar> {
    let count = shape.count / (transform.height * transform.width)
    let rows = Scratch<Scalar>(
      count: count * PlaneTransform<Scalar>.rowSpectraCount(transform.height, transform.horizontal.points))
    return Tensor(shape) { target in
      guard count > 0 else { return }
      spectra.withUnsafeElements { spectra in
        transform.backwardColumns(
          spectra.baseAddress!, count: count, ResponseTile(filter.expression, transform.grid), rows.base)
      }
      transform.backwardRows(rows.base, count: count, target.baseAddress!)
    }
  }

  /// The spectra of the padded image, `[..., padded H, padded W / 2 + 1, 2]`.
  ///
  /// The image is at the beginning of the padded one, and what precedes it is at the end.
  public var spectrum: Spectrum<Scalar> {
    let (rows, half, pitch) = (transform.vertical.points, transform.horizontal.points / 2 + 1, transform.pitch)
    let values = spectra.withUnsafeElements { source in
      Tensor<Scalar>(TensorShape(shape.extents.dropLast(2) + [rows, half, 2])) { target in
        for row in 0..<target.count / (2 * half) {
          (target.baseAddress! + 2 * row * half).update(
            from: source.baseAddress! + 2 * row * pitch, count: 2 * half)
        }
      }
    }
    return Spectrum(height: rows, width: transform.horizontal.points, values: values)
  }
}
